import { EFFORTS } from '../../ir/reasoning.ts'
import { anyObject, choice, flag, integer, kind, list, number, object, oneOf, type Schemas, schemaRef, text } from './schema.ts'

const cacheControl = anyObject(
  "Marks the end of a prefix worth caching, in Anthropic's words. Carried to upstreams that cache on request.",
  {
    example: { type: 'ephemeral', ttl: '1h' },
  },
)

const parts: Schemas = {
  ChatTextPart: object('Text.', { type: kind('text'), text: text('The text.'), cache_control: cacheControl }, ['type', 'text']),
  ChatImagePart: object(
    'An image.',
    {
      type: kind('image_url'),
      image_url: object(
        '',
        {
          url: text('An https URL, or the image itself as a data URL (`data:image/png;base64,…`).'),
          detail: choice('How closely to look; for upstreams that know it.', ['auto', 'low', 'high']),
        },
        ['url'],
      ),
      cache_control: cacheControl,
    },
    ['type', 'image_url'],
  ),
  ChatAudioPart: object(
    'Spoken input, for upstreams that listen; 400 for those that do not.',
    {
      type: kind('input_audio'),
      input_audio: object('', { data: text('The recording in base64.'), format: choice('Its format.', ['wav', 'mp3']) }, [
        'data',
        'format',
      ]),
    },
    ['type', 'input_audio'],
  ),
  ChatFilePart: object(
    'A document: a PDF or a text file.',
    {
      type: kind('file'),
      file: object('Either `file_data` or `file_id`.', {
        filename: text('Its name; tells the type where the data does not.'),
        file_data: text('The file as a data URL or in base64.'),
        file_id: text('Id of an uploaded file, known to its own vendor only.'),
      }),
    },
    ['type', 'file'],
  ),
  ChatRefusalPart: object(
    'What the model said instead of an answer (assistant only).',
    { type: kind('refusal'), refusal: text('Its words.') },
    ['type', 'refusal'],
  ),
}

const content = (description: string, ...names: string[]) =>
  oneOf(description, [{ type: 'string' }, { type: 'array', items: { oneOf: names.map(schemaRef) } }])

const toolCall = object(
  'A call that the model made.',
  {
    id: text('Names the call; the result refers to it.'),
    type: choice('', ['function', 'custom']),
    function: object('', { name: text('The function.'), arguments: text('Its arguments as JSON text, exactly as the model wrote it.') }),
    custom: object('For `custom` tools.', { name: text('The tool.'), input: text('Free text for it.') }),
  },
  ['id', 'type'],
)

const reasoningMembers: Schemas = {
  reasoning_content: text("The model's reasoning as text, where the upstream shows it. Send it back unchanged with the message.", {
    nullable: true,
  }),
  reasoning_details: list(
    'The same with what the vendor signed or encrypted; sending it back lets the model go on where it stopped.',
    anyObject(''),
  ),
}

const messages: Schemas = {
  ChatMessage: oneOf('One message of the conversation, by its `role`.', [
    schemaRef('ChatSystemMessage'),
    schemaRef('ChatUserMessage'),
    schemaRef('ChatAssistantMessage'),
    schemaRef('ChatToolMessage'),
  ]),
  ChatSystemMessage: object(
    'Instructions. `developer` is the newer word for the same.',
    { role: choice('', ['system', 'developer']), content: content('', 'ChatTextPart'), name: text('Who speaks.') },
    ['role', 'content'],
  ),
  ChatUserMessage: object(
    'What the user says and shows.',
    {
      role: kind('user'),
      content: content('Text, or parts of several kinds.', 'ChatTextPart', 'ChatImagePart', 'ChatAudioPart', 'ChatFilePart'),
      name: text('Who speaks.'),
    },
    ['role', 'content'],
  ),
  ChatAssistantMessage: object(
    'What the model said before.',
    {
      role: kind('assistant'),
      content: content('May be null beside `tool_calls`.', 'ChatTextPart', 'ChatRefusalPart'),
      refusal: text('What it said instead of an answer.', { nullable: true }),
      tool_calls: list('The calls it made.', schemaRef('ChatToolCall')),
      ...reasoningMembers,
    },
    ['role'],
  ),
  ChatToolMessage: object(
    'The result of a call.',
    {
      role: kind('tool'),
      tool_call_id: text('The call that it answers.'),
      content: content('The result. Images are carried to upstreams that see them.', 'ChatTextPart', 'ChatImagePart', 'ChatFilePart'),
    },
    ['role', 'tool_call_id', 'content'],
  ),
  ChatToolCall: toolCall,
}

const tools: Schemas = {
  ChatTool: oneOf("A tool the model may call. Vendors' own (`web_search` and kin) are dropped with a note where the upstream lacks them.", [
    object(
      'A function that the client runs.',
      {
        type: kind('function'),
        function: object(
          '',
          {
            name: text('Letters, digits, `_` and `-`, at most 64. Longer or other names are renamed for the upstream and back.'),
            description: text('When and how to use it.'),
            parameters: anyObject('JSON Schema of the arguments; carried whole.'),
            strict: flag('The arguments must fit the schema exactly.'),
          },
          ['name'],
        ),
      },
      ['type', 'function'],
    ),
    object(
      'A tool that takes free text.',
      {
        type: kind('custom'),
        custom: object('', { name: text(''), description: text(''), format: anyObject('Grammar of the text.') }, ['name']),
      },
      ['type', 'custom'],
    ),
  ]),
  ChatToolChoice: oneOf('Whether and which tools are called.', [
    choice('`auto`: the model decides; `none`: no tool; `required`: at least one.', ['auto', 'none', 'required']),
    object('This function.', { type: kind('function'), function: object('', { name: text('') }, ['name']) }, ['type', 'function']),
    object('This custom tool.', { type: kind('custom'), custom: object('', { name: text('') }, ['name']) }, ['type', 'custom']),
    object(
      'Only these.',
      {
        type: kind('allowed_tools'),
        allowed_tools: object('', { mode: choice('', ['auto', 'required']), tools: list('', anyObject('')) }, ['tools']),
      },
      ['type', 'allowed_tools'],
    ),
  ]),
}

const thinking = object(
  "Anthropic's way to ask for reasoning, taken here too.",
  {
    type: choice('`adaptive`: the model decides; `enabled`: within a budget.', ['adaptive', 'enabled', 'disabled']),
    budget_tokens: integer('With `enabled`: the most tokens to reason with.', { minimum: 0 }),
    display: choice('Whether the reasoning is shown.', ['summarized', 'omitted']),
  },
  ['type'],
)

const reasoning = object("OpenRouter's way to ask for reasoning, taken here too; `reasoning_effort` and `thinking` win over it.", {
  effort: choice('How hard to think.', EFFORTS),
  max_tokens: integer('The most tokens to reason with.', { minimum: 0 }),
  enabled: flag('Whether to reason at all.'),
  exclude: flag('Not to show the reasoning.'),
})

const responseFormat = oneOf('What the answer must look like.', [
  object('Plain text.', { type: kind('text') }, ['type']),
  object('Some JSON object.', { type: kind('json_object') }, ['type']),
  object(
    'JSON that fits a schema.',
    {
      type: kind('json_schema'),
      json_schema: object(
        '',
        {
          name: text('Name of the format.'),
          description: text(''),
          schema: anyObject('The JSON Schema.'),
          strict: flag('Must fit exactly.'),
        },
        ['schema'],
      ),
    },
    ['type', 'json_schema'],
  ),
])

/** Fields with one meaning in every dialect. */
const carried: Schemas = {
  model: text('A model of `GET /v1/models`, an alias, or any name that a provider without a model list is to get.', { example: 'gpt-4o' }),
  messages: list('The conversation, oldest first.', schemaRef('ChatMessage')),
  stream: flag('Send the answer as server-sent events while it is made.', { default: false }),
  stream_options: object('Only with `stream`.', { include_usage: flag('Send one more chunk, without choices, that carries `usage`.') }),
  max_completion_tokens: integer('The most tokens to answer with, reasoning included. Comes before `max_tokens`.', { minimum: 0 }),
  max_tokens: integer('Older name of `max_completion_tokens`.', { minimum: 0 }),
  temperature: number("Randomness, 0 to 2; lowered to the upstream's largest with a note.", { minimum: 0, maximum: 2 }),
  top_p: number('Share of probability to choose from.', { minimum: 0, maximum: 1 }),
  top_k: integer('Number of candidates to choose from; for upstreams that know it.'),
  frequency_penalty: number('Against repeating words.', { minimum: -2, maximum: 2 }),
  presence_penalty: number('Against repeating topics.', { minimum: -2, maximum: 2 }),
  seed: integer('For answers that can be repeated, where the upstream offers that.'),
  stop: oneOf('Text at which the answer ends; at most 4.', [{ type: 'string' }, { type: 'array', items: { type: 'string' } }]),
  n: integer('Number of answers. More than 1 only where the upstream can.', { minimum: 1, default: 1 }),
  logprobs: flag('Give the probability of each token; where the upstream can.'),
  top_logprobs: integer('With `logprobs`: of this many candidates.', { minimum: 0 }),
  tools: list('What the model may call.', schemaRef('ChatTool')),
  tool_choice: schemaRef('ChatToolChoice'),
  parallel_tool_calls: flag('Whether several calls may come at once.'),
  functions: list('Older form of `tools`.', anyObject(''), { deprecated: true }),
  function_call: oneOf('Older form of `tool_choice`.', [{ type: 'string' }, anyObject('')], { deprecated: true }),
  reasoning_effort: choice(
    'How hard to think, on one scale for all vendors. Becomes an effort, a budget or a level, whichever the model takes.',
    EFFORTS,
  ),
  thinking,
  reasoning,
  response_format: responseFormat,
  safety_identifier: text("Who asks, as an opaque name; for the vendor's abuse checks."),
  user: text('Older form of `safety_identifier`.'),
  service_tier: text('How fast and at what price: `auto`, `default`, `flex`, `priority`, …'),
}

/** Fields that only upstreams of the same dialect understand; elsewhere they are dropped with a note. */
const own: Schemas = {
  audio: anyObject('Voice and format of a spoken answer. 400 where the upstream does not speak.'),
  modalities: list('Kinds of output.', { type: 'string' }),
  logit_bias: anyObject('Tokens to favour or avoid.'),
  metadata: anyObject('Your own notes on a stored answer.'),
  moderation: anyObject('Moderation settings.'),
  prediction: anyObject('What much of the answer will be.'),
  prompt_cache_key: text('Groups requests with a common prefix.'),
  prompt_cache_options: anyObject('How the prompt is cached.'),
  prompt_cache_retention: text('How long the prompt stays cached.'),
  store: flag('Whether the vendor keeps the answer.'),
  verbosity: choice('How long-winded to be.', ['low', 'medium', 'high']),
  web_search_options: anyObject("The vendor's own web search."),
}

export const chatRequestSchemas: Schemas = {
  ChatRequest: object(
    'A Chat Completions request. Members that are not listed travel on to upstreams of the same dialect.',
    { ...carried, ...own },
    ['model', 'messages'],
  ),
  ...messages,
  ...parts,
  ...tools,
}
