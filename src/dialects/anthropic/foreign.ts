import { invalidField } from '../../core/errors.ts'
import { isObject, type JsonObject, type JsonValue } from '../../core/json.ts'
import type { DialectId } from '../../ir/dialect-id.ts'
import type { Message } from '../../ir/message.ts'
import type { GenerateRequest } from '../../ir/request.ts'
import type { CodecContext } from '../dialect.ts'
import { decodeThinking } from './decode-settings.ts'

/** OpenAI's storage and cache hints: they have no effect on an answer (dialects.md §2.1). */
const NO_EFFECT = new Set([
  'metadata',
  'prompt_cache_key',
  'prompt_cache_retention',
  'prompt_cache_options',
  'stream_options',
  'include',
  'truncation',
])

/** Of an earlier answer, and only its maker's business when it comes back: citations, unsigned reasoning. */
const NO_EFFECT_IN_MESSAGES = new Set(['refusal', 'annotations', 'reasoning', 'reasoning_content', 'reasoning_details', 'thinking_blocks'])

/** Members that ask for something by merely being there, empty or not. */
const REFUSED: Record<string, string> = {
  audio: 'audio output is not available with this model',
  web_search_options: 'web search is not available with this model',
}

/** Members that have been read for what they are near to. */
const READ = new Set(['thinking'])

/** Members of other dialects' requests that we did not model: what Anthropic has no place for is dropped, and said so. */
export function dropForeignExtensions(request: GenerateRequest, context: CodecContext): void {
  for (const [dialect, members] of Object.entries(request.extensions ?? {}) as [DialectId, JsonObject | undefined][]) {
    if (dialect === 'anthropic' || !members) continue
    for (const [name, value] of Object.entries(members)) {
      refuse(name, value)
      if (!isNothing(value) && !NO_EFFECT.has(name) && !READ.has(name)) context.note({ action: 'dropped', field: name })
    }
  }
}

/** The same for one message. `path` is its content's. @throws GatewayError `invalid-request` for a sound that stands for the message */
export function dropForeignMembers(message: Message, path: string, context: CodecContext): void {
  for (const [dialect, members] of Object.entries(message.extensions ?? {}) as [DialectId, JsonObject | undefined][]) {
    if (dialect === 'anthropic' || !members) continue
    for (const [name, value] of Object.entries(members)) {
      if (isNothing(value) || NO_EFFECT_IN_MESSAGES.has(name)) continue
      const field = path.replace(/content$/, name)
      if (name === 'audio') throw invalidField(field, 'refers to a sound of another provider', 'unsupported_value')
      context.note({ action: 'dropped', field })
    }
  }
}

/**
 * Many clients put Anthropic's `thinking` into an OpenAI request. What the model holds of it was read by their own codec; a form that only Anthropic has is
 * Anthropic's again here.
 */
export function withForeignThinking(request: GenerateRequest, context: CodecContext): GenerateRequest {
  const thinking = request.extensions?.['openai-chat']?.thinking
  if (!isObject(thinking)) return request
  const own: JsonObject = {}
  const read: GenerateRequest = { ...request, reasoning: undefined }
  decodeThinking({ thinking }, read, own)
  if (!read.reasoning) {
    context.note({ action: 'dropped', field: 'thinking', detail: 'a form of it that this model does not know' })
    return request
  }
  const reasoning = { ...read.reasoning, ...request.reasoning }
  const extensions = { ...request.extensions, anthropic: { ...request.extensions?.anthropic, thinking: own.thinking } }
  return isObject(own.thinking) && own.thinking.type === 'between_tools' ? { ...request, reasoning, extensions } : { ...request, reasoning }
}

/** OpenAI's automatic breakpoint at the end of the prompt is Anthropic's mark on the whole request (dialects.md §2.1). */
export function automaticCache(request: GenerateRequest): JsonObject | undefined {
  const options = request.extensions?.['openai-chat']?.prompt_cache_options
  return isObject(options) && !isNothing(options) && (options.mode ?? 'implicit') === 'implicit' ? { type: 'ephemeral' } : undefined
}

function refuse(name: string, value: JsonValue | undefined): void {
  const reason = REFUSED[name]
  if (reason !== undefined && isObject(value)) throw invalidField(name, reason, 'unsupported_parameter')
  if (name === 'modalities' && Array.isArray(value) && value.includes('audio')) {
    throw invalidField(name, 'audio output is not available with this model', 'unsupported_value')
  }
}

/** Zero, false, null and what is empty ask for nothing. */
const isNothing = (value: JsonValue | undefined): boolean =>
  !value ||
  (Array.isArray(value) && value.length === 0) ||
  (isObject(value) && Object.keys(value).length === 0) ||
  (Array.isArray(value) && value.length === 1 && value[0] === 'text')
