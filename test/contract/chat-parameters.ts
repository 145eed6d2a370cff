import type { JsonObject } from '../../src/core/json.ts'
import type { Case, ChatParams, Claude } from './decision.ts'

type Decision = Case<Claude>

const TOOLS: JsonObject = { tools: [{ type: 'function', function: { name: 'look', parameters: { type: 'object', properties: {} } } }] }
const withTools = (says: JsonObject): JsonObject => ({ ...TOOLS, ...says })

/** Sampling: old models take it, as far as their scale goes; newer ones take none. */
const NOT_NEW = { 'claude-opus-4-8': 'dropped', 'claude-opus-5-5': 'dropped' } as const

/** Every parameter of a Chat Completions request on its way to Anthropic (dialects.md §2.1). */
export const CHAT_PARAMETERS: Record<keyof ChatParams, Decision | Decision[]> = {
  model: { says: { model: 'another' }, becomes: 'silent' },
  messages: { says: { messages: [{ role: 'user', content: 'Bye' }] }, becomes: 'mapped' },
  stream: { says: { stream: true, max_tokens: 9 }, without: { max_tokens: 9 }, becomes: 'mapped' },
  stream_options: { says: { stream_options: { include_usage: true }, stream: true }, without: { stream: true }, becomes: 'silent' },
  max_completion_tokens: [
    { says: { max_completion_tokens: 100 }, becomes: 'mapped' },
    { says: { max_completion_tokens: 900_000 }, field: 'max_tokens', becomes: 'approximated' },
  ],
  max_tokens: [
    { says: { max_tokens: 100 }, becomes: 'mapped' },
    { says: { max_tokens: 0 }, becomes: 'mapped' },
    { says: { max_tokens: 900_000 }, becomes: 'approximated' },
  ],
  temperature: [
    { says: { temperature: 0.5 }, becomes: { else: 'mapped', ...NOT_NEW } },
    { says: { temperature: 1.5 }, becomes: { else: 'approximated', ...NOT_NEW } },
    { says: { temperature: -1 }, becomes: 'refused' },
  ],
  top_p: [
    { says: { top_p: 0.5 }, becomes: { else: 'mapped', ...NOT_NEW } },
    { says: { top_p: 0.5, temperature: 0.5 }, without: { temperature: 0.5 }, becomes: 'dropped' },
  ],
  frequency_penalty: [
    { says: { frequency_penalty: 0.5 }, becomes: 'dropped' },
    { says: { frequency_penalty: 0 }, becomes: 'silent' },
  ],
  presence_penalty: [
    { says: { presence_penalty: 0.5 }, becomes: 'dropped' },
    { says: { presence_penalty: 0 }, becomes: 'silent' },
  ],
  logit_bias: [
    { says: { logit_bias: { '50256': -100 } }, becomes: 'dropped' },
    { says: { logit_bias: {} }, becomes: 'silent' },
  ],
  logprobs: [
    { says: { logprobs: true }, becomes: 'dropped' },
    { says: { logprobs: false }, becomes: 'silent' },
  ],
  top_logprobs: { says: { top_logprobs: 2, logprobs: true }, without: { logprobs: true }, becomes: 'silent' },
  seed: { says: { seed: 7 }, becomes: 'dropped' },
  n: [
    { says: { n: 2 }, becomes: 'refused' },
    { says: { n: 1 }, becomes: 'silent' },
  ],
  stop: [
    { says: { stop: 'END' }, becomes: 'mapped' },
    { says: { stop: ['END', 'FIN'] }, becomes: 'mapped' },
    { says: { stop: ['   '] }, becomes: 'dropped' },
    { says: { stop: '' }, becomes: 'silent' },
  ],
  tools: [
    { says: TOOLS, becomes: 'mapped' },
    { says: { tools: [] }, becomes: 'silent' },
  ],
  functions: { says: { functions: [{ name: 'look', parameters: { type: 'object', properties: {} } }] }, becomes: 'mapped' },
  tool_choice: { says: withTools({ tool_choice: 'none' }), without: TOOLS, field: 'tool_choice', becomes: 'mapped' },
  function_call: { says: withTools({ function_call: 'none' }), without: TOOLS, field: 'function_call', becomes: 'mapped' },
  parallel_tool_calls: [
    { says: withTools({ parallel_tool_calls: false }), without: TOOLS, field: 'parallel_tool_calls', becomes: 'mapped' },
    { says: withTools({ parallel_tool_calls: true }), without: TOOLS, field: 'parallel_tool_calls', becomes: 'silent' },
  ],
  response_format: {
    says: { response_format: { type: 'json_schema', json_schema: { name: 'a', schema: { type: 'object', properties: {} } } } },
    becomes: 'mapped',
  },
  reasoning_effort: [
    { says: { reasoning_effort: 'high' }, becomes: 'mapped' },
    { says: { reasoning_effort: 'none' }, becomes: { else: 'mapped', 'claude-opus-5-5': 'approximated' } },
  ],
  safety_identifier: { says: { safety_identifier: 'someone' }, becomes: 'mapped' },
  user: [
    { says: { user: 'someone' }, becomes: 'mapped' },
    { says: { user: 'someone@example.com' }, becomes: 'approximated' },
  ],
  service_tier: [
    { says: { service_tier: 'auto' }, becomes: 'mapped' },
    { says: { service_tier: 'default' }, becomes: 'mapped' },
    { says: { service_tier: 'priority' }, becomes: 'mapped' },
    { says: { service_tier: 'flex' }, becomes: 'dropped' },
    { says: { service_tier: 'scale' }, becomes: 'dropped' },
    { says: { service_tier: 'fast' }, becomes: { else: 'mapped', 'claude-sonnet-4-5': 'dropped' } },
  ],
  audio: { says: { audio: { format: 'wav', voice: 'alloy' } }, becomes: 'refused' },
  modalities: [
    { says: { modalities: ['text', 'audio'] }, becomes: 'refused' },
    { says: { modalities: ['text'] }, becomes: 'silent' },
  ],
  web_search_options: { says: { web_search_options: { search_context_size: 'low' } }, becomes: 'refused' },
  metadata: { says: { metadata: { run: '7' } }, becomes: 'silent' },
  moderation: { says: { moderation: { model: 'omni-moderation-latest' } }, becomes: 'dropped' },
  prediction: { says: { prediction: { type: 'content', content: 'as before' } }, becomes: 'dropped' },
  prompt_cache_key: { says: { prompt_cache_key: 'k' }, becomes: 'silent' },
  prompt_cache_retention: { says: { prompt_cache_retention: '24h' }, becomes: 'silent' },
  prompt_cache_options: { says: { prompt_cache_options: { mode: 'explicit' } }, becomes: 'silent' },
  store: [
    { says: { store: true }, becomes: 'dropped' },
    { says: { store: false }, becomes: 'silent' },
  ],
  verbosity: { says: { verbosity: 'low' }, becomes: 'dropped' },
}

/** What no type of the SDK has and clients send all the same. */
export const CHAT_VENDOR_PARAMETERS: Record<'top_k' | 'thinking' | 'reasoning' | 'a member nobody knows', Decision> = {
  top_k: { says: { top_k: 40 }, becomes: { else: 'mapped', ...NOT_NEW } },
  thinking: {
    says: { thinking: { type: 'enabled', budget_tokens: 2000 } },
    becomes: { else: 'approximated', 'claude-sonnet-4-5': 'mapped' },
  },
  reasoning: { says: { reasoning: { effort: 'high' } }, becomes: 'mapped' },
  'a member nobody knows': { says: { novelty: 1 }, becomes: 'dropped' },
}
