import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import type { Simulator } from '../simulators/simulator.ts'
import { admin } from './support/admin.ts'
import { CHAT, CLIENT_ROUTES, type ClientRoute, expectAnswer, post } from './support/client-routes.ts'
import { CLIENT_KEY, type RunningGateway, startGateway } from './support/gateway.ts'
import { RawConnection, requestBytes } from './support/raw.ts'
import { OPENAI, stalled } from './support/upstreams.ts'
import { eventually } from './support/wait.ts'

const STREAMS = 300

let upstream: Simulator
let gateway: RunningGateway

beforeAll(async () => {
  upstream = OPENAI.start()
  gateway = await startGateway({ config: { timeouts: { heartbeat: '200ms' }, providers: [OPENAI.provider(upstream)] } })
})
afterAll(async () => {
  await gateway.stop()
  await upstream.close()
})

/** The test's own `fetch` has the limit that the gateway must not have, so these clients are sockets. */
async function openStream(route: ClientRoute): Promise<RawConnection> {
  const connection = await RawConnection.open(gateway.url)
  const body = JSON.stringify(route.body('gpt-4o', { stream: true }))
  const key = Object.entries(route.keyHeader(CLIENT_KEY)).map(([name, value]) => `${name}: ${value}`)
  const headers = ['host: localhost', 'content-type: application/json', `content-length: ${Buffer.byteLength(body)}`, ...key]
  connection.send(requestBytes({ method: 'POST', target: route.path, headers, body }))
  return connection
}

const openCount = async (): Promise<unknown> =>
  ((await (await admin(gateway.url, '/admin/stats')).json()) as { streams_open: number }).streams_open

test(`${STREAMS} streams are open at once, each of them alive, and others are served beside them`, async () => {
  upstream.script(...Array.from({ length: STREAMS }, () => stalled(OPENAI)))
  const connections = await Promise.all(Array.from({ length: STREAMS }, (_, index) => openStream(CLIENT_ROUTES[index % 2] as ClientRoute)))
  try {
    const seen = await Promise.all(connections.map(connection => connection.until(/three/)))
    expect(seen.every(match => match !== undefined)).toBe(true)
    expect(await openCount()).toBe(STREAMS)
    await expectAnswer(await post(gateway.url, CHAT, CHAT.body('gpt-4o')), CHAT)
    // A heartbeat more for everybody.
    for (const connection of connections) connection.text = ''
    const beats = await Promise.all(connections.map(connection => connection.until(/keep-alive|ping/)))
    expect(beats.every(match => match !== undefined)).toBe(true)
  } finally {
    for (const connection of connections) connection.destroy()
  }
  await Promise.all(upstream.requests.slice(0, STREAMS).map(({ closed }) => closed))
  await eventually('all streams are gone', async () => (await openCount()) === 0)
}, 20_000)

describe.skipIf(process.platform !== 'linux')('clients that never read', () => {
  /** In MB; what the process holds of memory, so that a leak cannot hide. */
  const resident = (): number => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${gateway.pid}/status`, 'utf8'))?.[1]) / 1024

  test.each(CLIENT_ROUTES.map(route => [route.name, route] as const))(
    'of %s hold up their upstream, not our memory',
    async (_, route) => {
      const CLIENTS = 4
      const piece = 'x'.repeat(64 * 1024)
      const text = Array.from({ length: 1600 }, () => piece)
      const first = upstream.requests.length
      const before = resident()
      upstream.script(...Array.from({ length: CLIENTS }, () => ({ text })))
      const connections = await Promise.all(Array.from({ length: CLIENTS }, () => openStream(route)))
      for (const { socket } of connections) socket.pause()
      await upstream.received(first + CLIENTS)
      const requests = upstream.requests.slice(first)
      const sent = () => requests.reduce((sum, { framesSent }) => sum + framesSent, 0)
      // Silence is the event here: everything on the way is full.
      let last = -1
      await eventually(
        'the upstream is held up',
        async () => {
          const now = sent()
          const still = now === last && now > 0
          last = now
          if (!still) await Bun.sleep(300)
          return still
        },
        10_000,
      )
      const grown = resident() - before
      console.log(
        `      ${CLIENTS} clients of ${route.name}: ${Math.round((sent() * 64) / 1024)} of ${CLIENTS * 100} MB taken, ${grown.toFixed(0)} MB more memory`,
      )
      for (const { framesSent } of requests) expect(framesSent).toBeLessThan(text.length)
      expect(grown).toBeLessThan(200)
      await expectAnswer(await post(gateway.url, CHAT, CHAT.body('gpt-4o')), CHAT)
      for (const connection of connections) connection.destroy()
      await Promise.all(requests.map(({ closed }) => closed))
      await eventually('all streams are gone', async () => (await openCount()) === 0)
    },
    20_000,
  )
})
