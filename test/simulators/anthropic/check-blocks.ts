import { isObject, type Json, objectsOf } from '../../checkers/json.ts'
import { checkDocument, checkImage } from './check-media.ts'
import { type CheckContext, SAMPLING_FREE_VERSION } from './context.ts'
import { checkString, onlyKnown, refuse, required } from './refuse.ts'

const FIELDS: Record<string, readonly string[]> = {
  text: ['type', 'text', 'cache_control', 'citations'],
  image: ['type', 'source', 'cache_control', 'transformations'],
  document: ['type', 'source', 'cache_control', 'citations', 'context', 'title'],
  search_result: ['type', 'source', 'title', 'content', 'cache_control', 'citations'],
  thinking: ['type', 'thinking', 'signature'],
  redacted_thinking: ['type', 'data'],
  tool_use: ['type', 'id', 'name', 'input', 'cache_control', 'caller', 'toolset_name'],
  tool_result: ['type', 'tool_use_id', 'content', 'is_error', 'cache_control', 'toolset_name'],
  tool_reference: ['type', 'tool_name', 'cache_control'],
}

const BY_ROLE: Record<string, readonly string[]> = {
  user: ['text', 'image', 'document', 'search_result', 'tool_result', 'container_upload'],
  assistant: ['text', 'thinking', 'redacted_thinking', 'tool_use', 'document'],
  system: ['text'],
  tool_result: ['text', 'image', 'document', 'search_result', 'tool_reference', 'browser_state'],
}

/** Blocks of the vendor's own tools: kept as they came. */
const VENDOR_BLOCK = /^(server_tool_use|mcp_tool_use|.+_tool_result|compaction|fallback)$/
const TOOL_ID = /^[a-zA-Z0-9_-]+$/

/** One content block of a turn (or, with role `tool_result`, of a tool's result). */
export function checkBlock(path: string, block: unknown, role: string, context: CheckContext): void {
  if (!isObject(block)) return refuse(`${path}: Input should be an object`)
  const { type } = block
  if (type === undefined) required(`${path}.type`)
  if (typeof type !== 'string') return refuse(`${path}.type: Input should be a valid string`)
  if (role !== 'user' && VENDOR_BLOCK.test(type) && type !== 'tool_result') return
  if (!BY_ROLE[role]?.includes(type)) {
    refuse(`${path}: Input tag '${type}' found using 'type' does not match any of the expected tags for ${role} content`)
  }
  const at = `${path}.${type}`
  if (FIELDS[type]) onlyKnown(at, block, FIELDS[type])
  if (type === 'text') checkText(at, block, role, context)
  else if (type === 'search_result') for (const item of objectsOf(block.content)) checkText(`${at}.content`, item, 'user', context)
  else if (type === 'image') checkImage(at, block.source)
  else if (type === 'document') {
    if (role === 'assistant' && context.version === SAMPLING_FREE_VERSION)
      refuse(`${path}: document blocks are not permitted in assistant messages`)
    checkDocument(at, block)
  } else if (type === 'thinking') checkThinkingBlock(at, block, context)
  else if (type === 'redacted_thinking') {
    checkString(`${at}.data`, block.data)
    if (!context.seals.issued(block.data)) refuse(`${path}: Invalid \`data\` in \`redacted_thinking\` block`)
  } else if (type === 'tool_use') checkToolUse(at, block)
  else if (type === 'tool_result') checkToolResult(at, block, context)
}

function checkText(at: string, block: Json, role: string, { version }: CheckContext): void {
  checkString(`${at}.text`, block.text)
  if (block.text === '') refuse('messages: text content blocks must be non-empty')
  if (block.text.trim() === '') refuse('messages: text content blocks must contain non-whitespace text')
  const cited = Array.isArray(block.citations) && block.citations.length > 0
  if (cited && role === 'user' && version === SAMPLING_FREE_VERSION) refuse(`${at}.citations: citations are not permitted in user messages`)
}

function checkThinkingBlock(at: string, block: Json, { seals }: CheckContext): void {
  checkString(`${at}.thinking`, block.thinking)
  checkString(`${at}.signature`, block.signature)
  if (!seals.verifies(block.thinking, block.signature))
    refuse(`${at.replace(/\.thinking$/, '')}: Invalid \`signature\` in \`thinking\` block`)
}

function checkToolUse(at: string, block: Json): void {
  checkString(`${at}.id`, block.id)
  if (!TOOL_ID.test(block.id)) refuse(`${at}.id: String should match pattern '${TOOL_ID.source}'`)
  checkString(`${at}.name`, block.name)
  if (block.input === undefined) required(`${at}.input`)
  if (!isObject(block.input)) refuse(`${at}.input: Input should be a valid dictionary`)
}

function checkToolResult(at: string, block: Json, context: CheckContext): void {
  checkString(`${at}.tool_use_id`, block.tool_use_id)
  if (!TOOL_ID.test(block.tool_use_id)) refuse(`${at}.tool_use_id: String should match pattern '${TOOL_ID.source}'`)
  if (block.is_error !== undefined && typeof block.is_error !== 'boolean') refuse(`${at}.is_error: Input should be a valid boolean`)
  if (block.content === undefined || typeof block.content === 'string') return
  if (!Array.isArray(block.content)) return refuse(`${at}.content: Input should be a valid list`)
  for (const [index, part] of block.content.entries()) checkBlock(`${at}.content.${index}`, part, 'tool_result', context)
}
