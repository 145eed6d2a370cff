import { isCount, isObject, type Json, parseOrUndefined, stringOf } from './json.ts'
import {
  checkFinish,
  checkMessagesUsage,
  checkSameMessage,
  checkToolBlock,
  type MessagesAnswer,
  STOP_REASONS,
  summarise,
} from './messages-answer.ts'
import { readSse } from './sse.ts'
import { must } from './violation.ts'

export type { MessagesAnswer } from './messages-answer.ts'
export { checkMessagesBody } from './messages-answer.ts'

export interface MessagesCheckOptions {
  /** Names of the tools in the request. */
  tools?: readonly string[]
  /** Events and blocks that nobody knows are let be: who speaks the same dialect on both sides hands them on. */
  strangers?: boolean
  /** Arguments may be no JSON: a gateway hands on what the model, or a broken upstream, wrote. */
  brokenArguments?: boolean
  /** The non-streamed body of the same answer, to compare with. */
  body?: unknown
}

/** Deltas that each kind of block takes; other kinds arrive whole. */
const DELTAS: Record<string, readonly string[]> = {
  text: ['text_delta', 'citations_delta'],
  thinking: ['thinking_delta', 'signature_delta'],
  tool_use: ['input_json_delta'],
  server_tool_use: ['input_json_delta'],
  mcp_tool_use: ['input_json_delta'],
  compaction: ['compaction_delta'],
}

/**
 * Checks a whole Messages stream and returns what it said. A stream that ends in an `error` event is legal; `error` then holds it.
 * @throws {Violation} naming the broken rule, M1–M10.
 */
export function checkMessagesStream(sseText: string, options: MessagesCheckOptions = {}): MessagesAnswer {
  const stream = new MessagesStream(options)
  const { frames, rest } = readSse(sseText)
  for (const { event, data } of frames) {
    must(!stream.ended, 'M10', `bytes after the end: ${event ?? ''} ${data ?? ''}`)
    if (data === undefined) continue
    const parsed = parseOrUndefined(data)
    must(isObject(parsed), 'M2', `data is no JSON object: ${data.slice(0, 80)}`)
    must(event !== undefined && event === parsed.type, 'M2', `event ${event} carries data of type ${JSON.stringify(parsed.type)}`)
    stream.push(parsed)
  }
  must(rest === '', stream.ended ? 'M10' : 'M8', `the stream ends within a frame: ${rest.slice(0, 80)}`)
  must(stream.ended, 'M8', 'the stream ends without message_stop and without an error')
  const answer = stream.answer()
  if (options.body !== undefined) checkSameMessage(answer, options.body)
  return answer
}

class MessagesStream {
  ended = false
  #message: Json | undefined
  #blocks: Json[] = []
  #inputs = new Map<number, string>()
  #open: { index: number; signed: boolean } | undefined
  #usage: Json = {}
  #finish: string | undefined
  #stopSequence: string | undefined
  #error: Json | undefined

  constructor(private readonly options: MessagesCheckOptions) {}

  push(data: Json): void {
    if (data.type === 'ping') return
    if (data.type === 'error') return this.#fail(data)
    if (data.type === 'message_start') return this.#start(data)
    must(this.#message !== undefined, 'M1', `${data.type} before message_start`)
    if (data.type === 'content_block_start') this.#startBlock(data)
    else if (data.type === 'content_block_delta') this.#delta(data)
    else if (data.type === 'content_block_stop') this.#stopBlock(data)
    else if (data.type === 'message_delta') this.#messageDelta(data)
    else if (data.type === 'message_stop') this.#stop()
    else must(this.options.strangers === true, 'M2', `there is no event ${JSON.stringify(data.type)}`)
  }

  answer(): MessagesAnswer {
    const answer: MessagesAnswer = { ...summarise(this.#blocks, index => this.#inputs.get(index)), usage: this.#usage }
    if (typeof this.#message?.id === 'string') answer.id = this.#message.id
    if (typeof this.#message?.model === 'string') answer.model = this.#message.model
    if (this.#finish !== undefined) answer.finish = this.#finish
    if (this.#stopSequence !== undefined) answer.stopSequence = this.#stopSequence
    if (this.#error) answer.error = this.#error
    else checkFinish(answer)
    return answer
  }

  #fail(data: Json): void {
    const { error } = data
    must(isObject(error) && typeof error.type === 'string' && typeof error.message === 'string', 'M8', 'the error lacks type or message')
    this.#error = error
    this.ended = true
  }

  #start(data: Json): void {
    must(this.#message === undefined, 'M1', 'a second message_start')
    const { message } = data
    must(isObject(message) && typeof message.id === 'string' && message.type === 'message', 'M1', 'message_start without a message')
    must(message.role === 'assistant' && typeof message.model === 'string', 'M1', 'message_start without role or model')
    must(Array.isArray(message.content) && message.content.length === 0, 'M1', 'message_start with content')
    must(message.stop_reason === null, 'M1', 'message_start with a stop_reason')
    checkMessagesUsage(message.usage, 'M1')
    must(isCount(message.usage.input_tokens) && isCount(message.usage.output_tokens), 'M1', 'message_start without usage counts')
    this.#message = message
    this.#usage = { ...message.usage }
  }

  #startBlock(data: Json): void {
    const { index, content_block: block } = data
    must(this.#open === undefined, 'M3', `block ${index} starts while block ${this.#open?.index} is open`)
    must(index === this.#blocks.length, 'M3', `block index ${index} where ${this.#blocks.length} comes next`)
    must(this.#finish === undefined, 'M7', `block ${index} starts after stop_reason`)
    must(isObject(block) && typeof block.type === 'string', 'M4', `block ${index} has no type`)
    if (block.type === 'tool_use') checkToolBlock(block, this.options.tools)
    this.#blocks.push({ ...block })
    this.#open = { index: this.#blocks.length - 1, signed: false }
  }

  #delta(data: Json): void {
    const open = this.#open
    must(open !== undefined && data.index === open.index, 'M3', `a delta for block ${data.index} outside of it`)
    const block = this.#blocks[open.index]
    const { delta } = data
    must(block !== undefined && isObject(delta), 'M4', 'a delta without content')
    const kind = stringOf(delta.type)
    const fits = DELTAS[stringOf(block.type)]?.includes(kind) ?? this.options.strangers
    must(fits === true, 'M4', `${kind} in a ${block.type} block`)
    must(!open.signed, 'M6', `${kind} after the signature`)
    if (kind === 'text_delta') block.text = stringOf(block.text) + text(delta, 'text')
    else if (kind === 'thinking_delta') block.thinking = stringOf(block.thinking) + text(delta, 'thinking')
    else if (kind === 'signature_delta') {
      block.signature = text(delta, 'signature')
      open.signed = true
    } else if (kind === 'input_json_delta') {
      this.#inputs.set(open.index, (this.#inputs.get(open.index) ?? '') + text(delta, 'partial_json'))
    } else if (kind === 'citations_delta') block.citations = [...(Array.isArray(block.citations) ? block.citations : []), delta.citation]
    else block.content = delta.content
  }

  #stopBlock(data: Json): void {
    must(this.#open !== undefined && data.index === this.#open.index, 'M3', `content_block_stop for block ${data.index}, which is not open`)
    this.#open = undefined
  }

  #messageDelta(data: Json): void {
    must(this.#open === undefined, 'M7', `message_delta while block ${this.#open?.index} is open`)
    const { delta, usage } = data
    must(isObject(delta), 'M7', 'message_delta without delta')
    checkMessagesUsage(usage)
    must(isCount(usage.output_tokens), 'M7', 'message_delta without output_tokens')
    must(usage.output_tokens >= Number(this.#usage.output_tokens), 'M7', `output_tokens fell to ${usage.output_tokens}`)
    for (const [field, value] of Object.entries(usage)) if (value !== null) this.#usage[field] = value
    const reason = delta.stop_reason ?? undefined
    must(reason === undefined || STOP_REASONS.includes(stringOf(reason)), 'M7', `stop_reason ${JSON.stringify(reason)} does not exist`)
    this.#finish = reason === undefined ? undefined : stringOf(reason)
    if (typeof delta.stop_sequence === 'string') this.#stopSequence = delta.stop_sequence
  }

  #stop(): void {
    must(this.#open === undefined, 'M3', `block ${this.#open?.index} was never stopped`)
    must(this.#finish !== undefined, 'M7', 'message_stop without a stop_reason')
    for (const [index, input] of this.#inputs) this.#checkInput(index, input)
    this.ended = true
  }

  #checkInput(index: number, input: string): void {
    const block = this.#blocks[index]
    if (!block) return
    const parsed = input === '' ? {} : parseOrUndefined(input)
    const cutShort = this.options.brokenArguments || this.#finish === 'max_tokens' || this.#finish === 'model_context_window_exceeded'
    must(isObject(parsed) || cutShort, 'M5', `input of block ${index} is no JSON object: ${input}`)
    if (isObject(parsed)) block.input = parsed
  }
}

function text(delta: Json, field: string): string {
  const value = delta[field]
  must(typeof value === 'string', 'M4', `${delta.type} without ${field}`)
  return value
}
