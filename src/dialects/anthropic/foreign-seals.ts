import { isObject, type JsonObject, type JsonValue } from '../../core/json.ts'
import { readSeal } from '../../ir/reasoning.ts'

/**
 * The messages of a request for Anthropic without thinking that is not Anthropic's: another vendor's seals, and blocks without one, which our own
 * answers gave to the client and the vendor refuses. Undefined where there is nothing to take out, so that the bytes stay.
 */
export function withoutForeignThinking(messages: JsonValue | undefined): JsonValue[] | undefined {
  if (!Array.isArray(messages) || !messages.some(holdsForeign)) return undefined
  return messages.flatMap(message => {
    if (!isObject(message) || !holdsForeign(message)) return [message]
    const content = (message.content as JsonValue[]).filter(block => !isForeign(block))
    return content.length > 0 ? [{ ...message, content }] : []
  })
}

const holdsForeign = (message: JsonValue): boolean =>
  isObject(message) && message.role === 'assistant' && Array.isArray(message.content) && message.content.some(isForeign)

function isForeign(block: JsonValue): boolean {
  const token = isObject(block) ? tokenOf(block) : undefined
  return token !== undefined && readSeal(token, 'anthropic')?.issuer !== 'anthropic'
}

/** What proves a thinking block, '' where nothing does; undefined of other blocks. */
function tokenOf(block: JsonObject): string | undefined {
  const token = block.type === 'thinking' ? block.signature : block.type === 'redacted_thinking' ? block.data : null
  if (token === null && block.type !== 'thinking') return undefined
  return typeof token === 'string' ? token : ''
}
