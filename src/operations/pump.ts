import type { Clock } from '../core/clock.ts'
import { asGatewayError, type GatewayError } from '../core/errors.ts'
import type { ClientCodec } from '../dialects/dialect.ts'
import { writeFrames } from '../sse/writer.ts'
import type { BodySink } from '../upstream/body.ts'
import type { OpenedStream } from './open-answer.ts'
import type { OpenStream, OpenStreams } from './open-streams.ts'
import type { RequestTrace } from './tracing/request-trace.ts'
import { tracedSink } from './tracing/traced-send.ts'

/** Behind the end marker an upstream gets this long to close, so that its connection can be used again. */
const LINGER_MS = 1000

export interface PumpOptions {
  client: ClientCodec
  requestId: string
  clock: Clock
  heartbeatMs: number
  streams: OpenStreams
  /** Aborts when the client leaves: the server does not cancel a stream that it never began to send. */
  signal: AbortSignal
  trace?: RequestTrace
  /** Called once: the stream is complete, ended in an error, or its client left. */
  settled(end: { opened?: OpenedStream; error?: GatewayError; left?: boolean }): void
}

/** The client's connection. A promise from `write` says that it is full, and resolves when it has room again or is gone. */
export interface ClientSink {
  write(output: string | Uint8Array): number | Promise<unknown>
  flush(): unknown
  close(): unknown
}

/**
 * The client's stream: one upstream read, one write, without a queue between. The upstream has to wait while the client's connection is full. Silence is
 * filled with heartbeats; whatever breaks becomes the dialect's own error event and a clean close.
 */
export function pump(opening: OpenedStream | Promise<OpenedStream>, options: PumpOptions): ReadableStream<Uint8Array> {
  const stream = new Pump(opening, options)
  // Bun's direct streams: what is written goes to the socket at once.
  const { trace } = options
  const pull = (sink: ClientSink) => stream.start(trace ? tracedSink(sink, trace) : sink)
  const source = { type: 'direct', pull, cancel: () => stream.cancel() }
  return new ReadableStream(source as unknown as UnderlyingDefaultSource<Uint8Array>)
}

export class Pump implements BodySink, OpenStream {
  place = 0
  #sink: ClientSink | undefined
  #opened: OpenedStream | undefined
  #lastWrite = 0
  /** The client's connection is full. */
  #full = false
  #closed = false
  /** Said before the client's connection was there to take it. */
  #early: string | undefined
  #finished: (() => void) | undefined
  #cancelLinger: (() => void) | undefined
  #stopHeartbeat = () => {}
  readonly #onAbort = () => this.cancel()

  constructor(
    private readonly opening: OpenedStream | Promise<OpenedStream>,
    private readonly options: PumpOptions,
  ) {
    if (!(opening instanceof Promise)) this.#opened = opening
    options.streams.add(this)
    options.signal.addEventListener('abort', this.#onAbort, { once: true })
    if (options.signal.aborted) this.cancel()
  }

  /** The client's connection is there; called once. Resolves when the stream has ended, at once where it has already. */
  start(sink: ClientSink): Promise<void> | undefined {
    this.#sink = sink
    if (this.#closed) {
      if (this.#early !== undefined) void sink.write(this.#early)
      sink.close()
      return undefined
    }
    this.#stopHeartbeat = this.options.clock.after(this.options.heartbeatMs, () => this.#heartbeat())
    if (this.#opened) this.#begin(this.#opened)
    else void this.#beginLate()
    if (this.#closed) return undefined
    return new Promise(resolve => {
      this.#finished = resolve
    })
  }

  cancel(): void {
    if (this.#closed) return
    if (this.#opened) {
      this.#finish({ left: true })
      this.#opened.upstream.release()
      return
    }
    // Settled when it is known whether an account was taken after all.
    this.#close()
    const settle = (opened?: OpenedStream) => {
      opened?.upstream.release()
      this.options.settled({ left: true, opened })
    }
    void Promise.resolve(this.opening).then(settle, () => settle())
  }

  interrupt(error: GatewayError): void {
    this.#fail(error)
  }

  data(bytes: Uint8Array): void {
    const opened = this.#opened
    if (!opened) return
    // Behind the end marker there is nothing to come but the end.
    if (this.#closed) return this.#letGo(opened)
    try {
      const output = opened.relay.push(bytes)
      if (output !== undefined && output.length > 0) this.#write(output)
      if (opened.relay.done) this.#complete(opened.relay.error)
    } catch (error) {
      this.#fail(asGatewayError(error))
    }
  }

  end(): void {
    if (!this.#opened || this.#closed) return this.#cancelLinger?.()
    try {
      const output = this.#opened.relay.end()
      if (output !== undefined && output.length > 0) this.#write(output)
      this.#complete(this.#opened.relay.error)
    } catch (error) {
      this.#fail(asGatewayError(error))
    }
  }

  broke(error: GatewayError): void {
    if (this.#closed) this.#cancelLinger?.()
    else this.#fail(error)
  }

  /** Headers went out because nothing came for a while: so does the first sign of life. */
  async #beginLate(): Promise<void> {
    this.#write(this.options.client.heartbeat)
    try {
      const opened = await this.opening
      if (this.#closed) return opened.upstream.release()
      this.#opened = opened
      this.#begin(opened)
    } catch (error) {
      this.#fail(asGatewayError(error))
    }
  }

  #begin(opened: OpenedStream): void {
    for (const output of opened.first) this.#write(output)
    opened.first = []
    if (opened.relay.done) this.#complete(opened.relay.error)
    else opened.upstream.flow(this)
  }

  #write(output: string | Uint8Array): void {
    const sink = this.#sink
    if (this.#closed || !sink) return
    this.#lastWrite = this.options.clock.elapsed()
    const taken = sink.write(output)
    sink.flush()
    if (!(taken instanceof Promise) || this.#full) return
    this.#full = true
    this.#opened?.upstream.pause()
    const goOn = () => {
      this.#full = false
      if (!this.#closed) this.#opened?.upstream.resume()
    }
    taken.then(goOn, goOn)
  }

  /** Only where the client keeps up: one that does not read would pile them up. */
  #heartbeat(): void {
    const { clock, heartbeatMs, client } = this.options
    const left = heartbeatMs - (clock.elapsed() - this.#lastWrite)
    if (left <= 0 && !this.#full) this.#write(client.heartbeat)
    this.#stopHeartbeat = clock.after(left > 0 ? left : heartbeatMs, () => this.#heartbeat())
  }

  #complete(error: GatewayError | undefined): void {
    if (this.#closed) return
    this.#finish({ error })
    if (this.#opened) this.#linger(this.#opened)
  }

  #fail(error: GatewayError): void {
    if (this.#closed) return
    const last = writeFrames(this.options.client.encodeStreamError(error, this.options.requestId))
    if (this.#sink) this.#write(last)
    else this.#early = last
    this.#finish({ error, left: error.kind === 'cancelled' })
    this.#opened?.upstream.release()
  }

  #finish(end: { error?: GatewayError; left?: boolean }): void {
    this.#close()
    this.options.settled({ ...end, opened: this.#opened })
  }

  #close(): void {
    this.#closed = true
    this.#stopHeartbeat()
    this.options.signal.removeEventListener('abort', this.#onAbort)
    this.options.streams.delete(this)
    this.#sink?.close()
    this.#finished?.()
  }

  #linger(opened: OpenedStream): void {
    const cancel = this.options.clock.after(LINGER_MS, () => opened.upstream.release())
    this.#cancelLinger = cancel
    // Nothing more is for the client: a full connection to it is no reason to wait.
    if (this.#full) opened.upstream.resume()
    opened.upstream.flow(this)
  }

  #letGo(opened: OpenedStream): void {
    this.#cancelLinger?.()
    opened.upstream.release()
  }
}
