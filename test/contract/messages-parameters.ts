import type { Anthropic } from '@anthropic-ai/sdk'
import type { JsonObject } from '../../src/core/json.ts'
import type { BetaMessagesParams, Case, Chat, MemberOf, MessagesParams, TypeOf } from './decision.ts'

type Decision = Case<Chat>

const SCHEMA = { type: 'object', properties: { a: { type: 'string' } }, required: ['a'], additionalProperties: false }
const TOOLS: JsonObject = { tools: [{ name: 'look', input_schema: { type: 'object', properties: {} } }] }

/** Reasoning models of OpenAI take no sampling parameters and no stop sequences. */
const NOT_REASONING = { else: 'dropped', 'gpt-4.1': 'mapped', 'qwen3-max': 'mapped' } as const

/** The SDK sends `betas` as a header; it is no member of the body. */
type Parameter = Exclude<MemberOf<MessagesParams> | MemberOf<BetaMessagesParams>, 'betas'>

/** Every parameter of a Messages request, beta ones too, on its way to Chat Completions (dialects.md §2.2). */
export const MESSAGES_PARAMETERS: Record<Parameter, Decision | Decision[]> = {
  model: { says: { model: 'another' }, becomes: 'silent' },
  messages: { says: { messages: [{ role: 'user', content: 'Bye' }] }, becomes: 'mapped' },
  max_tokens: [
    { says: { max_tokens: 100 }, becomes: 'mapped' },
    { says: { max_tokens: 900_000 }, becomes: { else: 'approximated', 'qwen3-max': 'mapped' } },
  ],
  system: [
    { says: { system: 'Be kind.' }, becomes: 'mapped' },
    { says: { system: [{ type: 'text', text: 'x-anthropic-billing-header: cc_version=2' }] }, becomes: 'silent' },
  ],
  stream: { says: { stream: true }, becomes: 'mapped' },
  stop_sequences: [
    { says: { stop_sequences: ['END'] }, becomes: NOT_REASONING },
    {
      says: { stop_sequences: ['1', '2', '3', '4', '5'] },
      becomes: { else: 'dropped', 'gpt-4.1': 'approximated', 'qwen3-max': 'approximated' },
    },
  ],
  tools: { says: TOOLS, becomes: 'mapped' },
  tool_choice: { says: { ...TOOLS, tool_choice: { type: 'any' } }, without: TOOLS, field: 'tool_choice', becomes: 'mapped' },
  thinking: { says: { thinking: { type: 'enabled', budget_tokens: 4000 } }, becomes: { else: 'mapped', 'gpt-4.1': 'silent' } },
  output_config: { says: { output_config: { format: { type: 'json_schema', schema: SCHEMA } } }, becomes: 'mapped' },
  output_format: { says: { output_format: { type: 'json_schema', schema: SCHEMA } }, becomes: 'mapped' },
  metadata: { says: { metadata: { user_id: 'someone' } }, becomes: 'mapped' },
  service_tier: [
    { says: { service_tier: 'auto' }, becomes: 'mapped' },
    { says: { service_tier: 'standard_only' }, becomes: 'mapped' },
  ],
  speed: [
    { says: { speed: 'fast' }, becomes: { else: 'mapped', 'qwen3-max': 'dropped' } },
    { says: { speed: 'standard' }, becomes: 'silent' },
  ],
  cache_control: { says: { cache_control: { type: 'ephemeral' } }, becomes: 'silent' },
  context_management: { says: { context_management: { edits: [{ type: 'clear_thinking_20251015' }] } }, becomes: 'silent' },
  diagnostics: { says: { diagnostics: { previous_message_id: 'msg_1' } }, becomes: 'dropped' },
  inference_geo: { says: { inference_geo: 'us' }, becomes: 'dropped' },
  user_profile_id: { says: { user_profile_id: 'uprof_1' }, becomes: 'dropped' },
  workspace_id: { says: { workspace_id: 'wrkspc_1' }, becomes: 'dropped' },
  billing_policy: { says: { billing_policy: { type: 'standard' } }, becomes: 'dropped' },
  fallbacks: { says: { fallbacks: [{ model: 'claude-sonnet-4-6' }] }, becomes: 'dropped' },
  fallback_credit_token: { says: { fallback_credit_token: 'fct_1' }, becomes: 'dropped' },
  container: { says: { container: 'container_1' }, becomes: 'refused' },
  compaction: { says: { compaction: { trigger: { type: 'input_tokens', value: 9 } } }, becomes: 'refused' },
  thread: { says: { thread: { type: 'continue', id: 'thread_1' } }, becomes: 'refused' },
  mcp_servers: { says: { mcp_servers: [{ type: 'url', url: 'https://example.com/mcp', name: 'files' }] }, becomes: 'refused' },
}

/** What left the SDK's types and older clients still send, and what nobody knows. */
export const MESSAGES_OLDER_PARAMETERS: Record<'temperature' | 'top_p' | 'top_k' | 'a member nobody knows', Decision | Decision[]> = {
  temperature: [
    { says: { temperature: 0.5 }, becomes: NOT_REASONING },
    { says: { temperature: 1 }, becomes: 'mapped' },
  ],
  top_p: { says: { top_p: 0.5 }, becomes: NOT_REASONING },
  top_k: { says: { top_k: 40 }, becomes: { else: 'dropped', 'qwen3-max': 'mapped' } },
  'a member nobody knows': { says: { novelty: 1 }, becomes: 'dropped' },
}

type ThinkingType = TypeOf<NonNullable<MessagesParams['thinking']>> | TypeOf<NonNullable<BetaMessagesParams['thinking']>>

/** Every form of `thinking` (dialects.md §2.6.2). */
export const THINKING: Record<ThinkingType, Decision> = {
  enabled: { says: { thinking: { type: 'enabled', budget_tokens: 20_000 } }, becomes: { else: 'mapped', 'gpt-4.1': 'silent' } },
  disabled: { says: { thinking: { type: 'disabled' } }, becomes: { else: 'mapped', 'gpt-4.1': 'silent', 'qwen3-max': 'silent' } },
  adaptive: { says: { thinking: { type: 'adaptive' } }, becomes: 'silent' },
  between_tools: { says: { thinking: { type: 'between_tools' } }, becomes: 'approximated' },
}

/** Every member of a form of `thinking`. */
export const THINKING_MEMBERS: Record<MemberOf<NonNullable<BetaMessagesParams['thinking']>>, Decision> = {
  type: THINKING.enabled,
  budget_tokens: THINKING.enabled,
  block_binding: {
    says: { thinking: { type: 'adaptive', block_binding: { prefix_mismatch_behavior: 'drop' } } },
    without: { thinking: { type: 'adaptive' } },
    becomes: 'approximated',
  },
  display: {
    says: { thinking: { type: 'adaptive', display: 'summarized' } },
    without: { thinking: { type: 'adaptive' } },
    becomes: 'silent',
  },
}

type OutputConfig = MemberOf<Anthropic.OutputConfig> | MemberOf<Anthropic.Beta.BetaOutputConfig>

/** Every member of `output_config`. */
export const OUTPUT_CONFIG: Record<OutputConfig, Decision> = {
  effort: { says: { output_config: { effort: 'low' } }, becomes: { else: 'mapped', 'gpt-4.1': 'silent' } },
  format: { says: { output_config: { format: { type: 'json_schema', schema: SCHEMA } } }, becomes: 'mapped' },
  task_budget: { says: { output_config: { task_budget: { type: 'tokens', total: 50_000 } } }, becomes: 'dropped' },
}

/** Every effort (dialects.md §2.6.2). */
export const OUTPUT_EFFORTS: Record<NonNullable<Anthropic.OutputConfig['effort']>, Decision> = (() => {
  const effort = (value: string, becomes: Decision['becomes']): Decision => ({
    says: { output_config: { effort: value } },
    field: 'output_config.effort',
    becomes,
  })
  const common = { else: 'mapped', 'gpt-4.1': 'silent' } as const
  return {
    low: effort('low', common),
    medium: effort('medium', common),
    high: effort('high', common),
    xhigh: effort('xhigh', { ...common, 'qwen3-max': 'approximated' }),
    max: effort('max', { ...common, 'gpt-5.5': 'approximated', 'qwen3-max': 'approximated' }),
  }
})()

/** Every member of `metadata`. */
export const METADATA: Record<keyof Anthropic.Metadata, Decision> = {
  user_id: { says: { metadata: { user_id: 'x'.repeat(300) } }, becomes: 'mapped' },
}

type Choice = NonNullable<MessagesParams['tool_choice']> | NonNullable<BetaMessagesParams['tool_choice']>

const chosen = (tool_choice: JsonObject): Decision => ({
  says: { ...TOOLS, tool_choice },
  without: TOOLS,
  field: 'tool_choice',
  becomes: 'mapped',
})

/** Every form of `tool_choice` (dialects.md §2.4.3). */
export const TOOL_CHOICES: Record<TypeOf<Choice>, Decision> = {
  auto: chosen({ type: 'auto' }),
  any: chosen({ type: 'any' }),
  tool: chosen({ type: 'tool', name: 'look' }),
  none: chosen({ type: 'none' }),
}

/** Every member of a form of `tool_choice`. */
export const TOOL_CHOICE_MEMBERS: Record<MemberOf<Choice>, Decision> = {
  type: TOOL_CHOICES.any,
  name: TOOL_CHOICES.tool,
  disable_parallel_tool_use: {
    says: { ...TOOLS, tool_choice: { type: 'auto', disable_parallel_tool_use: true } },
    without: { ...TOOLS, tool_choice: { type: 'auto' } },
    field: 'tool_choice',
    becomes: 'mapped',
  },
}
