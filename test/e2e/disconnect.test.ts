import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { Answer } from '../simulators/answer.ts'
import type { Simulator } from '../simulators/simulator.ts'
import { admin, adminList } from './support/admin.ts'
import { CLIENT_ROUTES, type ClientRoute, expectAnswer, post } from './support/client-routes.ts'
import { CLIENT_KEY, type RunningGateway, startGateway } from './support/gateway.ts'
import { RawConnection, requestBytes } from './support/raw.ts'
import { StreamReader } from './support/streams.ts'
import { stalled, UPSTREAM_KINDS, type UpstreamKind } from './support/upstreams.ts'
import { eventually } from './support/wait.ts'

/** Far above the 100 ms that are meant, because the machine may be busy; what it took is printed. */
const SOON_MS = 500

const upstreams = new Map<UpstreamKind, Simulator>()
let gateway: RunningGateway
const took: number[] = []

beforeAll(async () => {
  for (const kind of UPSTREAM_KINDS) upstreams.set(kind, kind.start())
  gateway = await startGateway({
    config: {
      timeouts: { heartbeat: '100ms' },
      providers: [...upstreams].map(([kind, simulator]) => kind.provider(simulator, { models: [kind.model] })),
    },
  })
})
afterAll(async () => {
  console.log(`      the upstream was let go after ${Math.max(...took).toFixed(1)} ms at most`)
  await gateway.stop()
  await Promise.all([...upstreams.values()].map(simulator => simulator.close()))
})

interface Phase {
  answer(kind: UpstreamKind): Answer
  stream: boolean
  /** What the client sees before it leaves. */
  seen?: RegExp
}

const PHASES: Record<string, Phase> = {
  'before the headers': { answer: () => ({ hangConnection: true }), stream: true },
  'behind heartbeats': { answer: () => ({ hangConnection: true }), stream: true, seen: /keep-alive|ping/ },
  'between headers and content': { answer: kind => ({ stallAfter: kind.preamble }), stream: true },
  'within the answer': { answer: stalled, stream: true, seen: /three/ },
  'while it waits for a whole answer': { answer: () => ({ hangConnection: true }), stream: false },
  'within a whole answer': { answer: () => ({ stallAfter: 1 }), stream: false },
}

const cases = UPSTREAM_KINDS.flatMap(kind => CLIENT_ROUTES.map(route => [`${kind.name} behind ${route.name}`, kind, route] as const))

async function leave(kind: UpstreamKind, route: ClientRoute, phase: Phase): Promise<void> {
  const upstream = upstreams.get(kind) as Simulator
  upstream.script(phase.answer(kind))
  const count = upstream.requests.length + 1
  const client = new AbortController()
  const sent = post(gateway.url, route, route.body(kind.model, { stream: phase.stream }), { signal: client.signal })
  const outcome = sent.then(
    () => {},
    () => {},
  )
  const request = (await upstream.received(count))[count - 1]
  if (!request) throw new Error('nothing arrived')
  if (phase.seen) await new StreamReader(await sent).until(phase.seen)
  const left = performance.now()
  client.abort()
  await request.closed
  const ms = performance.now() - left
  took.push(ms)
  expect(request.aborted).toBe(true)
  expect(ms).toBeLessThan(SOON_MS)
  await outcome
}

describe.each(cases)('a client of %s that leaves', (_, kind, route) => {
  test.each(Object.entries(PHASES))('%s cancels the upstream and is recorded', async (_name, phase) => {
    await leave(kind, route, phase)
    await eventually('the record says so', async () => {
      const [newest] = (await adminList(gateway.url, '/admin/requests?limit=1')).data
      return newest?.status === 499 && newest.stream === phase.stream && newest.route === route.path
    })
  })

  test('leaves the account as good as it was', async () => {
    for (let time = 0; time < 4; time++) await leave(kind, route, PHASES['before the headers'] as Phase)
    await expectAnswer(await post(gateway.url, route, route.body(kind.model)), route)
  })
})

test.each(CLIENT_ROUTES.map(route => [route.name, route] as const))(
  'a client of %s that leaves within its own request is no fault of ours',
  async (_, route) => {
    const body = JSON.stringify(route.body('gpt-4o'))
    for (const length of [`content-length: ${body.length}`, 'transfer-encoding: chunked']) {
      const connection = await RawConnection.open(gateway.url)
      const key = Object.entries(route.keyHeader(CLIENT_KEY)).map(([name, value]) => `${name}: ${value}`)
      const headers = ['host: localhost', 'content-type: application/json', ...key, length]
      const half = body.slice(0, body.length / 2)
      connection.send(
        requestBytes({ method: 'POST', target: route.path, headers, body: length.startsWith('content') ? half : `400\r\n${half}` }),
      )
      await Bun.sleep(50)
      const lines = gateway.log().length
      connection.destroy()
      await eventually('the log says so', async () =>
        gateway
          .log()
          .slice(lines)
          .some(({ status, error_kind }) => status === 499 && error_kind === 'cancelled'),
      )
    }
  },
)

test('nothing of them is left open', async () => {
  const stats = (await (await fetch(`${gateway.url}/health`)).json()) as { status: string }
  expect(stats.status).toBe('ok')
  expect(await (await admin(gateway.url, '/admin/stats')).json()).toMatchObject({ streams_open: 0 })
  expect(gateway.output()).not.toMatch(/internal error|unhandled|uncaught/)
})
