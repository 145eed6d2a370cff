import { invalidField } from '../../core/errors.ts'
import { isObject, type JsonObject, tryParseJson } from '../../core/json.ts'
import { partPath } from '../../ir/caller-paths.ts'
import type { CacheMark, ContentPart, PartBase, ReasoningPart, ToolCallPart, ToolResultPart } from '../../ir/message.ts'
import type { CodecContext } from '../dialect.ts'
import { encodeMedia } from './encode-media.ts'
import { type Block, isBlock, STANDS_FOR } from './wire.ts'

/** The blocks of one message's parts; `path` names the message's content in the caller's words. @throws GatewayError `invalid-request` */
export function encodeParts(parts: readonly ContentPart[], role: 'user' | 'assistant', path: string, context: CodecContext): Block[] {
  const blocks: Block[] = []
  for (const [index, part] of parts.entries()) {
    const encoded = encodePart(part, role, partPath(path, index), context)
    const before = blocks.at(-1)
    // A breakpoint stands behind what was left out as well as behind what comes before that; thinking takes none.
    if (encoded.length === 0 && part.cache && before && !before.cache_control && !/thinking$/.test(before.type)) {
      blocks[blocks.length - 1] = { ...before, cache_control: encodeCacheMark(part.cache, context) }
    }
    blocks.push(...encoded)
  }
  return blocks
}

function encodePart(part: ContentPart, role: 'user' | 'assistant', path: string, context: CodecContext): Block[] {
  const original = part.extensions?.anthropic?.[STANDS_FOR]
  if (Array.isArray(original)) return original.filter(isBlock)
  switch (part.type) {
    case 'text':
    case 'refusal':
      // "text content blocks must be non-empty"
      return part.text.trim() === '' ? [] : [finish({ type: 'text', text: part.text }, part, context)]
    case 'media':
      if (role === 'user') return [finish(encodeMedia(part, path), part, context)]
      context.note({ action: 'dropped', field: path, detail: 'media in an assistant message' })
      return []
    case 'reasoning':
      return encodeReasoning(part)
    case 'tool-call':
      return [finish(encodeToolCall(part, path, context), part, context)]
    case 'tool-result':
      return encodeToolResult(part, path, context)
    case 'opaque':
      if (part.origin === 'anthropic' && isBlock(part.value)) return [part.value]
      if (isObject(part.value) && isObject(part.value.audio)) {
        throw invalidField(path.replace(/content\.\d+$/, 'audio'), 'refers to a sound of another provider', 'unsupported_value')
      }
      context.note({ action: 'dropped', field: path, detail: `only ${part.origin} understands this part` })
      return []
  }
}

/** What Anthropic itself sent along with the part, and its cache mark. */
function finish(block: Block, part: PartBase, context: CodecContext): Block {
  const own = part.extensions?.anthropic
  const whole: Block = own ? { ...own, ...block } : block
  if (part.cache) whole.cache_control = encodeCacheMark(part.cache, context)
  return whole
}

/** `1h` and longer is an hour, anything shorter the default of five minutes (dialects.md §2.1). */
export function encodeCacheMark(mark: CacheMark, context: CodecContext): JsonObject {
  if (mark.ttl === '5m' || mark.ttl === '1h') return { type: 'ephemeral', ttl: mark.ttl }
  if (mark.ttl === undefined || mark.ttl === '30m') return { type: 'ephemeral' }
  const hours = /^\d+h$/.test(mark.ttl)
  context.note({ action: 'approximated', field: 'cache_control.ttl', detail: `${mark.ttl} is not offered` })
  return hours ? { type: 'ephemeral', ttl: '1h' } : { type: 'ephemeral' }
}

/** Only what Anthropic signed goes back to it: an unsigned or foreign thinking block is a 400 (dialects.md §2.6.3). */
function encodeReasoning(part: ReasoningPart): Block[] {
  if (part.seal?.issuer !== 'anthropic') return []
  if (part.redacted) return [{ type: 'redacted_thinking', data: part.seal.value }]
  return [{ type: 'thinking', thinking: part.text, signature: part.seal.value }]
}

function encodeToolCall(part: ToolCallPart, path: string, context: CodecContext): Block {
  const input = part.kind === 'custom' ? { input: part.arguments } : toolInput(part.arguments, path, context)
  return { type: 'tool_use', id: part.id, name: part.name, input }
}

/**
 * A call's arguments as the object that Anthropic wants. What is no object is kept under a name no tool has, so that it fails the tool's own
 * check instead of running it without arguments (dialects.md §3.3).
 */
export function toolInput(text: string, field: string, context: CodecContext): JsonObject {
  const trimmed = text.trim()
  if (trimmed === '' || trimmed === 'null') return {}
  const value = tryParseJson(trimmed)
  if (isObject(value)) return value
  context.note({ action: 'approximated', field, detail: 'tool arguments are no JSON object' })
  return { _invalid_json: text }
}

function encodeToolResult(part: ToolResultPart, path: string, context: CodecContext): Block[] {
  const content = encodeParts(part.content, 'user', path, context)
  const result: Block = { type: 'tool_result', tool_use_id: part.callId }
  // With is_error, Anthropic takes no media; pictures of a failed call follow right behind the result.
  const outside = part.isError ? content.filter(isMedia) : []
  const inside = part.isError ? content.filter(block => !isMedia(block)) : content
  const [first] = inside
  if (inside.length === 1 && first?.type === 'text' && Object.keys(first).length === 2) result.content = first.text
  else if (inside.length > 0) result.content = inside
  if (part.isError) result.is_error = true
  return [finish(result, part, context), ...outside]
}

const isMedia = (block: Block): boolean => block.type === 'image' || block.type === 'document'
