import type { Static } from '@sinclair/typebox'
import { choice, flag, list, map, number, object, optional, secret, text, whole } from './fields.ts'
import { providerTimeouts } from './gateway.ts'
import { quirks } from './quirks.ts'

/** The kinds of upstream; the second row is the older broker's, OpenAI-like with presets of their own, and the third more of those. */
export const PROVIDER_TYPES = [
  ...(['openai', 'anthropic', 'gemini', 'cohere', 'qwen', 'jetbrains', 'ideogram', 'recraft', 'demo'] as const),
  ...(['custom', 'azure', 'mistral', 'groq', 'ollama', 'perplexity'] as const),
  ...(['deepseek', 'xai', 'moonshot', 'together', 'openrouter', 'alibaba', 'fireworks', 'cerebras', 'zai', 'minimax'] as const),
  ...(['vllm', 'sglang', 'lmstudio'] as const),
] as const

export type ProviderType = (typeof PROVIDER_TYPES)[number]

export const STRATEGIES = ['round_robin', 'random', 'least_used', 'least_busy', 'lowest_latency'] as const

const price = (of: string) => optional(number(`${of}, US dollars per million tokens.`, { minimum: 0 }))

export const prices = object('What a model costs, in US dollars per million tokens.', {
  input: price('Input'),
  output: price('Output'),
  cached_input: price('Input read from a cache'),
  cache_write: price('Input written to a cache'),
})

/** The first quirks there were, which stand beside the others' object. */
const traits = {
  max_tokens_field: optional(choice('Field for the output limit.', ['max_tokens', 'max_completion_tokens'])),
  developer_role: optional(flag('Whether the server knows the role "developer".')),
  stream_options: optional(flag('false where the server refuses "stream_options".')),
  extra_sampling: optional(flag('Whether the server takes top_k and its like.')),
  unknown_fields: optional(flag('Whether unknown members of a request are passed on.')),
  replays_reasoning: optional(flag('Whether earlier reasoning goes back as "reasoning_content".')),
}

/** One upstream, as in the config file and in `POST /admin/providers`. */
export const providerSchema = object(
  'An upstream.',
  {
    name: text('Name, once only.', { pattern: '^[^\\u0000-\\u001f\\u007f]{1,100}$', sample: 'OpenAI' }),
    provider_type: choice('Kind of upstream.', PROVIDER_TYPES, { sample: 'openai' }),
    base_url: optional(text("What the vendor's own SDK takes. Default: the vendor's service.", { sample: 'https://api.openai.com/v1' })),
    api_key: optional(secret('Key of the account.', { sample: 'sk-…' })),
    big_model: optional(text('Serves opus models.', { sample: 'gpt-4o' })),
    medium_model: optional(text('Serves sonnet models.', { sample: 'gpt-4o' })),
    small_model: optional(text('Serves haiku models.', { sample: 'gpt-4o-mini' })),
    models: list('Models it serves, names or patterns ("gpt-*"). Without any, every name is passed on.', text('A name or pattern.'), {
      sample: ['gpt-4o', 'gpt-4o-mini'],
    }),
    is_active: flag('false takes it out of service.', { default: true }),
    priority: whole('Lower numbers are tried first.', { default: 1 }),
    weight: number('Share of requests among providers of one priority.', { default: 1, minimum: 0 }),
    strategy: optional(choice('How its accounts are chosen. Default: load_balance_strategy.', STRATEGIES)),
    headers: map('Headers to send with every request.', text('A value.', { secret: true, minLength: 0 })),
    timeouts: optional(providerTimeouts),
    max_concurrent: optional(whole('Requests at a time.', { minimum: 1 })),
    prices: map('Prices by model.', prices),
    normalize: choice('"never" passes on frames that break the dialect as they are.', ['auto', 'never'], { default: 'auto' }),
    allow_http: flag('Accept a plain http:// address that is not loopback.', { default: false }),
    allow_private: flag('Accept addresses of private networks; they always are from a config file.', { default: true }),
    wire_api: choice('What an OpenAI-like upstream speaks natively.', ['chat', 'responses', 'auto'], { default: 'chat' }),
    plan: optional(choice('Qwen: plan of the key.', ['coding', 'token', 'standard'])),
    region: optional(choice('Qwen: region of the key.', ['china', 'singapore', 'us', 'hongkong'])),
    api_version: optional(text('Azure: the "api-version" to send. Default: 2024-10-21, or none below …/openai/v1.')),
    quirks: optional(quirks),
    ...traits,
  },
  {
    sample: {
      name: 'OpenAI',
      provider_type: 'openai',
      base_url: 'https://api.openai.com/v1',
      api_key: 'sk-…',
      big_model: 'gpt-4o',
      medium_model: 'gpt-4o',
      small_model: 'gpt-4o-mini',
      models: ['gpt-4o', 'gpt-4o-mini'],
      is_active: true,
      priority: 1,
    },
  },
)

/** A provider as read: durations in milliseconds, `base_url` filled in where the type has one. */
export type ProviderConfig = Static<typeof providerSchema>
