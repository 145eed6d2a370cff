import { errors, MESSAGES_FAULTS } from './errors.ts'
import { ANTHROPIC_BETA, ANTHROPIC_VERSION, STRICT, servedHeaders } from './headers.ts'
import { messagesAnswerSchemas } from './messages-answer.ts'
import { messagesAnswerExamples, messagesRequestExamples, messagesStreamExamples } from './messages-examples.ts'
import { messagesRequestSchemas } from './messages-request.ts'
import { type Prefix, tagOf, twin } from './prefixes.ts'
import { type Examples, exampleRefs, type Operation, paragraphs, type Schemas, schemaRef } from './schema.ts'
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
    ...errors('Anthropic', ...MESSAGES_FAULTS),
  },
})

const COUNT_DESCRIPTION = paragraphs(
  "**Exact** where the request would go to an upstream that counts (Anthropic): it is asked, with the request's bytes and the model's name exchanged, " +
    'and its answer and its 400s come back as they are.',
  '**An estimate** elsewhere, and where that upstream cannot count now (no such route, a fault, a limit, no answer within 10 seconds); it says so: ' +
    '`x-dragoman-notes: usage:estimated`. Text is cut the way tokenizers cut, within 15 % for English, code and JSON and 25 % for other writing, ' +
    'and 15 % more for Claude. Tools count by their schemas and what models are told about them (346 tokens for Claude). An image costs a token for ' +
    'every 28 × 28 pixels, up to 1,568 (4,784 for newer Claude models), and as much as the largest where its size is not known. A PDF is taken ' +
    'for a page for every 50 kB at 3,000 tokens, one at a URL for 5 pages. The base64 of embedded data is never counted as text. ' +
    'Thinking counts where it belongs to the turn that is still going on, signatures never.',
  'Costs nothing and leaves no usage record.',
)

/** `POST {prefix}/v1/messages/count_tokens`. */
export const countTokensDocs = (prefix: Prefix): Operation => ({
  operationId: twin('countMessageTokens', prefix),
  tags: [tagOf('Messages', prefix)],
  summary: 'Count the tokens of a request',
  description: COUNT_DESCRIPTION,
  security: CLIENT,
  parameters: [ANTHROPIC_VERSION, ANTHROPIC_BETA],
  requestBody: {
    required: true,
    content: {
      'application/json': {
        schema: schemaRef('CountTokensRequest'),
        examples: exampleRefs('Messages', 'Count', 'CountTools', 'CountImage'),
      },
    },
  },
  responses: {
    200: {
      description: 'The count.',
      headers: servedHeaders('anthropic'),
      content: { 'application/json': { schema: schemaRef('TokenCount'), example: { input_tokens: 24 } } },
    },
    ...errors('Anthropic', 400, 401, 403, 404, 405, 413, 415, 422, 500, 503),
  },
})
