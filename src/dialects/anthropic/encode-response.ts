import { isObject, type JsonObject, type JsonValue } from '../../core/json.ts'
import type { ContentPart, TextPart, ToolCallPart } from '../../ir/message.ts'
import { carrySeal } from '../../ir/reasoning.ts'
import type { GenerateRequest } from '../../ir/request.ts'
import type { GenerateResponse } from '../../ir/response.ts'
import type { CodecContext } from '../dialect.ts'
import { toolInput } from './encode-content.ts'
import { countCall, encodeFinish } from './finish.ts'
import { isLegalToolId, legalToolId } from './tool-ids.ts'
import { encodeUsage } from './usage.ts'
import { type Block, isBlock } from './wire.ts'

/** A whole answer as a Messages client reads it (dialects.md §3). More than one choice cannot be asked for in this dialect. */
export function encodeResponse(response: GenerateResponse, request: GenerateRequest, context: CodecContext): JsonObject {
  const [choice] = response.choices
  const parts = choice?.content ?? []
  const content = parts.flatMap(part => encodeAnswerPart(part, context))
  const calls = { any: false, direct: false }
  for (const block of content) countCall(calls, block)
  const own = response.extensions?.anthropic
  return {
    ...messageHead(response.id, request, context),
    content,
    container: null,
    diagnostics: null,
    ...encodeFinish(choice?.finish ?? { reason: 'stop' }, calls),
    ...own,
    usage: encodeUsage(response.usage),
  }
}

/** The members that name an answer. Its model is the one that the client asked for. */
export function messageHead(id: string | undefined, request: GenerateRequest, context: CodecContext): JsonObject {
  const own = id?.startsWith('msg_') ? id : context.newId('msg_')
  return { id: own, type: 'message', role: 'assistant', model: request.model }
}

function encodeAnswerPart(part: ContentPart, context: CodecContext): Block[] {
  switch (part.type) {
    case 'text':
      return part.text === '' && !part.seal ? [] : [...textBlocks(part, context), ...carrier(part)]
    case 'refusal':
      return part.text === '' ? [] : [{ type: 'text', text: part.text }]
    case 'reasoning': {
      const token = part.seal === undefined ? '' : sealText(part.seal)
      if (!part.redacted) return [{ type: 'thinking', thinking: part.text, signature: token }]
      return token === '' ? [] : [{ type: 'redacted_thinking', data: token }]
    }
    case 'tool-call':
      return [encodeCall(part, context), ...carrier(part)]
    case 'opaque':
      if (part.origin === 'anthropic' && isBlock(part.value)) return [part.value]
      break
    default:
  }
  context.note({ action: 'dropped', field: 'content', detail: `an answer here cannot hold this ${part.type} part` })
  return []
}

function textBlocks(part: TextPart, context: CodecContext): Block[] {
  if (part.text === '') return []
  const citations = (part.annotations ?? []).filter(annotation => annotation.origin === 'anthropic').map(annotation => annotation.raw)
  if (citations.length < (part.annotations?.length ?? 0)) noteLostCitations(context)
  return [citations.length > 0 ? { type: 'text', text: part.text, citations } : { type: 'text', text: part.text }]
}

export const noteLostCitations = (context: CodecContext): void =>
  context.note({ action: 'dropped', field: 'citations', detail: 'citations of another vendor' })

/** A seal on a call or text has no place in this dialect; an empty thinking block behind it carries it for the client. */
function carrier(part: TextPart | ToolCallPart): Block[] {
  return part.seal === undefined ? [] : [{ type: 'thinking', thinking: '', signature: sealText(part.seal) }]
}

/** Anthropic's own seals go out as they are, others wrapped, so that they can come back. */
export const sealText = (seal: NonNullable<ContentPart['seal']>): string => (seal.issuer === 'anthropic' ? seal.value : carrySeal(seal))

function encodeCall(part: ToolCallPart, context: CodecContext): Block {
  const input: JsonValue =
    part.kind === 'custom' ? { input: part.arguments } : toolInput(part.arguments, `tool_use.${part.name}.input`, context)
  return { ...ownCallMembers(part), type: 'tool_use', id: clientToolId(part.id, context), name: part.name, input }
}

/** `caller` and the like, as Anthropic sent them. */
export function ownCallMembers(part: Pick<ToolCallPart, 'extensions'>): JsonObject {
  const own = part.extensions?.anthropic
  return isObject(own) ? own : {}
}

/** An id that clients of this dialect take; a changed one is noted. */
export function clientToolId(id: string, context: CodecContext): string {
  if (id === '') return context.newId('toolu_')
  if (isLegalToolId(id)) return id
  context.note({ action: 'approximated', field: 'tool_use.id', detail: 'characters that this dialect does not allow' })
  return legalToolId(id)
}
