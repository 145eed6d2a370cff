import { GatewayError } from '../../core/errors.ts'
import { isObject, type JsonObject, tryParseJson } from '../../core/json.ts'
import type { SseFrame } from '../../sse/frame.ts'
import type { FramePattern } from '../../sse/frame-pattern.ts'
import type { CodecContext, PassThrough, PassThroughOptions, PassThroughSeen } from '../dialect.ts'
import { contentPattern } from './content-pattern.ts'
import { encodeStreamError } from './errors.ts'
import { decodeFinish, saysError } from './finish.ts'
import { ChunkMender, mendBody } from './mend.ts'
import { emptyAnswer, errorOf, unfinishedAnswer } from './stream-decoder.ts'
import { errorOfBody } from './upstream-error.ts'
import { usageOfChunk } from './usage.ts'
import { DONE } from './wire.ts'

/** @param shortcut false parses every frame; the verdicts are the same. */
export const openPassThrough = (options: PassThroughOptions, context: CodecContext, shortcut = true): PassThrough =>
  new ChatPassThrough(options, context, shortcut)

class ChatPassThrough implements PassThrough {
  readonly seen: PassThroughSeen = { content: false, ended: false }
  readonly #mender: ChunkMender
  pattern: FramePattern | undefined
  /** Indexes of the choices there were, and of those that are finished. */
  readonly #begun = new Set<number>()
  readonly #finished = new Set<number>()

  constructor(
    private readonly options: PassThroughOptions,
    private readonly context: CodecContext,
    private readonly shortcut: boolean,
  ) {
    this.#mender = new ChunkMender(context, options.traits)
  }

  frame(frame: SseFrame): SseFrame[] | undefined {
    const { data } = frame
    // Comments keep the connection alive and go on.
    if (data === undefined) return undefined
    if (this.seen.ended || this.seen.error) return this.#illegal([])
    return this.#read(frame, data)
  }

  /** Many servers just hang up: once every choice is finished, that is an end (dialects.md §4.1). */
  end(): SseFrame[] {
    if (this.#begun.size === 0 || this.#finished.size < this.#begun.size) return []
    this.seen.ended = true
    return this.#illegal([{ data: DONE }]) ?? []
  }

  body(text: string): string {
    const body = tryParseJson(text)
    if (!isObject(body)) {
      this.seen.error = new GatewayError('bad-gateway', 'the upstream sent no chat completion')
      return text
    }
    if (body.error) {
      this.seen.error = errorOfBody(body, this.options.traits)
      return text
    }
    if (!Array.isArray(body.choices)) {
      this.seen.error = new GatewayError('bad-gateway', 'the upstream answered with something that is no chat completion')
      return text
    }
    this.#readCommon(body)
    this.seen.content = true
    this.seen.ended = true
    return this.options.repair && mendBody(body, this.context, this.options.traits) ? JSON.stringify(body) : text
  }

  /** Frames in place of an illegal one, unless nothing is to be mended. */
  #illegal(frames: SseFrame[]): SseFrame[] | undefined {
    return this.options.repair ? frames : undefined
  }

  #read(frame: SseFrame, data: string): SseFrame[] | undefined {
    const trimmed = data.trim()
    if (trimmed === DONE) {
      this.seen.error = this.#shortfall()
      if (this.seen.error) return this.#illegal(encodeStreamError(this.seen.error))
      this.seen.ended = true
      return undefined
    }
    // SDKs parse whatever stands behind `data:`.
    if (trimmed === '') return this.#illegal([])
    const parsed = tryParseJson(data)
    // Google's servers sometimes wrap their errors into a list.
    const value = Array.isArray(parsed) ? parsed[0] : parsed
    const error = errorOf(value, frame, this.options.traits)
    if (error) {
      this.seen.error = error
      const legal = isObject(parsed) && isObject(parsed.error)
      return legal ? undefined : this.#illegal(encodeStreamError(error))
    }
    const chunk = value as JsonObject
    // What is neither a chunk nor usage would be a chunk without choices to a client that reads the first of them.
    if (!Array.isArray(chunk.choices) && !isObject(chunk.usage)) return this.#illegal([])
    this.#readCommon(chunk)
    if (this.seen.error) return this.#illegal(encodeStreamError(this.seen.error))
    const mended = this.options.repair && (this.#mender.mend(chunk) || value !== parsed)
    if (this.options.stripUsage && isObject(chunk.usage)) {
      if (!Array.isArray(chunk.choices) || chunk.choices.length === 0) return []
      chunk.usage = null
    } else if (!mended) {
      if (this.shortcut && this.seen.content) this.pattern = contentPattern(frame, chunk) ?? this.pattern
      return undefined
    }
    return [{ event: frame.event, data: JSON.stringify(chunk) }]
  }

  /** What an answer lacks although its end marker has come. */
  #shortfall(): GatewayError | undefined {
    const open = this.#begun.size - this.#finished.size
    if (!this.seen.content && this.#finished.size === 0) return emptyAnswer()
    return open > 0 && this.options.traits?.alwaysFinishes ? unfinishedAnswer() : undefined
  }

  /** What a chunk and a whole answer say in the same places. */
  #readCommon(answer: JsonObject): void {
    const { seen } = this
    seen.usage = usageOfChunk(answer) ?? seen.usage
    if (seen.model === undefined && typeof answer.model === 'string' && answer.model !== '') seen.model = answer.model
    for (const [position, choice] of (Array.isArray(answer.choices) ? answer.choices : []).entries()) {
      if (!isObject(choice)) continue
      const index = typeof choice.index === 'number' ? choice.index : position
      this.#begun.add(index)
      const said = isObject(choice.delta) ? choice.delta : choice.message
      if (isObject(said) && !saysError(choice) && saysSomething(said)) seen.content = true
      const finish = decodeFinish(choice, this.options.traits)
      if (finish instanceof GatewayError) seen.error = finish
      else if (finish) {
        seen.finish = finish.raw
        this.#finished.add(index)
      }
    }
  }
}

/** Whether a delta carries anything of the answer: the opening one, with a role and empty strings, does not. */
function saysSomething(delta: JsonObject): boolean {
  for (const key in delta) {
    if (key === 'role') continue
    const value = delta[key]
    if (typeof value === 'string' ? value !== '' : Array.isArray(value) ? value.length > 0 : isObject(value)) return true
  }
  return false
}
