import { invalidField } from '../../core/errors.ts'
import {
  asObject,
  at,
  optionalArray,
  optionalBoolean,
  optionalNumber,
  optionalObject,
  requiredArray,
  requiredString,
} from '../../core/fields.ts'
import type { JsonObject } from '../../core/json.ts'
import type { RequestSummary } from '../dialect.ts'

const ROLES = ['user', 'assistant', 'system']

/** What `/v1/messages` must have at the top; the depth is the upstream's to judge. @throws GatewayError `invalid-request` */
export function inspectRequest(body: JsonObject): RequestSummary {
  const summary = inspectCountTokens(body)
  if (optionalNumber(body, 'max_tokens', '', { min: 0, integer: true }) === undefined) {
    throw invalidField('max_tokens', 'is required', 'missing_required_parameter')
  }
  return summary
}

/** The same for `/v1/messages/count_tokens`, which takes no `max_tokens`. @throws GatewayError `invalid-request` */
export function inspectCountTokens(body: JsonObject): RequestSummary {
  const model = requiredString(body, 'model')
  if (model === '') throw invalidField('model', 'must not be empty', 'invalid_value')
  const messages = requiredArray(body, 'messages')
  if (messages.length === 0) throw invalidField('messages', 'must hold at least one message', 'invalid_value')
  for (const [index, message] of messages.entries()) inspectMessage(asObject(message, `messages.${index}`), `messages.${index}`)
  inspectText(body, 'system')
  optionalArray(body, 'tools')
  optionalArray(body, 'stop_sequences')
  for (const key of ['tool_choice', 'thinking', 'output_config', 'metadata']) optionalObject(body, key)
  optionalNumber(body, 'temperature')
  optionalNumber(body, 'top_p')
  optionalNumber(body, 'top_k')
  return { model, messages: messages.length, stream: optionalBoolean(body, 'stream') ?? false, includeUsage: true }
}

function inspectMessage(message: JsonObject, path: string): void {
  const role = requiredString(message, 'role', path)
  if (!ROLES.includes(role)) throw invalidField(at(path, 'role'), `must be one of ${ROLES.join(', ')}`, 'invalid_value')
  if (message.content === undefined || message.content === null) {
    throw invalidField(at(path, 'content'), 'is required', 'missing_required_parameter')
  }
  inspectText(message, 'content', path)
}

function inspectText(from: JsonObject, key: string, path = ''): void {
  const value = from[key]
  if (value === undefined || value === null || typeof value === 'string' || Array.isArray(value)) return
  throw invalidField(at(path, key), 'must be a string or an array of content blocks', 'invalid_type')
}
