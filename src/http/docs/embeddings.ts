import type { JsonObject, JsonValue } from '../../core/json.ts'
import { errors, GENERATION_FAULTS } from './errors.ts'
import { STRICT, servedHeaders } from './headers.ts'
import {
  choice,
  type Examples,
  exampleRefs,
  integer,
  kind,
  list,
  type Operation,
  object,
  oneOf,
  paragraphs,
  type Schemas,
  schemaRef,
  text,
} from './schema.ts'
import { CLIENT } from './security.ts'

const ENCODINGS = ['float', 'base64']

const tokens = list('Tokens of one text, for upstreams that take them.', { type: 'integer' })

export const embeddingsSchemas: Schemas = {
  EmbeddingsRequest: object(
    'What is to become vectors. Members that are not listed are passed on.',
    {
      model: text('Name or alias of an embeddings model.', { example: 'text-embedding-3-small' }),
      input: oneOf(
        'A text, or up to 2048 of them; tokens in their place where the upstream takes any. More texts than a Qwen model takes at once are split up.',
        [
          { type: 'string' },
          list('Texts, none empty.', { type: 'string' }),
          tokens,
          list('Tokens of several texts.', { type: 'array', items: { type: 'integer' } }),
        ],
        { example: 'A dragoman was an interpreter and guide.' },
      ),
      dimensions: integer(
        'Length of the vectors, where the model has several: 2048, 1536, 1024, 768, 512, 256, 128 or 64 for `text-embedding-v4`.',
        {
          minimum: 1,
          example: 1024,
        },
      ),
      encoding_format: choice('How vectors are written: numbers, or base64 of 32-bit floats, little-endian.', ENCODINGS, {
        default: 'float',
      }),
      user: text("Your own user's id, for the upstream."),
    },
    ['model', 'input'],
  ),
  Embeddings: object(
    'The vectors, in the order of the input.',
    {
      object: kind('list'),
      data: list('', schemaRef('Embedding')),
      model: text("The upstream's name of the model."),
      usage: object('', { prompt_tokens: integer('Tokens of the input, all calls together.'), total_tokens: integer('The same.') }),
    },
    ['object', 'data', 'model', 'usage'],
  ),
  Embedding: object(
    '',
    {
      object: kind('embedding'),
      index: integer('Place of its text in the input, from 0 on.'),
      embedding: oneOf('As `encoding_format` says.', [list('', { type: 'number' }), { type: 'string', format: 'byte' }]),
    },
    ['object', 'index', 'embedding'],
  ),
}

const answer = (...vectors: JsonValue[]): JsonObject => ({
  object: 'list',
  data: vectors.map((embedding, index) => ({ object: 'embedding', index, embedding })),
  model: 'text-embedding-3-small',
  usage: { prompt_tokens: 12, total_tokens: 12 },
})

export const embeddingsExamples: Examples = {
  EmbeddingsPlain: { summary: 'A text', value: { model: 'text-embedding-3-small', input: 'A dragoman was an interpreter and guide.' } },
  EmbeddingsMany: {
    summary: 'Several texts, short vectors in base64',
    value: { model: 'text-embedding-v4', input: ['an interpreter', 'a guide'], dimensions: 64, encoding_format: 'base64' },
  },
  EmbeddingsTokens: { summary: 'Tokens', value: { model: 'text-embedding-3-small', input: [32, 4499, 13] } },
  EmbeddingsAnswerFloat: { summary: 'Numbers', value: answer([0.5, -0.25, 0.125, 0.75], [0.25, 0.5, -0.75, -0.125]) },
  EmbeddingsAnswerBase64: { summary: 'Base64', value: answer('AAAAPwAAgL4AAAA+AABAPw==') },
}

const DESCRIPTION = paragraphs(
  'Vectors for texts, from any upstream that speaks OpenAI’s dialect: the bytes of the request go up with the model’s name exchanged, and the answer comes back ' +
    'byte for byte. Routing, failing over, limits and records are those of the chat routes.',
  '**Encodings.** What an upstream gives in another encoding than was asked is converted.',
  '**Qwen** (`text-embedding-v1` to `-v4`, by API key or plan key): texts beyond the 10 (v1 and v2: 25) of a call are spread over several calls to one account and put ' +
    'together again in order, with their usage summed up, all as one attempt; where one call fails, all are made again elsewhere. `dimensions` that the model does not have, and tokens, are a 400.',
  '**Not served** by Anthropic, JetBrains AI and accounts that are signed in to Qwen: such a target is passed by, and where there is no other the ' +
    'answer is a 400 with the code `embeddings_not_supported`.',
)

/** `POST /v1/embeddings`. */
export const embeddingsDocs: Operation = {
  operationId: 'createEmbeddings',
  tags: ['Embeddings'],
  summary: 'Turn texts into vectors',
  description: DESCRIPTION,
  security: CLIENT,
  parameters: [STRICT],
  requestBody: {
    required: true,
    content: {
      'application/json': { schema: schemaRef('EmbeddingsRequest'), examples: exampleRefs('Embeddings', 'Plain', 'Many', 'Tokens') },
    },
  },
  responses: {
    200: {
      description: 'The vectors.',
      headers: servedHeaders('openai'),
      content: { 'application/json': { schema: schemaRef('Embeddings'), examples: exampleRefs('EmbeddingsAnswer', 'Float', 'Base64') } },
    },
    ...errors('OpenAI', ...GENERATION_FAULTS),
  },
}
