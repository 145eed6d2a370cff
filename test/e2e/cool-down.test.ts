import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type Json, objectsOf } from '../checkers/json.ts'
import type { Answer } from '../simulators/answer.ts'
import type { Simulator } from '../simulators/simulator.ts'
import { recordOf } from './support/admin.ts'
import { CHAT, CLIENT_ROUTES, expectAnswer, expectError, MESSAGES, post } from './support/client-routes.ts'
import { type RunningGateway, startGateway } from './support/gateway.ts'
import { OPENAI } from './support/upstreams.ts'
import { eventually } from './support/wait.ts'

let upstream: Simulator
let gateway: RunningGateway

/** A case has a model, and as many providers as it has answers that fail, so that none meets another's cool-downs. */
const CASES = [
  'limits',
  'short limit',
  'recovery',
  'timeout last',
  'error last',
  'key',
  'keys',
  'forbidden',
  'outage',
  'storm',
  'quota',
  'missing',
  'full',
]
const modelOf = (name: string): string => `gpt-${CASES.indexOf(name)}`

beforeAll(async () => {
  upstream = OPENAI.start()
  const timeouts = { first_byte: '200ms' }
  gateway = await startGateway({
    config: {
      providers: CASES.flatMap(name => [
        OPENAI.provider(upstream, {
          name: `${name} one`,
          priority: 1,
          models: [modelOf(name)],
          timeouts,
          ...(name === 'full' ? { max_concurrent: 1 } : {}),
        }),
        ...(/limits|last|keys|missing/.test(name)
          ? [OPENAI.provider(upstream, { name: `${name} two`, priority: 2, models: [modelOf(name)], timeouts })]
          : []),
      ]),
    },
  })
})
afterAll(async () => {
  await gateway.stop()
  await upstream.close()
})

const ask = (name: string, more: Json = {}) => post(gateway.url, CHAT, CHAT.body(modelOf(name), more))

const limited = (retryAfter?: string): Answer => ({ status: 429, headers: retryAfter === undefined ? {} : { 'retry-after': retryAfter } })

describe('when every target failed', () => {
  test('and all were rate limits: 429, with the earliest time to come back; then 503 until then', async () => {
    upstream.script(limited('40'), limited('20'))
    const response = await ask('limits')
    expect(response.headers.get('retry-after')).toBe('20')
    const error = await expectError(response, CHAT, 429)
    expect(error).toMatchObject({ type: 'rate_limit_error', message: expect.stringMatching(/limits one.*429.*limits two.*429/s) })

    const asked = upstream.requests.length
    for (const route of CLIENT_ROUTES) {
      const answer = await post(gateway.url, route, route.body(modelOf('limits')))
      expect(Number(answer.headers.get('retry-after'))).toBeWithin(18, 21)
      const record = await recordOf(gateway.url, answer)
      const none = await expectError(answer, route, 503)
      if (route === CHAT) expect(none).toMatchObject({ type: 'service_unavailable', code: 'no_account_available' })
      else expect(none.type).toBe('overloaded_error')
      const candidates = objectsOf(none.candidates)
      expect(candidates).toEqual(
        ['limits one', 'limits two'].map(provider => ({
          provider,
          account: `${provider}-1`,
          state: 'cooling_down',
          reason: expect.stringContaining('429'),
          until: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/),
        })),
      )
      for (const { provider, reason } of candidates) {
        expect(none.message).toContain(String(provider))
        expect(none.message).toContain(String(reason))
      }
      expect(record).toMatchObject({ status: 503, attempts: [], skipped: [{ provider: 'limits one' }, { provider: 'limits two' }] })
    }
    expect(upstream.requests).toHaveLength(asked)
  })

  test('and the last was a timeout: 504', async () => {
    upstream.script({ status: 500, headers: { 'x-should-retry': 'false' } }, { hangConnection: true })
    const error = await expectError(await ask('timeout last'), CHAT, 504)
    expect(error).toMatchObject({
      type: 'api_error',
      message: expect.stringMatching(/timeout last one.*500.*timeout last two.*no answer from the upstream within 0.2 s/s),
    })
  })

  test('and the last was its own fault: 502', async () => {
    upstream.script({ hangConnection: true }, { status: 503 }, { status: 503 })
    const error = await expectError(await ask('error last'), CHAT, 502)
    expect(error.message).toMatch(/error last one.*0.2 s.*error last two.*503/s)
  })

  test('and nobody has the model: 404', async () => {
    const answer: Answer = { status: 404, message: 'The model `x` does not exist' }
    upstream.script(answer, answer)
    const error = await expectError(await ask('missing'), CHAT, 404)
    expect(error.message).toContain('does not exist')
  })
})

describe("an upstream's refusal of our own credentials", () => {
  test.each([
    ['key', 401, 'needs_sign_in', MESSAGES],
    ['forbidden', 403, 'cooling_down', CHAT],
  ] as const)('%s: never reaches the client as %i, and the account is marked', async (name, status, state, route) => {
    upstream.script({ status, message: `No leave for ${upstream.key}` })
    const error = await expectError(await post(gateway.url, route, route.body(modelOf(name))), route, 502)
    expect(error.message).toContain(`${name} one`)
    expect(error.message).toContain('credentials')
    expect(error.message).not.toContain(upstream.key)
    const again = await post(gateway.url, route, route.body(modelOf(name)))
    expect(Number(again.headers.get('retry-after'))).toBeGreaterThan(100)
    const none = await expectError(again, route, 503)
    expect(none.candidates).toMatchObject([{ state, reason: expect.stringContaining(String(status)) }])
  })

  test('of two accounts: both are named', async () => {
    upstream.script({ status: 401 }, { status: 403 })
    const error = await expectError(await ask('keys'), CHAT, 502)
    expect(error.message).toMatch(/keys one.*401.*keys two.*403/s)
    expect((await (await fetch(`${gateway.url}/health`)).json()) as Json).toMatchObject({ status: 'degraded' })
  })
})

describe('a cool-down', () => {
  test('that is over at once is waited for', async () => {
    upstream.script({ status: 429, headers: { 'retry-after-ms': '120' } })
    const response = await ask('short limit')
    await expectAnswer(response.clone() as Response, CHAT)
    expect((await recordOf(gateway.url, response)).attempts).toMatchObject([{ status: 429 }, { outcome: 'ok' }])
  })

  test('ends by itself', async () => {
    upstream.script({ status: 429, headers: { 'retry-after-ms': '1400' } })
    await expectError(await ask('recovery'), CHAT, 429)
    await expectError(await ask('recovery'), CHAT, 503)
    await eventually('the account is back', async () => (await ask('recovery')).status === 200, 2500)
    await expectAnswer(await ask('recovery'), CHAT)
  })

  test('comes after faults in a row, keeps everybody away, and a single request finds out that it is over', async () => {
    // Two tries for each of the first two requests; with the third, which counts as they do, the account is out.
    const failing = Array.from({ length: 5 }, (): Answer => ({ status: 500, message: 'down', headers: { 'retry-after-ms': '600' } }))
    upstream.script(...failing)
    for (let request = 0; request < 3; request++) await expectError(await ask('outage'), CHAT, 502)
    // Three requests or more, half of them failed: from here on nobody is sent there.
    const asked = upstream.requests.length
    const none = await expectError(await ask('outage'), CHAT, 503)
    expect(none.candidates).toMatchObject([{ state: 'cooling_down', reason: 'failing (500)' }])
    expect(upstream.requests).toHaveLength(asked)
    await eventually('the account is back', async () => (await ask('outage')).status === 200, 2000)
  })

  test('sends one probe ahead, however many wait', async () => {
    upstream.script({ status: 429, headers: { 'retry-after-ms': '1200' } })
    await expectError(await ask('storm'), CHAT, 429)
    const { until } = objectsOf((await expectError(await ask('storm'), CHAT, 503)).candidates)[0] ?? {}
    await eventually('the cool-down is over', () => Date.now() > Date.parse(String(until)) + 5)
    upstream.script({ delayHeadersMs: 100 })
    const asked = upstream.requests.length
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask('storm')))
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array.from({ length: 19 }, () => 503)])
    expect(upstream.requests).toHaveLength(asked + 1)
    await expectAnswer(await ask('storm'), CHAT)
  })

  test('of a quota says so', async () => {
    upstream.script({
      status: 429,
      body: { error: { message: 'You exceeded your current quota', type: 'insufficient_quota', param: null, code: 'insufficient_quota' } },
    })
    await expectError(await ask('quota'), CHAT, 429)
    const none = await expectError(await ask('quota'), CHAT, 503)
    expect(none.candidates).toMatchObject([{ state: 'exhausted', reason: expect.stringContaining('quota') }])
  })
})

test('a provider at its limit of requests at once is passed by', async () => {
  upstream.script({ delayHeadersMs: 150 })
  const first = ask('full')
  await upstream.received(upstream.requests.length + 1)
  const none = await expectError(await ask('full'), CHAT, 503)
  expect(none.candidates).toMatchObject([{ state: 'active', reason: expect.stringContaining('1 requests at once') }])
  await expectAnswer(await first, CHAT)
  await expectAnswer(await ask('full'), CHAT)
})
