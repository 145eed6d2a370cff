import { STREAM_END, STREAM_START, streamWord } from './bodies.ts'

/**
 * An upstream that takes its time, in a process of its own: prints its port. `/paced/…` sends the first token at once and the rest a little later,
 * `/held/…` sends the first token at once and then one a second for as long as somebody listens. Bare sockets, so that it costs next to nothing.
 */

const REST_MS = 2
const TICK_SLICES = 10

const HEAD = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n'
const chunk = (text: string): string => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`
const FIRST = HEAD + chunk(STREAM_START + streamWord(0))
const REST = `${chunk(streamWord(1) + streamWord(2) + STREAM_END)}0\r\n\r\n`
const TICK = chunk(streamWord(1))

interface Client {
  received: string
  slice: number
}

const held = Array.from({ length: TICK_SLICES }, () => new Set<Bun.Socket<Client>>())
let next = 0

/** The path of the request that is here as a whole, taken off the buffer. */
function takeRequest(client: Client): string | undefined {
  const end = client.received.indexOf('\r\n\r\n')
  if (end === -1) return undefined
  const head = client.received.slice(0, end)
  const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0)
  if (client.received.length < end + 4 + length) return undefined
  client.received = client.received.slice(end + 4 + length)
  return head.split(' ')[1] ?? ''
}

const server = Bun.listen<Client>({
  hostname: '127.0.0.1',
  port: 0,
  socket: {
    open(socket) {
      socket.data = { received: '', slice: next++ % TICK_SLICES }
      socket.setNoDelay(true)
    },
    data(socket, bytes) {
      socket.data.received += bytes.toString('latin1')
      const path = takeRequest(socket.data)
      if (path === undefined) return
      socket.write(FIRST)
      if (path.startsWith('/held/')) held[socket.data.slice]?.add(socket)
      else setTimeout(() => socket.write(REST), REST_MS)
    },
    close(socket) {
      held[socket.data.slice]?.delete(socket)
    },
    error() {},
  },
})

let turn = 0
setInterval(() => {
  for (const socket of held[turn++ % TICK_SLICES] ?? []) socket.write(TICK)
}, 1000 / TICK_SLICES)

process.stdout.write(`${server.port}\n`)
