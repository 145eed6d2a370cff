import type { Clock } from '../core/clock.ts'
import { asGatewayError, type GatewayError } from '../core/errors.ts'
import type { ClientCodec } from '../dialects/dialect.ts'
import { writeFrames } from '../sse/writer.ts'
import type { OpenedStream } from './open-answer.ts'
import type { OpenStreams } from './open-streams.ts'

/** What a slow client may have waiting at the gateway before the upstream is no longer read. */
const BUFFER_BYTES = 64 * 1024

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
  /** Called once: the stream is complete, ended in an error, or its client left. */
  settled(end: { opened?: OpenedStream; error?: GatewayError; left?: boolean }): void
}

/**
 * The client's stream: one upstream read, one write. Upstream bytes are asked for only when the client has taken what it was given. Silence is filled
 * with heartbeats; whatever breaks becomes the dialect's own error event and a clean close.
 */
export function pump(opening: OpenedStream | Promise<OpenedStream>, options: PumpOptions): ReadableStream<Uint8Array> {
  const stream = new Pump(opening, options)
  return new ReadableStream<Uint8Array>(
    { start: controller => stream.start(controller), pull: () => stream.pull(), cancel: () => stream.cancel() },
    new ByteLengthQueuingStrategy({ highWaterMark: BUFFER_BYTES }),
  )
}

const encoder = new TextEncoder()

class Pump {
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined
  #opened: OpenedStream | undefined
  #lastWrite = 0
  #closed = false
  readonly #onAbort = () => this.cancel()
  #stopHeartbeat = () => {}
  #unregister = () => {}

  constructor(
    private opening: OpenedStream | Promise<OpenedStream>,
    private readonly options: PumpOptions,
  ) {}

  start(controller: ReadableStreamDefaultController<Uint8Array>): void {
    const { clock, heartbeatMs, streams, signal } = this.options
    this.#controller = controller
    if (signal.aborted) return this.cancel()
    signal.addEventListener('abort', this.#onAbort, { once: true })
    this.#unregister = streams.add(error => this.#fail(error))
    this.#stopHeartbeat = clock.after(heartbeatMs, () => this.#heartbeat())
    if (this.opening instanceof Promise) {
      // Headers went out because nothing came for a while: so does the first sign of life.
      this.#write(this.options.client.heartbeat)
      const letGo = (opened: OpenedStream) => {
        if (this.#closed) opened.upstream.release()
      }
      // A failure is told by the pull that waits for it; where the client has left, nobody needs to hear it.
      this.opening.then(letGo, () => {})
    } else {
      // Kept at hand at once: a client that leaves before the first pull must still let go of its upstream.
      this.#opened = this.opening
      this.#writeFirst(this.#opened)
    }
  }

  async pull(): Promise<void> {
    try {
      if (!this.#opened) {
        const opened = await this.opening
        this.#opened = opened
        if (this.#closed) return
        const wrote = opened.first.length > 0
        this.#writeFirst(opened)
        // A pull that gives nothing is not repeated.
        if (wrote) return
      }
      await this.#relayOne(this.#opened)
    } catch (error) {
      this.#fail(asGatewayError(error))
    }
  }

  cancel(): void {
    if (!(this.opening instanceof Promise)) this.#opened = this.opening
    if (this.#opened) {
      this.#finish({ left: true })
      this.#opened.upstream.release()
    } else if (this.opening instanceof Promise && !this.#closed) {
      // Settled when it is known whether an account was taken after all.
      this.#close()
      const settle = (opened?: OpenedStream) => {
        opened?.upstream.release()
        this.options.settled({ left: true, opened })
      }
      this.opening.then(settle, () => settle())
    }
  }

  /** Reads until there is something to write. */
  async #relayOne({ relay, upstream }: OpenedStream): Promise<void> {
    while (!this.#closed) {
      const chunk = await upstream.read()
      if (this.#closed) return
      const output = chunk ? relay.push(chunk) : relay.end()
      if (output !== undefined && output.length > 0) this.#write(output)
      if (relay.done || !chunk) return this.#complete(relay.error)
      if (output !== undefined && output.length > 0) return
    }
  }

  #writeFirst(opened: OpenedStream): void {
    for (const output of opened.first) this.#write(output)
    opened.first = []
    if (opened.relay.done) this.#complete(opened.relay.error)
  }

  #write(output: string | Uint8Array): void {
    if (this.#closed) return
    this.#lastWrite = this.options.clock.elapsed()
    this.#controller?.enqueue(typeof output === 'string' ? encoder.encode(output) : output)
  }

  /** Only where the client keeps up: one that does not read would pile them up. */
  #heartbeat(): void {
    const { clock, heartbeatMs, client } = this.options
    const left = heartbeatMs - (clock.elapsed() - this.#lastWrite)
    if (left <= 0 && (this.#controller?.desiredSize ?? 0) >= BUFFER_BYTES) this.#write(client.heartbeat)
    this.#stopHeartbeat = clock.after(left > 0 ? left : heartbeatMs, () => this.#heartbeat())
  }

  #complete(error: GatewayError | undefined): void {
    if (this.#closed) return
    this.#finish({ error })
    this.#controller?.close()
    if (this.#opened) this.#linger(this.#opened)
  }

  #fail(error: GatewayError): void {
    if (this.#closed) return
    this.#write(writeFrames(this.options.client.encodeStreamError(error, this.options.requestId)))
    this.#finish({ error, left: error.kind === 'cancelled' })
    this.#controller?.close()
    this.#opened?.upstream.release()
  }

  #finish(end: { error?: GatewayError; left?: boolean }): void {
    if (this.#closed) return
    this.#close()
    this.options.settled({ ...end, opened: this.#opened })
  }

  #close(): void {
    this.#closed = true
    this.#stopHeartbeat()
    this.options.signal.removeEventListener('abort', this.#onAbort)
    this.#unregister()
  }

  #linger({ upstream }: OpenedStream): void {
    const cancel = this.options.clock.after(LINGER_MS, () => upstream.release())
    void upstream.read().then(
      () => {
        cancel()
        upstream.release()
      },
      () => cancel(),
    )
  }
}
