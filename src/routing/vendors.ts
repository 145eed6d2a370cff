import type { UpstreamTraits } from '../dialects/dialect.ts'

/** Servers behind which any model may be, with the chat template its makers gave it: many take instructions at the start only. */
const ANY_TEMPLATE: UpstreamTraits = { midSystem: false }

/** Alibaba's Model Studio: "required" is not among its words, and models that think are switched by `enable_thinking`. */
const ALIBABA: UpstreamTraits = {
  ...ANY_TEMPLATE,
  extraSampling: true,
  unknownFields: true,
  maxTokensField: 'max_tokens',
  developerRole: false,
  replaysReasoning: true,
  requiredChoice: 'auto',
  forcedStopsReasoning: true,
  reasoningSwitch: 'enable_thinking',
  falseStop: true,
  errors: 'alibaba',
}

/** Qwen's own accounts and plans are served by the same servers, with what their own command line makes use of (qwen.md §2.2, §2.3). */
const QWEN: UpstreamTraits = {
  ...ALIBABA,
  // Headers that it does not expect, `openai-beta` among them, were answered with 400 and 429 (qwen.md §2.1).
  clientHeaders: false,
  cacheControl: true,
  cacheMarks: { most: 4, ttl: false, tools: true },
  strictFalse: false,
  alwaysFinishes: true,
  models: [{ name: /^qwen3\.8-max/, traits: { reasoningSwitch: 'reasoning_effort', efforts: ['none', 'low', 'medium', 'high'] } }],
}

/**
 * How servers of OpenAI's dialect differ, as their documentation and their own error messages say. What is not known to be refused is sent; unknown
 * request fields go through everywhere but at servers that are known to refuse them.
 */
export const VENDORS = {
  openai: { developerRole: true },

  // Dated API versions lag behind OpenAI's newest fields.
  azure: { developerRole: true, endUserField: 'user' },

  /** An unknown server: whatever makes fewer demands on it. */
  custom: { ...ANY_TEMPLATE, extraSampling: true, unknownFields: true },

  // 422 "extra_forbidden" for whatever its schema does not name, within messages too; usage comes with the last chunk unasked.
  mistral: {
    maxTokensField: 'max_tokens',
    seedField: 'random_seed',
    streamOptions: false,
    developerRole: false,
    midSystem: false,
    replaysReasoning: false,
    strictMessages: true,
    answersResults: true,
    nullContent: false,
    requiredChoice: 'any',
    toolCallIds: 'nine-alphanumeric',
    prefill: 'prefix',
    documents: 'document_url',
    refuses: [
      'user',
      'safety_identifier',
      'store',
      'service_tier',
      'logprobs',
      'top_logprobs',
      'logit_bias',
      'verbosity',
      'prompt_cache_key',
    ],
    reasoningSwitch: 'none',
    models: [{ name: /^mistral-small-(latest|26\d\d)/, traits: { reasoningSwitch: 'reasoning_effort', efforts: ['none', 'high'] } }],
  },

  // 400 for these fields and for unknown members of messages; efforts are per model, and elsewhere refused.
  groq: {
    developerRole: false,
    replaysReasoning: false,
    strictMessages: true,
    thinkTags: true,
    serviceTiers: ['auto', 'on_demand', 'flex', 'performance'],
    refuses: ['logprobs', 'top_logprobs', 'logit_bias', 'n', 'name', 'safety_identifier'],
    reasoningSwitch: 'none',
    models: [
      { name: /gpt-oss/, traits: { reasoningSwitch: 'reasoning_effort', efforts: ['low', 'medium', 'high'] } },
      { name: /qwen3|qwen-3/, traits: { reasoningSwitch: 'reasoning_effort', efforts: ['none'] } },
    ],
  },

  // "unknown variant `developer`"; reasoning must come back with tool calls; json_schema is "unavailable now".
  deepseek: {
    unknownFields: true,
    maxTokensField: 'max_tokens',
    developerRole: false,
    replaysReasoning: true,
    requiresReasoning: true,
    forcedStopsReasoning: true,
    jsonSchema: false,
    reasoningSwitch: 'thinking',
    efforts: ['low', 'medium', 'high', 'xhigh', 'max'],
  },

  // Models that reason refuse penalties and stop; which take an effort is their own affair.
  xai: {
    unknownFields: true,
    models: [
      { name: /^grok-(3-mini|4|5|code|build|latest)/, traits: { refuses: ['presence_penalty', 'frequency_penalty', 'stop'] } },
      { name: /non-reasoning/, traits: { refuses: [] } },
      {
        name: /^grok-(2|3(?!-mini)|4(-0709|-latest|-fast|-1|\.1|\.20(?!-multi)|$)|code|build)/,
        traits: { reasoningSwitch: 'none' },
      },
    ],
  },

  // Thinking models have fixed sampling and want their reasoning back with every tool call.
  moonshot: {
    unknownFields: true,
    replaysReasoning: true,
    requiresReasoning: true,
    prefill: 'partial',
    reasoningSwitch: 'thinking',
    efforts: [],
    models: [
      { name: /^kimi-k(2\.[5-9]|[3-9])/, traits: { refuses: ['temperature', 'top_p', 'n', 'presence_penalty', 'frequency_penalty'] } },
      { name: /^kimi-k2\.[56]/, traits: { forcedStopsReasoning: true } },
      { name: /^kimi-k2\.7/, traits: { reasoningSwitch: 'none', requiredChoice: 'auto', namedChoice: false } },
      { name: /^kimi-k[3-9]/, traits: { reasoningSwitch: 'reasoning_effort', efforts: ['low', 'high', 'max'] } },
      { name: /^moonshot-v1/, traits: { reasoningSwitch: 'none', requiresReasoning: false } },
    ],
  },

  // "After the (optional) system message(s), user and assistant roles should be alternating"; it searches, and calls no tools.
  perplexity: {
    maxTokensField: 'max_tokens',
    developerRole: false,
    midSystem: false,
    alternates: true,
    tools: false,
    thinkTags: true,
    refuses: ['stop', 'logit_bias', 'logprobs', 'top_logprobs', 'seed', 'n', 'service_tier', 'user', 'safety_identifier'],
    reasoningSwitch: 'none',
    models: [{ name: /deep-research/, traits: { reasoningSwitch: 'reasoning_effort', efforts: ['minimal', 'low', 'medium', 'high'] } }],
  },

  together: {
    ...ANY_TEMPLATE,
    extraSampling: true,
    unknownFields: true,
    maxTokensField: 'max_tokens',
    reasoningSwitch: 'reasoning',
    efforts: [],
    models: [{ name: /gpt-oss/, traits: { reasoningSwitch: 'reasoning_effort', efforts: ['low', 'medium', 'high'] } }],
  },

  fireworks: { ...ANY_TEMPLATE, extraSampling: true, unknownFields: true, replaysReasoning: true },

  alibaba: ALIBABA,
  qwen: QWEN,

  // 400 "wrong_api_format" for what it does not know; reasoning comes and goes as `reasoning`.
  cerebras: {
    ...ANY_TEMPLATE,
    developerRole: false,
    replaysReasoning: true,
    strictMessages: true,
    reasoningField: 'reasoning',
    refuses: ['frequency_penalty', 'presence_penalty', 'logit_bias', 'parallel_tool_calls', 'service_tier', 'safety_identifier', 'store'],
  },

  ollama: {
    ...ANY_TEMPLATE,
    extraSampling: true,
    unknownFields: true,
    maxTokensField: 'max_tokens',
    developerRole: false,
    nullContent: false,
    efforts: ['none', 'low', 'medium', 'high'],
  },

  vllm: {
    ...ANY_TEMPLATE,
    extraSampling: true,
    unknownFields: true,
    reasoningSwitch: 'chat_template_kwargs',
    prefill: 'continue_final_message',
  },

  sglang: {
    ...ANY_TEMPLATE,
    extraSampling: true,
    unknownFields: true,
    reasoningSwitch: 'chat_template_kwargs',
    prefill: 'continue_final_message',
  },

  // "Invalid tool_choice type: 'object'".
  lmstudio: {
    ...ANY_TEMPLATE,
    extraSampling: true,
    unknownFields: true,
    maxTokensField: 'max_tokens',
    namedChoice: false,
    nullContent: false,
    thinkTags: true,
    efforts: ['none', 'low', 'medium', 'high', 'xhigh'],
  },

  openrouter: {
    ...ANY_TEMPLATE,
    extraSampling: true,
    unknownFields: true,
    replaysReasoning: true,
    reasoningField: 'reasoning',
    reasoningSwitch: 'reasoning',
    endUserField: 'user',
    models: [{ name: /^(~?anthropic)\//, traits: { cacheControl: true, sealsOf: 'anthropic' } }],
  },

  // Zhipu's GLM: `thinking` to switch, and no tool can be forced.
  zai: {
    unknownFields: true,
    maxTokensField: 'max_tokens',
    developerRole: false,
    replaysReasoning: true,
    requiredChoice: 'auto',
    namedChoice: false,
    reasoningSwitch: 'thinking',
    efforts: [],
  },

  // Most of its models think inside the text.
  minimax: { ...ANY_TEMPLATE, unknownFields: true, developerRole: false, replaysReasoning: true, thinkTags: true, reasoningSwitch: 'none' },
} as const satisfies Record<string, UpstreamTraits>

export type VendorName = keyof typeof VENDORS
