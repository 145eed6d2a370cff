import { errors, GENERATION_FAULTS } from './errors.ts'
import { ANTHROPIC_BETA, ANTHROPIC_VERSION, requestIdHeaders, STRICT, servedHeaders } from './headers.ts'
import { messagesAnswerSchemas } from './messages-answer.ts'
import { messagesAnswerExamples, messagesRequestExamples, messagesStreamExamples } from './messages-examples.ts'
import { messagesRequestSchemas } from './messages-request.ts'
import { type Prefix, tagOf, twin } from './prefixes.ts'
import { type Examples, exampleRefs, headerRef, type Operation, paragraphs, type Schemas, schemaRef } from './schema.ts'
import { CLIENT } from './security.ts'

export const messagesSchemas: Schemas = { ...messagesRequestSchemas, ...messagesAnswerSchemas }

export const messagesExamples: Examples = { ...messagesRequestExamples, ...messagesAnswerExamples, ...messagesStreamExamples }

const DESCRIPTION = paragraphs(
  'Anthropic Messages, for any model behind the gateway.',
  "Where the upstream speaks the same dialect, the request's bytes go up with only the model's name exchanged, and its " +
    'answer comes back byte for byte. Elsewhere both are translated; what could not be carried over is named in ' +
    '`x-dragoman-notes`, or refused with `x-dragoman-strict: true`. Names with `opus`, `sonnet` or `haiku` that no ' +
    'provider lists go to the first providers that have a big, medium or small model.',
  '**Streaming** (`stream: true`): `message_start`; for each block `content_block_start`, its deltas and ' +
    '`content_block_stop`, one block at a time; `message_delta` with the stop reason and the whole usage; `message_stop`. ' +
    '`ping` may come in between.',
  '**Failures**: until the first content the gateway goes on to the next account or provider by itself. Later a failure ' +
    'is an `error` event, and the stream ends there.',
)

/** `POST {prefix}/v1/messages`. */
export const messagesDocs = (prefix: Prefix): Operation => ({
  operationId: twin('createMessage', prefix),
  tags: [tagOf('Messages', prefix)],
  summary: 'Ask a model (Anthropic dialect)',
  description: DESCRIPTION,
  security: CLIENT,
  parameters: [ANTHROPIC_VERSION, ANTHROPIC_BETA, STRICT],
  requestBody: {
    required: true,
    content: {
      'application/json': {
        schema: schemaRef('MessagesRequest'),
        examples: exampleRefs('Messages', 'Plain', 'Streamed', 'Tools', 'ToolResult', 'Image', 'Thinking'),
      },
    },
  },
  responses: {
    200: {
      description: 'The answer: an object, or an event stream where `stream` was true.',
      headers: servedHeaders('anthropic'),
      content: {
        'application/json': { schema: schemaRef('Message'), examples: exampleRefs('MessagesAnswer', 'Plain', 'Tools', 'Thinking') },
        'text/event-stream': {
          schema: schemaRef('MessageStreamEvent'),
          examples: exampleRefs('MessagesStream', 'Plain', 'Tools', 'Thinking', 'Error'),
        },
      },
    },
    ...errors('Anthropic', ...GENERATION_FAULTS),
  },
})

/** `POST {prefix}/v1/messages/count_tokens`. */
export const countTokensDocs = (prefix: Prefix): Operation => ({
  operationId: twin('countMessageTokens', prefix),
  tags: [tagOf('Messages', prefix)],
  summary: 'Count the tokens of a request',
  description:
    "The upstream's own count where it speaks the dialect; elsewhere an estimate, which says so: `x-dragoman-notes: usage:estimated`. " +
    'Costs nothing and leaves no usage record.',
  security: CLIENT,
  parameters: [ANTHROPIC_VERSION, ANTHROPIC_BETA],
  requestBody: {
    required: true,
    content: {
      'application/json': { schema: schemaRef('CountTokensRequest'), examples: exampleRefs('Messages', 'Count') },
    },
  },
  responses: {
    200: {
      description: 'The count.',
      headers: { ...requestIdHeaders('anthropic'), 'x-dragoman-notes': headerRef('Notes') },
      content: { 'application/json': { schema: schemaRef('TokenCount') } },
    },
    ...errors('Anthropic', ...GENERATION_FAULTS),
  },
})
