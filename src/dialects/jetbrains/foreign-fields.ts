import { invalidField } from '../../core/errors.ts'
import { isObject, type JsonValue } from '../../core/json.ts'
import type { Message } from '../../ir/message.ts'
import type { CodecContext } from '../dialect.ts'
import type { Draft } from './draft.ts'

/** Storage, cache and transport hints: they have no effect on an answer. */
const NO_EFFECT = new Set([
  ...['metadata', 'store', 'include', 'truncation', 'client_metadata', 'stream_options', 'prompt_cache_key'],
  ...['prompt_cache_retention', 'prompt_cache_options', 'anthropic_beta', 'anthropic_version', 'betas', 'deferred_tools'],
])

/** Of an earlier answer, and only its maker's business when it comes back. */
const NO_EFFECT_IN_MESSAGES = new Set([
  ...['refusal', 'annotations', 'reasoning', 'reasoning_content', 'reasoning_details', 'thinking_blocks', 'extra_content'],
])

/** Members that change what the request means: leaving them out would answer another question. */
const REFUSED = new Set(['container', 'compaction', 'mcp_servers', 'audio', 'web_search_options'])

/** Anthropic's own code, on which its SDKs send the conversation again, whole. */
const NO_THREADS = 'thread_unsupported_request'

/** Read where they have a place: `verbosity` is a parameter here, `cache_control` is told once for the whole request. */
const ELSEWHERE = new Set(['verbosity', 'cache_control'])

/**
 * Members of the caller's request that the internal model does not hold, and those that it does and nobody takes here. The end user's identifier is left out
 * without a word: no answer depends on it.
 */
export function noteFields(draft: Draft): void {
  const { request, context } = draft
  const drop = (field: string, detail?: string): void => context.note({ action: 'dropped', field, detail })
  for (const members of Object.values(request.extensions ?? {})) {
    for (const [field, value] of Object.entries(members)) noteField(field, value, draft)
  }
  if (request.frequencyPenalty) drop('frequency_penalty')
  if (request.presencePenalty) drop('presence_penalty')
  if (request.logprobs) drop('logprobs')
  const { serviceTier } = request
  if (serviceTier !== undefined && !['auto', 'default', 'standard', 'standard_only'].includes(serviceTier))
    drop('service_tier', 'no such tier')
  if (draft.family.name === 'anthropic' && isCached(draft)) drop('cache_control', 'the upstream takes no cache marks')
}

function noteField(field: string, value: JsonValue | undefined, { request, context }: Draft): void {
  if (isNothing(value) || NO_EFFECT.has(field) || ELSEWHERE.has(field)) return
  if (field === 'thread') throw invalidField(field, 'cannot be carried over to this upstream', NO_THREADS)
  if (REFUSED.has(field)) throw invalidField(field, 'cannot be carried over to this upstream', 'unsupported_parameter')
  if (field === 'modalities') throw invalidField(field, 'audio output is not available with this model', 'unsupported_value')
  if (field === 'speed' && value === 'standard') return
  if (field === 'context_management' && keepsContext(value)) return
  if (field === 'output_config' && isObject(value)) {
    for (const member of Object.keys(value)) context.note({ action: 'dropped', field: `${field}.${member}` })
    return
  }
  context.note({ action: field === 'thinking' && request.reasoning ? 'approximated' : 'dropped', field })
}

/** Claude Code always asks for earlier thinking to be cleared away, which nobody else keeps. */
const keepsContext = (value: JsonValue | undefined): boolean => {
  const edits = isObject(value) ? value.edits : undefined
  return !Array.isArray(edits) || edits.every(edit => isObject(edit) && String(edit.type).startsWith('clear_thinking_'))
}

/** How cache points are written is not known (jetbrains-ai.md §2.4); models that are not Claude's cache by themselves. */
const isCached = ({ request }: Draft): boolean =>
  request.extensions?.anthropic?.cache_control !== undefined ||
  (request.tools ?? []).some(tool => tool.type !== 'vendor' && tool.cache !== undefined) ||
  request.messages.some(({ content }) => content.some(part => part.cache !== undefined))

/** The same for one message. `path` is its content's. */
export function noteMembers(message: Message, path: string, context: CodecContext): void {
  const field = (name: string): string => path.replace(/content$/, name)
  if (message.name !== undefined) context.note({ action: 'dropped', field: field('name') })
  for (const members of Object.values(message.extensions ?? {})) {
    for (const [name, value] of Object.entries(members)) {
      if (isNothing(value) || NO_EFFECT_IN_MESSAGES.has(name)) continue
      if (name === 'audio') throw invalidField(field(name), 'refers to a sound of another provider', 'unsupported_value')
      context.note({ action: 'dropped', field: field(name) })
    }
  }
}

/** Zero, false, null and what is empty ask for nothing; nor does wanting text. */
const isNothing = (value: JsonValue | undefined): boolean =>
  !value || (Array.isArray(value) && value.every(item => item === 'text')) || (isObject(value) && Object.keys(value).length === 0)
