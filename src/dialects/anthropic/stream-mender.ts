import { isObject, type JsonObject } from '../../core/json.ts'
import type { SseFrame } from '../../sse/frame.ts'
import type { CodecContext } from '../dialect.ts'
import { voidInput } from './abandoned.ts'
import { textOf } from './decode-response.ts'

const BLOCK_EVENTS = new Set(['content_block_start', 'content_block_delta', 'content_block_stop'])

interface OpenBlock {
  /** The upstream's index, and the one the client knows. */
  from: number
  to: number
  tool: boolean
  input: string
}

const frameOf = (data: JsonObject): SseFrame => ({ event: String(data.type), data: JSON.stringify(data) })

/** What breaks a Messages stream and can be put right without inventing anything: see `PassThrough`. */
export class StreamMender {
  #started = false
  #next = 0
  #open: OpenBlock | undefined

  constructor(private readonly context: CodecContext) {}

  /** `undefined` where the frame is legal where it stands, else what to send instead. */
  frame(frame: SseFrame, data: JsonObject): SseFrame[] | undefined {
    if (typeof data.type !== 'string') return this.#untyped(frame, data)
    if (data.type === 'message_start') {
      if (this.#started) return this.#startedAgain()
      this.#started = true
    } else if (BLOCK_EVENTS.has(data.type)) return this.#blockEvent(frame, data)
    else if (data.type === 'message_delta' || data.type === 'message_stop') {
      const closing = this.#closeOpen()
      if (closing.length > 0) return [...closing, named(frame, data) ?? frame]
    }
    const mended = named(frame, data)
    return mended && [mended]
  }

  /** A whole body; undefined where it is legal. */
  message(body: JsonObject): JsonObject | undefined {
    if (typeof body.content === 'string') return { ...body, content: body.content === '' ? [] : [{ type: 'text', text: body.content }] }
    if (!Array.isArray(body.content)) return undefined
    let mended = false
    const content = body.content.map(block => {
      if (!isObject(block) || block.type !== 'text' || !Array.isArray(block.text)) return block
      mended = true
      return { ...block, text: textOf(block.text) }
    })
    return mended ? { ...body, content } : undefined
  }

  /** Servers of other schools send errors, and some send everything, without saying what it is. */
  #untyped(frame: SseFrame, data: JsonObject): SseFrame[] | undefined {
    if (isObject(data.error)) return [frameOf(Object.assign({ type: 'error' }, data, { type: 'error' }))]
    if (frame.event === undefined) {
      this.#dropped('an event without a type')
      return []
    }
    // A `type` that is no word is no type, and must not come back here.
    const typed = Object.assign({ type: frame.event }, data, { type: frame.event })
    return this.frame({ event: frame.event, data: JSON.stringify(typed) }, typed) ?? [frameOf(typed)]
  }

  /** Before content a second start says nothing new; after it, the new answer goes on behind the old one. */
  #startedAgain(): SseFrame[] {
    this.#dropped('a second message_start')
    return this.#closeOpen()
  }

  #blockEvent(frame: SseFrame, data: JsonObject): SseFrame[] | undefined {
    if (data.type === 'content_block_start') return this.#blockStart(frame, data)
    const open = this.#open
    const from = typeof data.index === 'number' ? data.index : open?.from
    if (!open || from !== open.from) {
      this.#dropped(`${String(data.type)} outside its block`)
      return []
    }
    if (data.type === 'content_block_stop') this.#open = undefined
    const text = data.type === 'content_block_delta' ? textAsString(data, open) : undefined
    const moved = data.index !== open.to
    if (!moved && !text) {
      const mended = named(frame, data)
      return mended && [mended]
    }
    return [frameOf({ ...data, index: open.to, ...text })]
  }

  #blockStart(frame: SseFrame, data: JsonObject): SseFrame[] | undefined {
    const closing = this.#closeOpen()
    const from = typeof data.index === 'number' ? data.index : this.#next
    const block = isObject(data.content_block) ? data.content_block : {}
    this.#open = { from, to: this.#next++, tool: block.type === 'tool_use', input: '' }
    const text = block.type === 'text' && Array.isArray(block.text) ? { content_block: { ...block, text: textOf(block.text) } } : undefined
    const moved = data.index !== this.#open.to || text !== undefined
    const mended = moved ? frameOf({ ...data, index: this.#open.to, ...text }) : named(frame, data)
    if (closing.length === 0) return mended && [mended]
    return [...closing, mended ?? frame]
  }

  /** The end of a block that the upstream left open. A call that is half said must not run. */
  #closeOpen(): SseFrame[] {
    const open = this.#open
    if (!open) return []
    this.#open = undefined
    const frames = [frameOf({ type: 'content_block_stop', index: open.to })]
    const rest = open.tool ? voidInput(open.input) : ''
    if (rest === '') return frames
    this.#dropped('a tool call that the upstream gave up')
    return [frameOf({ type: 'content_block_delta', index: open.to, delta: { type: 'input_json_delta', partial_json: rest } }), ...frames]
  }

  #dropped(detail: string): void {
    this.context.note({ action: 'dropped', field: 'stream', detail })
  }
}

/** The frame under the name that its data has; undefined where it bears it. */
function named(frame: SseFrame, data: JsonObject): SseFrame | undefined {
  return frame.event === data.type ? undefined : frameOf(data)
}

/** The delta with its text as a string where it came in pieces. Follows a tool's input on the way. */
function textAsString(data: JsonObject, open: OpenBlock): { delta: JsonObject } | undefined {
  const { delta } = data
  if (!isObject(delta)) return undefined
  if (open.tool && typeof delta.partial_json === 'string') open.input += delta.partial_json
  for (const key of ['text', 'thinking', 'partial_json']) {
    if (Array.isArray(delta[key])) return { delta: { ...delta, [key]: textOf(delta[key]) } }
  }
  return undefined
}
