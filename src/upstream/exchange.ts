import type { Clock } from '../core/clock.ts'
import { GatewayError } from '../core/errors.ts'
import { type Address, addressOf } from './address.ts'
import type { BodySink, UpstreamBody } from './body.ts'
import type { UpstreamRequest, UpstreamResponse } from './client.ts'
import { connectionError, limitError } from './faults.ts'
import type { Connection, ExchangeListener, Opening } from './http1/connection.ts'
import type { Connections } from './http1/connections.ts'
import { createInflate, type Inflate } from './http1/inflate.ts'
import { requestText } from './http1/request-text.ts'
import type { ResponseHead } from './http1/response-head.ts'

/** What may wait here unread before the sender has to. */
const MOST_UNREAD = 256 * 1024

/** One request and its answer: who waits for it, for how long, and what has come of it. */
export class Exchange implements UpstreamBody, ExchangeListener {
  length: number | undefined
  readonly #address: Address
  #resolve: (response: UpstreamResponse) => void = () => {}
  #reject: (error: GatewayError) => void = () => {}
  #connection: Connection | undefined
  #opening: Opening | undefined
  #answered = false
  /** Nothing more can come, for whatever reason. */
  #over = false
  #error: GatewayError | undefined
  #unread: Uint8Array[] = []
  #unreadBytes = 0
  #isPaused = false
  #inflate: Inflate | undefined
  #reader: { resolve(bytes: Uint8Array | undefined): void; reject(error: GatewayError): void } | undefined
  #sink: BodySink | undefined

  #cancelTimer: () => void = () => {}
  /** When the timer fires, on the clock of `elapsed`. */
  #due = 0
  #limit: 'connect' | 'first_byte' | 'idle' = 'first_byte'
  /** Since when somebody waits for bytes; undefined while nobody does. */
  #waitingSince: number | undefined
  readonly #onAbort = () => this.#fail(new GatewayError('cancelled', 'the client went away'), true)

  constructor(
    private readonly request: UpstreamRequest,
    private readonly clock: Clock,
    private readonly connections: Connections,
  ) {
    this.#address = addressOf(request.url)
  }

  start(): Promise<UpstreamResponse> {
    const promise = new Promise<UpstreamResponse>((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    // Never taken back: what aborts later finds nothing to do, and the signal goes with its request.
    this.request.signal.addEventListener('abort', this.#onAbort, { once: true })
    this.#waitingSince = this.clock.elapsed()
    const idle = this.connections.take(this.#address)
    if (idle) this.#send(idle)
    else this.#open()
    return promise
  }

  // -- the connection's side

  head({ status, headers }: ResponseHead, length: number | undefined): void {
    this.#answered = true
    const encoding = headers.get('content-encoding')
    if (encoding !== null) {
      this.#inflate = createInflate(encoding, {
        data: bytes => this.#take(bytes),
        end: () => this.#finish(),
        broke: error => this.#fail(connectionError(error, 'within'), true),
      })
    }
    if (!this.#inflate) this.length = length
    this.#resolve({ status, headers, body: this })
  }

  data(bytes: Uint8Array): void {
    if (this.#inflate) this.#inflate.push(bytes)
    else this.#take(bytes)
  }

  end(): void {
    this.#connection = undefined
    if (this.#inflate) this.#inflate.end()
    else this.#finish()
  }

  broke(error: unknown): void {
    this.#connection = undefined
    this.#fail(connectionError(error, this.#answered ? 'within' : 'before'), false)
  }

  // -- the reader's side

  read(): Promise<Uint8Array | undefined> {
    const bytes = this.#unread.shift()
    if (bytes) {
      this.#unreadBytes -= bytes.length
      if (this.#isPaused && this.#unreadBytes < MOST_UNREAD) this.resume()
      return Promise.resolve(bytes)
    }
    if (this.#error) return Promise.reject(this.#error)
    if (this.#over) return Promise.resolve(undefined)
    this.#wait()
    return new Promise((resolve, reject) => {
      this.#reader = { resolve, reject }
    })
  }

  flow(sink: BodySink): void {
    this.#sink = sink
    const unread = this.#unread
    this.#unread = []
    this.#unreadBytes = 0
    for (const bytes of unread) {
      if (this.#sink) sink.data(bytes)
    }
    if (this.#sink && this.#error) sink.broke(this.#error)
    else if (this.#sink && this.#over) sink.end()
    else if (this.#sink) {
      if (this.#isPaused) this.resume()
      this.#wait()
    }
  }

  pause(): void {
    if (this.#isPaused || this.#over) return
    this.#isPaused = true
    this.#waitingSince = undefined
    this.#connection?.pause()
  }

  resume(): void {
    if (!this.#isPaused || this.#over) return
    this.#isPaused = false
    if (this.#sink) this.#wait()
    this.#connection?.resume()
  }

  release(): void {
    this.#sink = undefined
    this.#unread = []
    if (!this.#over) this.#close(true)
  }

  // -- within

  #send(connection: Connection): void {
    this.#connection = connection
    this.#arm('first_byte')
    try {
      const { text, size } = requestText(this.#address, this.request)
      connection.exchange(text, size, this)
    } catch (error) {
      const message = `the request cannot be sent: ${(error as Error).message}`
      this.#fail(new GatewayError('bad-gateway', message, { upstream: { maybeExecuted: false } }), true)
    }
  }

  #open(): void {
    this.#arm('connect')
    const opening = this.connections.open(this.#address)
    this.#opening = opening
    opening.connection.then(
      connection => {
        this.#opening = undefined
        if (this.#over) connection.destroy()
        else this.#send(connection)
      },
      error => {
        this.#opening = undefined
        if (!this.#over) this.#fail(connectionError(error, 'connecting'), false)
      },
    )
  }

  #take(bytes: Uint8Array): void {
    if (this.#over) return
    if (this.#limit === 'first_byte') this.#begun()
    if (this.#sink) {
      this.#waitingSince = this.clock.elapsed()
      this.#sink.data(bytes)
      return
    }
    const reader = this.#reader
    this.#waitingSince = undefined
    if (reader) {
      this.#reader = undefined
      reader.resolve(bytes)
      return
    }
    this.#unread.push(bytes)
    this.#unreadBytes += bytes.length
    if (this.#unreadBytes > MOST_UNREAD) this.pause()
  }

  #finish(): void {
    if (this.#over) return
    this.#close(false)
    this.#reader?.resolve(undefined)
    this.#reader = undefined
    this.#sink?.end()
    this.#sink = undefined
  }

  /** @param drop whether the connection still has to be given up */
  #fail(error: GatewayError, drop: boolean): void {
    if (this.#over) return
    this.#error = error
    this.#close(drop)
    if (!this.#answered) this.#reject(error)
    this.#reader?.reject(error)
    this.#reader = undefined
    this.#sink?.broke(error)
    this.#sink = undefined
  }

  #close(drop: boolean): void {
    this.#over = true
    this.#cancelTimer()
    this.#opening?.abandon()
    if (drop) this.#connection?.destroy()
    this.#connection = undefined
    this.#inflate?.stop()
  }

  // -- time

  #wait(): void {
    this.#waitingSince ??= this.clock.elapsed()
  }

  #msOf(limit: 'connect' | 'first_byte' | 'idle'): number {
    const { connect, firstByte, idle } = this.request.limits
    return limit === 'connect' ? connect : limit === 'idle' ? idle : firstByte
  }

  /** From the first byte on it is the idle limit that counts: it may well be shorter than what the timer was set to. */
  #begun(): void {
    this.#limit = 'idle'
    if (this.clock.elapsed() + this.request.limits.idle < this.#due) this.#set(this.request.limits.idle)
  }

  #arm(limit: 'connect' | 'first_byte'): void {
    this.#limit = limit
    this.#set(limit === 'connect' ? this.request.limits.connect : this.#left())
  }

  /** Sets the one timer; where it fires before its time has come it is set again, so that nothing needs to be done at every byte. */
  #set(ms: number): void {
    this.#cancelTimer()
    this.#due = this.clock.elapsed() + ms
    this.#cancelTimer = this.clock.after(ms, () => this.#watch())
  }

  #left(): number {
    return this.#msOf(this.#limit) - (this.#waitingSince === undefined ? 0 : this.clock.elapsed() - this.#waitingSince)
  }

  /** Ends the exchange when it has waited too long; while nobody waits (a slow reader), the clock stands still. */
  #watch(): void {
    if (this.#over) return
    const left = this.#left()
    if (left > 0) this.#set(left)
    else this.#fail(limitError(this.#limit, this.#msOf(this.#limit)), true)
  }
}
