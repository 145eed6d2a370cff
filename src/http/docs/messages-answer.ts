import { anyObject, choice, integer, kind, list, object, type Schemas, schemaRef, text } from './schema.ts'

const stopReason = choice(
  "Why it ended: `tool_use` asks for tool results, `max_tokens` is the token limit, `refusal` the vendor's refusal.",
  ['end_turn', 'max_tokens', 'stop_sequence', 'tool_use', 'pause_turn', 'refusal', 'model_context_window_exceeded'],
  { nullable: true },
)

export const messagesAnswerSchemas: Schemas = {
  MessagesUsage: object(
    'Tokens. `input_tokens` leaves out what was read from and written to a cache, as Anthropic counts.',
    {
      input_tokens: integer(''),
      output_tokens: integer('Thinking included.'),
      cache_creation_input_tokens: integer('', { nullable: true }),
      cache_read_input_tokens: integer('', { nullable: true }),
      output_tokens_details: object('', { thinking_tokens: integer('') }, [], { nullable: true }),
    },
    ['input_tokens', 'output_tokens'],
  ),
  Message: object(
    'A whole answer.',
    {
      id: text('', { example: 'msg_01JD6W9Q4T' }),
      type: kind('message'),
      role: kind('assistant'),
      model: text('The name that was asked for; on a pass-through, what the upstream calls it.'),
      content: list('What the model made, in order.', {
        oneOf: ['TextBlock', 'ThinkingBlock', 'RedactedThinkingBlock', 'ToolUseBlock'].map(schemaRef),
      }),
      stop_reason: stopReason,
      stop_sequence: text('Which stop sequence was met.', { nullable: true }),
      stop_details: anyObject('With `refusal`: why.', { nullable: true }),
      usage: schemaRef('MessagesUsage'),
    },
    ['id', 'type', 'role', 'model', 'content', 'stop_reason', 'stop_sequence', 'usage'],
  ),
  MessageStreamEvent: object(
    "One event of a stream; the frame's `event:` line repeats `type`.",
    {
      type: choice('', [
        'message_start',
        'ping',
        'content_block_start',
        'content_block_delta',
        'content_block_stop',
        'message_delta',
        'message_stop',
        'error',
      ]),
      message: schemaRef('Message'),
      index: integer('Which block; without gaps, in the order in which they start.'),
      content_block: anyObject('The block as it begins: empty text, empty input.'),
      delta: anyObject(
        '`text_delta`, `thinking_delta`, `signature_delta`, `input_json_delta` or `citations_delta`; in `message_delta` the stop reason.',
      ),
      usage: schemaRef('MessagesUsage'),
      error: anyObject('Type and message of a failure.'),
    },
    ['type'],
  ),
  TokenCount: object('', { input_tokens: integer('Tokens of the request.', { example: 24 }) }, ['input_tokens']),
}
