import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { Simulator } from '../simulators/simulator.ts'
import { recordOf } from './support/admin.ts'
import { CHAT, type ClientRoute, expectAnswer, expectError, MESSAGES, post } from './support/client-routes.ts'
import { CLIENT_KEY, type RunningGateway, startGateway } from './support/gateway.ts'
import { ANTHROPIC, OPENAI } from './support/upstreams.ts'

const MAIN = { opus: 'gpt-5', sonnet: 'gpt-4.1', haiku: 'gpt-4.1-nano' }

let openai: Simulator
let second: Simulator
let anthropic: Simulator
let gateway: RunningGateway

beforeAll(async () => {
  openai = OPENAI.start()
  second = OPENAI.start()
  anthropic = ANTHROPIC.start()
  gateway = await startGateway({
    config: {
      // Not in the order of their priorities.
      providers: [
        OPENAI.provider(second, { name: 'second', priority: 2, models: ['gpt-4o', 'gpt-4o-mini'], big_model: 'gpt-4o' }),
        OPENAI.provider(openai, {
          name: 'first',
          priority: 1,
          models: ['gpt-4o', 'gpt-4.1', 'gpt-6-*'],
          big_model: MAIN.opus,
          medium_model: MAIN.sonnet,
          small_model: MAIN.haiku,
        }),
        ANTHROPIC.provider(anthropic, { name: 'claude', priority: 3, models: ['claude-sonnet-4-5-20250929', 'claude-opus-5*'] }),
        OPENAI.provider(openai, { name: 'off', priority: 0, is_active: false }),
      ],
      models: {
        fast: 'gpt-4o-mini',
        faster: 'fast',
        loop: 'pool',
        pool: 'loop',
        'gpt-4o-mini-named': { targets: [{ provider: 'second', model: 'gpt-4o-mini' }] },
        turned: {
          aliases: ['also-turned'],
          targets: [
            { provider: 'second', model: 'gpt-4o' },
            { provider: 'first', model: 'gpt-4o' },
          ],
        },
        homeless: { targets: [{ provider: 'off', model: 'gpt-4o' }] },
      },
      anthropic_model_mappings: { 'claude-mapped': 'gpt-4.1', 'gpt-4o-for-claude': 'claude-sonnet-4-5-20250929' },
    },
  })
})
afterAll(async () => {
  await gateway.stop()
  await Promise.all([openai.close(), second.close(), anthropic.close()])
})

async function servedBy(route: ClientRoute, model: string): Promise<string> {
  const answer = await post(gateway.url, route, route.body(model))
  await expectAnswer(answer.clone() as Response, route)
  const { provider, upstream_model } = await recordOf(gateway.url, answer)
  expect(answer.headers.get('x-dragoman-provider')).toBe(String(provider))
  expect(answer.headers.get('x-dragoman-account')).toBe(`${provider}-1`)
  expect(answer.headers.get('x-dragoman-attempts')).toBe('1')
  return `${provider} ${upstream_model}`
}

describe('a name goes to', () => {
  test.each([
    ['the provider of the lowest priority that lists it', 'gpt-4o', 'first gpt-4o'],
    ['the only provider that lists it', 'gpt-4o-mini', 'second gpt-4o-mini'],
    ['a provider whose pattern fits', 'gpt-6-whatever', 'first gpt-6-whatever'],
    ['what an alias stands for', 'fast', 'second gpt-4o-mini'],
    ['what an alias of an alias stands for', 'faster', 'second gpt-4o-mini'],
    ['the targets of its entry, in their order', 'turned', 'second gpt-4o'],
    ['the targets of the entry that has it as an alias', 'also-turned', 'second gpt-4o'],
    ["the target's own name there", 'gpt-4o-mini-named', 'second gpt-4o-mini'],
    ['the provider that lists a Claude name, before any tier', 'claude-sonnet-4-5-20250929', 'claude claude-sonnet-4-5-20250929'],
    ['the tier of an opus', 'claude-opus-4-6', `first ${MAIN.opus}`],
    ['the tier of a sonnet', 'claude-3-7-sonnet-latest', `first ${MAIN.sonnet}`],
    ['the tier of a haiku', 'claude-haiku-4-5', `first ${MAIN.haiku}`],
    ['the model behind claude-via-', 'claude-via-gpt-4o-mini', 'second gpt-4o-mini'],
    ['the alias behind claude-via-', 'claude-via-fast', 'second gpt-4o-mini'],
    ['the same with the mark of a long context', 'claude-sonnet-4-5-20250929[1m]', 'claude claude-sonnet-4-5-20250929'],
  ])('%s', async (_, model, served) => {
    expect(await servedBy(MESSAGES, model)).toBe(served)
    expect(await servedBy(CHAT, model)).toBe(served)
  })

  test('a mapping of Anthropic names, for callers of that dialect only', async () => {
    expect(await servedBy(MESSAGES, 'claude-mapped')).toBe('first gpt-4.1')
    expect(await servedBy(MESSAGES, 'gpt-4o-for-claude')).toBe('claude claude-sonnet-4-5-20250929')
    await expectError(await post(gateway.url, CHAT, CHAT.body('claude-mapped')), CHAT, 404)
  })

  test('nobody: names in a circle, of a provider that is off, or unknown', async () => {
    await expectError(await post(gateway.url, CHAT, CHAT.body('loop')), CHAT, 404)
    await expectError(await post(gateway.url, CHAT, CHAT.body('gpt-7')), CHAT, 404)
    const error = await expectError(await post(gateway.url, CHAT, CHAT.body('homeless')), CHAT, 503)
    expect(error.code).toBe('no_account_available')
  })
})

test('providers without a list get what nobody lists, as it is', async () => {
  const open = await startGateway({
    config: {
      providers: [
        OPENAI.provider(second, { name: 'open', priority: 1 }),
        OPENAI.provider(openai, { name: 'listing', priority: 2, models: ['gpt-4o'] }),
      ],
    },
  })
  try {
    const provider = async (model: string) => (await post(open.url, CHAT, CHAT.body(model))).headers.get('x-dragoman-provider')
    expect(await provider('gpt-4o')).toBe('listing')
    expect(await provider('gpt-4.1')).toBe('open')
    expect(second.requests.at(-1)?.body?.model).toBe('gpt-4.1')
  } finally {
    await open.stop()
  }
})

describe('what a client sees of it', () => {
  test('the name it asked for where the answer was translated, the upstream bytes where it was not', async () => {
    const model = async (route: ClientRoute, name: string) =>
      ((await (await post(gateway.url, route, route.body(name))).json()) as { model: string }).model
    expect(await model(MESSAGES, 'fast')).toBe('fast')
    expect(await model(CHAT, 'claude-sonnet-4-5-20250929')).toBe('claude-sonnet-4-5-20250929')
    expect(await model(CHAT, 'fast')).toBe('gpt-4o-mini')
  })

  test('no routing headers where they are turned off', async () => {
    const quiet = await startGateway({ config: { routing_headers: false, providers: [OPENAI.provider(openai)] } })
    try {
      for (const body of [CHAT.body('gpt-4o'), CHAT.body('gpt-4o', { stream: true })]) {
        const answer = await post(quiet.url, CHAT, body)
        await expectAnswer(answer.clone() as Response, CHAT)
        const names = [...answer.headers.keys()].filter(name => name.startsWith('x-dragoman'))
        expect(names).toEqual([])
        expect(await recordOf(quiet.url, answer)).toMatchObject({ provider: 'openai', attempts: [{ outcome: 'ok' }] })
      }
    } finally {
      await quiet.stop()
    }
  })

  test('only what may pass of the upstream headers', async () => {
    openai.script({
      headers: {
        'set-cookie': 'a=b',
        server: 'vendor',
        'cf-ray': '1',
        'access-control-allow-origin': '*',
        'strict-transport-security': 'max-age=1',
        'x-secret': '1',
        'x-ratelimit-limit-requests': '77',
      },
    })
    const answer = await post(gateway.url, CHAT, CHAT.body('gpt-4o'))
    await expectAnswer(answer.clone() as Response, CHAT)
    expect(answer.headers.get('x-ratelimit-limit-requests')).toBe('77')
    const passed = [...answer.headers.keys()].filter(
      name => !/^(x-ratelimit-|x-dragoman-|openai-(processing-ms|version)$|x-request-id$|content-|date$)/.test(name),
    )
    expect(passed).toEqual([])
    expect(answer.headers.get('x-request-id')).not.toBe(null)
  })

  test('a translated answer carries nothing of them but what concerns the client', async () => {
    const answer = await post(gateway.url, MESSAGES, MESSAGES.body('gpt-4o'))
    await expectAnswer(answer.clone() as Response, MESSAGES)
    expect([...answer.headers.keys()].filter(name => /^(x-ratelimit|openai)/.test(name))).toEqual([])
  })
})

describe('what an upstream sees', () => {
  test('its own key, our name, and nothing of the client', async () => {
    const headers = {
      cookie: 'session=1',
      'x-forwarded-for': '1.2.3.4',
      'x-stainless-lang': 'js',
      'user-agent': 'client/1',
      'openai-organization': 'org-x',
      'x-dragoman-strict': 'false',
      origin: 'app://local',
    }
    for (const [route, model, upstream] of [
      [CHAT, 'gpt-4o', openai],
      [MESSAGES, 'gpt-4o', openai],
      [MESSAGES, 'claude-sonnet-4-5-20250929', anthropic],
      [CHAT, 'claude-sonnet-4-5-20250929', anthropic],
    ] as const) {
      await expectAnswer(await post(gateway.url, route, route.body(model), { headers }), route)
      const seen = upstream.requests.at(-1)
      expect(seen?.key).toBe(upstream.key)
      expect(JSON.stringify(seen?.headers)).not.toContain(CLIENT_KEY)
      expect(seen?.headers).not.toHaveProperty('cookie')
      for (const name of ['x-forwarded-for', 'x-stainless-lang', 'openai-organization', 'origin', 'x-dragoman-strict'])
        expect(seen?.headers).not.toHaveProperty(name)
      expect(seen?.headers['user-agent']).toBe('dragoman')
    }
  })

  test('the version and betas of an Anthropic client, and a version where it names none', async () => {
    const model = 'claude-sonnet-4-5-20250929'
    await expectAnswer(await post(gateway.url, MESSAGES, MESSAGES.body(model)), MESSAGES)
    expect(anthropic.requests.at(-1)?.headers['anthropic-version']).toBe('2023-06-01')
    const headers = { 'anthropic-version': '2023-01-01', 'anthropic-beta': 'a-1,b-2' }
    await expectAnswer(await post(gateway.url, MESSAGES, MESSAGES.body(model), { headers }), MESSAGES)
    expect(anthropic.requests.at(-1)?.headers).toMatchObject(headers)
    await expectAnswer(
      await post(gateway.url, MESSAGES, MESSAGES.body(model), { headers: { 'x-anthropic-version': '2023-01-01' } }),
      MESSAGES,
    )
    expect(anthropic.requests.at(-1)?.headers['anthropic-version']).toBe('2023-01-01')
    // It speaks to Anthropic alone.
    await expectAnswer(await post(gateway.url, MESSAGES, MESSAGES.body('gpt-4o'), { headers }), MESSAGES)
    expect(openai.requests.at(-1)?.headers).not.toHaveProperty('anthropic-beta')
  })

  test('nowhere else than configured, whatever the client writes', async () => {
    const before = openai.requests.length + second.requests.length + anthropic.requests.length
    for (const model of [
      '../gpt-4o',
      'gpt-6-/../../admin',
      'gpt-6-@evil.example.com/x',
      'gpt-6-?x=1#y',
      'gpt-6-%2e%2e/x',
      'http://127.0.0.1:1/gpt-6-x',
    ]) {
      await post(gateway.url, CHAT, CHAT.body(model, { user: 'x' }))
    }
    await post(gateway.url, CHAT, CHAT.body('gpt-4o', { base_url: 'http://127.0.0.1:1', api_base: 'http://127.0.0.1:1' }), {
      headers: { 'x-forwarded-host': 'evil.example.com', 'x-original-url': '/evil' },
    })
    const seen = [...openai.requests, ...second.requests, ...anthropic.requests]
    expect(seen.length).toBeGreaterThan(before)
    expect([...new Set(seen.map(({ path }) => path))].sort()).toEqual(['/v1/chat/completions', '/v1/messages'])
    expect([...new Set(seen.map(({ headers }) => headers.host))].sort()).toEqual(
      [openai, second, anthropic].map(({ url }) => new URL(url).host).sort(),
    )
  })
})
