import { anyObject, choice, integer, kind, list, object, type Schemas, schemaRef, text } from './schema.ts'

const finishReason = choice(
  'Why it ended: `stop` (done), `length` (token limit), `tool_calls` (call the tools, send their results), `content_filter` (refused).',
  ['stop', 'length', 'tool_calls', 'content_filter', 'function_call'],
  { nullable: true },
)

const created = integer('Unix time in seconds.')
const model = text('The name that was asked for; on a pass-through, what the upstream calls it.')
const id = text('', { example: 'chatcmpl-01JD6W9Q4T' })

const reasoning: Schemas = {
  reasoning_content: text("The model's reasoning, where the upstream shows it.", { nullable: true }),
  reasoning_details: list('The same with what the vendor signed or encrypted. Send it back unchanged.', anyObject('')),
}

export const chatAnswerSchemas: Schemas = {
  ChatUsage: object(
    'Tokens. The prompt is counted whole, cached reads and writes included.',
    {
      prompt_tokens: integer(''),
      completion_tokens: integer('Reasoning included.'),
      total_tokens: integer('Their sum.'),
      prompt_tokens_details: object('', {
        cached_tokens: integer('Read from a cache.'),
        cache_write_tokens: integer('Written to a cache.'),
      }),
      completion_tokens_details: object('', { reasoning_tokens: integer('Spent on reasoning.') }),
    },
    ['prompt_tokens', 'completion_tokens', 'total_tokens'],
  ),
  ChatCompletion: object(
    'A whole answer.',
    {
      id,
      object: kind('chat.completion'),
      created,
      model,
      choices: list(
        '',
        object(
          '',
          {
            index: integer(''),
            message: object(
              '',
              {
                role: kind('assistant'),
                content: text('The text; null where there are only tool calls.', { nullable: true }),
                refusal: text('What it said instead of an answer.', { nullable: true }),
                tool_calls: list('Absent where there are none.', schemaRef('ChatToolCall')),
                annotations: list('Sources, as `url_citation`.', anyObject('')),
                ...reasoning,
              },
              ['role', 'content'],
            ),
            logprobs: anyObject('', { nullable: true }),
            finish_reason: finishReason,
          },
          ['index', 'message', 'finish_reason'],
        ),
      ),
      usage: schemaRef('ChatUsage'),
      service_tier: text('', { nullable: true }),
    },
    ['id', 'object', 'created', 'model', 'choices'],
  ),
  ChatChunk: object(
    'One `data:` payload of a stream. The first names the role, the last but usage has `finish_reason`, and `[DONE]` ends the stream.',
    {
      id,
      object: kind('chat.completion.chunk'),
      created,
      model,
      choices: list(
        'Empty in the chunk that carries usage.',
        object(
          '',
          {
            index: integer(''),
            delta: object('What is new.', {
              role: kind('assistant'),
              content: text('', { nullable: true }),
              refusal: text('', { nullable: true }),
              ...reasoning,
              tool_calls: list(
                '`id`, `type` and `function.name` come once, with the first piece of a call; `index` says whose a later piece is.',
                object('', { index: integer(''), id: text(''), type: text(''), function: anyObject('') }, ['index']),
              ),
            }),
            finish_reason: finishReason,
          },
          ['index', 'delta', 'finish_reason'],
        ),
      ),
      usage: { nullable: true, allOf: [schemaRef('ChatUsage')] },
    },
    ['id', 'object', 'created', 'model', 'choices'],
  ),
}
