import { GatewayError } from '../../core/errors.ts'
import { isObject, type JsonObject, tryParseJson } from '../../core/json.ts'
import type { Finish } from '../../ir/finish.ts'
import type { StreamEvent } from '../../ir/stream.ts'
import type { SseFrame } from '../../sse/frame.ts'
import type { FramePattern } from '../../sse/frame-pattern.ts'
import type { CodecContext, StreamDecoder } from '../dialect.ts'
import { BlockReader } from './block-reader.ts'
import { ownMembers } from './decode-response.ts'
import { deltaPattern } from './delta-pattern.ts'
import { decodeErrorObject } from './errors.ts'
import { decodeFinish } from './finish.ts'
import { decodeUsage, mergeUsage, servedBy } from './usage.ts'

const ENDED_EARLY = 'the stream of the upstream ended early'

/** A Messages stream as events. Tolerates what weaker servers leave out or repeat (dialects.md §4.2, §10.7). */
export class MessagesStreamDecoder implements StreamDecoder {
  #started = false
  #ended = false
  #usage: JsonObject | undefined
  #finish: Finish | undefined
  readonly #blocks: BlockReader
  /** Of the last frame, where it was a piece of text or thinking. */
  pattern: FramePattern | undefined

  constructor(context: CodecContext) {
    this.#blocks = new BlockReader(context)
  }

  push(frame: SseFrame): StreamEvent[] {
    if (this.#ended || frame.data === undefined || frame.data === '' || frame.data === '[DONE]') return []
    const data = tryParseJson(frame.data)
    if (!isObject(data)) return this.#fail(new GatewayError('bad-gateway', 'the upstream sent a stream event that is no JSON object'))
    this.pattern = undefined
    switch (data.type ?? frame.event) {
      case 'message_start':
        return this.#start(isObject(data.message) ? data.message : {})
      case 'content_block_start':
        return this.#blocks.start(data)
      case 'content_block_delta':
        this.pattern = deltaPattern(frame, data)
        return this.#blocks.delta(data)
      case 'content_block_stop':
        return this.#blocks.stop(data)
      case 'message_delta':
        return this.#messageDelta(data)
      case 'message_stop':
        return this.#stop()
      case 'error':
        return this.#fail(decodeErrorObject(isObject(data.error) ? data.error : data))
      default:
        return isObject(data.error) ? this.#fail(decodeErrorObject(data.error)) : []
    }
  }

  end(): StreamEvent[] {
    if (this.#ended) return []
    return this.#fail(new GatewayError('bad-gateway', ENDED_EARLY))
  }

  /**
   * A second start before any content repeats the first. After content it is an upstream that began anew within one stream: what came before
   * stays, since the client has read it, and the new answer follows.
   */
  #start(message: JsonObject): StreamEvent[] {
    const events: StreamEvent[] = this.#blocks.restart()
    this.#usage = mergeUsage(this.#usage, message.usage)
    if (!this.#started) {
      this.#started = true
      const own = ownMembers(message)
      events.push({
        type: 'response-start',
        id: typeof message.id === 'string' ? message.id : undefined,
        model: typeof message.model === 'string' ? message.model : undefined,
        usage: decodeUsage(message.usage),
        serviceTier: servedBy(message.usage),
        ...(own && { extensions: { anthropic: own } }),
      })
    }
    // After programmatic tool calls the vendor itself sends messages whose content stands in their start.
    for (const block of Array.isArray(message.content) ? message.content : []) {
      if (isObject(block)) events.push(...this.#blocks.whole(block))
    }
    this.#finish = decodeFinish(message) ?? this.#finish
    return events
  }

  #messageDelta(data: JsonObject): StreamEvent[] {
    const delta = isObject(data.delta) ? data.delta : {}
    this.#finish = decodeFinish(delta) ?? this.#finish
    this.#usage = mergeUsage(this.#usage, data.usage)
    const events: StreamEvent[] = []
    const usage = decodeUsage(this.#usage)
    if (usage) events.push({ type: 'usage', usage })
    const own = ownMembers({ ...data, ...delta })
    if (own) events.push({ type: 'metadata', origin: 'anthropic', value: own })
    return events
  }

  #stop(): StreamEvent[] {
    this.#ended = true
    const events = this.#blocks.endAll()
    const finish = this.#finish ?? { reason: this.#blocks.called ? 'tool-calls' : 'stop' }
    events.push({ type: 'finish', finish }, { type: 'response-end' })
    return events
  }

  #fail(error: GatewayError): StreamEvent[] {
    this.#ended = true
    return [{ type: 'error', error }]
  }
}
