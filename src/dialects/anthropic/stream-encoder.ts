import { isObject, type JsonObject } from '../../core/json.ts'
import type { Finish } from '../../ir/finish.ts'
import type { Annotation, Sealed } from '../../ir/message.ts'
import type { GenerateRequest } from '../../ir/request.ts'
import type { BlockStart, StreamEvent } from '../../ir/stream.ts'
import type { Usage } from '../../ir/usage.ts'
import type { SseFrame } from '../../sse/frame.ts'
import { writeFrames } from '../../sse/writer.ts'
import type { CodecContext, StreamEncoder } from '../dialect.ts'
import { clientToolId, messageHead, noteLostCitations, ownCallMembers, sealText } from './encode-response.ts'
import { encodeStreamError } from './errors.ts'
import { countCall, encodeFinish } from './finish.ts'
import { encodeUsage } from './usage.ts'
import { type Block, isBlock } from './wire.ts'

/** `ping` as the vendor writes it, bytes included. */
export const HEARTBEAT = 'event: ping\ndata: {"type": "ping"}\n\n'

const PING: SseFrame = { event: 'ping', data: '{"type": "ping"}' }

/** What is open on the client's side. `none`: the block was left out; `redacted` goes out whole when its seal is known. */
type Open = 'none' | 'redacted' | 'text' | 'thinking' | 'tool' | 'custom' | 'opaque'

const DELTA_HEAD: Record<string, string> = {
  text: '"delta":{"type":"text_delta","text":',
  thinking: '"delta":{"type":"thinking_delta","thinking":',
  tool: '"delta":{"type":"input_json_delta","partial_json":',
  custom: '"delta":{"type":"input_json_delta","partial_json":',
  opaque: '"delta":{"type":"input_json_delta","partial_json":',
}

const frame = (event: string, data: JsonObject): SseFrame => ({ event, data: JSON.stringify({ type: event, ...data }) })

/** Events in the lifecycle's order as a Messages stream (dialects.md §4.2). */
export class MessagesStreamEncoder implements StreamEncoder {
  #next = 0
  #open: Open = 'none'
  #index = 0
  /** Of a delta's frame, up to its text. */
  #moreHead = ''
  readonly #calls = { any: false, direct: false }
  #usage: Usage | undefined
  #finish: Finish | undefined
  #own: JsonObject = {}
  #done = false

  constructor(
    private readonly request: GenerateRequest,
    private readonly context: CodecContext,
  ) {}

  push(event: StreamEvent): SseFrame[] {
    if (this.#done || ('choice' in event && event.choice)) return []
    switch (event.type) {
      case 'response-start':
        return this.#start(event)
      case 'block-start':
        return this.#startBlock(event.block)
      case 'block-delta':
        return this.#delta(event.text)
      case 'annotation':
        return this.#annotation(event.annotation)
      case 'block-end':
        return this.#endBlock(event.seal)
      case 'usage':
        this.#usage = event.usage
        return []
      case 'metadata':
        if (event.origin === 'anthropic' && isObject(event.value)) Object.assign(this.#own, event.value)
        return []
      case 'finish':
        this.#finish = event.finish
        return []
      case 'response-end':
        return this.#end()
      case 'error':
        this.#done = true
        return encodeStreamError(event.error)
    }
  }

  more(inside: string): string {
    if (this.#open === 'none' || this.#open === 'redacted') return ''
    if (this.#open === 'custom') return writeFrames(this.#delta(JSON.parse(`"${inside}"`) as string))
    return `${this.#moreHead}"${inside}"}}\n\n`
  }

  #start(event: Extract<StreamEvent, { type: 'response-start' }>): SseFrame[] {
    this.#usage = event.usage
    Object.assign(this.#own, event.extensions?.anthropic)
    const message: JsonObject = {
      ...messageHead(event.id, this.request, this.context),
      content: [],
      container: null,
      diagnostics: null,
      stop_reason: null,
      stop_sequence: null,
      stop_details: null,
      usage: encodeUsage(event.usage),
    }
    return [frame('message_start', { message }), PING]
  }

  #startBlock(block: BlockStart): SseFrame[] {
    switch (block.type) {
      case 'text':
      case 'refusal':
        return this.#openBlock('text', { type: 'text', text: '' })
      case 'reasoning':
        if (!block.redacted) return this.#openBlock('thinking', { type: 'thinking', thinking: '', signature: '' })
        this.#open = 'redacted'
        return []
      case 'tool-call': {
        const start: Block = {
          ...ownCallMembers(block),
          type: 'tool_use',
          id: clientToolId(block.id, this.context),
          name: block.name,
          input: {},
        }
        countCall(this.#calls, start)
        if (block.kind !== 'custom') return this.#openBlock('tool', start)
        return [...this.#openBlock('custom', start), this.#deltaFrame('custom', '{"input":"')]
      }
      case 'opaque':
        if (block.origin === 'anthropic' && isBlock(block.value)) return this.#openBlock('opaque', block.value)
        this.#open = 'none'
        this.context.note({ action: 'dropped', field: 'content', detail: `only ${block.origin} understands this part` })
        return []
    }
  }

  #openBlock(kind: Open, block: Block): SseFrame[] {
    this.#open = kind
    this.#index = this.#next++
    this.#moreHead = `event: content_block_delta\ndata: ${this.#deltaHead(kind)}`
    return [frame('content_block_start', { index: this.#index, content_block: block })]
  }

  /** Free text inside a JSON string: escapes of single units join up again. */
  #delta(text: string): SseFrame[] {
    if (this.#open === 'none' || this.#open === 'redacted') return []
    return [this.#deltaFrame(this.#open, this.#open === 'custom' ? JSON.stringify(text).slice(1, -1) : text)]
  }

  /** The hottest path of a stream: one string built, one value escaped. */
  #deltaFrame(kind: Open, text: string): SseFrame {
    return { event: 'content_block_delta', data: `${this.#deltaHead(kind)}${JSON.stringify(text)}}}` }
  }

  #deltaHead(kind: Open): string {
    return `{"type":"content_block_delta","index":${this.#index},${DELTA_HEAD[kind]}`
  }

  #annotation(annotation: Annotation): SseFrame[] {
    if (this.#open === 'text' && annotation.origin === 'anthropic') {
      return [frame('content_block_delta', { index: this.#index, delta: { type: 'citations_delta', citation: annotation.raw } })]
    }
    noteLostCitations(this.context)
    return []
  }

  #endBlock(seal: Sealed | undefined): SseFrame[] {
    const kind = this.#open
    this.#open = 'none'
    const stop = frame('content_block_stop', { index: this.#index })
    switch (kind) {
      case 'none':
        return []
      case 'redacted':
        return seal ? this.#whole({ type: 'redacted_thinking', data: sealText(seal) }) : []
      case 'thinking':
        return [this.#signature(seal), stop]
      case 'custom':
        return [this.#deltaFrame(kind, '"}'), stop]
      case 'text':
      case 'tool':
        // A seal on a text or call: see encode-response.
        return seal ? [stop, ...this.#carrier(seal)] : [stop]
      case 'opaque':
        return [stop]
    }
  }

  #signature(seal: Sealed | undefined): SseFrame {
    const signature = seal ? sealText(seal) : ''
    return frame('content_block_delta', { index: this.#index, delta: { type: 'signature_delta', signature } })
  }

  #carrier(seal: Sealed): SseFrame[] {
    const start = this.#openBlock('none', { type: 'thinking', thinking: '', signature: '' })
    return [...start, this.#signature(seal), frame('content_block_stop', { index: this.#index })]
  }

  #whole(block: Block): SseFrame[] {
    const start = this.#openBlock('none', block)
    return [...start, frame('content_block_stop', { index: this.#index })]
  }

  #end(): SseFrame[] {
    this.#done = true
    const { container, stop_details: details, ...own } = this.#own
    const delta: JsonObject = {
      ...encodeFinish(this.#finish ?? { reason: 'stop' }, this.#calls),
      container: container ?? null,
      ...(details !== undefined && { stop_details: details }),
    }
    return [frame('message_delta', { delta, ...own, usage: encodeUsage(this.#usage) }), frame('message_stop', {})]
  }
}
