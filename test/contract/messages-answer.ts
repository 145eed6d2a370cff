import type { Anthropic } from '@anthropic-ai/sdk'
import type { ErrorKind } from '../../src/core/errors.ts'
import type { JsonObject } from '../../src/core/json.ts'
import type { AnswerCase } from './answers.ts'
import type { ItemOf, TypeOf } from './decision.ts'

type Block = Anthropic.ContentBlock | Anthropic.Beta.BetaContentBlock
type MessageEvent = Anthropic.RawMessageStreamEvent | Anthropic.Beta.BetaRawMessageStreamEvent
type Delta = Anthropic.RawContentBlockDelta | Anthropic.Beta.BetaRawContentBlockDelta
type Becomes = AnswerCase['becomes']

const TEXT = { type: 'text', text: 'Well.' }
const USAGE = { input_tokens: 9, output_tokens: 4 }

export const message = (members: JsonObject = {}): JsonObject => ({
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'claude',
  content: [TEXT],
  stop_reason: 'end_turn',
  stop_sequence: null,
  usage: USAGE,
  ...members,
})

const block = (value: JsonObject, becomes: Becomes): AnswerCase => ({
  says: message({ content: [TEXT, value] }),
  without: message(),
  becomes,
})
const member = (members: JsonObject, becomes: Becomes): AnswerCase => ({ says: message(members), without: message(), becomes })
const called = (members: JsonObject): JsonObject =>
  message({ content: [{ type: 'tool_use', id: 'toolu_1', name: 'look', input: {}, ...members }], stop_reason: 'tool_use' })

const server = (type: string): AnswerCase => block({ type, tool_use_id: 'srvtoolu_1', content: [] }, 'dropped')

/** Every content block of an answer on its way to a Chat client (dialects.md §3.3). */
export const ANSWER_BLOCKS: Record<Block['type'], AnswerCase> = {
  text: block({ type: 'text', text: 'More.' }, 'mapped'),
  thinking: block({ type: 'thinking', thinking: 'Hm.', signature: 'sig' }, 'mapped'),
  redacted_thinking: block({ type: 'redacted_thinking', data: 'x' }, 'mapped'),
  tool_use: { says: called({}), without: message(), becomes: 'mapped' },
  server_tool_use: block({ type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: { query: 'x' } }, 'dropped'),
  web_search_tool_result: server('web_search_tool_result'),
  web_fetch_tool_result: server('web_fetch_tool_result'),
  advisor_tool_result: server('advisor_tool_result'),
  code_execution_tool_result: server('code_execution_tool_result'),
  bash_code_execution_tool_result: server('bash_code_execution_tool_result'),
  text_editor_code_execution_tool_result: server('text_editor_code_execution_tool_result'),
  tool_search_tool_result: server('tool_search_tool_result'),
  mcp_tool_use: block({ type: 'mcp_tool_use', id: 'mcptoolu_1', name: 'look', server_name: 'files', input: {} }, 'dropped'),
  mcp_tool_result: server('mcp_tool_result'),
  mcp_tool_listing: block({ type: 'mcp_tool_listing', server_name: 'files', tools: [] }, 'dropped'),
  container_upload: block({ type: 'container_upload', file_id: 'file_1' }, 'dropped'),
  compaction: block({ type: 'compaction', content: 'So far.' }, 'dropped'),
  fallback: block({ type: 'fallback', from: { model: 'a' }, to: { model: 'b' } }, 'silent'),
}

/** Every member of a message. */
export const ANSWER_MEMBERS: Record<keyof Anthropic.Message | keyof Anthropic.Beta.BetaMessage, AnswerCase> = {
  id: member({ id: 'msg_2' }, 'silent'),
  type: member({}, 'silent'),
  role: member({}, 'silent'),
  model: member({ model: 'claude-other' }, 'silent'),
  content: member({ content: [{ type: 'text', text: 'Other.' }] }, 'mapped'),
  stop_reason: member({ stop_reason: 'max_tokens' }, 'mapped'),
  stop_sequence: { says: message({ stop_reason: 'stop_sequence', stop_sequence: 'END' }), without: message(), becomes: 'silent' },
  stop_details: {
    says: message({ content: [], stop_reason: 'refusal', stop_details: { type: 'refusal', category: 'bio', explanation: 'No.' } }),
    without: message({ content: [], stop_reason: 'refusal' }),
    becomes: 'mapped',
  },
  usage: member({ usage: { input_tokens: 10, output_tokens: 4 } }, 'mapped'),
  container: member({ container: { id: 'container_1', expires_at: '2026-11-21T00:00:00Z' } }, 'silent'),
  context_management: member({ context_management: { applied_edits: [] } }, 'silent'),
  input_transformations: member({ input_transformations: [] }, 'silent'),
  diagnostics: member({ diagnostics: { cache_miss_reason: null } }, 'silent'),
}

type Citation = TypeOf<ItemOf<NonNullable<Extract<Block, { type: 'text' }>['citations']>>>

const cited = (citation: JsonObject, becomes: Becomes): AnswerCase => ({
  says: message({ content: [{ ...TEXT, citations: [citation] }] }),
  without: message(),
  becomes,
})

/** Every kind of citation: Chat knows those that have an address. */
export const CITATIONS: Record<Citation, AnswerCase> = {
  char_location: cited({ type: 'char_location', cited_text: 'x', document_index: 0, document_title: 'T' }, 'dropped'),
  page_location: cited({ type: 'page_location', cited_text: 'x', document_index: 0, document_title: 'T' }, 'dropped'),
  content_block_location: cited({ type: 'content_block_location', cited_text: 'x', document_index: 0 }, 'dropped'),
  web_search_result_location: cited(
    { type: 'web_search_result_location', cited_text: 'x', url: 'https://example.com', title: 'T', encrypted_index: 'e' },
    'mapped',
  ),
  search_result_location: cited({ type: 'search_result_location', cited_text: 'x', source: 'https://example.com', title: 'T' }, 'mapped'),
}

/** Every member of the usage, by where Chat has it (dialects.md §3.2). */
export const USAGE_MEMBERS: Record<keyof Anthropic.Usage | keyof Anthropic.Beta.BetaUsage | keyof Anthropic.MessageDeltaUsage, AnswerCase> =
  (() => {
    const counted = (members: JsonObject, becomes: Becomes): AnswerCase => member({ usage: { ...USAGE, ...members } }, becomes)
    return {
      input_tokens: counted({ input_tokens: 99 }, 'mapped'),
      output_tokens: counted({ output_tokens: 99 }, 'mapped'),
      cache_read_input_tokens: counted({ cache_read_input_tokens: 5 }, 'mapped'),
      cache_creation_input_tokens: counted({ cache_creation_input_tokens: 5 }, 'mapped'),
      output_tokens_details: counted({ output_tokens_details: { thinking_tokens: 2 } }, 'mapped'),
      cache_creation: counted({ cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 0 } }, 'mapped'),
      fallback_credit: counted({ fallback_credit: null }, 'silent'),
      inference_geo: counted({ inference_geo: 'us' }, 'silent'),
      iterations: counted({ iterations: [] }, 'silent'),
      server_tool_use: counted({ server_tool_use: { web_search_requests: 1, web_fetch_requests: 0 } }, 'silent'),
      service_tier: counted({ service_tier: 'standard' }, 'mapped'),
      speed: counted({ speed: 'standard' }, 'silent'),
    }
  })()

type StopReason = Anthropic.StopReason | Anthropic.Beta.BetaStopReason

/** What a Chat client reads for each stop reason (dialects.md §3.1). */
export const STOP_REASONS: Record<StopReason, 'stop' | 'length' | 'tool_calls' | 'content_filter'> = {
  end_turn: 'stop',
  stop_sequence: 'stop',
  pause_turn: 'stop',
  compaction: 'stop',
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
  tool_use: 'tool_calls',
  refusal: 'content_filter',
}

/** Every event of a stream: what a Chat client gets of it is in the golden streams and the tables above. */
export const EVENTS: Record<MessageEvent['type'] | 'ping' | 'error', true> = {
  message_start: true,
  content_block_start: true,
  content_block_delta: true,
  content_block_stop: true,
  message_delta: true,
  message_stop: true,
  ping: true,
  error: true,
}

/** Every delta, and a block that it may belong to. */
export const DELTAS: Record<Delta['type'], Block['type']> = {
  text_delta: 'text',
  citations_delta: 'text',
  input_json_delta: 'tool_use',
  thinking_delta: 'thinking',
  signature_delta: 'thinking',
  compaction_delta: 'compaction',
}

/** Every error type, and what sort of failure it is for routing and for the other dialect (dialects.md §5.2). */
export const ERRORS: Record<Anthropic.ErrorType, ErrorKind> = {
  invalid_request_error: 'invalid-request',
  authentication_error: 'authentication',
  billing_error: 'billing',
  permission_error: 'permission',
  not_found_error: 'not-found',
  rate_limit_error: 'rate-limit',
  timeout_error: 'timeout',
  api_error: 'internal',
  overloaded_error: 'overloaded',
  conflict_error: 'conflict',
  memory_path_conflict_error: 'internal',
  memory_precondition_failed_error: 'internal',
}
