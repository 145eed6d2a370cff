import type { JsonObject } from '../../core/json.ts'
import { errors } from './errors.ts'
import { ANTHROPIC_VERSION, requestIdHeaders } from './headers.ts'
import { type Prefix, tagOf, twin } from './prefixes.ts'
import {
  flag,
  headerRef,
  integer,
  kind,
  list,
  moment,
  type Operation,
  object,
  type Response,
  type Schema,
  type Schemas,
  schemaRef,
  text,
} from './schema.ts'
import { CLIENT } from './security.ts'

export const modelSchemas: Schemas = {
  OpenAIModel: object(
    "A model in OpenAI's shape.",
    {
      id: text('What to send as `model`.', { example: 'gpt-4o' }),
      object: kind('model'),
      created: integer('Unix time in seconds at which the gateway learnt of it.'),
      owned_by: text('The provider that serves it.', { example: 'OpenAI' }),
    },
    ['id', 'object', 'created', 'owned_by'],
  ),
  OpenAIModelList: object('', { object: kind('list'), data: list('', schemaRef('OpenAIModel')) }, ['object', 'data']),
  AnthropicModel: object(
    "A model in Anthropic's shape.",
    {
      type: kind('model'),
      id: text('What to send as `model`.', { example: 'claude-sonnet-4-5' }),
      display_name: text('For people.'),
      created_at: moment('When the gateway learnt of it.'),
    },
    ['type', 'id', 'display_name', 'created_at'],
  ),
  AnthropicModelList: object(
    '',
    {
      data: list('', schemaRef('AnthropicModel')),
      has_more: flag('Whether there is another page.'),
      first_id: text('', { nullable: true }),
      last_id: text('For `after_id` of the next page.', { nullable: true }),
    },
    ['data', 'has_more', 'first_id', 'last_id'],
  ),
}

const OPENAI: JsonObject = { id: 'gpt-4o', object: 'model', created: 1795255200, owned_by: 'OpenAI' }
const ANTHROPIC: JsonObject = {
  type: 'model',
  id: 'claude-sonnet-4-5',
  display_name: 'claude-sonnet-4-5',
  created_at: '2026-11-21T10:00:00.000Z',
}
const ALIAS: JsonObject = { ...ANTHROPIC, id: 'claude-via-gpt-4o', display_name: 'claude-via-gpt-4o' }

/** An answer in whichever of the two shapes the request's headers choose; under a prefix it is always Anthropic's. */
function answer(description: string, prefix: Prefix, openai: [Schema, JsonObject], anthropic: [Schema, JsonObject]): Response {
  const plain = prefix === ''
  const examples = {
    ...(plain && { OpenAI: { summary: "OpenAI's shape", value: openai[1] } }),
    Anthropic: { summary: "Anthropic's shape", value: anthropic[1] },
  }
  const schema = plain ? { oneOf: [openai[0], anthropic[0]] } : anthropic[0]
  return {
    description,
    headers: { ...requestIdHeaders('anthropic'), vary: headerRef('Vary') },
    content: { 'application/json': { schema, examples } },
  }
}

const SHAPE = {
  plain: "Anthropic's shape where the request carries `anthropic-version` or `anthropic-beta` (or `x-api-key` alone), OpenAI's elsewhere.",
  prefixed: "In Anthropic's shape.",
}

const shapeOf = (prefix: Prefix): string => (prefix === '' ? SHAPE.plain : SHAPE.prefixed)

const paging = (name: string, description: string, schema: Schema) => ({ name, in: 'query', description, schema })

/** `GET {prefix}/v1/models`. */
export const modelsDocs = (prefix: Prefix): Operation => ({
  operationId: twin('listModels', prefix),
  tags: [tagOf('Models', prefix)],
  summary: 'List the models that the key may use',
  description:
    `${shapeOf(prefix)} Callers of the Anthropic dialect also see every other vendor's model under a name with \`claude\` in it ` +
    '(`claude-via-<name>`), because Claude Code lists no others; those names work.',
  security: CLIENT,
  parameters: [
    ANTHROPIC_VERSION,
    paging('limit', "Anthropic's shape only: models per page.", { type: 'integer', minimum: 1, maximum: 1000, default: 20 }),
    paging('after_id', "Anthropic's shape only: the page after this model.", { type: 'string' }),
    paging('before_id', "Anthropic's shape only: the page before this model.", { type: 'string' }),
  ],
  responses: {
    200: answer(
      'The models.',
      prefix,
      [schemaRef('OpenAIModelList'), { object: 'list', data: [OPENAI] }],
      [
        schemaRef('AnthropicModelList'),
        { data: [ANTHROPIC, ALIAS], has_more: false, first_id: 'claude-sonnet-4-5', last_id: 'claude-via-gpt-4o' },
      ],
    ),
    ...errors(prefix === '' ? 'Either' : 'Anthropic', 400, 401, 403, 405, 500),
  },
})

/** `GET {prefix}/v1/models/{model}`. */
export const modelDocs = (prefix: Prefix): Operation => ({
  operationId: twin('getModel', prefix),
  tags: [tagOf('Models', prefix)],
  summary: 'Read one model',
  description: `${shapeOf(prefix)} Names may hold slashes, as they are or as \`%2F\`.`,
  security: CLIENT,
  parameters: [
    { name: 'model', in: 'path', required: true, description: 'Name of the model.', schema: { type: 'string' }, example: 'gpt-4o' },
    ANTHROPIC_VERSION,
  ],
  responses: {
    200: answer('The model.', prefix, [schemaRef('OpenAIModel'), OPENAI], [schemaRef('AnthropicModel'), ANTHROPIC]),
    ...errors(prefix === '' ? 'Either' : 'Anthropic', 400, 401, 403, 404, 405, 500),
  },
})
