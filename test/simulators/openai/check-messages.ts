import { isObject, type Json, objectsOf } from '../../checkers/json.ts'
import { checkContent } from './check-parts.ts'
import { checkLength, emptyArray, missing, onlyKnown, refuse, wrongType, wrongValue } from './refuse.ts'

const ROLES = ['system', 'assistant', 'user', 'function', 'tool', 'developer']
const FIELDS: Record<string, readonly string[]> = {
  system: ['role', 'content', 'name'],
  developer: ['role', 'content', 'name'],
  user: ['role', 'content', 'name'],
  assistant: ['role', 'content', 'name', 'refusal', 'audio', 'function_call', 'tool_calls', 'annotations'],
  tool: ['role', 'content', 'tool_call_id'],
  function: ['role', 'content', 'name'],
}
const MAX_ID = 40
const MAX_BREAKPOINTS = 4

/** Checks `messages` as a conversation: roles, contents, and that every tool call is answered where it must be. */
export function checkMessages(messages: unknown): void {
  if (messages === undefined) missing('messages')
  if (!Array.isArray(messages)) return wrongType('messages', 'an array of objects', messages)
  if (messages.length === 0) emptyArray('messages')
  let open: string[] = []
  let asked = false
  for (const [index, message] of messages.entries()) {
    const path = `messages[${index}]`
    if (!isObject(message)) return wrongType(path, 'an object', message)
    checkMessage(path, message)
    if (message.role === 'tool') {
      if (!asked) orphan(index)
      if (!open.includes(String(message.tool_call_id))) orphan(index)
      open = open.filter(id => id !== message.tool_call_id)
      continue
    }
    unanswered(open)
    open = message.role === 'assistant' ? objectsOf(message.tool_calls).map(call => String(call.id)) : []
    asked = open.length > 0
  }
  unanswered(open)
  checkBreakpoints(messages)
}

function orphan(index: number): never {
  const message = "Invalid parameter: messages with role 'tool' must be a response to a preceding message with 'tool_calls'."
  return refuse(message, `messages.[${index}].role`)
}

function unanswered(open: readonly string[]): void {
  if (open.length === 0) return
  const rule = "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'."
  refuse(`${rule} The following tool_call_ids did not have response messages: ${open.join(', ')}`, 'messages')
}

function checkMessage(path: string, message: Json): void {
  const { role, content } = message
  if (role === undefined) missing(`${path}.role`)
  if (typeof role !== 'string' || !ROLES.includes(role)) return wrongValue(`${path}.role`, role, ROLES)
  onlyKnown(path, message, FIELDS[role] ?? [])
  if (role === 'assistant') return checkAssistant(path, message)
  if (content === undefined) missing(`${path}.content`)
  if (content === null) refuse("Invalid value for 'content': expected a string, got null.", `${path}.content`)
  checkContent(`${path}.content`, role, content)
  if (role !== 'tool') return
  if (message.tool_call_id === undefined) missing(`${path}.tool_call_id`)
  if (typeof message.tool_call_id !== 'string') wrongType(`${path}.tool_call_id`, 'a string', message.tool_call_id)
}

function checkAssistant(path: string, message: Json): void {
  const { content, tool_calls: calls } = message
  const spoken = content !== undefined && content !== null
  if (spoken) checkContent(`${path}.content`, 'assistant', content)
  const refusal = typeof message.refusal === 'string'
  if (calls === undefined) {
    if (!spoken && !refusal && !message.function_call && !message.audio) {
      refuse("Invalid value for 'content': expected a string, got null.", `${path}.content`)
    }
    return
  }
  if (!Array.isArray(calls)) return wrongType(`${path}.tool_calls`, 'an array of objects', calls)
  if (calls.length === 0) emptyArray(`${path}.tool_calls`)
  for (const [index, call] of calls.entries()) checkToolCall(`${path}.tool_calls[${index}]`, call)
}

function checkToolCall(path: string, call: unknown): void {
  if (!isObject(call)) return wrongType(path, 'an object', call)
  for (const field of ['id', 'type']) if (call[field] === undefined) missing(`${path}.${field}`)
  if (typeof call.id !== 'string') return wrongType(`${path}.id`, 'a string', call.id)
  checkLength(`${path}.id`, call.id, MAX_ID)
  const { type } = call
  if (type !== 'function' && type !== 'custom') return wrongValue(`${path}.type`, type, ['function', 'custom'])
  onlyKnown(path, call, ['id', 'type', type])
  const target = call[type]
  if (!isObject(target)) return target === undefined ? missing(`${path}.${type}`) : wrongType(`${path}.${type}`, 'an object', target)
  const text = type === 'custom' ? 'input' : 'arguments'
  onlyKnown(`${path}.${type}`, target, ['name', text])
  for (const field of ['name', text]) {
    if (target[field] === undefined) missing(`${path}.${type}.${field}`)
    if (typeof target[field] !== 'string') wrongType(`${path}.${type}.${field}`, 'a string', target[field])
  }
}

function checkBreakpoints(messages: readonly unknown[]): void {
  const parts = objectsOf(messages).flatMap(message => objectsOf(message.content))
  const marks = parts.filter(part => part.prompt_cache_breakpoint !== undefined).length
  if (marks > MAX_BREAKPOINTS) refuse(`At most ${MAX_BREAKPOINTS} prompt cache breakpoints are allowed, but got ${marks}.`, 'messages')
}
