import { unknownFields } from '../../core/fields.ts'
import { isObject, type JsonObject, type JsonValue } from '../../core/json.ts'
import type { DialectId } from '../../ir/dialect-id.ts'
import type { ReasoningPart, Sealed } from '../../ir/message.ts'
import { carrySeal, readSeal } from '../../ir/reasoning.ts'
import { DIALECT, ownExtensions } from './wire.ts'

/** Who made a seal, by OpenRouter's names for the formats of `reasoning_details`. */
const ISSUER_OF_FORMAT: Record<string, DialectId> = {
  'anthropic-claude-v1': 'anthropic',
  'openai-responses-v1': 'openai-responses',
  'google-gemini-v1': 'gemini',
}

const DETAIL_MEMBERS = new Set(['type', 'text', 'summary', 'data', 'signature', 'index'])

const stringAt = (object: JsonObject, key: string): string => {
  const value = object[key]
  return typeof value === 'string' ? value : ''
}

/** The seal of one entry of `reasoning_details`: a signature, or the encrypted text itself. */
export function sealOfDetail(detail: JsonObject): Sealed | undefined {
  const carrier = ISSUER_OF_FORMAT[stringAt(detail, 'format')] ?? DIALECT
  return readSeal(stringAt(detail, detail.type === 'reasoning.encrypted' ? 'data' : 'signature'), carrier)
}

export const textOfDetail = (detail: JsonObject): string => stringAt(detail, 'text') || stringAt(detail, 'summary')

/** What a message says of the model's reasoning, by whichever of the vendors' members carries the most (dialects.md §2.6.3). */
export function readReasoning(message: JsonObject): ReasoningPart[] {
  const plain = stringAt(message, 'reasoning_content') || stringAt(message, 'reasoning')
  const carried = partsOfDetails(message.reasoning_details) ?? partsOfBlocks(message.thinking_blocks)
  if (!carried) return plain === '' ? [] : [{ type: 'reasoning', text: plain }]
  if (plain === '' || carried.some(part => part.text !== '')) return carried
  const open = carried.find(part => !part.redacted)
  if (!open) return [{ type: 'reasoning', text: plain }, ...carried]
  open.text = plain
  return carried
}

/** OpenRouter's details. Streamed ones come in pieces; a signature ends its entry. */
function partsOfDetails(value: JsonValue | undefined): ReasoningPart[] | undefined {
  if (!Array.isArray(value)) return undefined
  const parts: ReasoningPart[] = []
  let growing: { part: ReasoningPart; index: JsonValue | undefined } | undefined
  for (const detail of value) {
    if (!isObject(detail)) continue
    const redacted = detail.type === 'reasoning.encrypted'
    const seal = sealOfDetail(detail)
    const text = textOfDetail(detail)
    if (growing && !redacted && !growing.part.seal && growing.index === detail.index) {
      growing.part.text += text
      growing.part.seal = seal
      continue
    }
    if (text === '' && !seal) continue
    const part: ReasoningPart = { type: 'reasoning', text, seal, extensions: ownExtensions(unknownFields(detail, DETAIL_MEMBERS)) }
    if (redacted) part.redacted = true
    else growing = { part, index: detail.index }
    parts.push(part)
  }
  return parts.length > 0 ? parts : undefined
}

/** LiteLLM's `thinking_blocks`: Anthropic's blocks as they are. */
function partsOfBlocks(value: JsonValue | undefined): ReasoningPart[] | undefined {
  if (!Array.isArray(value)) return undefined
  const parts = value.filter(isObject).map((block): ReasoningPart => {
    const redacted = block.type === 'redacted_thinking'
    const seal = readSeal(stringAt(block, redacted ? 'data' : 'signature'), 'anthropic')
    return redacted ? { type: 'reasoning', text: '', redacted, seal } : { type: 'reasoning', text: stringAt(block, 'thinking'), seal }
  })
  return parts.length > 0 ? parts : undefined
}

/**
 * A sealed part as an entry of `reasoning_details`, so that a client that keeps the member brings the seal back. Our own upstream's seal goes as
 * it came, any other in the form that says whose it is.
 */
export function detailOf(part: ReasoningPart, seal: Sealed, index: number): JsonObject {
  const value = seal.issuer === DIALECT ? seal.value : carrySeal(seal)
  const own = part.extensions?.[DIALECT]
  return part.redacted
    ? { type: 'reasoning.encrypted', data: value, format: 'unknown', ...own, index }
    : { type: 'reasoning.text', text: part.text, signature: value, format: 'unknown', ...own, index }
}

/** A part that goes back to whoever sealed it by way of a router, in the form that says whose it is. */
export function issuersDetail(part: ReasoningPart, { issuer, value }: Sealed, index: number): JsonObject {
  const format = Object.keys(ISSUER_OF_FORMAT).find(name => ISSUER_OF_FORMAT[name] === issuer) ?? 'unknown'
  return part.redacted
    ? { type: 'reasoning.encrypted', data: value, format, index }
    : { type: 'reasoning.text', text: part.text, signature: value, format, index }
}

/** Google's place for a signature on a tool call or message: `extra_content.google.thought_signature`. */
export function readGoogleSeal(wire: JsonObject): Sealed | undefined {
  const google = isObject(wire.extra_content) ? wire.extra_content.google : undefined
  return isObject(google) ? readSeal(stringAt(google, 'thought_signature'), 'gemini') : undefined
}

export const googleSeal = (seal: Sealed): JsonObject => ({
  google: { thought_signature: seal.issuer === 'gemini' ? seal.value : carrySeal(seal) },
})
