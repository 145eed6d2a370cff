import { isObject, type JsonObject, type JsonValue } from '../../core/json.ts'
import type { EncodeOptions } from '../dialect.ts'

/** Seals of other vendors that a client of ours carries (see `ir/reasoning.ts`); an upstream of this dialect must not see them. */
const CARRIED = 'gw1.'

/** What changes in a request that goes through: usage is asked for where the client did not, and seals that are not the upstream's are taken out. */
export function passThroughChanges(body: JsonObject, options: EncodeOptions): { changes: Map<string, string>; stripUsage: boolean } {
  const changes = new Map<string, string>()
  const asked = isObject(body.stream_options) ? body.stream_options : undefined
  const stripUsage = body.stream === true && asked?.include_usage !== true && options.traits.streamOptions !== false
  if (stripUsage) changes.set('stream_options', JSON.stringify({ ...asked, include_usage: true }))
  const replays = options.traits.replaysReasoning === true
  const messages = Array.isArray(body.messages) ? body.messages.map(message => withoutSeals(message, replays)) : []
  if (Array.isArray(body.messages) && messages.some((message, index) => message !== (body.messages as JsonValue[])[index])) {
    changes.set('messages', JSON.stringify(messages))
  }
  return { changes, stripUsage }
}

/**
 * The message without carried seals; the same object where it has none. The text that a foreign seal belongs to goes too, unless the server `replays` reasoning:
 * others refuse the member, and we put it there.
 */
function withoutSeals(message: JsonValue, replays: boolean): JsonValue {
  if (!isObject(message)) return message
  let result = message
  const details = message.reasoning_details
  if (Array.isArray(details) && details.some(isCarrier)) {
    const { reasoning_details: _, reasoning_content: text, ...others } = result
    const rest = replays && text !== undefined ? { ...others, reasoning_content: text } : others
    const kept = details.filter(detail => !isCarrier(detail))
    result = kept.length > 0 ? { ...rest, reasoning_details: kept } : rest
  }
  if (isCarrier(message.extra_content)) {
    const { extra_content: _, ...rest } = result
    result = rest
  }
  const calls = message.tool_calls
  if (Array.isArray(calls) && calls.some(call => isObject(call) && isCarrier(call.extra_content))) {
    result = { ...result, tool_calls: calls.map(call => withoutSeals(call, replays)) }
  }
  return result
}

/** Whether a detail or an `extra_content` holds a seal in the carried form. */
function isCarrier(value: JsonValue | undefined): boolean {
  if (!isObject(value)) return false
  const google = isObject(value.google) ? value.google : {}
  return [value.signature, value.data, google.thought_signature].some(seal => typeof seal === 'string' && seal.startsWith(CARRIED))
}
