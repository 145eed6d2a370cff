import { isObject, type JsonObject, type JsonValue } from '../../core/json.ts'
import type { UpstreamTraits } from '../dialect.ts'
import { wireCallId } from './tool-call-ids.ts'
import { NO_REASONING } from './wire.ts'

/** Seals of other vendors that a client of ours carries (see `ir/reasoning.ts`); an upstream of this dialect must not see them. */
const CARRIED = 'gw1.'

/** A client's messages as the server takes them; the same list where there is nothing to change. */
export function fittedMessages(messages: JsonValue | undefined, traits: UpstreamTraits): JsonValue | undefined {
  if (!Array.isArray(messages)) return messages
  const fitted = messages.map(message => fittedMessage(message, traits))
  return fitted.some((message, index) => message !== messages[index]) ? fitted : messages
}

function fittedMessage(message: JsonValue, traits: UpstreamTraits): JsonValue {
  if (!isObject(message)) return message
  const field = traits.reasoningField ?? 'reasoning_content'
  let result = withoutSeals(message, traits.replaysReasoning === true)
  if (message.role === 'developer' && traits.developerRole === false) result = { ...result, role: 'system' }
  // What OpenAI's own answers have beside their content, and clients bring back.
  if (traits.strictMessages) result = without(result, ['annotations', ...(result.refusal === null ? ['refusal'] : [])])
  if (traits.nullContent === false && message.role === 'assistant' && message.content === null) result = { ...result, content: '' }
  if (traits.replaysReasoning === false) result = without(result, ['reasoning_content', 'reasoning', 'reasoning_details'])
  else if (traits.reasoningField === 'reasoning' && typeof result.reasoning_content === 'string') {
    const { reasoning_content: text, ...rest } = result
    result = { reasoning: text, ...rest }
  }
  if (traits.requiresReasoning && Array.isArray(message.tool_calls) && !result[field]) result = { ...result, [field]: NO_REASONING }
  return traits.toolCallIds ? withFittedIds(result, traits) : result
}

/** The object without these members; the same one where it has none. */
const without = (message: JsonObject, members: readonly string[]): JsonObject =>
  members.some(name => message[name] !== undefined)
    ? Object.fromEntries(Object.entries(message).filter(([name]) => !members.includes(name)))
    : message

/** Ids that another vendor gave are of another form. */
function withFittedIds(message: JsonObject, { toolCallIds }: UpstreamTraits): JsonObject {
  const { tool_call_id: answered, tool_calls: calls } = message
  let result = message
  if (typeof answered === 'string') {
    const id = wireCallId(answered, toolCallIds)
    if (id !== answered) result = { ...result, tool_call_id: id }
  }
  if (Array.isArray(calls)) {
    const fitted = calls.map(call => {
      const id = isObject(call) && typeof call.id === 'string' ? wireCallId(call.id, toolCallIds) : undefined
      return isObject(call) && id !== undefined && id !== call.id ? { ...call, id } : call
    })
    if (fitted.some((call, index) => call !== calls[index])) result = { ...result, tool_calls: fitted }
  }
  return result
}

/**
 * The message without carried seals; the same object where it has none. The text that a foreign seal belongs to goes too, unless the server `replays` reasoning:
 * others refuse the member, and we put it there.
 */
function withoutSeals(message: JsonObject, replays: boolean): JsonObject {
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
    result = { ...result, tool_calls: calls.map(call => (isObject(call) ? withoutSeals(call, replays) : call)) }
  }
  return result
}

/** Whether a detail or an `extra_content` holds a seal in the carried form. */
function isCarrier(value: JsonValue | undefined): boolean {
  if (!isObject(value)) return false
  const google = isObject(value.google) ? value.google : {}
  return [value.signature, value.data, google.thought_signature].some(seal => typeof seal === 'string' && seal.startsWith(CARRIED))
}
