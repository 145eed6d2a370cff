import { chatRequest, FIRST_WORD, messagesRequest } from '../bodies.ts'
import { Connection, postBytes } from '../connection.ts'
import { type Figures, type Measure, percentile, type Scene } from '../figures.ts'
import { CLIENT_KEY, startGateway } from '../gateway.ts'

const WARM_UP = 500

interface Way {
  url: string
  request: Buffer
  /** What the time is taken to, where that is not the end. */
  mark?: Buffer
}

interface Added {
  p50: number
  p99: number
}

/**
 * What each way takes more than the first one, in milliseconds. One request is out at a time, the ways by turns on connections that are kept, so that
 * whatever disturbs the machine meets all of them, and what the client itself costs cancels out. The least of the rounds.
 */
async function added(scene: Scene, ways: readonly [Way, ...Way[]], samples: number): Promise<Added[]> {
  const connections = await Promise.all(ways.map(({ url }) => Connection.open(url)))
  const best = ways.map(() => ({ p50: Number.POSITIVE_INFINITY, p99: Number.POSITIVE_INFINITY }))
  for (let round = -1; round < scene.rounds; round++) {
    const times: number[][] = ways.map(() => [])
    for (let sample = round < 0 ? samples - WARM_UP : 0; sample < samples; sample++) {
      for (const [index, { request, mark }] of ways.entries()) {
        const { ms, markMs } = await (connections[index] as Connection).exchange(request, mark)
        times[index]?.push(mark ? markMs : ms)
      }
    }
    if (round < 0) continue
    const [direct = [], ...through] = times
    for (const [index, each] of through.entries()) {
      const known = best[index] as Added
      known.p50 = Math.min(known.p50, percentile(each, 0.5) - percentile(direct, 0.5))
      known.p99 = Math.min(known.p99, percentile(each, 0.99) - percentile(direct, 0.99))
    }
    scene.say(
      `p50 ${times.map(each => percentile(each, 0.5).toFixed(3)).join(' / ')} ms, p99 ${times.map(each => percentile(each, 0.99).toFixed(3)).join(' / ')} ms`,
    )
  }
  for (const connection of connections) connection.close()
  return best.slice(0, -1)
}

const CHAT = '/v1/chat/completions'

export const LATENCY: Measure = {
  name: 'latency',
  about: 'what is added to a whole answer at 1 connection',
  async run(scene): Promise<Figures> {
    const gateway = await startGateway(scene.binary, scene.folder, { whole: `${scene.files}/json/v1` })
    try {
      const body = chatRequest({ model: 'whole', stream: false })
      const [through] = await added(
        scene,
        [
          { url: scene.files, request: postBytes(`/json${CHAT}`, CLIENT_KEY, body) },
          { url: gateway.url, request: postBytes(CHAT, CLIENT_KEY, body) },
        ],
        4000,
      )
      return {
        figures: [
          { name: 'added latency, whole, 1 connection, p50', value: through?.p50 ?? Number.NaN, unit: 'ms', atMost: 0.3 },
          { name: 'added latency, whole, 1 connection, p99', value: through?.p99 ?? Number.NaN, unit: 'ms', atMost: 1 },
        ],
      }
    } finally {
      await gateway.stop()
    }
  },
}

export const FIRST_TOKEN: Measure = {
  name: 'first-token',
  about: 'what is added to the time to the first token at 1 connection',
  async run(scene): Promise<Figures> {
    const gateway = await startGateway(scene.binary, scene.folder, { paced: `${scene.tokens}/paced/v1` })
    try {
      const body = chatRequest({ model: 'paced', stream: true })
      const translated = messagesRequest({ model: 'paced', stream: true })
      const mark = FIRST_WORD
      const [passed, other] = await added(
        scene,
        [
          { url: scene.tokens, request: postBytes(`/paced${CHAT}`, CLIENT_KEY, body), mark },
          { url: gateway.url, request: postBytes(CHAT, CLIENT_KEY, body), mark },
          { url: gateway.url, request: postBytes('/v1/messages', CLIENT_KEY, translated), mark },
        ],
        600,
      )
      return {
        figures: [
          { name: 'added time to first token, passed through, p50', value: passed?.p50 ?? Number.NaN, unit: 'ms', atMost: 1 },
          { name: 'added time to first token, translated, p50', value: other?.p50 ?? Number.NaN, unit: 'ms', atMost: 1 },
        ],
      }
    } finally {
      await gateway.stop()
    }
  },
}
