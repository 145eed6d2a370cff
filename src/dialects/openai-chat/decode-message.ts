import { invalidField } from '../../core/errors.ts'
import {
  asObject,
  at,
  optionalArray,
  optionalEnum,
  optionalObject,
  optionalString,
  required,
  requiredObject,
  requiredString,
  unknownFields,
} from '../../core/fields.ts'
import type { JsonObject, JsonValue } from '../../core/json.ts'
import type { ContentPart, Message, ToolCallPart, ToolResultPart } from '../../ir/message.ts'
import { annotationsOf } from './annotations.ts'
import { readGoogleSeal, readReasoning } from './carried-reasoning.ts'
import { decodeContent, PARTS_OF_ROLE, readCacheMark } from './decode-content.ts'
import { DIALECT, ownExtensions, ROLES, TOOL_ERROR_PREFIX } from './wire.ts'

const COMMON = ['role', 'content', 'name', 'cache_control']
const KNOWN = {
  system: new Set(COMMON),
  developer: new Set(COMMON),
  user: new Set(COMMON),
  assistant: new Set([
    ...COMMON,
    'refusal',
    'tool_calls',
    'function_call',
    'audio',
    'annotations',
    'reasoning_content',
    'reasoning',
    'reasoning_details',
    'thinking_blocks',
    'extra_content',
  ]),
  tool: new Set([...COMMON, 'tool_call_id']),
}

/** All messages. Consecutive `tool` messages are one step's results and become one message. */
export function decodeMessages(wire: readonly JsonObject[]): Message[] {
  const messages: Message[] = []
  const legacy = new LegacyCalls()
  for (const [index, message] of wire.entries()) {
    const decoded = decodeMessage(message, `messages.${index}`, legacy)
    const last = messages.at(-1)
    if (decoded.role === 'tool' && last?.role === 'tool') last.content.push(...decoded.content)
    else messages.push(decoded)
  }
  return messages
}

function decodeMessage(wire: JsonObject, path: string, legacy: LegacyCalls): Message {
  const role = optionalEnum(wire, 'role', ROLES, path) ?? required(at(path, 'role'))
  if (role === 'tool') return { role, content: [decodeToolResult(wire, requiredString(wire, 'tool_call_id', path), path)] }
  if (role === 'function') {
    const id = legacy.answer(requiredString(wire, 'name', path))
    return { role: 'tool', content: [decodeToolResult(wire, id, path)] }
  }
  const name = optionalString(wire, 'name', path)
  const extensions = ownExtensions(unknownFields(wire, KNOWN[role]))
  if (role !== 'assistant' && (wire.content === undefined || wire.content === null)) required(at(path, 'content'))
  const content = role === 'assistant' ? decodeAssistant(wire, path, legacy) : decodeContent(wire, PARTS_OF_ROLE[role], path)
  markLast(content, wire, path)
  return { role, content, name, extensions }
}

/** A mark on the message stands after its last part, and goes back to this dialect there. */
function markLast(content: ContentPart[], wire: JsonObject, path: string): void {
  const last = content.at(-1)
  const cache = readCacheMark(wire, path)
  if (!last || !cache) return
  last.cache ??= cache
  if (last.type === 'text' || last.type === 'media') {
    last.extensions = ownExtensions({ cache_control: wire.cache_control, ...last.extensions?.[DIALECT] })
  }
}

function decodeToolResult(wire: JsonObject, callId: string, path: string): ToolResultPart {
  const content = decodeContent(wire, PARTS_OF_ROLE.tool, path)
  const first = content[0]
  const isError = first?.type === 'text' && first.text.startsWith(TOOL_ERROR_PREFIX)
  if (isError) first.text = first.text.slice(TOOL_ERROR_PREFIX.length)
  const extensions = ownExtensions(unknownFields(wire, KNOWN.tool))
  return { type: 'tool-result', callId, content, isError, extensions, cache: readCacheMark(wire, path) }
}

/** Reasoning, then what was said, then the calls: the order in which models make them. */
function decodeAssistant(wire: JsonObject, path: string, legacy: LegacyCalls): ContentPart[] {
  const content = decodeContent(wire, PARTS_OF_ROLE.assistant, path)
  const reasoning = readReasoning(wire)
  const refusal = optionalString(wire, 'refusal', path)
  if (refusal && !content.some(part => part.type === 'refusal')) content.push({ type: 'refusal', text: refusal })
  const text = content.findLast(part => part.type === 'text')
  if (text) {
    const annotations = annotationsOf(wire.annotations)
    if (annotations.length > 0) text.annotations = annotations
    text.seal = readGoogleSeal(wire)
  }
  const audio = optionalObject(wire, 'audio', path)
  if (audio) content.push({ type: 'opaque', origin: DIALECT, value: { audio } })
  const calls = (optionalArray(wire, 'tool_calls', path) ?? []).map((call, index) => decodeToolCall(call, `${path}.tool_calls.${index}`))
  const called = optionalObject(wire, 'function_call', path)
  if (called && calls.length === 0) calls.push(decodeFunctionCall(called, at(path, 'function_call'), legacy))
  return [...(content.some(part => part.type === 'reasoning') ? [] : reasoning), ...content, ...calls]
}

function decodeToolCall(value: JsonValue, path: string): ToolCallPart {
  const wire = asObject(value, path)
  const id = requiredString(wire, 'id', path)
  const kind = optionalEnum(wire, 'type', ['function', 'custom'], path) ?? 'function'
  const seal = readGoogleSeal(wire)
  const extensions = ownExtensions(unknownFields(wire, new Set(['id', 'type', 'function', 'custom', 'extra_content', 'index'])))
  const inner = requiredObject(wire, kind, path)
  const name = requiredString(inner, 'name', at(path, kind))
  if (name === '') throw invalidField(`${path}.${kind}.name`, 'must not be empty', 'invalid_value')
  const args = optionalString(inner, kind === 'custom' ? 'input' : 'arguments', at(path, kind)) ?? ''
  return kind === 'custom'
    ? { type: 'tool-call', id, name, arguments: args, kind, seal, extensions }
    : { type: 'tool-call', id, name, arguments: args, seal, extensions }
}

function decodeFunctionCall(wire: JsonObject, path: string, legacy: LegacyCalls): ToolCallPart {
  const name = requiredString(wire, 'name', path)
  return { type: 'tool-call', id: legacy.call(name), name, arguments: optionalString(wire, 'arguments', path) ?? '' }
}

/** The older functions have no ids; a result belongs to the last call of its name. Counting makes the ids the same on every replay. */
class LegacyCalls {
  readonly #open: { id: string; name: string }[] = []
  #count = 0

  call(name: string): string {
    const id = `call_function_${this.#count++}`
    this.#open.push({ id, name })
    return id
  }

  answer(name: string): string {
    const index = this.#open.findLastIndex(call => call.name === name)
    const [call] = index === -1 ? [] : this.#open.splice(index, 1)
    return call?.id ?? `call_function_${this.#count++}`
  }
}
