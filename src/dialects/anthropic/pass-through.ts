import { GatewayError } from '../../core/errors.ts'
import { isObject, type JsonObject, tryParseJson } from '../../core/json.ts'
import type { SseFrame } from '../../sse/frame.ts'
import type { FramePattern } from '../../sse/frame-pattern.ts'
import type { CodecContext, PassThrough, PassThroughOptions, PassThroughSeen } from '../dialect.ts'
import { deltaPattern } from './delta-pattern.ts'
import { decodeErrorObject } from './errors.ts'
import { StreamMender } from './stream-mender.ts'
import { decodeUsage, mergeUsage } from './usage.ts'

/** Bytes of an Anthropic upstream for an Anthropic client: read on the way, and mended only where they break the dialect. */
export class MessagesPassThrough implements PassThrough {
  readonly seen: PassThroughSeen = { content: false, ended: false }
  pattern: FramePattern | undefined
  readonly #mender: StreamMender | undefined
  #usage: JsonObject | undefined

  constructor(
    options: PassThroughOptions,
    private readonly context: CodecContext,
  ) {
    this.#mender = options.repair ? new StreamMender(context) : undefined
  }

  frame(frame: SseFrame): SseFrame[] | undefined {
    if (this.seen.ended) return this.#mender ? [] : undefined
    if (frame.data === undefined) return undefined
    const data = tryParseJson(frame.data)
    if (!isObject(data)) return this.#notJson(frame)
    this.#read(data)
    const mended = this.#mender?.frame(frame, data)
    // Whatever else there is may change the state of the stream; a ping does not.
    if (data.type !== 'ping') this.pattern = mended === undefined && !this.seen.ended ? deltaPattern(frame, data) : undefined
    return mended
  }

  body(text: string): string {
    const value = tryParseJson(text)
    this.seen.ended = true
    if (!isObject(value)) {
      this.seen.error = new GatewayError('bad-gateway', 'the upstream answered with something that is no JSON object')
      return text
    }
    if (value.type === 'error' && isObject(value.error)) {
      this.seen.error = decodeErrorObject(value.error)
      return text
    }
    if (value.type !== 'message' && value.content === undefined) {
      this.seen.error = new GatewayError('bad-gateway', 'the upstream answered with something that is no message')
      return text
    }
    this.#readMessage(value)
    this.seen.content = true
    if (typeof value.stop_reason === 'string') this.seen.finish = value.stop_reason
    const mended = this.#mender?.message(value)
    return mended === undefined ? text : JSON.stringify(mended)
  }

  /** An OpenAI habit at the end is dropped; anything else that is no JSON would make the client's SDK throw. */
  #notJson(frame: SseFrame): SseFrame[] | undefined {
    if (!this.#mender) return undefined
    this.context.note({ action: 'dropped', field: 'stream', detail: 'an event that is no JSON object' })
    this.pattern = undefined
    return frame.data === '' && frame.event === 'ping' ? undefined : []
  }

  #read(data: JsonObject): void {
    switch (data.type) {
      case 'message_start':
        if (isObject(data.message)) this.#readMessage(data.message)
        return
      case 'content_block_start': {
        const block = isObject(data.content_block) ? data.content_block : {}
        // An empty text or thinking block promises nothing yet.
        if ((block.type !== 'text' || block.text) && (block.type !== 'thinking' || block.thinking)) this.seen.content = true
        return
      }
      case 'content_block_delta':
        this.seen.content = true
        return
      case 'message_delta':
        if (isObject(data.delta) && typeof data.delta.stop_reason === 'string') this.seen.finish = data.delta.stop_reason
        this.#readUsage(data)
        return
      case 'message_stop':
        this.seen.ended = true
        return
      default:
        if (!isObject(data.error)) return
        this.seen.error = decodeErrorObject(data.error)
        this.seen.ended = true
    }
  }

  #readMessage(message: JsonObject): void {
    if (typeof message.model === 'string') this.seen.model = message.model
    this.#readUsage(message)
  }

  #readUsage(from: JsonObject): void {
    this.#usage = mergeUsage(this.#usage, from.usage)
    const usage = decodeUsage(this.#usage)
    if (usage) this.seen.usage = usage
  }
}
