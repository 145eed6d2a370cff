import { invalidField } from '../../core/errors.ts'
import {
  asObject,
  at,
  optionalArray,
  optionalBoolean,
  optionalNumber,
  optionalObject,
  optionalString,
  requiredArray,
  requiredString,
  unknownFields,
} from '../../core/fields.ts'
import { isObject, type JsonObject, type JsonValue } from '../../core/json.ts'
import type { ContentPart, Message } from '../../ir/message.ts'
import type { GenerateRequest } from '../../ir/request.ts'
import type { CodecContext } from '../dialect.ts'
import { decodeContent } from './decode-content.ts'
import { decodeEffort, decodeOutputConfig, decodeThinking } from './decode-settings.ts'
import { decodeToolChoice, decodeTools } from './decode-tools.ts'
import { partBase } from './part-base.ts'
import { addedNames, changedTools, isToolChange } from './tool-changes.ts'
import { DEFERRED_TOOLS, REQUEST_FIELDS } from './wire.ts'

const MESSAGE_FIELDS = new Set(['role', 'content'])
const TEXT_FIELDS = new Set(['type', 'text', 'cache_control'])

/** A Messages request in the internal model; what that has no member for travels as an extension. @throws GatewayError `invalid-request` */
export function decodeRequest(body: JsonObject, context: CodecContext): GenerateRequest {
  const request: GenerateRequest = {
    origin: 'anthropic',
    model: requiredString(body, 'model'),
    messages: [],
    stream: optionalBoolean(body, 'stream') ?? false,
    includeUsage: true,
  }
  const extensions: JsonObject = unknownFields(body, REQUEST_FIELDS) ?? {}
  decodeSampling(body, request)
  decodeThinking(body, request, extensions)
  decodeOutputConfig(body, request, extensions)
  decodeMetadata(body, request, extensions)
  decodeMessages(body, request, context)
  decodeToolFields(body, request, extensions)
  if (Object.keys(extensions).length > 0) request.extensions = { anthropic: extensions }
  return request
}

function decodeSampling(body: JsonObject, request: GenerateRequest): void {
  const fields = {
    maxOutputTokens: optionalNumber(body, 'max_tokens', '', { min: 0, integer: true }),
    temperature: optionalNumber(body, 'temperature', '', { min: 0 }),
    topP: optionalNumber(body, 'top_p', '', { min: 0 }),
    topK: optionalNumber(body, 'top_k', '', { min: 0, integer: true }),
  }
  for (const [key, value] of Object.entries(fields)) if (value !== undefined) request[key as keyof typeof fields] = value
  const stops = optionalArray(body, 'stop_sequences')
  if (stops) {
    request.stopSequences = stops.map((stop, index) => {
      if (typeof stop !== 'string') throw invalidField(at('stop_sequences', index), 'must be a string', 'invalid_type')
      return stop
    })
  }
}

function decodeMetadata(body: JsonObject, request: GenerateRequest, extensions: JsonObject): void {
  const metadata = optionalObject(body, 'metadata')
  if (metadata) {
    const user = optionalString(metadata, 'user_id', 'metadata')
    if (user !== undefined) request.endUser = user
    const rest = unknownFields(metadata, new Set(['user_id']))
    if (rest) extensions.metadata = rest
  }
  const tier = optionalString(body, 'service_tier')
  // `standard_only` is what OpenAI calls `default` (dialects.md §2.2); the internal model uses the words that two vendors share.
  if (tier !== undefined) request.serviceTier = tier === 'standard_only' ? 'default' : tier
}

function decodeToolFields(body: JsonObject, request: GenerateRequest, extensions: JsonObject): void {
  const { tools: declared, deferred } = decodeTools(optionalArray(body, 'tools') ?? [], loadedTools(body))
  const tools = changedTools(declared, body.messages)
  if (tools.length > 0) request.tools = tools
  if (deferred.length > 0) extensions[DEFERRED_TOOLS] = deferred
  const choice = optionalObject(body, 'tool_choice')
  if (choice) Object.assign(request, decodeToolChoice(choice))
}

/** Names of deferred tools that are in use: referenced by a tool's result, added later, or called. */
function loadedTools(body: JsonObject): Set<string> {
  const names = new Set<string>(addedNames(body.messages))
  const visit = (content: JsonValue | undefined): void => {
    for (const block of Array.isArray(content) ? content : []) {
      if (!isObject(block)) continue
      const name = block.type === 'tool_use' ? block.name : block.type === 'tool_reference' ? block.tool_name : undefined
      if (typeof name === 'string') names.add(name)
      if (block.type === 'tool_result' || block.type === 'tool_search_tool_result') visit(resultItems(block.content))
    }
  }
  for (const message of Array.isArray(body.messages) ? body.messages : []) if (isObject(message)) visit(message.content)
  return names
}

const resultItems = (content: JsonValue | undefined): JsonValue | undefined => (isObject(content) ? content.tool_references : content)

function decodeMessages(body: JsonObject, request: GenerateRequest, context: CodecContext): void {
  const system = decodeSystem(body.system, 'system')
  if (system.length > 0) request.messages.push({ role: 'system', content: system })
  for (const [index, value] of requiredArray(body, 'messages').entries()) {
    const path = at('messages', index)
    const message = asObject(value, path)
    const role = requiredString(message, 'role', path)
    const rest = unknownFields(message, MESSAGE_FIELDS)
    const extensions = rest && { extensions: { anthropic: rest } }
    if (role === 'system') {
      decodeEffort(message, path, request)
      const content = decodeSystem(message.content, at(path, 'content'))
      if (content.length > 0) request.messages.push({ role, content, ...extensions })
    } else if (role === 'user') {
      request.messages.push(...userMessages(decodeContent(message.content, role, at(path, 'content'), context), extensions))
    } else if (role === 'assistant') {
      const content = decodeContent(message.content, role, at(path, 'content'), context)
      if (content.length > 0) request.messages.push({ role, content, ...extensions })
    } else {
      throw invalidField(at(path, 'role'), 'must be one of user, assistant, system', 'invalid_value')
    }
  }
}

/** Tool results stand in a message of their own, before the rest of what the user said. */
function userMessages(parts: ContentPart[], extensions: Pick<Message, 'extensions'> | undefined): Message[] {
  const results = parts.filter(part => part.type === 'tool-result')
  const rest = parts.filter(part => part.type !== 'tool-result')
  const messages: Message[] = []
  if (results.length > 0) messages.push({ role: 'tool', content: results, ...(rest.length === 0 && extensions) })
  if (rest.length > 0) messages.push({ role: 'user', content: rest, ...extensions })
  return messages
}

function decodeSystem(value: JsonValue | undefined, path: string): ContentPart[] {
  if (value === undefined || value === null || value === '') return []
  if (typeof value === 'string') return [{ type: 'text', text: value }]
  if (!Array.isArray(value)) throw invalidField(path, 'must be a string or an array of text blocks', 'invalid_type')
  return value.flatMap((item, index): ContentPart[] => {
    const block = asObject(item, at(path, index))
    const type = requiredString(block, 'type', at(path, index))
    if (isToolChange(block)) return []
    if (type !== 'text') return [{ type: 'opaque', origin: 'anthropic', value: block }]
    return [{ type: 'text', text: requiredString(block, 'text', at(path, index)), ...partBase(block, TEXT_FIELDS, at(path, index)) }]
  })
}
