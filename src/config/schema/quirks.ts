import { type Static, Type } from '@sinclair/typebox'
import { choice, flag, object, optional, text, whole } from './fields.ts'

const EFFORTS = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'] as const

/** What an OpenAI-like server takes and does not. Its provider type and address settle all of it; these say otherwise, one by one. */
export const quirks = object(
  'How an OpenAI-like server differs from what its type and address tell.',
  {
    max_tokens_field: optional(choice('The only field for the output limit that it knows.', ['max_tokens', 'max_completion_tokens'])),
    max_output: optional(whole('The most tokens that its models write; larger limits are lowered.', { minimum: 1 })),
    developer_role: optional(flag('Whether it knows the role "developer"; false turns that into "system".')),
    stream_options: optional(flag('false where it refuses "stream_options".')),
    extra_sampling: optional(flag('Whether it takes top_k and its like.')),
    unknown_fields: optional(flag('Whether unknown members of a request are passed on.')),
    replays_reasoning: optional(flag('Whether earlier reasoning goes back to it; false takes it out of messages.')),
    strict_messages: optional(flag('Whether it refuses members of messages that it does not know.')),
    reasoning_field: optional(choice('The member of a message that reasoning goes back in.', ['reasoning_content', 'reasoning'])),
    requires_reasoning: optional(flag('Whether it refuses messages with tool calls that lack their reasoning.')),
    refuses: optional(Type.Array(text('A field.'), { description: 'Request fields that it answers with an error; they are left out.' })),
    mid_system: optional(flag('false where instructions may only stand at the start of a conversation.')),
    alternates: optional(flag('Whether user and assistant must take turns.')),
    answers_results: optional(flag('Whether the assistant must speak between tool results and the user.')),
    string_content: optional(flag('Whether content must be a string.')),
    images: optional(flag('false where it takes no images.')),
    documents: optional(choice('How documents are sent.', ['file', 'document_url', 'none'])),
    null_content: optional(flag('false where messages that only call tools need an empty text.')),
    tools: optional(flag('false where there is no function calling.')),
    required_choice: optional(choice('Its tool_choice for "any tool, but one".', ['required', 'any', 'auto'])),
    named_choice: optional(flag('false where tool_choice cannot name a tool.')),
    forced_stops_reasoning: optional(flag('Whether it refuses to force a tool while the model reasons.')),
    tool_call_ids: optional(choice('The form that ids of tool calls must have.', ['nine-alphanumeric'])),
    prefill: optional(choice('How a begun answer is marked.', ['prefix', 'partial', 'continue_final_message'])),
    reasoning_switch: optional(
      choice('How reasoning is turned on and off.', [
        ...(['reasoning_effort', 'thinking', 'enable_thinking', 'chat_template_kwargs', 'reasoning', 'none'] as const),
      ]),
    ),
    efforts: optional(Type.Array(choice('An effort.', EFFORTS), { description: 'The efforts that it takes, weakest first.' })),
    json_schema: optional(flag('false where response_format knows "json_object" only.')),
    think_tags: optional(flag('Whether reasoning stands between <think> tags at the start of the text.')),
    end_user_field: optional(choice('The field for the end user.', ['user', 'safety_identifier'])),
    seed_field: optional(choice('The field for a seed.', ['seed', 'random_seed'])),
    service_tiers: optional(Type.Array(text('A tier.'), { description: 'Its own service tiers; others are not sent.' })),
    cache_control: optional(flag('Whether parts keep the cache_control of Anthropic clients.')),
    leading_system: optional(
      choice(
        '"cached-parts" where one system message must come first, as parts of which the first is marked for the cache (Qwen sign-in).',
        [...(['any', 'cached-parts'] as const)],
      ),
    ),
  },
  { sample: { mid_system: true, think_tags: true } },
)

export type Quirks = Static<typeof quirks>
