import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { Simulator } from '../simulators/simulator.ts'
import { recordOf } from './support/admin.ts'
import { CLIENT_ROUTES, type ClientRoute, expectAnswer, expectError, MESSAGES, post } from './support/client-routes.ts'
import { type RunningGateway, startGateway } from './support/gateway.ts'
import { type FullPort, startFullPort } from './support/slow-accept.ts'
import { StreamReader } from './support/streams.ts'
import { LONG_TEXT, OPENAI, UPSTREAM_KINDS, type UpstreamKind } from './support/upstreams.ts'
import { timed } from './support/wait.ts'

const HEARTBEAT_MS = 50

/** Cases that end in a timeout, which an account is remembered for: each has its own. */
const LIMITED = ['true', 'false', 'silent', 'stalled']
const limitedModel = (kind: UpstreamKind, route: ClientRoute, name: string): string => `${kind.model}-${route.name}-${name}`

const upstreams = new Map<UpstreamKind, Simulator>()
let backup: Simulator
let gateway: RunningGateway
let full: FullPort

const upstream = (kind: UpstreamKind): Simulator => upstreams.get(kind) as Simulator

beforeAll(async () => {
  for (const kind of UPSTREAM_KINDS) upstreams.set(kind, kind.start())
  backup = OPENAI.start()
  full = await startFullPort()
  gateway = await startGateway({
    config: {
      timeouts: { heartbeat: `${HEARTBEAT_MS}ms`, connect: '400ms', first_byte: '10s', idle: '10s' },
      providers: [
        ...UPSTREAM_KINDS.flatMap(kind => [
          kind.provider(upstream(kind), { name: `${kind.name} one`, priority: 1, models: [kind.model] }),
          ...CLIENT_ROUTES.flatMap(route =>
            LIMITED.map(name => {
              const model = limitedModel(kind, route, name)
              return kind.provider(upstream(kind), { name: model, models: [model], timeouts: { first_byte: '200ms', idle: '300ms' } })
            }),
          ),
        ]),
        OPENAI.provider({ url: full.url, key: 'none' }, { name: 'full', models: ['gpt-full'] }),
        OPENAI.provider(backup, { name: 'backup', models: [], priority: 9 }),
      ],
      models: Object.fromEntries(
        UPSTREAM_KINDS.map(kind => [
          `${kind.name}-backed`,
          {
            targets: [
              { provider: `${kind.name} one`, model: kind.model },
              { provider: 'backup', model: 'gpt-4o' },
            ],
          },
        ]),
      ),
    },
  })
})
afterAll(async () => {
  await gateway.stop()
  await Promise.all([...upstreams.values(), backup, full].map(each => each.close()))
})

const HEARTBEATS = { openai: /^(: [^\n]*\n\n)+/, anthropic: /^(event: ping\ndata: \{[^\n]*\}\n\n)+/ }

const pairs = UPSTREAM_KINDS.flatMap(kind => CLIENT_ROUTES.map(route => [`${kind.name} behind ${route.name}`, kind, route] as const))

describe.each(pairs)('%s', (_, kind, route) => {
  const stream = (model: string) => post(gateway.url, route, route.body(model, { stream: true }))

  test('while the upstream is silent, headers and heartbeats come before the content', async () => {
    upstream(kind).script({ text: LONG_TEXT, delayHeadersMs: 260 })
    const { value: response, ms } = await timed(stream(kind.model))
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toStartWith('text/event-stream')
    expect(ms).toBeWithin(HEARTBEAT_MS - 20, 220)
    const reader = new StreamReader(response)
    await reader.until(HEARTBEATS[route.name])
    expect(reader.times[0] ?? 1000).toBeLessThan(150)
    const text = await reader.rest()
    const said = route.readStream(text)
    expect(said.text).toBe(LONG_TEXT.join(''))
    const beats = HEARTBEATS[route.name].exec(text)?.[0].split('\n\n').length ?? 0
    expect(beats - 1).toBeWithin(2, 7)
    expect((await recordOf(gateway.url, response)).first_token_ms).toBeGreaterThan(240)
  })

  test('and in the middle of the answer', async () => {
    upstream(kind).script({ text: ['one ', 'two'], delayBetweenMs: 110 })
    const text = await (await stream(kind.model)).text()
    expect(route.readStream(text).text).toBe('one two')
    const beats = text.match(route === MESSAGES ? /event: ping/g : /^: /gm) ?? []
    expect(beats.length).toBeGreaterThan(3)
  })

  test('no heartbeat where there is no silence', async () => {
    upstream(kind).script({ text: LONG_TEXT, delayBetweenMs: 5 })
    // Anthropic itself sends one ping at the beginning.
    const text = await (await stream(kind.model)).text()
    expect(text.match(/event: ping|^: /gm)?.length ?? 0).toBe(route === MESSAGES ? 1 : 0)
  })

  test('another target may still answer behind the heartbeats', async () => {
    upstream(kind).script({ delayHeadersMs: 150, status: 500 })
    const response = await stream(`${kind.name}-backed`)
    const text = await response.text()
    expect(text).toMatch(HEARTBEATS[route.name])
    expect(route.readStream(text)).toMatchObject({ text: 'You said: Say hello', finish: route.finished })
    expect(await recordOf(gateway.url, response)).toMatchObject({ status: 200, attempts: [{ status: 500 }, { outcome: 'ok' }] })
  })

  test('a failure behind the heartbeats is an error event', async () => {
    upstream(kind).script({ delayHeadersMs: 120, status: 400, message: 'It was wrong all along.' })
    const response = await stream(kind.model)
    expect(response.status).toBe(200)
    const said = route.readStream(await response.text())
    expect(said.error).toMatchObject({ type: 'invalid_request_error', message: 'It was wrong all along.' })
    expect(await recordOf(gateway.url, response)).toMatchObject({ status: 400 })
  })

  test.each([true, false])('no byte within the limit: 504 or its event (stream %p)', async isStream => {
    upstream(kind).script({ hangConnection: true })
    const response = await post(gateway.url, route, route.body(limitedModel(kind, route, String(isStream)), { stream: isStream }))
    const error = isStream ? route.readStream(await response.text()).error : await expectError(response, route, 504)
    expect(error).toMatchObject({
      type: route === MESSAGES ? 'timeout_error' : 'api_error',
      message: expect.stringContaining('no answer from the upstream within 0.2 s'),
    })
    expect(await recordOf(gateway.url, response)).toMatchObject({ status: 504, attempts: [{ outcome: 'timeout' }] })
  })

  test('silence within the answer longer than the limit: an error event that says so', async () => {
    upstream(kind).script({ text: LONG_TEXT, stallAfter: kind.preamble + 2 })
    const { value: text, ms } = await timed((async () => (await stream(limitedModel(kind, route, 'stalled'))).text())())
    expect(route.readStream(text)).toMatchObject({ text: 'one two ', error: { message: 'the upstream fell silent for 0.3 s' } })
    expect(ms).toBeWithin(270, 1200)
  })

  test('headers and then silence count as no first byte', async () => {
    upstream(kind).script({ stallAfter: 0 })
    const said = route.readStream(await (await stream(limitedModel(kind, route, 'silent'))).text())
    expect(said.error?.message).toContain('within 0.2 s')
  })
})

describe.each(CLIENT_ROUTES.map(route => [route.name, route] as const))(
  'an upstream that does not take the connection, behind %s',
  (_, route) => {
    test('is given up at the limit for connecting, and the attempt was surely not executed', async () => {
      const { value: response, ms } = await timed(post(gateway.url, route, route.body('gpt-full')))
      expect(ms).toBeLessThan(2500)
      const record = await recordOf(gateway.url, response)
      const error = await expectError(response, route, 504)
      expect(error.message).toContain('no connection to the upstream within 0.4 s')
      expect(record.attempts).toMatchObject([{ outcome: 'timeout' }])
    })

    test('a slow upstream that took it is not', async () => {
      backup.script({ delayHeadersMs: 500 })
      await expectAnswer(await post(gateway.url, route, route.body('gpt-4.1')), route)
    })
  },
)
