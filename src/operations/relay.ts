import { GatewayError, isCredentialRefusal } from '../core/errors.ts'
import type { JsonValue } from '../core/json.ts'
import type { ClientCodec, PassThrough, StreamDecoder, StreamEncoder } from '../dialects/dialect.ts'
import { createLifecycle, type Lifecycle } from '../ir/lifecycle.ts'
import type { StreamEvent } from '../ir/stream.ts'
import type { Usage } from '../ir/usage.ts'
import { FrameCutter } from '../sse/cutter.ts'
import type { SseFrame } from '../sse/frame.ts'
import { FrameReader } from '../sse/parser.ts'
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
  /** What the upstream said of the account rather than of the answer. */
  readonly metadata?: JsonValue
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
    const reader = new FrameReader(text)
    let mended = ''
    let copied = 0
    for (;;) {
      // Nothing goes out behind the end marker.
      if (this.done) return copied === 0 && reader.at >= text.length ? bytes : mended + text.slice(copied, reader.at)
      reader.at = this.#skip(text, reader.at)
      const start = reader.at
      const frame = reader.next()
      if (!frame) break
      const replacement = this.#concealed(frame, this.passThrough.frame(frame))
      if (!replacement) continue
      mended += text.slice(copied, start) + writeFrames(replacement)
      copied = reader.at
    }
    return copied === 0 ? bytes : mended + text.slice(copied)
  }

  /** Behind the frames from `at` on that are legal by the look of them. */
  #skip(text: string, at: number): number {
    const { pattern } = this.passThrough
    if (!pattern) return at
    let end = at
    for (let next = pattern.match(text, at); next !== -1; next = pattern.match(text, next)) end = next
    return end
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
  /** The last thing said was a piece of a block that is still open: another piece changes nothing but the client's text. */
  #repeats = false
  content = false
  error: GatewayError | undefined
  metadata: JsonValue | undefined
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
    return (bytes && this.#take(bytes)) || undefined
  }

  end(): string | undefined {
    if (this.done) return undefined
    const rest = this.#cutter.end()
    let out = rest ? this.#take(rest) : ''
    out += this.#events(this.upstream.end())
    for (const event of this.#lifecycle.end()) out += this.#encode(event)
    return out || undefined
  }

  /** A whole answer instead of a stream. */
  replay(events: readonly StreamEvent[]): string {
    return this.#events(events)
  }

  #take(bytes: Uint8Array): string {
    const text = this.#decoder.decode(bytes)
    const reader = new FrameReader(text)
    let out = ''
    while (!this.done) {
      if (this.#repeats) out += this.#more(text, reader)
      const frame = reader.next()
      if (!frame) break
      this.#repeats = false
      out += this.#events(this.upstream.push(frame))
    }
    return out
  }

  /** Frames that say more of what was said last: from the upstream's text into the client's without anything between. */
  #more(text: string, reader: FrameReader): string {
    const { pattern } = this.upstream
    const { encoder } = this
    if (!pattern || !encoder.more) return ''
    let out = ''
    for (let next = pattern.match(text, reader.at); next !== -1; next = pattern.match(text, next)) {
      const { start, end } = pattern
      if (end > start) {
        this.outputCharacters += end - start
        out += encoder.more(text.slice(start, end))
      }
      reader.at = next
    }
    return out
  }

  #events(events: readonly StreamEvent[]): string {
    let out = ''
    for (const event of events) {
      for (const legal of this.#lifecycle.push(event)) out += this.#encode(legal)
    }
    return out
  }

  #encode(event: StreamEvent): string {
    this.#repeats = event.type === 'block-delta' && event.choice === undefined && event.logprobs === undefined
    if (event.type === 'error') {
      this.error = withoutSecrets(this.secrets, event.error)
      return writeFrames(this.client.encodeStreamError(this.error, this.requestId))
    }
    if (event.type === 'metadata') {
      this.metadata = event.value
      return ''
    }
    if (event.type === 'block-start' || event.type === 'finish') this.content = true
    else if (event.type === 'block-delta') this.outputCharacters += event.text.length
    return writeFrames(this.encoder.push(event))
  }
}
