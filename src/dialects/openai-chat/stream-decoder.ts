import { GatewayError } from '../../core/errors.ts'
import { isObject, type JsonObject, tryParseJson } from '../../core/json.ts'
import type { Annotation } from '../../ir/message.ts'
import type { StreamEvent } from '../../ir/stream.ts'
import type { SseFrame } from '../../sse/frame.ts'
import type { FramePattern } from '../../sse/frame-pattern.ts'
import type { CodecContext, StreamDecoder, UpstreamTraits } from '../dialect.ts'
import { sourcesOf } from './annotations.ts'
import { ChoiceDecoder } from './choice-decoder.ts'
import { contentPattern } from './content-pattern.ts'
import { errorOfBody } from './upstream-error.ts'
import { usageOfChunk } from './usage.ts'
import { DONE, ownExtensions } from './wire.ts'

/** What stands before the data of a frame is short. */
const LONGEST_PREAMBLE = 200

/** The most choices that OpenAI gives at once; an index beyond is none. */
const MOST_CHOICES = 128

export const streamDecoder = (context: CodecContext, traits?: UpstreamTraits): StreamDecoder => new ChatStreamDecoder(context, true, traits)

/** The same without the shortcut for plain content: what the shortcut is held against. */
export const parsingStreamDecoder = (context: CodecContext): StreamDecoder => new ChatStreamDecoder(context, false)

/** Whatever servers of this dialect send (dialects.md §4.1, §10.7) as events; the order is made legal by the lifecycle. */
class ChatStreamDecoder implements StreamDecoder {
  #started = false
  #done = false
  #sources: Annotation[] = []
  readonly #choices = new Map<number, ChoiceDecoder>()

  /** Of the last chunk, where it carried a piece of content and nothing else. */
  pattern: FramePattern | undefined

  constructor(
    private readonly context: CodecContext,
    private readonly shortcut: boolean,
    private readonly traits?: UpstreamTraits,
  ) {}

  push(frame: SseFrame): StreamEvent[] {
    const data = frame.data?.trim()
    if (this.#done || !data) return []
    const out: StreamEvent[] = []
    if (data === DONE) {
      this.#done = true
      const choices = [...this.#choices.values()]
      if (choices.every(choice => choice.isEmpty)) return [{ type: 'error', error: emptyAnswer() }]
      if (this.traits?.alwaysFinishes && choices.some(choice => !choice.finished)) return [{ type: 'error', error: unfinishedAnswer() }]
      this.#closeAll(out)
      out.push({ type: 'response-end' })
      return out
    }
    const parsed = tryParseJson(data)
    const chunk = Array.isArray(parsed) ? parsed[0] : parsed
    const error = errorOf(chunk, frame, this.traits)
    if (error) {
      this.#done = true
      return [{ type: 'error', error }]
    }
    this.#chunk(chunk as JsonObject, out)
    this.pattern = this.shortcut && chunk === parsed ? this.#patternOf(frame, chunk as JsonObject) : undefined
    return out
  }

  /** Only of a chunk that said what its pattern holds in one block: log probabilities belong to their own piece. */
  #patternOf(frame: SseFrame, chunk: JsonObject): FramePattern | undefined {
    const [choice] = Array.isArray(chunk.choices) ? chunk.choices : []
    if (!isObject(choice) || (choice.logprobs !== undefined && choice.logprobs !== null)) return undefined
    return contentPattern(frame, chunk)
  }

  end(): StreamEvent[] {
    const out: StreamEvent[] = []
    if (!this.#done) this.#closeAll(out)
    this.#done = true
    return out
  }

  #chunk(chunk: JsonObject, out: StreamEvent[]): void {
    const choices = Array.isArray(chunk.choices) ? chunk.choices.filter(isObject) : []
    const usage = usageOfChunk(chunk)
    // Azure opens with a chunk about its content filter that has neither id nor model.
    if (!this.#started && (choices.length > 0 || usage)) this.#start(chunk, out)
    if (chunk.citations !== undefined || chunk.search_results !== undefined) this.#sources = sourcesOf(chunk)
    // Before the finish, so that a failed one ends the stream with all that is known of its cost.
    if (usage) out.push({ type: 'usage', usage })
    for (const [position, choice] of choices.entries()) {
      this.#choice(typeof choice.index === 'number' ? choice.index : position).push(choice, this.#sources, out)
    }
    if (out.at(-1)?.type === 'error') this.#done = true
  }

  #start(chunk: JsonObject, out: StreamEvent[]): void {
    this.#started = true
    const { id, model, created, system_fingerprint, service_tier } = chunk
    const own: JsonObject = {}
    if (typeof system_fingerprint === 'string') own.system_fingerprint = system_fingerprint
    if (typeof service_tier === 'string') own.service_tier = service_tier
    out.push({
      type: 'response-start',
      id: typeof id === 'string' && id !== '' ? id : undefined,
      model: typeof model === 'string' && model !== '' ? model : undefined,
      created: typeof created === 'number' && created > 0 ? created : undefined,
      extensions: Object.keys(own).length > 0 ? ownExtensions(own) : undefined,
    })
  }

  #choice(index: number): ChoiceDecoder {
    let choice = this.#choices.get(index)
    if (!choice) {
      if (!Number.isInteger(index) || index < 0 || index >= MOST_CHOICES) return this.#choice(0)
      choice = new ChoiceDecoder(index === 0 ? undefined : index, this.context, this.traits)
      this.#choices.set(index, choice)
    }
    return choice
  }

  #closeAll(out: StreamEvent[]): void {
    for (const choice of this.#choices.values()) choice.close(this.#sources, out)
  }
}

/** A stream that ends without having begun: no answer, and not an answer of nothing. */
export const emptyAnswer = (): GatewayError => new GatewayError('bad-gateway', 'the upstream ended its stream without an answer')

export const unfinishedAnswer = (): GatewayError => new GatewayError('bad-gateway', 'the upstream broke off its answer')

/** The error that a frame is, or undefined for a chunk. `chunk` is then an object. */
export function errorOf(chunk: unknown, frame: SseFrame, traits?: UpstreamTraits): GatewayError | undefined {
  const failed = (body: JsonObject) => errorOfBody(body, traits, statusInComment(frame))
  if (!isObject(chunk))
    return new GatewayError('bad-gateway', 'the upstream sent a frame that is not JSON', { cause: frame.data?.slice(0, 500) })
  if (chunk.error) return failed(chunk)
  // vLLM's older flat form, and servers that tell errors by the event's name.
  if (chunk.object === 'error' || frame.event === 'error') return failed(chunk)
  const empty = chunk.choices === undefined && chunk.usage === undefined
  return empty && (typeof chunk.message === 'string' || chunk.detail !== undefined) ? failed(chunk) : undefined
}

/** Alibaba's servers put the status that an error would have had into a comment of its frame: `:HTTP_STATUS/429` (qwen.md §2.5). */
function statusInComment({ raw }: SseFrame): number | undefined {
  const status = /^:\s*HTTP_STATUS\/(\d{3})/m.exec(raw?.slice(0, LONGEST_PREAMBLE) ?? '')?.[1]
  return status === undefined ? undefined : Number(status)
}
