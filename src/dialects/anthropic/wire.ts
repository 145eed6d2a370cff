import type { JsonObject } from '../../core/json.ts'

/** The API version this dialect is written for; the next one (2026-10-21) takes sampling parameters away (dialects.md §0.3). */
export const API_VERSION = '2023-06-01'

/** Top-level members of a Messages request that the internal model holds; every other one travels as an extension. */
export const REQUEST_FIELDS: ReadonlySet<string> = new Set([
  'model',
  'messages',
  'max_tokens',
  'system',
  'stream',
  'temperature',
  'top_p',
  'top_k',
  'stop_sequences',
  'tools',
  'tool_choice',
  'thinking',
  'output_config',
  'output_format',
  'metadata',
  'service_tier',
])

/** Members of a client-side tool with a schema that the internal model holds. */
export const TOOL_FIELDS: ReadonlySet<string> = new Set(['type', 'name', 'description', 'input_schema', 'strict', 'cache_control'])

/** A block of a request or answer: its `type` decides the rest. */
export interface Block extends JsonObject {
  type: string
}

/** One entry of a request's `messages`. */
export interface Turn extends JsonObject {
  role: 'user' | 'assistant' | 'system'
  content: Block[]
}

/**
 * Where one part stands for several blocks or for a block of another shape (a search result as text), the blocks it came from are kept under
 * this member of its extensions, and an encoder of this dialect writes them in its place.
 */
export const STANDS_FOR = 'stands_for'

/** Tools the client had not loaded yet (`defer_loading`) and no `tool_reference` named: kept apart, so that other vendors do not see them. */
export const DEFERRED_TOOLS = 'deferred_tools'

/** Whether the conversation ends with an answer that the model is to continue. */
export const isBegun = (messages: readonly Turn[]): boolean => messages.at(-1)?.role === 'assistant'

export const isBlock = (value: unknown): value is Block =>
  typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string'
