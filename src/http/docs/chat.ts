import { chatAnswerSchemas } from './chat-answer.ts'
import { chatAnswerExamples, chatRequestExamples, chatStreamExamples } from './chat-examples.ts'
import { chatRequestSchemas } from './chat-request.ts'
import { errors, GENERATION_FAULTS } from './errors.ts'
import { STRICT, servedHeaders } from './headers.ts'
import { type Examples, exampleRefs, type Operation, paragraphs, type Schemas, schemaRef } from './schema.ts'
import { CLIENT } from './security.ts'

export const chatSchemas: Schemas = { ...chatRequestSchemas, ...chatAnswerSchemas }

export const chatExamples: Examples = { ...chatRequestExamples, ...chatAnswerExamples, ...chatStreamExamples }

const DESCRIPTION = paragraphs(
  'OpenAI Chat Completions, for any model behind the gateway.',
  "Where the upstream speaks the same dialect, the request's bytes go up with only the model's name exchanged, and its " +
    'answer comes back byte for byte. Elsewhere both are translated; what could not be carried over is named in ' +
    '`x-dragoman-notes`, or refused with `x-dragoman-strict: true`.',
  '**Streaming** (`stream: true`): frames without event names. Per choice the role once, reasoning (`reasoning_content`) ' +
    'before text, tool calls piece by piece, then `finish_reason`; with `stream_options.include_usage` one chunk without ' +
    'choices that carries `usage`; `data: [DONE]` at the end. Lines that begin with a colon are heartbeats.',
  '**Failures**: until the first content the gateway goes on to the next account or provider by itself. Later a failure ' +
    'is a frame with an `error` object, and the stream ends without `finish_reason` and `[DONE]`.',
)

/** `POST /v1/chat/completions`. */
export const chatCompletionsDocs: Operation = {
  operationId: 'createChatCompletion',
  tags: ['Chat Completions'],
  summary: 'Ask a model (OpenAI dialect)',
  description: DESCRIPTION,
  security: CLIENT,
  parameters: [STRICT],
  requestBody: {
    required: true,
    content: {
      'application/json': {
        schema: schemaRef('ChatRequest'),
        examples: exampleRefs('Chat', 'Plain', 'Streamed', 'Tools', 'ToolResult', 'Image', 'Reasoning', 'Json'),
      },
    },
  },
  responses: {
    200: {
      description: 'The answer: an object, or an event stream where `stream` was true.',
      headers: servedHeaders('openai'),
      content: {
        'application/json': { schema: schemaRef('ChatCompletion'), examples: exampleRefs('ChatAnswer', 'Plain', 'Tools', 'Reasoning') },
        'text/event-stream': {
          schema: schemaRef('ChatChunk'),
          examples: exampleRefs('ChatStream', 'Plain', 'Tools', 'Reasoning', 'Error'),
        },
      },
    },
    ...errors('OpenAI', ...GENERATION_FAULTS),
  },
}
