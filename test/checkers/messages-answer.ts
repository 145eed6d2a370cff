import { isCount, isObject, type Json, objectsOf, parseOrUndefined, stringOf } from './json.ts'
import { must } from './violation.ts'

/** What a Messages answer said, streamed or not. */
export interface MessagesAnswer {
  id?: string
  model?: string
  /** All text blocks, joined without a separator. */
  text: string
  /** All thinking, joined. */
  reasoning: string
  /** Signatures of the thinking blocks, in order; `""` for an unsigned one. */
  signatures: string[]
  toolCalls: { id: string; name: string; arguments: string }[]
  /** `stop_reason`; undefined only where an error ended the stream. */
  finish?: string
  stopSequence?: string
  /** The wire's own object; in a stream merged from `message_start` and every `message_delta`. */
  usage: Json
  /** Content blocks as a client puts them together, other kinds included. */
  blocks: Json[]
  error?: Json
}

export const STOP_REASONS: readonly string[] = [
  'end_turn',
  'max_tokens',
  'stop_sequence',
  'tool_use',
  'pause_turn',
  'refusal',
  'model_context_window_exceeded',
  'compaction',
]

const TOOL_ID = /^[a-zA-Z0-9_-]+$/

/** M5: a `tool_use` block as it begins. */
export function checkToolBlock(block: Json, tools?: readonly string[]): void {
  must(typeof block.id === 'string' && TOOL_ID.test(block.id), 'M5', `tool_use id ${JSON.stringify(block.id)} is not legal`)
  must(typeof block.name === 'string' && block.name !== '', 'M5', 'tool_use without a name')
  if (tools) must(tools.includes(block.name), 'M5', `tool "${block.name}" was not in the request`)
}

/** Sums up blocks whose `input` is complete. `argumentsText` gives a tool block's arguments as the wire had them. */
export function summarise(blocks: Json[], argumentsText: (index: number) => string | undefined): Omit<MessagesAnswer, 'usage'> {
  const answer: Omit<MessagesAnswer, 'usage'> = { text: '', reasoning: '', signatures: [], toolCalls: [], blocks }
  for (const [index, block] of blocks.entries()) {
    if (block.type === 'text') answer.text += stringOf(block.text)
    if (block.type === 'thinking') {
      answer.reasoning += stringOf(block.thinking)
      answer.signatures.push(stringOf(block.signature))
    }
    if (block.type === 'tool_use') {
      const text = argumentsText(index) ?? JSON.stringify(block.input ?? {})
      answer.toolCalls.push({ id: stringOf(block.id), name: stringOf(block.name), arguments: text })
    }
  }
  return answer
}

/** M9, and M5's uniqueness of ids. Tool calls made by the vendor's code execution were answered there, so they may precede `end_turn`. */
export function checkFinish(answer: Omit<MessagesAnswer, 'usage'>): void {
  const ids = answer.toolCalls.map(call => call.id)
  must(new Set(ids).size === ids.length, 'M5', `tool_use ids repeat: ${ids.join(', ')}`)
  const { finish } = answer
  if (finish === 'tool_use') must(ids.length > 0, 'M9', 'stop_reason tool_use without a tool_use block')
  const direct = answer.blocks.filter(block => block.type === 'tool_use' && (!isObject(block.caller) || block.caller.type === 'direct'))
  if (finish === 'end_turn' || finish === 'stop_sequence') must(direct.length === 0, 'M9', `tool_use blocks but stop_reason ${finish}`)
}

export function checkMessagesUsage(usage: unknown, rule = 'M7'): asserts usage is Json {
  must(isObject(usage), rule, 'usage is no object')
  for (const [field, value] of Object.entries(usage)) {
    if (field.endsWith('_tokens')) must(value === null || isCount(value), rule, `usage.${field} is ${JSON.stringify(value)}`)
  }
}

/** Checks a non-streamed body by the rules that apply to it. @throws {Violation} */
export function checkMessagesBody(body: unknown, options: { tools?: readonly string[] } = {}): MessagesAnswer {
  must(isObject(body), 'M1', 'body is no JSON object')
  must(body.type === 'message' && body.role === 'assistant', 'M1', 'body is no assistant message')
  must(
    typeof body.id === 'string' && typeof body.model === 'string' && Array.isArray(body.content),
    'M1',
    'id, model or content is missing',
  )
  const blocks = objectsOf(body.content)
  for (const block of blocks) {
    if (block.type !== 'tool_use') continue
    checkToolBlock(block, options.tools)
    must(isObject(block.input), 'M5', 'tool_use input is no object')
  }
  must(typeof body.stop_reason === 'string' && STOP_REASONS.includes(body.stop_reason), 'M7', `stop_reason ${body.stop_reason}`)
  checkMessagesUsage(body.usage)
  must(isCount(body.usage.input_tokens) && isCount(body.usage.output_tokens), 'M7', 'usage lacks its counts')
  const answer = { ...summarise(blocks, () => undefined), id: body.id, model: body.model, finish: body.stop_reason, usage: body.usage }
  checkFinish(answer)
  return typeof body.stop_sequence === 'string' ? { ...answer, stopSequence: body.stop_sequence } : answer
}

/** A streamed answer says what the whole body says: text, reasoning, tools, finish. */
export function checkSameMessage(answer: MessagesAnswer, body: unknown): void {
  const whole = checkMessagesBody(body)
  for (const field of ['text', 'reasoning', 'finish', 'stopSequence'] as const) {
    must(answer[field] === whole[field], 'M3', `${field} differs: ${JSON.stringify(answer[field])} / ${JSON.stringify(whole[field])}`)
  }
  must(spoken(answer) === spoken(whole), 'M5', `tool calls differ: ${spoken(answer)} / ${spoken(whole)}`)
}

const spoken = (answer: MessagesAnswer): string =>
  JSON.stringify(answer.toolCalls.map(call => [call.name, call.arguments === '' ? {} : parseOrUndefined(call.arguments)]))
