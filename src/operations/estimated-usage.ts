import type { JsonObject } from '../core/json.ts'
import type { StreamDecoder } from '../dialects/dialect.ts'
import type { ContentPart } from '../ir/message.ts'
import type { GenerateResponse } from '../ir/response.ts'
import type { StreamEvent } from '../ir/stream.ts'
import type { Usage } from '../ir/usage.ts'
import type { SseFrame } from '../sse/frame.ts'
import { FramePattern } from '../sse/frame-pattern.ts'
import { estimateInput, type InputEstimate, tokensForOne } from './estimate.ts'
import type { TokenCount, TokenCounter } from './token-counting/token-counter.ts'

/** The usage of one answer, counted by us because its upstream's wire has none. The request is given to the counter at once, the answer as it comes. */
export class EstimatedUsage {
  readonly #input: InputEstimate
  readonly #output: TokenCount
  readonly #perToken: number

  constructor(request: JsonObject, model: string, counter: TokenCounter) {
    this.#input = estimateInput(request, model, counter)
    this.#output = counter.open(model)
    this.#perToken = tokensForOne(model)
  }

  /** More of what the model has written. */
  output(text: string): void {
    this.#output.add(text)
  }

  /** What is written next is another text: a block of its own. */
  cut(): void {
    this.#output.cut()
  }

  /** As good as is known by now. */
  get usage(): Usage {
    return this.#usage(this.#input.tokens, this.#output.tokens)
  }

  /** As `usage`, once everything has been counted or after a short while. Never rejects. */
  async settled(): Promise<Usage> {
    const [input, output] = await Promise.all([this.#input.settled(), this.#output.settled()])
    return this.#usage(input, output)
  }

  /** To be called when the answer has been accounted for, or is not wanted any more. */
  close(): void {
    this.#input.close()
    this.#output.close()
  }

  #usage(inputTokens: number, outputTokens: number): Usage {
    return { inputTokens, outputTokens: Math.ceil(outputTokens * this.#perToken), estimated: true }
  }
}

/** Frames that need not be pushed are counted all the same. */
class CountedPattern extends FramePattern {
  constructor(
    readonly pattern: FramePattern,
    private readonly estimated: EstimatedUsage,
  ) {
    super('', '')
  }

  override match(text: string, at: number): number {
    const next = this.pattern.match(text, at)
    if (next === -1) return -1
    this.start = this.pattern.start
    this.end = this.pattern.end
    const inside = text.slice(this.start, this.end)
    this.estimated.output(inside.includes('\\') ? (JSON.parse(`"${inside}"`) as string) : inside)
    return next
  }
}

/**
 * The decoder of an upstream that reports no usage, with ours: the input so far on `response-start` (which is made up where content comes without one), and all of
 * it before every `finish` and at the end. Members of a usage that the upstream does send, such as what it charged, are kept beside our counts.
 */
export function withEstimatedUsage(decoder: StreamDecoder, estimated: EstimatedUsage): StreamDecoder {
  return new EstimatingDecoder(decoder, estimated)
}

class EstimatingDecoder implements StreamDecoder {
  #started = false
  #hasContent = false
  #reported: Usage | undefined
  #counted: CountedPattern | undefined

  constructor(
    private readonly decoder: StreamDecoder,
    private readonly estimated: EstimatedUsage,
  ) {}

  get pattern(): FramePattern | undefined {
    const { pattern } = this.decoder
    if (this.#counted?.pattern !== pattern) this.#counted = pattern && new CountedPattern(pattern, this.estimated)
    return this.#counted
  }

  push(frame: SseFrame): StreamEvent[] {
    return this.#events(this.decoder.push(frame))
  }

  end(): StreamEvent[] {
    const out = this.#events(this.decoder.end())
    // Of an answer that was cut short, too, is to be known what it came to.
    return this.#hasContent ? [this.#usage(), ...out] : out
  }

  #events(events: readonly StreamEvent[]): StreamEvent[] {
    const out: StreamEvent[] = []
    for (const event of events) this.#take(event, out)
    return out
  }

  #take(event: StreamEvent, out: StreamEvent[]): void {
    if (event.type === 'response-start') {
      this.#started = true
      this.#reported = event.usage
      out.push({ ...event, usage: this.#usage().usage })
      return
    }
    if (event.type !== 'error' && event.type !== 'metadata' && !this.#started) {
      this.#started = true
      out.push({ type: 'response-start', usage: this.#usage().usage })
    }
    if (event.type === 'usage') {
      this.#reported = { ...this.#reported, ...event.usage }
      out.push(this.#usage())
      return
    }
    if (event.type === 'block-start') {
      this.estimated.cut()
      if (event.block.type === 'tool-call') {
        this.estimated.output(event.block.name)
        this.estimated.cut()
      }
    } else if (event.type === 'block-delta') this.estimated.output(event.text)
    const ends = event.type === 'finish' || event.type === 'response-end' || (event.type === 'error' && this.#hasContent)
    if (ends) out.push(this.#usage())
    if (event.type === 'block-start' || event.type === 'finish') this.#hasContent = true
    out.push(event)
  }

  #usage(): { type: 'usage'; usage: Usage } {
    return { type: 'usage', usage: { ...this.#reported, ...this.estimated.usage } }
  }
}

/** A whole answer with its usage counted by us: what `estimated` has of the request, and all that the answer says. Takes a moment at the most. */
export async function withEstimatedAnswer(response: GenerateResponse, estimated: EstimatedUsage): Promise<GenerateResponse> {
  for (const { content } of response.choices) {
    for (const part of content) {
      for (const text of textsOf(part)) {
        estimated.output(text)
        estimated.cut()
      }
    }
  }
  return { ...response, usage: { ...response.usage, ...(await estimated.settled()) } }
}

function textsOf(part: ContentPart): string[] {
  switch (part.type) {
    case 'text':
    case 'refusal':
    case 'reasoning':
      return [part.text]
    case 'tool-call':
      return [part.name, part.arguments]
    default:
      return []
  }
}
