import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Json, objectsOf } from '../checkers/json.ts'
import type { SimulatedAccount } from '../simulators/jetbrains/account.ts'
import { type JetbrainsSimulator, startJetbrains } from '../simulators/jetbrains.ts'
import { CHAT, type ClientRoute, expectAnswer, MESSAGES, post } from './support/client-routes.ts'
import { CLIENT_KEY, newFolder, type RunningGateway, run, startGateway } from './support/gateway.ts'
import { jetbrainsAt } from './support/jetbrains.ts'
import { eventually, timed } from './support/wait.ts'

const PROFILE = 'google-chat-gemini-pro-2.5'
const KEY = 'sk-older-client-1b2c3d4e5f6a7b8c'

// Each test starts several processes, one after the other.
setDefaultTimeout(30_000)

let sim: JetbrainsSimulator
let folder = ''
let gateways: RunningGateway[] = []
let licences = 0

beforeAll(() => {
  sim = startJetbrains()
  folder = newFolder()
})
afterAll(async () => {
  for (const gateway of gateways) await gateway.stop()
  gateways = []
  await sim.close()
  rmSync(folder, { recursive: true, force: true })
})

const newAccount = (): SimulatedAccount => sim.account({ licenseId: `LIC${++licences}` })

async function startEmpty(): Promise<RunningGateway> {
  const gateway = await startGateway({ config: { jetbrains: jetbrainsAt(sim), health_check_interval: '5m' } })
  gateways.push(gateway)
  return gateway
}

function file(name: string, content: unknown): string {
  const path = join(folder, String(licences), name)
  mkdirSync(join(path, '..'), { recursive: true })
  writeFileSync(path, JSON.stringify(content, null, 2))
  return path
}

const importTo = (gateway: RunningGateway, ...args: string[]) =>
  run(['import', ...args, '--data-dir', gateway.dataDir], { cwd: gateway.folder })

const asks = async (gateway: RunningGateway, model: string, key = KEY, route: ClientRoute = CHAT): Promise<number> =>
  (await post(gateway.url, route, route.body(model), { key })).status

const lastProfile = (): unknown => sim.requests.findLast(({ route }) => route === 'generate')?.body?.profile

describe('a running server takes up what is imported', () => {
  test("the Python proxy's three files", async () => {
    const gateway = await startEmpty()
    const [one, two] = [newAccount(), newAccount()]
    const files = [
      file('jetbrainsai.json', [
        { jwt: one.jwt() },
        {
          licenseId: two.licenseId,
          authorization: `Bearer ${two.authorization()}`,
          jwt: null,
          last_updated: 1751700000.1,
          has_quota: true,
        },
        { jwt: 'your-jwt-here' },
      ]),
      file('client_api_keys.json', [KEY]),
      file('models.json', { models: [PROFILE], anthropic_model_mappings: { 'claude-sonnet-4-20250514': PROFILE } }),
    ]
    const before = files.map(path => readFileSync(path, 'utf8'))
    const names = readdirSync(join(folder, String(licences)))
    const { code, stdout, stderr } = await importTo(gateway, ...files)
    expect(code).toBe(1)
    expect(stderr).toMatch(/^error: \S+jetbrainsai\.json:13:\d+: \[2\]\.jwt: is a placeholder; left out\n$/)
    expect(stdout).toContain('accounts: 2 added (jetbrains-1, jetbrains-2)')
    const { ms } = await timed(eventually('key and accounts work', async () => (await asks(gateway, PROFILE)) === 200, 2000))
    await eventually('the mapping works', async () => (await asks(gateway, 'claude-sonnet-4-20250514', KEY, MESSAGES)) === 200, 2000)
    console.log(`      served ${ms.toFixed(0)} ms after the command's end`)
    await expectAnswer(await post(gateway.url, MESSAGES, MESSAGES.body('claude-sonnet-4-20250514'), { key: KEY }), MESSAGES)
    expect(lastProfile()).toBe(PROFILE)
    // Both accounts take their turns.
    const used = sim.requests.filter(({ route }) => route === 'generate').map(({ key }) => key)
    expect(used).toContain(one.licenseId)
    expect(used).toContain(two.licenseId)
    expect(files.map(path => readFileSync(path, 'utf8'))).toEqual(before)
    expect(readdirSync(join(folder, String(licences)))).toEqual(names)
  })

  test('public names for models, which the configuration can overrule', async () => {
    const gateway = await startEmpty()
    const account = newAccount()
    const flash = 'google-chat-gemini-flash-2.5'
    await importTo(
      gateway,
      file('models.json', { models: { 'my-gemini': PROFILE, mine: PROFILE } }),
      file('accounts.json', [{ jwt: account.jwt() }]),
    )
    const ask = (model: string) => post(gateway.url, CHAT, CHAT.body(model))
    await eventually('the name works', async () => (await ask('my-gemini')).status === 200, 2000)
    expect(lastProfile()).toBe(PROFILE)
    const listed = (await (await fetch(`${gateway.url}/v1/models`, { headers: CHAT.keyHeader(CLIENT_KEY) })).json()) as Json
    expect(objectsOf(listed.data).map(({ id }) => id)).toContain('my-gemini')
    gateway.writeConfig({ jetbrains: jetbrainsAt(sim), models: { mine: flash } })
    await eventually('the configuration counts', async () => (await ask('mine')).status === 200 && lastProfile() === flash, 3000)
  })

  test("the Go proxy's config, and what it holds for the config file", async () => {
    const gateway = await startEmpty()
    const account = newAccount()
    const path = file('config.json', {
      jetbrains_tokens: [{ token: account.jwt(), name: 'Primary_JWT', description: 'x', priority: 1, metadata: {} }],
      ...{ bearer_token: KEY, load_balance_strategy: 'random', health_check_interval: 30_000_000_000, server_port: 8080 },
    })
    const dry = await importTo(gateway, path, '--dry-run')
    expect(dry).toMatchObject({ code: 0, stdout: expect.stringContaining('1 would be added (Primary_JWT)') })
    expect(await asks(gateway, PROFILE)).toBe(401)
    const { code, stdout } = await importTo(gateway, path, '--json')
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({
      dry_run: false,
      files: [
        { kind: 'go_config', accounts: { added: ['Primary_JWT'] }, settings: { load_balance_strategy: 'random', server_port: 8080 } },
      ],
    })
    await eventually('it serves', async () => (await asks(gateway, PROFILE)) === 200, 2000)
    expect((await importTo(gateway, path)).stdout).toContain('1 already there, left as it is (Primary_JWT)')
  })

  test("the Node proxy's credentials refresh from here on", async () => {
    const gateway = await startEmpty()
    const account = newAccount()
    const path = file('credentials.json', [
      { id: 'u1', email: 'ann@example.com', refresh_token: account.refreshToken, license_id: account.licenseId, status: 'active' },
    ])
    await importTo(gateway, path, file('keys.json', [KEY]))
    await eventually('it serves', async () => (await asks(gateway, PROFILE)) === 200, 3000)
    expect((await run(['accounts', 'list', '--data-dir', gateway.dataDir], { cwd: gateway.folder })).stdout).not.toContain('ann@')
  })
})

test('what is known is named where a file is not', async () => {
  const { code, stderr, stdout } = await run(['import', file('strange.json', { a: 1 })], { cwd: folder })
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect(stderr).toContain('jetbrainsai.json')
})
