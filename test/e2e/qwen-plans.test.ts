import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Json } from '../checkers/json.ts'
import { type QwenSimulator, startQwen } from '../simulators/qwen.ts'
import { CHAT, CLIENT_ROUTES, expectAnswer, expectError, post } from './support/client-routes.ts'
import { newFolder, type RunningGateway, run, startGateway } from './support/gateway.ts'
import { accountOf } from './support/qwen.ts'

// A gateway that has to share its processors with others is slow to start.
setDefaultTimeout(30_000)

let sim: QwenSimulator
let gateway: RunningGateway

/** Every key has a provider of its own, and its model the provider's name. */
beforeAll(async () => {
  sim = startQwen()
  const { portalUrl, compatibleUrl } = sim
  const coding = () => sim.apiKey('coding')
  const spent = (['hour', 'week', 'month'] as const).map(exhausted => [exhausted, Object.assign(coding(), { exhausted })] as const)
  const overdue = Object.assign(sim.apiKey('standard'), { arrears: true })
  const standard = sim.apiKey('standard').key
  const providers: [name: string, base_url: string, api_key: string, model: string, more?: Json][] = [
    ['coding', portalUrl, coding().key, 'glm-4.7', { plan: 'coding' }],
    ['token', compatibleUrl, sim.apiKey('token').key, 'qwen3.6-flash', { plan: 'token' }],
    ['standard', compatibleUrl, standard, 'qwen-plus', { headers: { 'x-own': 'yes' } }],
    // Without its version, as people write it.
    ['short', `${sim.url}/compatible-mode`, standard, 'qwen3-vl-plus'],
    ...spent.map(([name, { key }]): [string, string, string, string] => [name, portalUrl, key, 'qwen3-coder-next']),
    ['overdue', compatibleUrl, overdue.key, 'qwen3-max'],
    ['misplaced', compatibleUrl, coding().key, 'kimi-k2.5'],
    ['wrong', compatibleUrl, 'sk-nobody-has-this-one', 'qwen3.7-max'],
  ]
  gateway = await startGateway({
    config: {
      providers: [
        ...providers.map(([name, base_url, api_key, model, more]) => ({
          ...{ name, provider_type: 'qwen', base_url, api_key, models: [model] },
          ...more,
        })),
        { name: 'unsold', provider_type: 'qwen', plan: 'token', region: 'us', api_key: 'sk-sp-whatever', models: ['nowhere'] },
      ],
      models: Object.fromEntries(providers.map(([provider, , , model]) => [`on ${provider}`, { targets: [{ provider, model }] }])),
    },
  })
})
afterAll(async () => {
  await gateway.stop()
  await sim.close()
})

const ask = (provider: string, route = CHAT, more: Json = {}) => post(gateway.url, route, route.body(`on ${provider}`, more))

describe.each(CLIENT_ROUTES)('$name: a key serves', route => {
  test.each([
    ['coding', '/v1/chat/completions', 'glm-4.7'],
    ['token', '/compatible-mode/v1/chat/completions', 'qwen3.6-flash'],
    ['standard', '/compatible-mode/v1/chat/completions', 'qwen-plus'],
    ['short', '/compatible-mode/v1/chat/completions', 'qwen3-vl-plus'],
  ])('%s at %s', async (provider, path, model) => {
    for (const stream of [false, true]) {
      await expectAnswer(await ask(provider, route, { stream }), route)
      const request = sim.requests.at(-1)
      expect(request).toMatchObject({ path, body: { model } })
      // Nobody's tool but ours, and no sign-in where there is a key.
      expect(request?.headers['user-agent']).not.toMatch(/QwenCode/)
      expect(request?.headers['x-dashscope-authtype']).not.toBe('qwen-oauth')
      if (provider === 'standard') expect(request?.headers['x-own']).toBe('yes')
    }
  })
})

describe.each(CLIENT_ROUTES)('$name: a key does not serve', route => {
  test.each([
    ['hour', 429, /allocated quota/, 'exhausted', /hours/],
    ['week', 429, /allocated quota/, 'exhausted', /week/],
    ['month', 429, /allocated quota/, 'exhausted', /month/],
    ['overdue', 402, /good standing/, 'exhausted', /bill to pay/],
    ['wrong', 502, /refused/, 'needs_sign_in', /refused the credential/],
  ] as const)('%s', async (provider, status, says, state, reason) => {
    const first = await ask(provider, route)
    // Whoever comes second is not served either, and nobody is asked for it.
    const isFirst = route === CHAT
    const error = await expectError(first, route, isFirst ? status : 503)
    if (isFirst) expect(error.message).toMatch(says)
    expect(error.message).not.toContain('sk-')
    expect(await accountOf(gateway, `${provider}-1`)).toMatchObject({ state, reason: expect.stringMatching(reason) })
    const asked = sim.counts.chat
    expect((await expectError(await ask(provider, route, { stream: true }), route, 503)).candidates).toMatchObject([{ state }])
    expect(sim.counts.chat).toBe(asked)
  })

  test('where its plan is not at home', async () => {
    await expectError(await ask('misplaced', route), route, route === CHAT ? 404 : 503)
  })
})

describe('a region', () => {
  test('where the plan is not sold: the provider is left out, and the log says where it is', async () => {
    expect(gateway.output()).toMatch(/provider 'unsold' is left out: Token Plan is not sold in the region us; it is in china, singapore/)
    await expectError(await post(gateway.url, CHAT, CHAT.body('nowhere')), CHAT, 404)
  })

  test('that nobody knows is an error by file and field', async () => {
    const folder = newFolder()
    try {
      const file = join(folder, 'dragoman.json')
      writeFileSync(
        file,
        JSON.stringify({ providers: [{ name: 'a', provider_type: 'qwen', plan: 'coding', region: 'mars', api_key: 'k' }] }),
      )
      const { code, stdout, stderr } = await run(['config', 'check', '--config', file], { cwd: folder })
      expect(code).toBe(1)
      expect(stdout + stderr).toMatch(/providers\.0\.region: must be one of china, singapore, us, hongkong/)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})

test('plans, their addresses and their models are printed', async () => {
  const folder = newFolder()
  try {
    const providers = [
      { name: 'by plan', provider_type: 'qwen', plan: 'token', api_key: 'sk-1234567890abcdef' },
      { name: 'by key', provider_type: 'qwen', api_key: 'sk-sp-1234567890abcdef' },
    ]
    writeFileSync(join(folder, 'dragoman.json'), JSON.stringify({ providers, qwen: { credentials: [] } }))
    const { stdout } = await run(['models'], { cwd: folder })
    expect(stdout).toMatch(/qwen3\.6-plus .*by plan, by key|qwen3\.6-plus .*by key, by plan/)
    expect(stdout).toMatch(/glm-4\.7 .* by key /)
    expect(stdout).toMatch(/qwen3\.8-flash .* by plan /)
    expect(stdout).toMatch(/coding +singapore +https:\/\/coding-intl\.dashscope\.aliyuncs\.com\/v1/)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
