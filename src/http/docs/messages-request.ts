import { EFFORTS } from '../../ir/reasoning.ts'
import {
  anyObject,
  choice,
  flag,
  integer,
  kind,
  list,
  number,
  object,
  oneOf,
  type Schema,
  type Schemas,
  schemaRef,
  text,
} from './schema.ts'

const cache = { cache_control: schemaRef('CacheControl') }

const source = (description: string, example: string): Schema =>
  oneOf(description, [
    object('The data itself.', { type: kind('base64'), media_type: text('', { example }), data: text('Base64.') }, [
      'type',
      'media_type',
      'data',
    ]),
    object('Where it lies.', { type: kind('url'), url: text('An https URL.') }, ['type', 'url']),
    object('An uploaded file, known to Anthropic only.', { type: kind('file'), file_id: text('') }, ['type', 'file_id']),
  ])

const blocks: Schemas = {
  CacheControl: object(
    'Marks the end of a prefix worth caching; at most 4 in a request.',
    { type: kind('ephemeral'), ttl: choice('', ['5m', '1h']) },
    ['type'],
  ),
  TextBlock: object('Text.', { type: kind('text'), text: text('The text.'), ...cache }, ['type', 'text']),
  ImageBlock: object('An image: JPEG, PNG, GIF or WebP.', { type: kind('image'), source: source('The image.', 'image/png'), ...cache }, [
    'type',
    'source',
  ]),
  DocumentBlock: object(
    'A document. Its source may also be `text` (plain text) or `content` (blocks).',
    {
      type: kind('document'),
      source: source('The document.', 'application/pdf'),
      title: text('Its title.', { nullable: true }),
      context: text('What the model should know of it.', { nullable: true }),
      citations: object('', { enabled: flag('Whether answers quote it.') }),
      ...cache,
    },
    ['type', 'source'],
  ),
  SearchResultBlock: object(
    'A search result of your own; other vendors get it as text.',
    {
      type: kind('search_result'),
      source: text('Where it is from.'),
      title: text(''),
      content: list('', schemaRef('TextBlock')),
      ...cache,
    },
    ['type', 'source', 'title', 'content'],
  ),
  ThinkingBlock: object(
    'Reasoning of an earlier answer. Send it back unchanged: the signature is checked by whoever made it, and only goes there.',
    { type: kind('thinking'), thinking: text(''), signature: text('') },
    ['type', 'thinking'],
  ),
  RedactedThinkingBlock: object('Encrypted reasoning of an earlier answer.', { type: kind('redacted_thinking'), data: text('') }, [
    'type',
    'data',
  ]),
  ToolUseBlock: object(
    'A call that the model made.',
    { type: kind('tool_use'), id: text('Names the call.'), name: text('The tool.'), input: anyObject('Its arguments.'), ...cache },
    ['type', 'id', 'name', 'input'],
  ),
  ToolResultBlock: object(
    'The result of a call.',
    {
      type: kind('tool_result'),
      tool_use_id: text('The call that it answers.'),
      content: oneOf('', [
        { type: 'string' },
        { type: 'array', items: { oneOf: ['TextBlock', 'ImageBlock', 'DocumentBlock', 'SearchResultBlock'].map(schemaRef) } },
      ]),
      is_error: flag('The tool failed.', { default: false }),
      ...cache,
    },
    ['type', 'tool_use_id'],
  ),
}

const BLOCKS = [
  'TextBlock',
  'ImageBlock',
  'DocumentBlock',
  'SearchResultBlock',
  'ToolResultBlock',
  'ToolUseBlock',
  'ThinkingBlock',
  'RedactedThinkingBlock',
]

const conversation: Schemas = {
  MessageParam: object(
    'One turn. Tool results stand in user turns; thinking and tool calls in assistant turns.',
    {
      role: choice('`system` in mid-conversation holds from there on.', ['user', 'assistant', 'system']),
      content: oneOf('Text, or blocks of several kinds.', [{ type: 'string' }, { type: 'array', items: { oneOf: BLOCKS.map(schemaRef) } }]),
    },
    ['role', 'content'],
  ),
  ...blocks,
}

const tools: Schemas = {
  MessagesTool: oneOf('A tool the model may call.', [
    object(
      'A tool that the client runs.',
      {
        type: kind('custom'),
        name: text('Letters, digits, `_` and `-`, at most 64. Longer or other names are renamed for the upstream and back.'),
        description: text('When and how to use it.'),
        input_schema: anyObject('JSON Schema of its input; carried whole.'),
        strict: flag('The input must fit the schema exactly.'),
        defer_loading: flag('Shown to the model only once a `tool_reference` names it.'),
        ...cache,
      },
      ['name', 'input_schema'],
    ),
    object(
      "One of Anthropic's own (`bash_20250124`, `web_search_20250305`, …), replaced or dropped with a note where the upstream lacks it.",
      { type: text(''), name: text('') },
      ['type'],
    ),
  ]),
  MessagesToolChoice: object(
    'Whether and which tools are called.',
    {
      type: choice('`auto`: the model decides; `any`: at least one; `tool`: the named one; `none`: no tool.', [
        'auto',
        'any',
        'tool',
        'none',
      ]),
      name: text('With `tool`: which.'),
      disable_parallel_tool_use: flag('At most one call at a time.'),
    },
    ['type'],
  ),
}

const format = object('What the answer must look like.', { type: kind('json_schema'), schema: anyObject('JSON Schema of the answer.') }, [
  'type',
  'schema',
])

/** What both routes take. */
const shared: Schemas = {
  model: text('A model of `GET /v1/models`, an alias, a Claude name (mapped by size where no provider lists it), or `claude-via-<name>`.', {
    example: 'claude-sonnet-4-5',
  }),
  messages: list('The conversation, oldest first.', schemaRef('MessageParam')),
  system: oneOf('Instructions.', [{ type: 'string' }, { type: 'array', items: schemaRef('TextBlock') }]),
  tools: list('What the model may call.', schemaRef('MessagesTool')),
  tool_choice: schemaRef('MessagesToolChoice'),
  thinking: object(
    'Whether and how much the model reasons. What a model does not take is turned into what it does.',
    {
      type: choice('`adaptive`: the model decides; `enabled`: within a budget.', ['adaptive', 'enabled', 'disabled']),
      budget_tokens: integer('With `enabled`: the most tokens to reason with, below `max_tokens`.', { minimum: 1024 }),
      display: choice('Whether the reasoning is shown.', ['summarized', 'omitted']),
    },
    ['type'],
  ),
  output_config: object('', { effort: choice('How hard to think, on one scale for all vendors.', EFFORTS), format }),
  output_format: { ...format, description: 'Older place of `output_config.format`.' },
  cache_control: schemaRef('CacheControl'),
}

const generation: Schemas = {
  max_tokens: integer("The most tokens to answer with, reasoning included; lowered to the upstream's largest with a note.", {
    minimum: 0,
    example: 1024,
  }),
  stream: flag('Send the answer as server-sent events while it is made.', { default: false }),
  stop_sequences: list('Texts at which the answer ends.', { type: 'string' }),
  temperature: number('Randomness, 0 to 1. Dropped with a note for models that take none.', { minimum: 0, maximum: 1 }),
  top_p: number('Share of probability to choose from.', { minimum: 0, maximum: 1 }),
  top_k: integer('Number of candidates to choose from.', { minimum: 0 }),
  metadata: object('', { user_id: text("Who asks, as an opaque name; for the vendor's abuse checks.", { nullable: true }) }),
  service_tier: choice('', ['auto', 'standard_only']),
}

/** For Anthropic upstreams alone; elsewhere dropped with a note, or refused where the meaning would change. */
const own: Schemas = {
  container: oneOf('Refused for other vendors.', [{ type: 'string' }, anyObject('')]),
  context_management: anyObject('How the context is trimmed; silently left out for other vendors.'),
  inference_geo: text('Where it may run.', { nullable: true }),
  mcp_servers: list('Refused for other vendors.', anyObject('')),
  speed: choice('', ['standard', 'fast']),
}

export const messagesRequestSchemas: Schemas = {
  MessagesRequest: object(
    'A Messages request. Members that are not listed travel on to upstreams of the same dialect.',
    { ...shared, ...generation, ...own },
    ['model', 'max_tokens', 'messages'],
  ),
  CountTokensRequest: object('The same without what only concerns the answer.', shared, ['model', 'messages']),
  ...conversation,
  ...tools,
}
