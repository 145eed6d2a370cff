import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Json, objectsOf } from '../checkers/json.ts'
import type { SimulatedAccount } from '../simulators/jetbrains/account.ts'
import { type JetbrainsSimulator, startJetbrains } from '../simulators/jetbrains.ts'
import { CHAT, expectAnswer, expectError, MESSAGES, type PostOptions, post } from './support/client-routes.ts'
import { ADMIN_KEY, type GatewayOptions, newFolder, type RunningGateway, run, startGateway } from './support/gateway.ts'

// A gateway that has to share its processors with others is slow to start.
setDefaultTimeout(20_000)

/** As in the older proxies' files. */
const KEY = 'sk-older-client-1b2c3d4e5f6a7b8c'
const OTHER_KEY = 'sk-older-client-9f8e7d6c5b4a3f2e'

let sim: JetbrainsSimulator
let accounts: SimulatedAccount[]
beforeAll(() => {
  sim = startJetbrains()
  accounts = ['LIC1', 'LIC2', 'LIC3'].map(licenseId => sim.account({ licenseId }))
})
afterAll(() => sim.close())

const at = (index: number): SimulatedAccount => {
  const account = accounts[index]
  if (!account) throw new Error(`no account ${index}`)
  return account
}

/** An older proxy knows no other service than JetBrains' own, so the environment names the simulated one. */
const env = () => ({ DRAGOMAN_JETBRAINS_BASE_URL: sim.url, DRAGOMAN_JETBRAINS_OAUTH_URL: sim.url, DRAGOMAN_ADMIN_KEY: ADMIN_KEY })

const start = (files: Record<string, unknown>, more: Partial<GatewayOptions> = {}): Promise<RunningGateway> =>
  startGateway({
    config: null,
    env: { ...env(), ...more.env },
    files: Object.fromEntries(Object.entries(files).map(([name, value]) => [name, JSON.stringify(value, null, 2)])),
    ...(more.args && { args: more.args }),
    ...(more.folder && { folder: more.folder }),
  })

const ask = (gateway: RunningGateway, model: string, route = CHAT, options: PostOptions = { key: KEY }) =>
  post(gateway.url, route, route.body(model), options)

const lastProfile = (): unknown => sim.requests.findLast(({ route }) => route === 'generate')?.body?.profile

async function listed(gateway: RunningGateway, key = KEY): Promise<string[]> {
  const answer = (await (await fetch(`${gateway.url}/v1/models`, { headers: { authorization: `Bearer ${key}` } })).json()) as Json
  return objectsOf(answer.data).map(({ id }) => String(id))
}

const accountFile = () => [
  { jwt: at(0).jwt() },
  {
    licenseId: 'LIC2',
    authorization: `Bearer ${at(1).authorization()}`,
    jwt: null,
    last_updated: 1751700000.1,
    has_quota: true,
    last_quota_check: 0,
  },
  {
    licenseId: 'LIC3',
    authorization: at(2).authorization(),
    jwt: at(2).jwt({ expired: true }),
    last_updated: 1751700000,
    has_quota: false,
  },
  { jwt: 'your-jwt-here' },
]

describe('the Python proxy’s folder', () => {
  const GEMINI = 'google-chat-gemini-pro-2.5'
  const MODELS: Record<string, { file: unknown; works: [string, string][]; mapped?: [string, string] }> = {
    'a list of models': { file: [GEMINI, 'google-chat-gemini-flash-2.5'], works: [[GEMINI, GEMINI]] },
    'models and mappings': {
      file: { models: [GEMINI], anthropic_model_mappings: { 'claude-sonnet-4-20250514': GEMINI, sonnet: GEMINI } },
      works: [[GEMINI, GEMINI]],
      mapped: ['claude-sonnet-4-20250514', GEMINI],
    },
    'public names': {
      file: { models: { 'my-gemini': GEMINI, flash: 'google-chat-gemini-flash-2.5' } },
      works: [
        ['my-gemini', GEMINI],
        ['flash', 'google-chat-gemini-flash-2.5'],
      ],
    },
  }

  test.each(Object.entries(MODELS))('with %s: every account serves, to every key', async (_, { file, works, mapped }) => {
    const files = {
      'jetbrainsai.json': accountFile(),
      'client_api_keys.json': [KEY, OTHER_KEY, 'sk-your-custom-key-here'],
      'models.json': file,
    }
    const gateway = await start(files)
    try {
      const served = new Set<string | undefined>()
      for (const key of [KEY, OTHER_KEY]) {
        for (const [name, profile] of works) {
          for (let turn = 0; turn < 3; turn++) {
            await expectAnswer(await ask(gateway, name, CHAT, { key }), CHAT)
            expect(lastProfile()).toBe(profile)
            served.add(sim.requests.at(-1)?.key)
          }
        }
      }
      expect([...served].sort()).toEqual(['LIC1', 'LIC2', 'LIC3'])
      const [first] = works
      const ways: Record<string, string>[] = [{ 'x-api-key': KEY }, { authorization: `Bearer ${KEY}` }]
      for (const headers of ways) {
        await expectAnswer(await ask(gateway, first?.[0] ?? '', MESSAGES, { key: null, headers }), MESSAGES)
      }
      if (mapped) {
        await expectAnswer(await ask(gateway, mapped[0], MESSAGES), MESSAGES)
        expect(lastProfile()).toBe(mapped[1])
      }
      for (const [name] of works) expect(await listed(gateway)).toContain(name)
      await expectError(await ask(gateway, first?.[0] ?? '', CHAT, { key: 'sk-your-custom-key-here' }), CHAT, 401)
      // They are read, and never rewritten.
      const text = readFileSync(join(gateway.folder, 'jetbrainsai.json'), 'utf8')
      expect(JSON.parse(text)).toEqual(files['jetbrainsai.json'])
      expect(gateway.output()).toMatch(/jetbrainsai\.json.*\[?\.?3\]?.*placeholder/)
      expect(gateway.output()).not.toMatch(/eyJ[\w-]{8}|internal error/)
    } finally {
      await gateway.stop()
    }
  })

  test('its own port is taken where none is named', async () => {
    const folder = newFolder()
    try {
      for (const [name, value] of Object.entries({ 'jetbrainsai.json': accountFile(), 'client_api_keys.json': [KEY] })) {
        writeFileSync(join(folder, name), JSON.stringify(value))
      }
      const printed = async (more: Record<string, string>, args: string[] = []) => {
        const { stdout, stderr } = await run(['serve', '--print-config', '--data-dir', join(folder, 'data'), ...args], {
          cwd: folder,
          env: { ...env(), ...more },
        })
        expect(stdout + stderr).not.toMatch(/eyJ[\w-]{8}/)
        return stdout
      }
      expect(await printed({})).toMatch(/server_port"?:? *8000/)
      expect(await printed({ PORT: '8123' })).toMatch(/server_port"?:? *8123/)
      expect(await printed({}, ['-p', '8124'])).toMatch(/server_port"?:? *8124/)
      expect(existsSync(join(folder, 'config.json'))).toBe(false)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})

describe('the Go proxy', () => {
  const tokens = () => [
    { token: at(0).jwt(), name: 'Primary_JWT', description: 'first', priority: 1, metadata: { k: 'v' } },
    { token: at(1).jwt(), name: 'Secondary', priority: 1 },
  ]

  /** What its users ask for. */
  const NAMES: [string, string][] = [
    ['gpt-4o', 'openai-gpt-4o'],
    ['o3-mini', 'openai-o3-mini'],
    ['gpt4.1', 'openai-gpt4.1'],
    ['gpt4.1-nano', 'openai-gpt4.1-nano'],
    ['gemini-pro-2.5', 'google-chat-gemini-pro-2.5'],
    ['gemini-flash-2.0', 'google-chat-gemini-flash-2.0'],
    ['gemini-flash-2.5', 'google-chat-gemini-flash-2.5'],
    ['claude-3.5-haiku', 'anthropic-claude-3.5-haiku'],
    ['claude-3.5-sonnet', 'anthropic-claude-3.5-sonnet'],
    ['claude-3.7-sonnet', 'anthropic-claude-3.7-sonnet'],
    ['claude-4-sonnet', 'anthropic-claude-4-sonnet'],
  ]

  test('its config.json: nanoseconds, names of models, the key, the management routes', async () => {
    const config = {
      jetbrains_tokens: tokens(),
      bearer_token: KEY,
      load_balance_strategy: 'round_robin',
      health_check_interval: 30_000_000_000,
    }
    const gateway = await start(
      { 'config/config.json': { ...config, server_port: 8080, server_host: '127.0.0.1', surprising: true } },
      {
        env: { DRAGOMAN_JETBRAINS_NATIVE: 'false' },
      },
    )
    try {
      const served: (string | null)[] = []
      for (const [name, profile] of NAMES) {
        const response = await ask(gateway, name)
        await expectAnswer(response.clone() as Response, CHAT)
        expect(lastProfile()).toBe(profile)
        served.push(response.headers.get('x-dragoman-account'))
      }
      expect(new Set(served)).toEqual(new Set(['Primary_JWT', 'Secondary']))
      const names = await listed(gateway)
      for (const [name] of NAMES) expect(names).toContain(name)
      const get = async (path: string, init: RequestInit = {}) => {
        const response = await fetch(gateway.url + path, { headers: { authorization: `Bearer ${ADMIN_KEY}` }, ...init })
        return [response.status, (await response.json()) as Json] as const
      }
      expect(await get('/health', { headers: {} })).toMatchObject([
        200,
        { status: 'ok', healthy_tokens: 2, total_tokens: 2, strategy: 'round_robin', server_info: { host: '127.0.0.1' } },
      ])
      expect(await get('/stats')).toMatchObject([200, { balancer: { total_tokens: 2 }, config: { health_check_interval: '30s' } }])
      expect(await get('/config')).toMatchObject([200, { health_check_interval: '30s' }])
      expect((await get('/reload', { method: 'POST' }))[0]).toBe(200)
      expect(gateway.output()).toMatch(/surprising/)
      expect(gateway.output()).not.toMatch(/eyJ[\w-]{8}|internal error/)
    } finally {
      await gateway.stop()
    }
  })

  test('flags alone: -c -k -s', async () => {
    const args = ['-c', `${at(0).jwt()},${at(1).jwt()}`, '-k', KEY, '-s', 'random']
    const gateway = await start({}, { args })
    try {
      for (let turn = 0; turn < 3; turn++) await expectAnswer(await ask(gateway, 'gemini-pro-2.5'), CHAT)
      expect(await (await fetch(`${gateway.url}/health`)).json()).toMatchObject({ total_tokens: 2, strategy: 'random' })
    } finally {
      await gateway.stop()
    }
  })

  test('its environment, and a flag that is stronger', async () => {
    const names = { JWT_TOKENS: `${at(0).jwt()}, ${at(1).jwt()}`, BEARER_TOKEN: KEY, LOAD_BALANCE_STRATEGY: 'random' }
    const gateway = await start({}, { env: names, args: ['-s', 'round_robin'] })
    try {
      const served = new Set<string | undefined>()
      for (let turn = 0; turn < 4; turn++) {
        await expectAnswer(await ask(gateway, 'gpt-4o', MESSAGES), MESSAGES)
        served.add(sim.requests.at(-1)?.key)
      }
      expect([...served].sort()).toEqual(['LIC1', 'LIC2'])
      expect(await (await fetch(`${gateway.url}/health`)).json()).toMatchObject({ total_tokens: 2, strategy: 'round_robin' })
    } finally {
      await gateway.stop()
    }
  })
})
