import { chatRequest, FIRST_WORD, messagesRequest } from '../bodies.ts'
import { Connection, postBytes } from '../connection.ts'
import type { Figure, Measure, Scene } from '../figures.ts'
import { CLIENT_KEY, type Gateway, startGateway } from '../gateway.ts'
import { residentMb } from '../process-usage.ts'

const STREAMS = 1000
const ABORTED = 10_000
const WARM_UP = 2000
const AT_ONCE = 50
/** How long the memory is watched while the streams are open, and left alone before it is read when they are not. */
const HELD_MS = 5000
const SETTLE_MS = 8000

const passed = postBytes('/v1/chat/completions', CLIENT_KEY, chatRequest({ model: 'held', stream: true }))
const translated = postBytes('/v1/messages', CLIENT_KEY, messagesRequest({ model: 'held', stream: true }))

async function withGateway<T>(scene: Scene, use: (gateway: Gateway) => Promise<T>): Promise<T> {
  const gateway = await startGateway(scene.binary, scene.folder, { held: `${scene.tokens}/held/v1` })
  try {
    return await use(gateway)
  } finally {
    await gateway.stop()
  }
}

/** A stream whose first token has arrived. */
async function openStream(url: string, request: Buffer): Promise<Connection> {
  const connection = await Connection.open(url)
  const token = await connection.ask(request, FIRST_WORD).marked
  if (token === undefined) throw new Error('a stream ended before its first token')
  return connection
}

async function hold(scene: Scene, name: string, request: Buffer): Promise<Figure> {
  return await withGateway(scene, async gateway => {
    const idle = residentMb(gateway.pid)
    const open: Connection[] = []
    while (open.length < STREAMS) open.push(...(await Promise.all(Array.from({ length: AT_ONCE }, () => openStream(gateway.url, request)))))
    const count = await gateway.streamsOpen()
    if (count !== STREAMS) throw new Error(`${count} of ${STREAMS} streams are open`)
    let most = 0
    for (const until = performance.now() + HELD_MS; performance.now() < until; await Bun.sleep(100))
      most = Math.max(most, residentMb(gateway.pid))
    for (const connection of open) connection.close()
    scene.say(`${STREAMS} open streams, ${name}: ${most.toFixed(0)} MB, ${idle.toFixed(0)} MB before them`)
    return { name: `resident memory with ${STREAMS} open streams, ${name}`, value: most, unit: 'MB', atMost: 120 }
  })
}

export const OPEN_STREAMS: Measure = {
  name: 'open-streams',
  about: `memory of the whole process with ${STREAMS} streams open`,
  run: async scene => ({ figures: [await hold(scene, 'passed through', passed), await hold(scene, 'translated', translated)] }),
}

async function abort(url: string, streams: number): Promise<void> {
  const client = async (index: number) => {
    for (let left = index; left < streams; left += AT_ONCE) (await openStream(url, left % 2 === 0 ? passed : translated)).close()
  }
  await Promise.all(Array.from({ length: AT_ONCE }, (_, index) => client(index)))
}

async function settled(gateway: Gateway): Promise<number> {
  while ((await gateway.streamsOpen()) > 0) await Bun.sleep(50)
  await Bun.sleep(SETTLE_MS)
  return residentMb(gateway.pid)
}

export const ABORTED_STREAMS: Measure = {
  name: 'aborted-streams',
  about: `memory before and after ${ABORTED} streams that clients left`,
  run: scene =>
    withGateway(scene, async gateway => {
      await abort(gateway.url, WARM_UP)
      const before = await settled(gateway)
      await abort(gateway.url, ABORTED)
      const atOnce = residentMb(gateway.pid)
      const after = await settled(gateway)
      scene.say(`${ABORTED} aborted streams: ${before.toFixed(0)} MB → ${atOnce.toFixed(0)} MB → ${after.toFixed(0)} MB`)
      return {
        figures: [
          {
            name: `resident memory after ${ABORTED} aborted streams (${after.toFixed(0)} MB) over that after ${WARM_UP} (${before.toFixed(0)} MB)`,
            value: (after / before - 1) * 100,
            unit: '% more',
            atMost: 15,
          },
        ],
      }
    }),
}
