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
import { Unread } from './unread.ts'
import type { Watch, Watched } from './watch.ts'

/** One request and its answer: who waits for it, for how long, and what has come of it. */
export class Exchange implements UpstreamBody, ExchangeListener, Watched {
  place = 0
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
  readonly #unread = new Unread()
  /** The reader wants no more for now. */
  #isPaused = false
  /** The connection has been told to wait. */
  #isStopped = false
  #inflate: Inflate | undefined
  #reader: { resolve(bytes: Uint8Array | undefined): void; reject(error: GatewayError): void } | undefined
  #sink: BodySink | undefined

  #limit: 'connect' | 'first_byte' | 'idle' = 'first_byte'
  /** Since when somebody waits for bytes; undefined while nobody does. */
  #waitingSince: number | undefined
  /** Whether the client's leaving is told to us. */
  #listens = false

  constructor(
    private readonly request: UpstreamRequest,
    private readonly clock: Clock,
    private readonly connections: Connections,
    private readonly watch: Watch,
  ) {
    this.#address = addressOf(request.url)
  }

  start(): Promise<UpstreamResponse> {
    const promise = new Promise<UpstreamResponse>((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    const now = this.clock.elapsed()
    this.#waitingSince = now
    this.watch.add(this)
    const idle = this.connections.take(this.#address)
    if (idle) this.#send(idle)
    else this.#open()
    return promise
  }

  // -- the connection's side

  head({ status, headers }: ResponseHead, length: number | undefined): void {
    const encoding = headers.get('content-encoding')
    if (encoding !== null) {
      this.#inflate = createInflate(encoding, {
        data: bytes => this.#take(bytes),
        drained: () => this.#steer(),
        end: () => this.#finish(),
        broke: error => this.#fail(connectionError(error, 'within'), true),
      })
    }
    if (!this.#inflate) this.length = length
    this.#answered = true
    this.#resolve({ status, headers, body: this })
  }

  data(bytes: Uint8Array): void {
    if (!this.#inflate) return this.#take(bytes)
    this.#inflate.push(bytes)
    this.#steer()
  }

  end(): void {
    this.#connection = undefined
    if (this.#inflate) this.#inflate.end()
    else this.#finish()
  }

  broke(error: unknown, unsent: boolean): void {
    this.#connection = undefined
    // Of a request that has gone out nobody knows what became of it; that is for the router to decide, and to record.
    if (unsent) this.#open()
    else this.#fail(connectionError(error, this.#answered ? 'within' : 'before'), false)
  }

  // -- the reader's side

  read(): Promise<Uint8Array | undefined> {
    const bytes = this.#unread.next()
    if (bytes) {
      this.#steer()
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
    for (const bytes of this.#unread.clear()) {
      if (this.#sink) sink.data(bytes)
    }
    if (!this.#sink) return
    if (this.#over) {
      this.#sink = undefined
      if (this.#error) sink.broke(this.#error)
      else sink.end()
      return
    }
    if (!this.#isPaused) this.#wait()
    this.#steer()
  }

  pause(): void {
    if (this.#isPaused || this.#over) return
    this.#isPaused = true
    this.#waitingSince = undefined
    this.#steer()
  }

  resume(): void {
    if (!this.#isPaused || this.#over) return
    this.#isPaused = false
    if (this.#sink) this.#wait()
    this.#steer()
  }

  release(): void {
    this.#sink = undefined
    this.#unread.clear()
    if (!this.#over) this.#close(true)
    this.#reader?.resolve(undefined)
    this.#reader = undefined
  }

  // -- within

  #send(connection: Connection): void {
    this.#connection = connection
    this.#limit = 'first_byte'
    try {
      const { text, size } = requestText(this.#address, this.request)
      connection.exchange(text, size, this)
    } catch (error) {
      const message = `the request cannot be sent: ${(error as Error).message}`
      this.#fail(new GatewayError('bad-gateway', message, { upstream: { maybeExecuted: false } }), true)
    }
  }

  #open(): void {
    this.#limit = 'connect'
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
    // From the first byte on it is the idle limit that counts.
    this.#limit = 'idle'
    if (this.#sink) {
      if (!this.#isPaused) this.#waitingSince = this.clock.elapsed()
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
    this.#unread.add(bytes)
    this.#steer()
  }

  /** Lets the sender wait, or go on. */
  #steer(): void {
    if (this.#over) return
    const inflate = this.#inflate
    const held = this.#isPaused || this.#unread.tooMuch
    inflate?.hold(held)
    const stop = held || inflate?.full === true
    if (stop === this.#isStopped) return
    this.#isStopped = stop
    if (stop) this.#connection?.pause()
    else this.#connection?.resume()
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
    this.watch.delete(this)
    this.#opening?.abandon()
    if (drop) this.#connection?.destroy()
    this.#connection = undefined
    this.#inflate?.stop()
  }

  // -- time

  #wait(): void {
    this.#waitingSince ??= this.clock.elapsed()
  }

  /** Ends the exchange when its client has left, or it has waited too long; while nobody waits (a slow reader), the clock stands still. */
  check(now: number): void {
    if (this.#over) return
    if (!this.#listens && this.#hasLeft()) return this.#leave()
    if (this.#waitingSince === undefined) return
    const { connect, firstByte, idle } = this.request.limits
    const limit = this.#limit
    const ms = limit === 'connect' ? connect : limit === 'idle' ? idle : firstByte
    if (now - this.#waitingSince >= ms) this.#fail(limitError(limit, ms), true)
  }

  #hasLeft(): boolean {
    this.#listens = true
    const { signal } = this.request.client
    // Never taken back: what aborts later finds nothing to do, and the signal goes with its request.
    signal.addEventListener('abort', () => this.#leave(), { once: true })
    return signal.aborted
  }

  #leave(): void {
    this.#fail(new GatewayError('cancelled', 'the client went away'), true)
  }
}
