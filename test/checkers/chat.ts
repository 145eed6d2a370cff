import { type ChatAnswer, type ChatChoiceSeen, checkChatBody, checkChoice, checkUsage, emptyChoice, FINISH_REASONS } from './chat-answer.ts'
import { isObject, type Json, objectsOf, parseOrUndefined } from './json.ts'
import { readSse } from './sse.ts'
import { must } from './violation.ts'

export type { ChatAnswer, ChatChoiceSeen, ToolCallSeen } from './chat-answer.ts'
export { checkChatBody } from './chat-answer.ts'

export interface ChatCheckOptions {
  /** Whether the client asked for `stream_options.include_usage`. */
  includeUsage: boolean
  /** Names of the tools in the request. */
  tools?: readonly string[]
  /** Arguments may be no JSON: a gateway hands on what the model, or a broken upstream, wrote. */
  brokenArguments?: boolean
  /** The non-streamed body of the same answer, for C10. */
  body?: unknown
  /** Also demand §4.1.5 to the letter: `usage: null` on every other chunk when asked for, no `usage` member at all when not. */
  exactUsage?: boolean
}

/**
 * Checks a whole Chat Completions stream and returns what it said. A stream that ends in an error object is legal; `error` then holds it.
 * @throws {Violation} naming the broken rule, C1–C10.
 */
export function checkChatStream(sseText: string, options: ChatCheckOptions): ChatAnswer {
  const { chunks, error } = payloads(sseText)
  checkConstants(chunks)
  const choices = new Map<number, ChatChoiceSeen>()
  for (const chunk of chunks) {
    for (const entry of objectsOf(chunk.choices)) applyDelta(choices, entry)
  }
  const ordered = [...choices.keys()].sort((a, b) => a - b).map(index => choices.get(index) ?? emptyChoice())
  if (error === undefined) {
    must(ordered.length > 0, 'C5', 'the stream has no choice')
    must(
      [...choices.keys()].every(index => index < ordered.length),
      'C5',
      'choice indices have gaps',
    )
    for (const [index, choice] of ordered.entries()) must(choice.finish !== undefined, 'C5', `choice ${index} has no finish_reason`)
  }
  for (const [index, choice] of ordered.entries()) checkChoice(choice, index, options)
  const usage = checkUsageChunk(chunks, options, error !== undefined)
  const first = chunks[0]
  const answer: ChatAnswer = { ...(ordered[0] ?? emptyChoice()), choices: ordered, usage, error }
  if (typeof first?.id === 'string') answer.id = first.id
  if (typeof first?.model === 'string') answer.model = first.model
  if (options.body !== undefined) checkSameAsBody(answer, options.body)
  return answer
}

/** C1: every payload parses; the last is `[DONE]` or an error object, and nothing follows it. */
function payloads(sseText: string): { chunks: Json[]; error?: Json } {
  const { frames, rest } = readSse(sseText)
  must(rest === '', 'C1', `the stream ends within a frame: ${rest.slice(0, 80)}`)
  const chunks: Json[] = []
  let ended = false
  let error: Json | undefined
  for (const { event, data } of frames) {
    must(event === undefined, 'C1', `a frame has an event name: ${event}`)
    if (data === undefined) continue
    must(!ended, 'C1', `data after the end: ${data.slice(0, 80)}`)
    if (data === '[DONE]') {
      ended = true
      continue
    }
    const parsed = parseOrUndefined(data)
    must(isObject(parsed), 'C1', `data is no JSON object: ${data.slice(0, 80)}`)
    if (parsed.error !== undefined && parsed.error !== null) {
      must(isObject(parsed.error) && typeof parsed.error.message === 'string', 'C1', 'the error has no message')
      error = parsed.error
      ended = true
      continue
    }
    must(Array.isArray(parsed.choices), 'C1', 'a chunk has no choices array')
    chunks.push(parsed)
  }
  must(ended, 'C1', 'the stream ends without [DONE] and without an error')
  return { chunks, error }
}

function checkConstants(chunks: readonly Json[]): void {
  const [first] = chunks
  if (!first) return
  must(typeof first.id === 'string' && first.id !== '', 'C2', 'id is missing')
  must(Number.isInteger(first.created) && typeof first.model === 'string', 'C2', 'created or model is missing')
  for (const chunk of chunks) {
    must(chunk.object === 'chat.completion.chunk', 'C2', `object is ${JSON.stringify(chunk.object)}`)
    for (const field of ['id', 'created', 'model']) {
      must(chunk[field] === first[field], 'C2', `${field} changed from ${first[field]} to ${chunk[field]}`)
    }
  }
}

function applyDelta(choices: Map<number, ChatChoiceSeen>, entry: Json): void {
  const { index, delta, finish_reason: finish } = entry
  must(typeof index === 'number' && isObject(delta), 'C1', 'a choice lacks index or delta')
  let choice = choices.get(index)
  must(choice?.finish === undefined, 'C4', `choice ${index} goes on after its finish_reason`)
  if (choice) must(delta.role === undefined || delta.role === null, 'C3', `choice ${index} names its role again`)
  else {
    must(delta.role === 'assistant', 'C3', `choice ${index} does not begin with its role`)
    choice = emptyChoice()
    choices.set(index, choice)
  }
  choice.text += textOf(delta, 'content')
  choice.refusal += textOf(delta, 'refusal')
  const reasoning = textOf(delta, 'reasoning_content')
  choice.reasoning += reasoning === '' ? textOf(delta, 'reasoning') : reasoning
  if (delta.tool_calls !== undefined) {
    must(Array.isArray(delta.tool_calls), 'C6', 'tool_calls is no array')
    for (const call of delta.tool_calls) applyToolDelta(choice, call)
  }
  if (finish === undefined || finish === null) return
  must(typeof finish === 'string' && FINISH_REASONS.includes(finish), 'C5', `finish_reason ${JSON.stringify(finish)} does not exist`)
  choice.finish = finish
}

function textOf(delta: Json, field: string): string {
  const value = delta[field] ?? ''
  must(typeof value === 'string', 'C1', `delta.${field} is no text`)
  return value
}

function applyToolDelta(choice: ChatChoiceSeen, call: unknown): void {
  must(isObject(call) && typeof call.index === 'number', 'C6', 'a tool call delta has no index')
  const known = choice.toolCalls[call.index]
  const custom = known ? known.kind === 'custom' : call.type === 'custom'
  const target = (custom ? call.custom : call.function) ?? {}
  must(isObject(target), 'C6', 'a tool call delta has a strange function')
  const text = custom ? target.input : target.arguments
  if (known) {
    must(call.id === undefined && target.name === undefined, 'C6', `tool call ${call.index} names itself again`)
    must(typeof text === 'string', 'C6', `tool call ${call.index} goes on without arguments`)
    known.arguments += text
    return
  }
  must(call.index === choice.toolCalls.length, 'C6', `tool call index ${call.index} where ${choice.toolCalls.length} comes next`)
  must(typeof call.id === 'string' && call.id !== '', 'C6', `tool call ${call.index} begins without an id`)
  must(custom || call.type === 'function', 'C6', `tool call ${call.index} begins without its type`)
  must(typeof target.name === 'string' && target.name !== '', 'C6', `tool call ${call.index} begins without a name`)
  must(typeof text === 'string', 'C6', `tool call ${call.index} begins without an arguments string`)
  must(!choice.toolCalls.some(other => other.id === call.id), 'C6', `two tool calls have the id ${call.id}`)
  choice.toolCalls.push({ id: call.id, name: target.name, arguments: text, ...(custom && { kind: 'custom' }) })
}

function checkUsageChunk(chunks: readonly Json[], options: ChatCheckOptions, failed: boolean): Json | undefined {
  const carriers = chunks.filter(chunk => chunk.usage !== undefined && chunk.usage !== null)
  if (!options.includeUsage) {
    must(carriers.length === 0, 'C9', 'usage was sent unasked')
    must(
      chunks.every(chunk => objectsOf(chunk.choices).length > 0),
      'C9',
      'a chunk has no choices although usage was not asked for',
    )
    if (options.exactUsage)
      must(
        chunks.every(chunk => !('usage' in chunk)),
        'C9',
        'a chunk has a usage member unasked',
      )
    return undefined
  }
  if (options.exactUsage)
    must(
      chunks.every(chunk => 'usage' in chunk),
      'C9',
      'a chunk lacks its usage member',
    )
  must(carriers.length <= 1, 'C9', `${carriers.length} chunks carry usage`)
  const [carrier] = carriers
  if (!carrier) {
    must(failed, 'C9', 'usage was asked for and not sent')
    return undefined
  }
  must(objectsOf(carrier.choices).length === 0, 'C9', 'the usage chunk has choices')
  must(carrier === chunks[chunks.length - 1], 'C9', 'the usage chunk is not the last')
  checkUsage(carrier.usage)
  return carrier.usage
}

/** C10: a stream says what the whole body says. Tool call ids may differ, as may the text of their arguments in spacing. */
function checkSameAsBody(answer: ChatAnswer, body: unknown): void {
  const whole = checkChatBody(body)
  for (const [index, choice] of whole.choices.entries()) {
    const streamed = answer.choices[index] ?? emptyChoice()
    for (const field of ['text', 'reasoning', 'refusal', 'finish'] as const) {
      must(
        streamed[field] === choice[field],
        'C10',
        `${field} differs: ${JSON.stringify(streamed[field])} / ${JSON.stringify(choice[field])}`,
      )
    }
    must(spoken(streamed) === spoken(choice), 'C10', `tool calls differ: ${spoken(streamed)} / ${spoken(choice)}`)
  }
}

const spoken = (choice: ChatChoiceSeen): string =>
  JSON.stringify(choice.toolCalls.map(call => [call.name, parseOrUndefined(call.arguments) ?? call.arguments]))
