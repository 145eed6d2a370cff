import type { Address } from '../address.ts'
import type { ResponseHead } from './response-head.ts'
import { ResponseReader } from './response-reader.ts'

/** What an exchange hears while its connection is its own. */
export interface ExchangeListener {
  head(head: ResponseHead, length: number | undefined): void
  data(bytes: Uint8Array): void
  /** The answer is complete; the connection is somebody else's from now on. */
  end(): void
  /** The connection broke, or what came is no HTTP. `unsent`: it was gone before anything was sent. */
  broke(error: unknown, unsent: boolean): void
}

type Socket = Bun.Socket<undefined>

/** One connection to an upstream: one exchange at a time, the next one when the answer has ended. */
export class Connection {
  /** When it was last of use, on the clock of whoever keeps it. */
  idleSince = 0
  readonly #reader = new ResponseReader()
  #listener: ExchangeListener | undefined
  /** What the system's buffer had no room for. */
  #unsent: Uint8Array | undefined
  #paused = false
  #closed = false

  constructor(
    readonly origin: string,
    private readonly socket: Socket,
    /** Told when the exchange has ended (the connection is free again, or of no more use), and when the server closes it. */
    private readonly onFree: (connection: Connection, usable: boolean) => void,
  ) {}

  /** Sends a request and hands its answer to `listener`. @param size of `text` in bytes */
  exchange(text: string, size: number, listener: ExchangeListener): void {
    if (this.#closed) return listener.broke(undefined, true)
    this.#listener = listener
    this.#reader.begin()
    const written = this.socket.write(text)
    if (written < size) this.#unsent = Buffer.from(text).subarray(Math.max(written, 0))
  }

  pause(): void {
    this.#paused = true
    this.socket.pause()
  }

  resume(): void {
    this.#paused = false
    this.socket.resume()
  }

  /** Closes it at once, whatever it was doing; the listener hears nothing more. */
  destroy(): void {
    if (this.#closed) return
    this.#closed = true
    this.#listener = undefined
    this.#unsent = undefined
    this.socket.terminate()
  }

  /** Room for more of the request. */
  drained(): void {
    if (!this.#unsent) return
    const written = this.socket.write(this.#unsent)
    this.#unsent = written >= this.#unsent.length ? undefined : this.#unsent.subarray(Math.max(written, 0))
  }

  received(bytes: Buffer): void {
    const listener = this.#listener
    if (!listener) {
      // An answer that nobody asked for.
      this.destroy()
      this.onFree(this, false)
      return
    }
    const reader = this.#reader
    const begun = reader.head !== undefined
    try {
      const content = reader.push(bytes)
      if (!begun && reader.head) listener.head(reader.head, reader.bodyLength)
      if (content && this.#listener === listener) listener.data(content)
    } catch (error) {
      return this.#break(listener, error)
    }
    if (reader.failure) this.#break(listener, reader.failure)
    else if (reader.ended && this.#listener === listener) this.#end(listener)
  }

  /** The server has closed the connection, or it was lost. */
  closed(error?: unknown): void {
    const listener = this.#listener
    const wasClosed = this.#closed
    this.#closed = true
    this.#listener = undefined
    this.#unsent = undefined
    if (listener) {
      // A connection that was lost did not tell the end, even of an answer that ends with it.
      if (!error && this.#reader.close()) listener.end()
      else listener.broke(error, false)
    } else if (!wasClosed) this.onFree(this, false)
  }

  #break(listener: ExchangeListener, error: unknown): void {
    const isWanted = this.#listener === listener
    this.destroy()
    if (isWanted) listener.broke(error, false)
  }

  #end(listener: ExchangeListener): void {
    this.#listener = undefined
    // Whoever paused it cannot resume it any more.
    if (this.#paused) this.resume()
    // A server that has answered before it has read everything is still owed the rest.
    if (this.#reader.reusable && !this.#unsent) this.onFree(this, true)
    else this.destroy()
    listener.end()
  }
}

/** A connection on its way. */
export interface Opening {
  connection: Promise<Connection>
  /** Gives up waiting: what is still made is closed. */
  abandon(): void
}

/**
 * Opens a connection; with TLS it is ready once the certificate has been checked, chain and name, against the system's authorities. The promise rejects
 * with an error whose `code` says why.
 */
export function openConnection(address: Address, onFree: (connection: Connection, usable: boolean) => void): Opening {
  const { promise, resolve, reject } = Promise.withResolvers<Connection>()
  let connection: Connection | undefined
  let opened: Socket | undefined
  let abandoned = false
  const ready = (socket: Socket) => {
    if (abandoned) return void socket.terminate()
    socket.setNoDelay(true)
    socket.setKeepAlive(true, KEEP_ALIVE_MS)
    connection = new Connection(address.origin, socket, onFree)
    resolve(connection)
  }
  const { hostname, port, secure } = address
  // A name for SNI and the certificate; an address has neither and is checked as what it is.
  const tls = secure ? { rejectUnauthorized: true, ...(isIp(hostname) ? {} : { serverName: hostname }) } : undefined
  void Bun.connect({
    hostname,
    port,
    ...(tls && { tls }),
    socket: {
      binaryType: 'buffer',
      open(socket) {
        opened = socket
        if (abandoned) socket.terminate()
        else if (!secure) ready(socket)
      },
      handshake(socket, success, error) {
        if (success) return ready(socket)
        reject(error ?? new Error('TLS handshake failed'))
        socket.terminate()
      },
      data: (_, bytes) => connection?.received(bytes),
      drain: () => connection?.drained(),
      end: socket => void socket.end(),
      close(_, error) {
        if (connection) connection.closed(error)
        else reject(error ?? Object.assign(new Error('closed'), { code: 'ECONNRESET' }))
      },
      error(socket, error) {
        if (connection) connection.closed(error)
        else reject(error)
        socket.terminate()
      },
      connectError: (_, error) => reject(error),
    },
  }).catch(reject)
  return {
    connection: promise,
    abandon() {
      abandoned = true
      // A server that accepts and then never shakes hands would be held for ever.
      opened?.terminate()
      promise.then(
        made => made.destroy(),
        () => {},
      )
    },
  }
}

/** So that a stream of long silences outlives the tables of the routers between. */
const KEEP_ALIVE_MS = 60_000

const isIp = (hostname: string): boolean => /^[\d.]+$/.test(hostname) || hostname.includes(':')
