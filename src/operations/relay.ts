import { GatewayError, isCredentialRefusal } from '../core/errors.ts'
import type { ClientCodec, PassThrough, StreamDecoder, StreamEncoder } from '../dialects/dialect.ts'
import { createLifecycle, type Lifecycle } from '../ir/lifecycle.ts'
import type { StreamEvent } from '../ir/stream.ts'
import type { Usage } from '../ir/usage.ts'
import { FrameCutter } from '../sse/cutter.ts'
import type { SseFrame } from '../sse/frame.ts'
import { parseFrames } from '../sse/parser.ts'
import { writeFrames } from '../sse/writer.ts'
import { quotesSecret, withoutSecrets } from './redact.ts'

/** One frame may carry a whole image; more than this is no answer. */
const LONGEST_FRAME = 64 * 1024 * 1024

/** Bytes of an upstream in, what the client gets out: everything of one upstream read as one piece. One per attempt. */
export interface Relay {
  push(chunk: Uint8Array): string | Uint8Array | undefined
  /** The upstream has ended. */
  end(): string | undefined
  /** Something of the answer itself has come: failing over is no longer free. */
  readonly content: boolean
  /** The client's stream is complete, or has ended in an error. */
  readonly done: boolean
  readonly error: GatewayError | undefined
  readonly usage: Usage | undefined
  /** Characters of generated text, for an estimate where no usage was reported. */
  readonly outputCharacters: number
}

const ENDED_EARLY = "the upstream's stream ended before the answer was complete"

function cut(cutter: FrameCutter, chunk: Uint8Array): Uint8Array | undefined {
  try {
    return cutter.push(chunk)
  } catch (error) {
    throw new GatewayError('bad-gateway', (error as Error).message, { upstream: {} })
  }
}

/** Two ends of lines at the end, of whatever kind; or nothing but such. */
const CLOSED = /^[\r\n]*$|(?:\r\n|\r(?!\n)|\n)(?:\r\n|\r|\n)$/

/** A last frame with the blank line that the upstream left out: without it a strict reader drops the frame. */
function completed(text: string): string {
  if (CLOSED.test(text)) return text
  return text.endsWith('\n') || text.endsWith('\r') ? `${text}\n` : `${text}\n\n`
}

/** The same dialect on both sides: legal frames go through as the bytes they came in. */
export class PassThroughRelay implements Relay {
  readonly #cutter = new FrameCutter(LONGEST_FRAME)
  readonly #decoder = new TextDecoder()
  outputCharacters = 0
  #failed: GatewayError | undefined

  constructor(
    private readonly passThrough: PassThrough,
    private readonly client: ClientCodec,
    private readonly requestId: string,
    /** What no error may show. */
    private readonly secrets: readonly string[] = [],
  ) {}

  get content(): boolean {
    return this.passThrough.seen.content
  }
  get done(): boolean {
    return this.#failed !== undefined || this.passThrough.seen.ended || this.passThrough.seen.error !== undefined
  }
  get error(): GatewayError | undefined {
    return this.#failed ?? this.passThrough.seen.error
  }
  get usage(): Usage | undefined {
    return this.passThrough.seen.usage
  }

  push(chunk: Uint8Array): string | Uint8Array | undefined {
    if (this.done) return undefined
    const bytes = cut(this.#cutter, chunk)
    return bytes && this.#pass(bytes)
  }

  end(): string | undefined {
    if (this.done) return undefined
    const rest = this.#cutter.end()
    let text = rest ? completed(this.#text(this.#pass(rest))) : ''
    if (this.done) return text
    text += writeFrames(this.passThrough.end?.() ?? [])
    if (this.done) return text
    this.#failed = new GatewayError('bad-gateway', ENDED_EARLY, { upstream: { maybeExecuted: true } })
    return text + writeFrames(this.client.encodeStreamError(this.#failed, this.requestId))
  }

  #text(output: string | Uint8Array): string {
    return typeof output === 'string' ? output : this.#decoder.decode(output)
  }

  #pass(bytes: Uint8Array): string | Uint8Array {
    const text = this.#decoder.decode(bytes)
    this.outputCharacters += text.length >> 3
    const frames = parseFrames(text)
    let mended: string[] | undefined
    for (const [index, frame] of frames.entries()) {
      if (this.done) {
        // Nothing goes out behind the end marker.
        mended ??= frames.slice(0, index).map(({ raw }) => raw ?? '')
        break
      }
      const replacement = this.#concealed(frame, this.passThrough.frame(frame))
      if (replacement) {
        mended ??= frames.slice(0, index).map(({ raw }) => raw ?? '')
        mended.push(writeFrames(replacement))
      } else mended?.push(frame.raw ?? '')
    }
    return mended ? mended.join('') : bytes
  }

  /** An error frame that quotes one of our secrets, or tells of our credentials, is told in our words instead. */
  #concealed(frame: SseFrame, replacement: SseFrame[] | undefined): SseFrame[] | undefined {
    const { error } = this.passThrough.seen
    if (!error || !(isCredentialRefusal(error) || quotesSecret(this.secrets, frame.data ?? ''))) return replacement
    return this.client.encodeStreamError(withoutSecrets(this.secrets, error), this.requestId)
  }
}

/** Two dialects: frames → events → lifecycle → the client's frames. */
export class TranslationRelay implements Relay {
  readonly #cutter = new FrameCutter(LONGEST_FRAME)
  readonly #decoder = new TextDecoder()
  readonly #lifecycle: Lifecycle = createLifecycle()
  content = false
  error: GatewayError | undefined
  outputCharacters = 0

  constructor(
    private readonly upstream: StreamDecoder,
    private readonly encoder: StreamEncoder,
    private readonly client: ClientCodec,
    private readonly requestId: string,
    /** What no error may show. */
    private readonly secrets: readonly string[] = [],
  ) {}

  get done(): boolean {
    return this.#lifecycle.done
  }
  get usage(): Usage | undefined {
    return this.#lifecycle.usage
  }

  push(chunk: Uint8Array): string | undefined {
    if (this.done) return undefined
    const bytes = cut(this.#cutter, chunk)
    if (!bytes) return undefined
    const out: SseFrame[] = []
    this.#take(bytes, out)
    return out.length > 0 ? writeFrames(out) : undefined
  }

  end(): string | undefined {
    if (this.done) return undefined
    const out: SseFrame[] = []
    const rest = this.#cutter.end()
    if (rest) this.#take(rest, out)
    this.#events(this.upstream.end(), out)
    for (const event of this.#lifecycle.end()) this.#encode(event, out)
    return out.length > 0 ? writeFrames(out) : undefined
  }

  /** A whole answer instead of a stream. */
  replay(events: readonly StreamEvent[]): string {
    const out: SseFrame[] = []
    this.#events(events, out)
    return writeFrames(out)
  }

  #take(bytes: Uint8Array, out: SseFrame[]): void {
    for (const frame of parseFrames(this.#decoder.decode(bytes))) {
      if (this.done) return
      this.#events(this.upstream.push(frame), out)
    }
  }

  #events(events: readonly StreamEvent[], out: SseFrame[]): void {
    for (const event of events) {
      for (const legal of this.#lifecycle.push(event)) this.#encode(legal, out)
    }
  }

  #encode(event: StreamEvent, out: SseFrame[]): void {
    if (event.type === 'error') {
      this.error = withoutSecrets(this.secrets, event.error)
      out.push(...this.client.encodeStreamError(this.error, this.requestId))
      return
    }
    if (event.type === 'block-start' || event.type === 'finish') this.content = true
    else if (event.type === 'block-delta') this.outputCharacters += event.text.length
    for (const frame of this.encoder.push(event)) out.push(frame)
  }
}
