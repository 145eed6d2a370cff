import { isObject, type Json, parseOrUndefined } from '../../checkers/json.ts'
import { checkTexts, listAt, objectAt } from './check-values.ts'
import { familyOf, takesPrefill } from './families.ts'
import type { Profile } from './profiles.ts'
import { refuse } from './refuse.ts'

const V8_FIELDS: Readonly<Record<string, readonly string[]>> = {
  system_message: ['content'],
  user_message: ['content'],
  assistant_message_text: ['content'],
  assistant_message: ['content'],
  assistant_message_tool: ['id', 'toolName', 'content'],
  tool_message: ['id', 'toolName', 'result'],
  media_message: ['mediaType', 'data'],
}

const MAX_ID = 40
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

/** The messages of v8 as a conversation (jetbrains-ai.md §2.3). @throws Refusal */
export function checkMessages(given: unknown, profile: Profile): Json[] {
  const messages = listAt('$.chat.messages', given).map((message, at) => checkMessage(`$.chat.messages[${at}]`, message, profile))
  checkCalls(messages)
  checkTurns(messages, profile)
  return messages
}

function checkMessage(path: string, given: unknown, profile: Profile): Json {
  const message = objectAt(path, given)
  const fields = fieldsOf(path, message.type, V8_FIELDS)
  checkTexts(path, message, fields)
  if (message.type === 'media_message') checkMedia(path, message, profile)
  if (fields.includes('id')) checkId(path, String(message.id))
  if (message.type === 'assistant_message_tool' && !isObject(parseOrUndefined(String(message.content)))) {
    refuse(`${path}.content: the arguments of ${message.toolName} are no JSON object`)
  }
  return message
}

/** The fields of a message type that is known to this version. */
export function fieldsOf(path: string, type: unknown, known: Readonly<Record<string, readonly string[]>>): readonly string[] {
  if (type === undefined) return refuse(`Class discriminator 'type' is missing at path: ${path}`)
  const fields = typeof type === 'string' && Object.hasOwn(known, type) ? known[type] : undefined
  return fields ?? refuse(`Serializer for subclass '${type}' is not found in the polymorphic scope of 'ChatMessage' at path: ${path}`)
}

function checkId(path: string, id: string): void {
  if (id === '') refuse(`${path}.id: must not be empty`)
  if (id.length > MAX_ID) refuse(`${path}.id: string too long. Expected a string with maximum length ${MAX_ID}, got ${id.length}`)
}

function checkMedia(path: string, { mediaType, data }: Json, profile: Profile): void {
  if (!profile.media.includes(String(mediaType))) refuse(`${path}.mediaType: ${mediaType} is not supported by ${profile.id}`)
  if (data === '' || !BASE64.test(String(data))) refuse(`${path}.data: not valid base64`)
}

/** Every call is answered, right behind the calls of its turn, and every result has its call. */
function checkCalls(messages: readonly Json[]): void {
  const open = new Map<string, unknown>()
  const closed = (): void => {
    if (open.size > 0) refuse(`tool calls without tool_message: ${[...open.keys()].join(', ')}`)
  }
  let answering = false
  for (const [at, { type, id, toolName }] of messages.entries()) {
    if (type === 'assistant_message_tool') {
      if (answering) closed()
      answering = false
      if (open.has(String(id))) refuse(`$.chat.messages[${at}].id: ${id} is used twice`)
      open.set(String(id), toolName)
    } else if (type === 'tool_message') {
      answering = true
      if (!open.has(String(id))) refuse(`$.chat.messages[${at}]: tool_message ${id} has no assistant_message_tool before it`)
      if (open.get(String(id)) !== toolName) refuse(`$.chat.messages[${at}].toolName: ${id} was a call of ${open.get(String(id))}`)
      open.delete(String(id))
    } else closed()
  }
  closed()
}

const SAYING = ['system_message', 'user_message', 'assistant_message_text', 'assistant_message']

/** What the vendors behind the gateway want of a conversation, whichever version it came in. */
export function checkTurns(messages: readonly Json[], { id }: Profile): void {
  if (messages.every(message => message.type === 'system_message')) refuse('messages: at least one message is required')
  if (familyOf(id).vendor === 'anthropic') for (const message of messages) refuseBlank(message)
  const last = messages.at(-1)
  const prefill = last?.type === 'assistant_message_text' || (last?.type === 'assistant_message' && !isObject(last.functionCall))
  if (prefill && !takesPrefill(id)) {
    refuse('This model does not support assistant message prefill. The conversation must end with a user message.')
  }
}

function refuseBlank({ type, content, functionCall }: Json): void {
  if (!SAYING.includes(String(type)) || isObject(functionCall) || String(content).trim() !== '') return
  refuse(`${type === 'system_message' ? 'system' : 'messages'}: text content blocks must contain non-whitespace text`)
}
