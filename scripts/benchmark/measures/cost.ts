import { chatRequest, messagesRequest } from '../bodies.ts'
import { Connection, postBytes } from '../connection.ts'
import type { Figure, Figures, Measure, Scene } from '../figures.ts'
import { CLIENT_KEY, startGateway } from '../gateway.ts'
import { cpuMicros } from '../process-usage.ts'

/** The first is what a request costs that has next to nothing to carry; it is taken off the others. */
export const EVENT_COUNTS = [1, 100, 1000, 10_000, 100_000] as const
const MESSAGE_COUNTS = [1, 10, 100, 1000] as const

/** Events, or messages, in one measurement; but never fewer requests than this, nor more. */
const PIECES = 400_000
const REQUESTS = { least: 4, most: 8000 }
const CLIENTS = 4
/** From which part of what the bare request costs the cost of the pieces is told from noise. */
const MEASURABLE = 0.2

interface Cost {
  count: number
  /** Microseconds of processor time for a request. */
  request: number
}

/** What requests with so many pieces cost, by turns and the least of the rounds. */
async function costs(scene: Scene, url: string, pid: number, requests: ReadonlyMap<number, Buffer>, pieces: number): Promise<Cost[]> {
  const best = new Map<number, number>()
  const connections = await Promise.all(Array.from({ length: CLIENTS }, () => Connection.open(url)))
  for (let round = -1; round < scene.rounds; round++) {
    for (const [count, request] of requests) {
      const total = Math.min(REQUESTS.most, Math.max(REQUESTS.least, Math.ceil(pieces / count)))
      let left = total
      const before = cpuMicros(pid)
      await Promise.all(
        connections.map(async connection => {
          while (left-- > 0) await connection.exchange(request)
        }),
      )
      const cost = (cpuMicros(pid) - before) / total
      if (round >= 0) best.set(count, Math.min(cost, best.get(count) ?? Number.POSITIVE_INFINITY))
    }
  }
  for (const connection of connections) connection.close()
  return [...best].map(([count, request]) => ({ count, request }))
}

/**
 * What one piece more costs at each size, and how that grows from the smallest size to the largest. The smallest is the first where the pieces cost enough
 * beside the request itself to be told from its noise.
 */
function flatness(scene: Scene, what: string, found: readonly Cost[]): Figure[] {
  const [base, ...others] = found
  if (base === undefined) return []
  const sizes = others.map(({ count, request }) => ({
    count,
    micros: (request - base.request) / (count - base.count),
    share: request / count,
  }))
  const first = sizes.find(({ count, micros }) => micros * count >= MEASURABLE * base.request) ?? sizes.at(-2)
  const last = sizes.at(-1)
  if (first === undefined || last === undefined) return []
  scene.say(`${what}: ${base.request.toFixed(0)} µs a request`)
  for (const { count, micros, share } of sizes) {
    scene.say(`  each of ${count}: ${micros.toFixed(2)} µs, ${share.toFixed(2)} µs with its share of the request`)
  }
  return [
    {
      name: `processor time, ${what}, of ${sizes.map(({ count }) => count).join(' / ')}`,
      value: sizes.map(({ micros }) => micros),
      unit: 'µs',
    },
    { name: `the same, one of ${last.count} over one of ${first.count}`, value: last.micros / first.micros, unit: '×', atMost: 1.25 },
  ]
}

const asked = (counts: readonly number[], request: (count: number) => Buffer): Map<number, Buffer> =>
  new Map(counts.map(count => [count, request(count)]))

export const PER_EVENT: Measure = {
  name: 'per-event',
  about: `processor time for an event in streams of ${EVENT_COUNTS.slice(1).join(', ')}`,
  async run(scene): Promise<Figures> {
    const routes = Object.fromEntries(EVENT_COUNTS.map(events => [`s${events}`, `${scene.files}/sse/${events}/v1`]))
    const gateway = await startGateway(scene.binary, scene.folder, routes)
    try {
      const passed = asked(EVENT_COUNTS, events =>
        postBytes('/v1/chat/completions', CLIENT_KEY, chatRequest({ model: `s${events}`, stream: true })),
      )
      const translated = asked(EVENT_COUNTS, events =>
        postBytes('/v1/messages', CLIENT_KEY, messagesRequest({ model: `s${events}`, stream: true })),
      )
      return {
        figures: [
          ...flatness(scene, 'an event passed through', await costs(scene, gateway.url, gateway.pid, passed, PIECES)),
          ...flatness(scene, 'an event translated', await costs(scene, gateway.url, gateway.pid, translated, PIECES)),
        ],
      }
    } finally {
      await gateway.stop()
    }
  },
}

export const PER_MESSAGE: Measure = {
  name: 'per-message',
  about: `processor time for a message in conversations of ${MESSAGE_COUNTS.join(', ')}`,
  async run(scene): Promise<Figures> {
    const gateway = await startGateway(scene.binary, scene.folder, { whole: `${scene.files}/json/v1` })
    try {
      const talk = (messages: number) => ({ model: 'whole', stream: false, messages })
      const passed = asked(MESSAGE_COUNTS, messages => postBytes('/v1/chat/completions', CLIENT_KEY, chatRequest(talk(messages))))
      const translated = asked(MESSAGE_COUNTS, messages => postBytes('/v1/messages', CLIENT_KEY, messagesRequest(talk(messages))))
      return {
        figures: [
          ...flatness(scene, 'a message passed through', await costs(scene, gateway.url, gateway.pid, passed, PIECES)),
          ...flatness(scene, 'a message translated', await costs(scene, gateway.url, gateway.pid, translated, PIECES)),
        ],
      }
    } finally {
      await gateway.stop()
    }
  },
}
