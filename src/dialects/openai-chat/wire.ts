import type { JsonObject } from '../../core/json.ts'
import type { DialectId } from '../../ir/dialect-id.ts'
import type { Extensions } from '../../ir/message.ts'

export const DIALECT = 'openai-chat' satisfies DialectId

/** Top-level request fields that the decoder maps into the model. */
export const MAPPED_FIELDS = [
  'model',
  'messages',
  'stream',
  'stream_options',
  'max_completion_tokens',
  'max_tokens',
  'temperature',
  'top_p',
  'frequency_penalty',
  'presence_penalty',
  'seed',
  'stop',
  'tools',
  'tool_choice',
  'functions',
  'function_call',
  'parallel_tool_calls',
  'reasoning_effort',
  'response_format',
  'n',
  'logprobs',
  'top_logprobs',
  'safety_identifier',
  'user',
  'service_tier',
] as const

/** Top-level request fields that only OpenAI's dialect knows: they travel as extensions. */
export const EXTENSION_FIELDS = [
  'audio',
  'logit_bias',
  'metadata',
  'modalities',
  'moderation',
  'prediction',
  'prompt_cache_key',
  'prompt_cache_options',
  'prompt_cache_retention',
  'store',
  'verbosity',
  'web_search_options',
] as const

/** Vendors' additions to the request that have a place in the model: vLLM's and OpenRouter's `top_k`, OpenRouter's `reasoning`, `thinking` as many send it. */
export const MAPPED_VENDOR_FIELDS = ['top_k', 'thinking', 'reasoning'] as const

/** Roles that a message may have. */
export const ROLES = ['system', 'developer', 'user', 'assistant', 'tool', 'function'] as const

/** Put before a failed tool's result, because the dialect has no flag for it (dialects.md §2.3.3). */
export const TOOL_ERROR_PREFIX = '[tool error] '

/** What stands in for the result of a call that was never answered (dialects.md §2.3.1). */
export const NO_RESULT = '[no result]'

/** What stands in for reasoning that a server insists on and nobody has: most SDKs drop the member, and it may not be empty. */
export const NO_REASONING = ' '

export const CHUNK_OBJECT = 'chat.completion.chunk'
export const COMPLETION_OBJECT = 'chat.completion'

/** The end of a stream, in place of JSON. */
export const DONE = '[DONE]'

/** Members to keep for this dialect's own encoder. */
export const ownExtensions = (members: JsonObject | undefined): Extensions | undefined => members && { [DIALECT]: members }
