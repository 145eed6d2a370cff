import type { JsonObject } from '../../core/json.ts'
import { PIXEL, TEMPERATURE_SCHEMA } from './example-parts.ts'
import { type Examples, eventStream } from './schema.ts'

const MODEL = 'claude-sonnet-4-5'

const hello: JsonObject = {
  model: MODEL,
  max_tokens: 1024,
  system: 'Answer in one sentence.',
  messages: [{ role: 'user', content: 'What is a dragoman?' }],
}

const weather: JsonObject = {
  model: MODEL,
  max_tokens: 1024,
  tools: [{ name: 'read_temperature', description: 'Temperature of a city, in °C.', input_schema: TEMPERATURE_SCHEMA }],
  tool_choice: { type: 'auto' },
  messages: [{ role: 'user', content: 'How warm is it in Istanbul?' }],
}

const call: JsonObject = { type: 'tool_use', id: 'toolu_01', name: 'read_temperature', input: { city: 'Istanbul' } }

export const messagesRequestExamples: Examples = {
  MessagesPlain: { summary: 'A question', value: hello },
  MessagesStreamed: { summary: 'The same, streamed', value: { ...hello, stream: true } },
  MessagesTools: { summary: 'With a tool', value: weather },
  MessagesToolResult: {
    summary: "With the tool's result",
    value: {
      ...weather,
      messages: [
        { role: 'user', content: 'How warm is it in Istanbul?' },
        { role: 'assistant', content: [call] },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_01', content: '17' }] },
      ],
    },
  },
  MessagesImage: {
    summary: 'With an image',
    value: {
      model: MODEL,
      max_tokens: 1024,
      messages: [
        {
          role: 'user',
          content: [
            { type: 'image', source: { type: 'base64', media_type: 'image/png', data: PIXEL } },
            { type: 'text', text: 'Which colour is this?' },
          ],
        },
      ],
    },
  },
  MessagesThinking: {
    summary: 'With thinking',
    value: {
      model: 'claude-opus-4-6',
      max_tokens: 4000,
      thinking: { type: 'adaptive', display: 'summarized' },
      output_config: { effort: 'high' },
      messages: [{ role: 'user', content: 'Is 2027 a prime number?' }],
    },
  },
  MessagesCount: { summary: 'A question', value: { model: MODEL, messages: hello.messages ?? [], system: hello.system ?? '' } },
  MessagesCountTools: {
    summary: 'With a tool',
    value: { model: MODEL, messages: weather.messages ?? [], tools: weather.tools ?? [], tool_choice: { type: 'auto' } },
  },
  MessagesCountImage: {
    summary: 'With an image',
    value: {
      model: MODEL,
      messages: [{ role: 'user', content: [{ type: 'image', source: { type: 'base64', media_type: 'image/png', data: PIXEL } }] }],
    },
  },
}

const usage = (input: number, output: number, thinking?: number): JsonObject => ({
  input_tokens: input,
  output_tokens: output,
  cache_creation_input_tokens: 0,
  cache_read_input_tokens: 0,
  ...(thinking !== undefined && { output_tokens_details: { thinking_tokens: thinking } }),
})

const message = (model: string, content: JsonObject[], stop: string | null, counted: JsonObject): JsonObject => ({
  id: 'msg_01JD6W9Q4T',
  type: 'message',
  role: 'assistant',
  model,
  content,
  stop_reason: stop,
  stop_sequence: null,
  usage: counted,
})

const TEXT = 'A dragoman was an interpreter and guide between courts that shared no language.'
const THOUGHT = 'No prime up to 43 divides 2027, and 47² is larger.'

export const messagesAnswerExamples: Examples = {
  MessagesAnswerPlain: { summary: 'Text', value: message(MODEL, [{ type: 'text', text: TEXT }], 'end_turn', usage(24, 17)) },
  MessagesAnswerTools: { summary: 'A tool call', value: message(MODEL, [call], 'tool_use', usage(61, 16)) },
  MessagesAnswerThinking: {
    summary: 'With thinking',
    value: message(
      'claude-opus-4-6',
      [
        { type: 'thinking', thinking: THOUGHT, signature: 'EqQBCkYIBxgCKkC4' },
        { type: 'text', text: 'Yes, 2027 is prime.' },
      ],
      'end_turn',
      usage(16, 64, 52),
    ),
  },
}

const start = (model: string, input: number): JsonObject[] => [
  { type: 'message_start', message: message(model, [], null, usage(input, 1)) },
  { type: 'ping' },
]

/** One block from its start to its stop. */
const block = (index: number, content: JsonObject, deltas: JsonObject[]): JsonObject[] => [
  { type: 'content_block_start', index, content_block: content },
  ...deltas.map(delta => ({ type: 'content_block_delta', index, delta })),
  { type: 'content_block_stop', index },
]

const end = (stop: string, counted: JsonObject): JsonObject[] => [
  { type: 'message_delta', delta: { stop_reason: stop, stop_sequence: null }, usage: counted },
  { type: 'message_stop' },
]

const written = (...pieces: string[]): JsonObject[] => pieces.map(piece => ({ type: 'text_delta', text: piece }))

export const messagesStreamExamples: Examples = {
  MessagesStreamPlain: {
    summary: 'Text',
    value: eventStream(
      [
        ...start(MODEL, 24),
        ...block(
          0,
          { type: 'text', text: '' },
          written('A dragoman was an interpreter and guide ', 'between courts that shared no language.'),
        ),
        ...end('end_turn', usage(24, 17)),
      ],
      true,
    ),
  },
  MessagesStreamTools: {
    summary: 'A tool call',
    value: eventStream(
      [
        ...start(MODEL, 61),
        ...block(0, { type: 'tool_use', id: 'toolu_01', name: 'read_temperature', input: {} }, [
          { type: 'input_json_delta', partial_json: '' },
          { type: 'input_json_delta', partial_json: '{"city":' },
          { type: 'input_json_delta', partial_json: '"Istanbul"}' },
        ]),
        ...end('tool_use', usage(61, 16)),
      ],
      true,
    ),
  },
  MessagesStreamThinking: {
    summary: 'Thinking before the text',
    value: eventStream(
      [
        ...start('claude-opus-4-6', 16),
        ...block(0, { type: 'thinking', thinking: '', signature: '' }, [
          { type: 'thinking_delta', thinking: THOUGHT },
          { type: 'signature_delta', signature: 'EqQBCkYIBxgCKkC4' },
        ]),
        ...block(1, { type: 'text', text: '' }, written('Yes, 2027 is prime.')),
        ...end('end_turn', usage(16, 64, 52)),
      ],
      true,
    ),
  },
  MessagesStreamError: {
    summary: 'A failure in mid-stream',
    description: 'The stream ends after the error: no `message_stop`.',
    value: eventStream(
      [
        ...start(MODEL, 24),
        { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
        { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'A dragoman was' } },
        { type: 'error', error: { type: 'api_error', message: 'the upstream closed the connection' } },
      ],
      true,
    ),
  },
}
