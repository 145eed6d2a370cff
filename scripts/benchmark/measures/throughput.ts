import { join } from 'node:path'
import { chatRequest, messagesRequest } from '../bodies.ts'
import type { Figure, Figures, Measure, Rate, Scene } from '../figures.ts'
import { CLIENT_KEY, startGateway } from '../gateway.ts'
import { load, type Shot } from '../load.ts'
import { startPortkey } from '../portkey.ts'
import { freePort, start, waitForPort } from '../process.ts'

const CONNECTIONS = 32
export const EVENTS = 200

const headers = { 'content-type': 'application/json', authorization: `Bearer ${CLIENT_KEY}` }
const whole = chatRequest({ model: 'whole', stream: false })
const streamed = chatRequest({ model: 'streamed', stream: true })
const fromAnthropic = (model: string, stream: boolean): string => messagesRequest({ model, stream })

type Case = Shot & { name: string }

/** Loads all cases by turns, so that a slow moment of the machine meets everybody, and keeps each one's best. */
async function compare(scene: Scene, cases: readonly Case[]): Promise<Rate[]> {
  const best = cases.map(({ name }) => ({ name, rate: 0, cpu: Number.POSITIVE_INFINITY }))
  for (const one of cases) await load(scene.folder, one, CONNECTIONS, Math.min(2, scene.seconds))
  for (let round = 0; round < scene.rounds; round++) {
    for (const [index, one] of cases.entries()) {
      const { rate, cpu } = await load(scene.folder, one, CONNECTIONS, scene.seconds)
      const known = best[index] as Rate
      known.rate = Math.max(known.rate, rate)
      known.cpu = Math.min(known.cpu, cpu)
      scene.say(`${one.name}: ${Math.round(rate)}/s, ${cpu.toFixed(1)} µs of processor`)
    }
  }
  return best
}

const over = (rates: readonly Rate[], index: number, base: number, name: string, atLeast?: number): Figure => ({
  name,
  value: (rates[index]?.rate ?? Number.NaN) / (rates[base]?.rate ?? Number.NaN),
  unit: '×',
  ...(atLeast !== undefined && { atLeast }),
})

interface Served {
  url: string
  pid: number
}

async function withGateway(scene: Scene, use: (gateway: Served) => Promise<Figures>): Promise<Figures> {
  const routes = { whole: `${scene.files}/json/v1`, streamed: `${scene.files}/sse/${EVENTS}/v1` }
  const gateway = await startGateway(scene.binary, scene.folder, routes)
  try {
    return await use(gateway)
  } finally {
    await gateway.stop()
  }
}

/** What the runtime itself makes possible: a server of a few lines that does nothing but pass on. */
async function withBare(scene: Scene, use: (bare: Served) => Promise<Figures>): Promise<Figures> {
  const port = await freePort()
  const bare = start([process.execPath, join(import.meta.dir, '..', 'bare-proxy.ts'), String(port), scene.files])
  try {
    await waitForPort(port)
    return await use({ url: `http://127.0.0.1:${port}`, pid: bare.pid })
  } finally {
    await bare.stop()
  }
}

const withBoth = (scene: Scene, use: (gateway: Served, bare: Served) => Promise<Figures>): Promise<Figures> =>
  withBare(scene, bare => withGateway(scene, gateway => use(gateway, bare)))

export const WHOLE: Measure = {
  name: 'whole',
  about: `answers that are no streams, ${CONNECTIONS} connections`,
  run: scene =>
    withBoth(scene, async ({ url, pid }, bare) => {
      const rates = await compare(scene, [
        { name: 'nginx, whole', ...scene.proxy, url: `${scene.proxy.url}/json/v1/chat/completions`, body: whole, headers },
        { name: 'dragoman, whole, passed through', url: `${url}/v1/chat/completions`, body: whole, headers, pid },
        { name: 'dragoman, whole, translated', url: `${url}/v1/messages`, body: fromAnthropic('whole', false), headers, pid },
        { name: 'bare Bun proxy, whole', ...bare, url: `${bare.url}/json/v1/chat/completions`, body: whole, headers },
      ])
      return {
        rates,
        figures: [over(rates, 1, 0, 'whole, passed through, over nginx', 0.6), over(rates, 2, 0, 'whole, translated, over nginx')],
      }
    }),
}

export const STREAMED: Measure = {
  name: 'streamed',
  about: `streams of ${EVENTS} events, ${CONNECTIONS} connections`,
  run: scene =>
    withBoth(scene, async ({ url, pid }, bare) => {
      const rates = await compare(scene, [
        { name: 'nginx, streamed', ...scene.proxy, url: `${scene.proxy.url}/sse/${EVENTS}/v1/chat/completions`, body: streamed, headers },
        { name: 'dragoman, streamed, passed through', url: `${url}/v1/chat/completions`, body: streamed, headers, pid },
        { name: 'dragoman, streamed, translated', url: `${url}/v1/messages`, body: fromAnthropic('streamed', true), headers, pid },
        { name: 'bare Bun proxy, streamed', ...bare, url: `${bare.url}/sse/${EVENTS}/v1/chat/completions`, body: streamed, headers },
      ])
      return {
        rates,
        figures: [
          over(rates, 1, 0, 'streamed, passed through, over nginx', 0.5),
          over(rates, 2, 0, 'streamed, translated, over nginx', 0.35),
        ],
      }
    }),
}

export const PORTKEY: Measure = {
  name: 'portkey',
  about: `answers that are no streams, ${CONNECTIONS} connections, beside another gateway`,
  run: async scene => {
    const upstream = `${scene.files}/json/v1`
    let portkey: Awaited<ReturnType<typeof startPortkey>>
    try {
      portkey = await startPortkey(upstream)
    } catch (error) {
      const remark = `NOT MEASURED beside @portkey-ai/gateway: ${error instanceof Error ? error.message : error}.`
      scene.say(remark)
      return { remarks: [remark] }
    }
    try {
      return await withGateway(scene, async ({ url, pid }) => {
        const rates = await compare(scene, [
          {
            name: portkey.name,
            url: `${portkey.url}/v1/chat/completions`,
            body: whole,
            headers: { ...headers, ...portkey.headers },
            pid: portkey.pid,
          },
          { name: 'dragoman beside it', url: `${url}/v1/chat/completions`, body: whole, headers, pid },
        ])
        return { rates, figures: [over(rates, 1, 0, `whole, passed through, over ${portkey.name}`, 15)] }
      })
    } finally {
      await portkey.stop()
    }
  },
}
