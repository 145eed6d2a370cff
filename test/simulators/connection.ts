import { type AddressInfo, createServer, type Socket } from 'node:net'
import { HttpReader, type HttpRequest } from './http-reader.ts'

/**
 * One request and the answer to it, down to the socket: what HTTP servers forbid (garbage, resets, half a body) is what a
 * simulator is for.
 */
export class Exchange {
  #over = false
  #chunked = false
  #finish: () => void = () => {}
  /** Resolves when the answer is out or the connection is gone, whichever is first. */
  readonly closed: Promise<void>
  /** True where the client left before the answer was whole. */
  aborted = false

  constructor(
    readonly request: HttpRequest,
    private readonly socket: Socket,
  ) {
    this.closed = new Promise(resolve => {
      this.#finish = resolve
    })
  }

  get over(): boolean {
    return this.#over
  }

  /** The connection closed under the answer. */
  lost(): void {
    if (this.#over) return
    this.aborted = true
    this.#end()
  }

  async send(status: number, headers: Record<string, string>, body: string): Promise<void> {
    const bytes = Buffer.from(body)
    await this.raw(head(status, { ...headers, 'content-length': String(bytes.length) }))
    if (this.request.method !== 'HEAD') await this.raw(bytes)
    this.#end()
  }

  /** Begins an answer of unknown length. */
  async open(status: number, headers: Record<string, string>): Promise<void> {
    this.#chunked = true
    await this.raw(head(status, { ...headers, 'transfer-encoding': 'chunked' }))
  }

  /** A piece of an opened answer. Waits while the client reads too slowly. */
  async write(bytes: Uint8Array): Promise<void> {
    if (bytes.length === 0) return
    await this.raw(Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')]))
  }

  /** Ends an opened answer as HTTP wants it. */
  async finish(): Promise<void> {
    if (this.#chunked) await this.raw('0\r\n\r\n')
    this.#end()
  }

  /** Closes the connection without ending the answer (FIN). */
  hangUp(): void {
    this.#end()
    this.socket.end()
  }

  /** Closes the connection with a TCP reset. */
  reset(): void {
    this.#end()
    this.socket.resetAndDestroy()
  }

  async raw(data: string | Uint8Array): Promise<void> {
    if (this.#over) return
    if (this.socket.write(data)) return
    await new Promise<void>(resolve => {
      this.socket.once('drain', resolve)
      void this.closed.then(resolve)
    })
  }

  #end(): void {
    this.#over = true
    this.#finish()
  }
}

const REASONS: Record<number, string> = { 200: 'OK', 400: 'Bad Request', 401: 'Unauthorized', 404: 'Not Found', 429: 'Too Many Requests' }

function head(status: number, headers: Record<string, string>): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  return `HTTP/1.1 ${status} ${REASONS[status] ?? 'Status'}\r\n${lines.join('')}\r\n`
}

export interface Listener {
  port: number
  /** Stops listening and drops every connection. */
  close(): Promise<void>
}

/** Serves HTTP/1.1 on loopback. `onExchange` is called once a request is whole; requests of one connection come one after another. */
export function listen(port: number, onExchange: (exchange: Exchange) => Promise<void>): Listener {
  const sockets = new Set<Socket>()
  const server = createServer(socket => {
    sockets.add(socket)
    const reader = new HttpReader(() => socket.write('HTTP/1.1 100 Continue\r\n\r\n'))
    let current: Exchange | undefined
    const serveNext = (): void => {
      if (current && !current.over) return
      let request: HttpRequest | undefined
      try {
        request = reader.next()
      } catch {
        socket.end('HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n')
      }
      if (!request) return
      current = new Exchange(request, socket)
      void onExchange(current).then(serveNext)
    }
    socket.setNoDelay(true)
    socket.on('data', chunk => {
      reader.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk)
      serveNext()
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      sockets.delete(socket)
      current?.lost()
    })
  })
  server.listen(port, '127.0.0.1')
  const address = server.address() as AddressInfo
  return {
    port: address.port,
    close: () =>
      new Promise(resolve => {
        for (const socket of sockets) socket.destroy()
        server.close(() => resolve())
      }),
  }
}
