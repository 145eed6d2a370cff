import type { Socket } from 'bun'

export const closers: (() => void)[] = []

/** Stops every server made here. */
export function closeAll(): void {
  for (const close of closers.splice(0)) close()
}

export interface Connection {
  /** Resolves with the request's text once its end has come (or, without `needle`, its first bytes). */
  request: Promise<string>
  closed: Promise<void>
  socket: Socket<unknown>
}

/** A TCP server that does what `serve` says with each connection. */
export function server(serve: (socket: Socket<unknown>, request: string) => void): {
  url: string
  connections: Connection[]
  next(): Promise<Connection>
} {
  const connections: Connection[] = []
  const waiting: ((connection: Connection) => void)[] = []
  const states = new WeakMap<object, { text: string; request(text: string): void; closed(): void }>()
  const listener = Bun.listen({
    hostname: '127.0.0.1',
    port: 0,
    socket: {
      open(socket) {
        const request = Promise.withResolvers<string>()
        const closed = Promise.withResolvers<void>()
        states.set(socket, { text: '', request: request.resolve, closed: closed.resolve })
        const connection = { request: request.promise, closed: closed.promise, socket }
        connections.push(connection)
        waiting.shift()?.(connection)
      },
      data(socket, bytes) {
        const state = states.get(socket)
        if (!state) return
        state.text += bytes.toString()
        if (!state.text.endsWith('{}')) return
        const { text } = state
        state.text = ''
        state.request(text)
        serve(socket, text)
      },
      close(socket) {
        states.get(socket)?.closed()
      },
      error() {},
    },
  })
  closers.push(() => listener.stop(true))
  return {
    url: `http://127.0.0.1:${listener.port}/v1/x?secret=1`,
    connections,
    next: () => new Promise(resolve => waiting.push(resolve)),
  }
}
