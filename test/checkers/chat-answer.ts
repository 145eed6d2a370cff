import { isCount, isObject, type Json, objectsOf, parseOrUndefined, stringOf } from './json.ts'
import { must } from './violation.ts'

/** `arguments` is the text as the wire had it: JSON, or free text for a `custom` tool. */
export interface ToolCallSeen {
  id: string
  name: string
  arguments: string
  /** Absent for functions. */
  kind?: 'custom'
}

export interface ChatChoiceSeen {
  text: string
  reasoning: string
  refusal: string
  toolCalls: ToolCallSeen[]
  /** Undefined only where an error ended the stream. */
  finish?: string
}

/** What a chat answer said, streamed or not: the first choice, and all of them where `n` was more than one. */
export interface ChatAnswer extends ChatChoiceSeen {
  id?: string
  model?: string
  choices: ChatChoiceSeen[]
  /** The wire's own object. */
  usage?: Json
  /** The error object that ended a stream. */
  error?: Json
}

export const FINISH_REASONS: readonly string[] = ['stop', 'length', 'tool_calls', 'content_filter', 'function_call']

export const emptyChoice = (): ChatChoiceSeen => ({ text: '', reasoning: '', refusal: '', toolCalls: [] })

export function checkUsage(usage: unknown): asserts usage is Json {
  must(isObject(usage), 'C9', 'usage is no object')
  const { prompt_tokens: prompt, completion_tokens: completion, total_tokens: total } = usage
  must(isCount(prompt) && isCount(completion) && isCount(total), 'C9', `token counts are no counts: ${JSON.stringify(usage)}`)
  must(total === prompt + completion, 'C9', `total_tokens ${total} is not ${prompt} + ${completion}`)
  const cached = isObject(usage.prompt_tokens_details) ? (usage.prompt_tokens_details.cached_tokens ?? 0) : 0
  must(isCount(cached) && cached <= prompt, 'C9', `cached_tokens ${cached} exceeds prompt_tokens ${prompt}`)
  const reasoning = isObject(usage.completion_tokens_details) ? (usage.completion_tokens_details.reasoning_tokens ?? 0) : 0
  must(isCount(reasoning) && reasoning <= completion, 'C9', `reasoning_tokens ${reasoning} exceeds completion_tokens ${completion}`)
}

export interface CallRules {
  /** Names that the request declared, where they are known. */
  tools?: readonly string[]
  /** Arguments may be no JSON. */
  brokenArguments?: boolean
}

/** What holds of a choice once it is complete. */
export function checkChoice(choice: ChatChoiceSeen, index: number, { tools, brokenArguments }: CallRules): void {
  const { finish, toolCalls } = choice
  for (const call of toolCalls) {
    if (tools) must(tools.includes(call.name), 'C6', `tool "${call.name}" was not in the request`)
    if (brokenArguments || finish === undefined || finish === 'length' || call.kind === 'custom') continue
    must(isObject(parseOrUndefined(call.arguments)), 'C7', `arguments of ${call.id} are no JSON object: ${call.arguments}`)
  }
  if (finish === undefined) return
  if (finish === 'tool_calls') must(toolCalls.length > 0, 'C8', `choice ${index} finished with tool_calls but has none`)
  if (finish === 'stop') must(toolCalls.length === 0, 'C8', `choice ${index} has tool calls but finished with ${finish}`)
}

/** Checks a non-streamed body by the rules that apply to it. @throws {Violation} */
export function checkChatBody(body: unknown, options: { tools?: readonly string[] } = {}): ChatAnswer {
  must(isObject(body), 'C1', 'body is no JSON object')
  must(body.object === 'chat.completion', 'C2', `object is ${JSON.stringify(body.object)}`)
  must(typeof body.id === 'string' && isCount(body.created) && typeof body.model === 'string', 'C2', 'id, created or model is missing')
  const listed = objectsOf(body.choices)
  must(listed.length > 0, 'C1', 'body has no choices')
  const choices = listed.map((entry, index) => bodyChoice(entry, index, options.tools))
  if (body.usage !== undefined && body.usage !== null) checkUsage(body.usage)
  const first = choices[0] ?? emptyChoice()
  return { ...first, id: body.id, model: body.model, choices, usage: isObject(body.usage) ? body.usage : undefined }
}

function bodyChoice(entry: Json, index: number, tools?: readonly string[]): ChatChoiceSeen {
  must(entry.index === index, 'C2', `choice ${index} has index ${JSON.stringify(entry.index)}`)
  const message = entry.message
  must(isObject(message) && message.role === 'assistant', 'C3', `choice ${index} has no assistant message`)
  must(message.content === null || typeof message.content === 'string', 'C1', 'content is neither text nor null')
  must(
    typeof entry.finish_reason === 'string' && FINISH_REASONS.includes(entry.finish_reason),
    'C5',
    `finish_reason ${entry.finish_reason}`,
  )
  if ('tool_calls' in message) must(objectsOf(message.tool_calls).length > 0, 'C6', 'tool_calls is present but empty')
  const choice: ChatChoiceSeen = {
    text: stringOf(message.content),
    reasoning: stringOf(message.reasoning_content ?? message.reasoning),
    refusal: stringOf(message.refusal),
    toolCalls: objectsOf(message.tool_calls).map(bodyToolCall),
    finish: entry.finish_reason,
  }
  checkChoice(choice, index, { tools })
  return choice
}

function bodyToolCall(call: Json): ToolCallSeen {
  const { id, type } = call
  must(typeof id === 'string' && id !== '' && (type === 'function' || type === 'custom'), 'C6', 'a tool call lacks id or type')
  const target = call[type]
  must(isObject(target), 'C6', `tool call ${id} lacks its ${type}`)
  const text = type === 'custom' ? target.input : target.arguments
  must(typeof target.name === 'string' && typeof text === 'string', 'C6', `tool call ${id} lacks name or arguments`)
  return { id, name: target.name, arguments: text, ...(type === 'custom' && { kind: type }) }
}
