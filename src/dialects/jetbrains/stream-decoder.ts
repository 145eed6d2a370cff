import { GatewayError } from '../../core/errors.ts'
import { isObject, type JsonObject, type JsonValue, tryParseJson } from '../../core/json.ts'
import type { StreamEvent } from '../../ir/stream.ts'
import type { SseFrame } from '../../sse/frame.ts'
import type { FramePattern } from '../../sse/frame-pattern.ts'
import type { CodecContext, StreamDecoder } from '../dialect.ts'
import { ChoiceDecoder } from './choice-decoder.ts'
import { contentPattern } from './content-pattern.ts'
import { errorOfWords, saidIn } from './upstream-error.ts'
import { DIALECT, END_MARKS } from './wire.ts'

/** The most choices that any vendor gives at once; an index beyond is none. */
const MOST_CHOICES = 128

/**
 * The answer of any of the chat endpoints (jetbrains-ai.md §3) as events. Finish and quota come in any order, or not at all: only the end mark says that the
 * answer is complete, so that no finish is handed out before.
 */
export class ChatStreamDecoder implements StreamDecoder {
  #done = false
  readonly #choices = new Map<number, ChoiceDecoder>()
  /** Of the last frame, where it was a piece of content. */
  pattern: FramePattern | undefined

  constructor(private readonly context: CodecContext) {}

  push(frame: SseFrame): StreamEvent[] {
    this.pattern = undefined
    const out: StreamEvent[] = []
    const data = frame.data?.trim()
    if (this.#done || !data) return out
    const whole = tryParseJson(data)
    if (isObject(whole)) {
      this.#event(whole, out)
      if (whole.type === 'Content' && out.at(-1)?.type === 'block-delta') this.pattern = contentPattern(frame, whole)
      return out
    }
    // Servers that leave out the blank line between two events.
    for (const line of data.split('\n')) if (!this.#done) this.#line(line.trim(), out)
    return out
  }

  /** Nothing is made up for an answer without its end mark: the lifecycle says that it broke off. */
  end(): StreamEvent[] {
    this.pattern = undefined
    this.#done = true
    return []
  }

  #line(line: string, out: StreamEvent[]): void {
    if (line === '') return
    if (END_MARKS.has(line)) {
      this.#end(out)
      return
    }
    const event = tryParseJson(line)
    if (isObject(event)) this.#event(event, out)
    else if (event !== null) {
      const cause = line.slice(0, 500)
      this.#fail(new GatewayError('bad-gateway', 'the upstream sent a stream event that is no JSON object', { upstream: {}, cause }), out)
    }
  }

  #event(event: JsonObject, out: StreamEvent[]): void {
    if (event.event_type === 'error') {
      this.#fail(errorOfWords(saidIn(event)), out)
      return
    }
    switch (event.type) {
      case 'Content':
        if (typeof event.content === 'string') this.#choice(event).say(event.content, out)
        break
      case 'ToolCall':
        this.#choice(event).tool(event, out)
        break
      case 'FunctionCall':
        this.#choice(event).function(event, out)
        break
      case 'FinishMetadata':
        this.#choice(event).finish(event, out)
        break
      case 'QuotaMetadata':
        out.push({ type: 'metadata', origin: DIALECT, value: quotaOf(event) })
        break
      case 'ModelMetadata':
        if (typeof event.model === 'string' && event.model !== '') out.push({ type: 'response-start', model: event.model })
        break
      default:
        // Kinds that we do not know say nothing of the answer; an error without its mark does.
        if (event.type === undefined && event.error !== undefined) this.#fail(errorOfWords(saidIn(event)), out)
    }
  }

  #choice({ choiceIndex }: JsonObject): ChoiceDecoder {
    const given = typeof choiceIndex === 'number' ? choiceIndex : 0
    const index = Number.isInteger(given) && given >= 0 && given < MOST_CHOICES ? given : 0
    let choice = this.#choices.get(index)
    if (!choice) {
      choice = new ChoiceDecoder(index === 0 ? undefined : index, this.context)
      this.#choices.set(index, choice)
    }
    return choice
  }

  #end(out: StreamEvent[]): void {
    this.#done = true
    if (this.#choices.size === 0) this.#choice({})
    for (const choice of this.#choices.values()) choice.close(out)
    out.push({ type: 'response-end' })
  }

  #fail(error: GatewayError, out: StreamEvent[]): void {
    this.#done = true
    out.push({ type: 'error', error })
  }
}

/** What is left of the account's quota, and what the answer took, in the service's own units. */
function quotaOf({ updated, spent }: JsonObject): JsonValue {
  return { ...(updated !== undefined && { updated }), ...(spent !== undefined && { spent }) }
}
