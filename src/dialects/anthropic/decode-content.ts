import { invalidField } from '../../core/errors.ts'
import { asObject, at, optionalBoolean, optionalString, requiredString } from '../../core/fields.ts'
import { isObject, type JsonObject, type JsonValue } from '../../core/json.ts'
import type { ContentPart, ToolResultPart } from '../../ir/message.ts'
import { readSeal } from '../../ir/reasoning.ts'
import type { CodecContext } from '../dialect.ts'
import { decodeDocument, decodeImage } from './decode-media.ts'
import { cacheMark, partBase } from './part-base.ts'
import { STANDS_FOR } from './wire.ts'

const TEXT_FIELDS = new Set(['type', 'text', 'cache_control'])
const TOOL_USE_FIELDS = new Set(['type', 'id', 'name', 'input', 'cache_control'])
const TOOL_RESULT_FIELDS = new Set(['type', 'tool_use_id', 'content', 'is_error', 'cache_control'])

/** A string or blocks as parts; `path` is the content's own. @throws GatewayError `invalid-request` */
export function decodeContent(
  content: JsonValue | undefined,
  role: 'user' | 'assistant',
  path: string,
  context: CodecContext,
): ContentPart[] {
  if (typeof content === 'string') return [{ type: 'text', text: content }]
  if (!Array.isArray(content)) throw invalidField(path, 'must be a string or an array of content blocks', 'invalid_type')
  const parts: ContentPart[] = []
  for (const [index, value] of content.entries()) {
    const block = asObject(value, at(path, index))
    for (const part of decodeBlock(block, role, at(path, index), context)) {
      if (!attachCarriedSeal(parts, part)) parts.push(part)
    }
  }
  return parts
}

/**
 * A thinking block without text that carries another vendor's seal is how our encoders hang a seal on the part before it; it goes back
 * where it belongs.
 */
function attachCarriedSeal(parts: ContentPart[], part: ContentPart): boolean {
  if (part.type !== 'reasoning' || part.redacted || part.text !== '' || !part.seal || part.seal.issuer === 'anthropic') return false
  const sealed = parts.at(-1)
  if ((sealed?.type !== 'tool-call' && sealed?.type !== 'text') || sealed.seal) return false
  sealed.seal = part.seal
  return true
}

function decodeBlock(block: JsonObject, role: 'user' | 'assistant', path: string, context: CodecContext): ContentPart[] {
  const type = requiredString(block, 'type', path)
  switch (type) {
    case 'text':
      return [{ type: 'text', text: requiredString(block, 'text', path), ...partBase(textBlock(block), TEXT_FIELDS, path) }]
    case 'image':
      return [decodeImage(block, path)]
    case 'document':
      return decodeDocument(block, path, context)
    case 'search_result':
      return [decodeSearchResult(block, path)]
    case 'thinking':
    case 'redacted_thinking':
      allow(role === 'assistant', type, role, path)
      return [decodeThinking(block, type, path)]
    case 'tool_use':
      allow(role === 'assistant', type, role, path)
      return [decodeToolUse(block, path)]
    case 'tool_result':
      allow(role === 'user', type, role, path)
      return [decodeToolResult(block, path, context)]
    default:
      return [{ type: 'opaque', origin: 'anthropic', value: block }]
  }
}

/** `citations: null` is what clients echo of a text without any. */
function textBlock(block: JsonObject): JsonObject {
  return block.citations === null ? { ...block, citations: undefined } : block
}

function allow(condition: boolean, type: string, role: string, path: string): void {
  if (!condition) throw invalidField(at(path, 'type'), `${type} blocks do not belong in ${role} messages`, 'invalid_value')
}

function decodeThinking(block: JsonObject, type: 'thinking' | 'redacted_thinking', path: string): ContentPart {
  if (type === 'redacted_thinking') {
    return { type: 'reasoning', text: '', redacted: true, seal: readSeal(requiredString(block, 'data', path), 'anthropic') }
  }
  const seal = readSeal(optionalString(block, 'signature', path) ?? '', 'anthropic')
  const part: ContentPart = { type: 'reasoning', text: requiredString(block, 'thinking', path) }
  if (seal) part.seal = seal
  return part
}

function decodeToolUse(block: JsonObject, path: string): ContentPart {
  const { input } = block
  return {
    type: 'tool-call',
    id: requiredString(block, 'id', path),
    name: requiredString(block, 'name', path),
    arguments: input === undefined || input === null ? '' : JSON.stringify(input),
    ...partBase(block, TOOL_USE_FIELDS, path),
  }
}

function decodeToolResult(block: JsonObject, path: string, context: CodecContext): ToolResultPart {
  const { content } = block
  return {
    type: 'tool-result',
    callId: requiredString(block, 'tool_use_id', path),
    content: content === undefined || content === null ? [] : decodeResultContent(content, at(path, 'content'), context),
    isError: optionalBoolean(block, 'is_error', path) ?? false,
    ...partBase(block, TOOL_RESULT_FIELDS, path),
  }
}

function decodeResultContent(content: JsonValue, path: string, context: CodecContext): ContentPart[] {
  if (!Array.isArray(content)) return decodeContent(content, 'user', path, context)
  const parts: ContentPart[] = []
  const references: JsonObject[] = []
  for (const [index, value] of content.entries()) {
    const block = asObject(value, at(path, index))
    if (block.type === 'tool_reference') references.push(block)
    else if (block.type === 'browser_state') parts.push(standIn(JSON.stringify(block), [block]))
    else parts.push(...decodeBlock(block, 'user', at(path, index), context))
  }
  if (references.length > 0) {
    const names = references.map((reference, index) => requiredString(reference, 'tool_name', at(path, index)))
    parts.push(standIn(`Tools now available: ${names.join(', ')}`, references))
  }
  return parts
}

function decodeSearchResult(block: JsonObject, path: string): ContentPart {
  const content = Array.isArray(block.content) ? block.content : []
  const text = content.map(item => (isObject(item) && typeof item.text === 'string' ? item.text : '')).join('\n')
  const lines = [requiredString(block, 'title', path), requiredString(block, 'source', path), text]
  const cache = cacheMark(block, path)
  return { ...standIn(lines.join('\n'), [block]), ...(cache && { cache }) }
}

/** Text for vendors that lack these blocks, with the blocks themselves for the one that has them. */
const standIn = (text: string, blocks: JsonObject[]): ContentPart => ({
  type: 'text',
  text,
  extensions: { anthropic: { [STANDS_FOR]: blocks } },
})
