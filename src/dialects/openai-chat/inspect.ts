import { invalidField } from '../../core/errors.ts'
import {
  asObject,
  optionalArray,
  optionalBoolean,
  optionalNumber,
  optionalObject,
  requiredArray,
  requiredString,
} from '../../core/fields.ts'
import type { JsonObject, JsonValue } from '../../core/json.ts'
import type { RequestSummary } from '../dialect.ts'

/** The shape every request must have, checked at the top only: on a pass-through the upstream is the judge of the rest. */
export function inspectRequest(body: JsonObject): RequestSummary {
  const model = readModel(body)
  const messages = readMessages(body)
  const stream = optionalBoolean(body, 'stream') ?? false
  const includeUsage = readIncludeUsage(body)
  for (const key of ['max_tokens', 'max_completion_tokens', 'top_logprobs'] as const)
    optionalNumber(body, key, '', { integer: true, min: 0 })
  optionalNumber(body, 'n', '', { integer: true, min: 1 })
  optionalNumber(body, 'seed', '', { integer: true })
  for (const key of ['temperature', 'top_p', 'frequency_penalty', 'presence_penalty'] as const) optionalNumber(body, key)
  optionalArray(body, 'tools')
  optionalArray(body, 'functions')
  readStop(body)
  return { model, stream, includeUsage, messages: messages.filter(isTurn).length }
}

export function readModel(body: JsonObject): string {
  const model = requiredString(body, 'model')
  if (model.trim() === '') throw invalidField('model', 'must not be empty', 'invalid_value')
  return model
}

/** The messages, each an object with a role. */
export function readMessages(body: JsonObject): JsonObject[] {
  const messages = requiredArray(body, 'messages')
  if (messages.length === 0) throw invalidField('messages', 'must hold at least one message', 'empty_array')
  return messages.map((message, index) => {
    const path = `messages.${index}`
    const object = asObject(message, path)
    requiredString(object, 'role', path)
    return object
  })
}

export function readIncludeUsage(body: JsonObject): boolean {
  const options = optionalObject(body, 'stream_options')
  return (options && optionalBoolean(options, 'include_usage', 'stream_options')) ?? false
}

/** `stop` as a list without empty strings; undefined where none is left. */
export function readStop(body: JsonObject): string[] | undefined {
  const stop = body.stop
  if (stop === undefined || stop === null) return undefined
  const list: JsonValue[] | undefined = typeof stop === 'string' ? [stop] : Array.isArray(stop) ? stop : undefined
  if (!list) throw invalidField('stop', 'must be a string or an array of strings', 'invalid_type')
  const sequences = list.map((item, index) => {
    if (typeof item !== 'string') throw invalidField(`stop.${index}`, 'must be a string', 'invalid_type')
    return item
  })
  const filled = sequences.filter(sequence => sequence !== '')
  return filled.length > 0 ? filled : undefined
}

const isTurn = (message: JsonObject): boolean => message.role !== 'system' && message.role !== 'developer'
