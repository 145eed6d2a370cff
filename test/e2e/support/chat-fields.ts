import type OpenAI from 'openai'

type Params = Omit<OpenAI.ChatCompletionCreateParams, 'stream' | 'model'>

interface FieldCase {
  name: string
  params: Params
  /** Models that cannot do it at all, so that the caller is told. */
  notFor?: RegExp
}

/** Claude models of every generation that takes something else than its neighbours. */
export const MODELS: readonly string[] = [
  'claude-3-haiku-20240307',
  'claude-3-7-sonnet-20250219',
  'claude-sonnet-4-20250514',
  'claude-opus-4-1-20250805',
  'claude-sonnet-4-5-20250929',
  'claude-opus-4-5',
  'claude-opus-4-6',
  'claude-opus-4-8',
  'claude-sonnet-5',
  'claude-opus-5',
  'claude-fable-5',
  'claude-haiku-5-5',
  'claude-opus-5-5',
  'claude-sonnet-5-5',
]

const UNFORCED = /(opus|sonnet)-5-5/
const UNFINISHED = /opus-4-[68]|(sonnet|opus|fable|haiku)-5/

const hi: OpenAI.ChatCompletionMessageParam[] = [{ role: 'user', content: 'Hi' }]
const user = (...content: OpenAI.ChatCompletionContentPart[]): OpenAI.ChatCompletionMessageParam[] => [{ role: 'user', content }]
const file = (filename: string, data: string): OpenAI.ChatCompletionContentPart => ({ type: 'file', file: { filename, file_data: data } })
const image = (url: string): OpenAI.ChatCompletionContentPart => ({ type: 'image_url', image_url: { url, detail: 'high' } })
const base64 = (text: string): string => Buffer.from(text, 'latin1').toString('base64')
const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
const PDF = base64('%PDF-1.4\n%%EOF\n')

const tool = (name: string, parameters?: Record<string, unknown>, strict?: boolean): OpenAI.ChatCompletionTool => ({
  type: 'function',
  function: { name, parameters, strict },
})
const closed = { type: 'object', properties: { a: { type: 'string' } }, required: ['a'], additionalProperties: false }
const optional = { ...closed, properties: { a: {}, b: {}, c: { type: ['string', 'null'] } } }
const called = (...ids: string[]): OpenAI.ChatCompletionMessageParam => ({
  role: 'assistant',
  content: null,
  tool_calls: ids.map(id => ({ id, type: 'function', function: { name: 'read.it', arguments: '{"a":"b"}' } })),
})
const answered = (id: string, content = 'ok'): OpenAI.ChatCompletionMessageParam => ({ role: 'tool', tool_call_id: id, content })
const format = (schema: Record<string, unknown>): Params['response_format'] => ({ type: 'json_schema', json_schema: { name: 'x', schema } })
/** Members that OpenAI's SDK has no types for, as clients of other gateways send them. */
const extra = (members: object): Params => ({ messages: hi, ...members })

/** Every field of a Chat Completions request in the forms that an upstream may trip over. */
export const EVERY_FIELD: readonly FieldCase[] = [
  {
    name: 'sampling',
    params: { messages: hi, temperature: 1.7, top_p: 0.5, seed: 1, frequency_penalty: 1, presence_penalty: 1, logit_bias: { '1': 2 } },
  },
  { name: 'top_k and thinking', params: extra({ top_k: 3, temperature: 0.2, top_p: 0.1, reasoning_effort: 'high' }) },
  { name: 'limits', params: { messages: hi, max_completion_tokens: 1_000_000, max_tokens: 5, stop: ['', ' ', '\n', 'END'] } },
  { name: 'no room for thinking', params: { messages: hi, max_completion_tokens: 500, reasoning_effort: 'high' } },
  {
    name: 'hints',
    params: {
      messages: hi,
      store: true,
      metadata: { a: 'b' },
      user: 'ann@example.com',
      service_tier: 'fast',
      verbosity: 'low',
      prediction: { type: 'content', content: 'x' },
      logprobs: true,
      top_logprobs: 2,
      modalities: ['text'],
      prompt_cache_key: 'k',
    },
  },
  { name: 'a long user', params: { messages: hi, safety_identifier: 'u'.repeat(300), user: 'other', service_tier: 'flex' } },
  ...(['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'] as const).map(
    (effort): FieldCase => ({ name: `effort ${effort}`, params: { messages: hi, reasoning_effort: effort } }),
  ),
  { name: "OpenRouter's reasoning", params: extra({ reasoning: { max_tokens: 2000, exclude: true } }) },
  { name: 'thinking with a budget', params: extra({ thinking: { type: 'enabled', budget_tokens: 2000 } }) },
  { name: 'thinking disabled', params: extra({ thinking: { type: 'disabled' } }) },
  { name: 'thinking between tools', params: extra({ thinking: { type: 'between_tools' } }) },
  { name: 'thinking in a form of others', params: extra({ thinking: { type: 'auto' } }) },
  {
    name: 'documents',
    params: {
      messages: user(
        file('a.pdf', PDF),
        file('b.pdf', `data:application/pdf;base64,${PDF}`),
        file('c.csv', `data:text/csv;base64,${base64('a,b')}`),
        file('d.md', base64('# d')),
        file('e.json', `data:application/json,%7B%7D`),
        file('f.yaml', `data:application/yaml;base64,${base64('a: b')}`),
      ),
    },
  },
  {
    name: 'images',
    params: {
      messages: user(
        image(`data:image/jpg;name=x.png;base64,${PNG}`),
        image(`data:IMAGE/PNG;base64,${PNG.slice(0, 20)}\n${PNG.slice(20)}`),
        image(PNG),
        image('https://images.example.com/a.jpg'),
      ),
    },
  },
  {
    name: 'instructions in mid-conversation',
    params: {
      messages: [
        { role: 'system', content: 'a' },
        { role: 'developer', content: [{ type: 'text', text: 'b' }] },
        { role: 'user', content: 'c' },
        { role: 'system', content: 'd' },
        { role: 'assistant', content: 'e' },
        { role: 'developer', content: 'f' },
        { role: 'user', name: 'ann', content: 'g' },
        { role: 'system', content: 'h' },
      ],
    },
  },
  { name: 'instructions alone', params: { messages: [{ role: 'system', content: 'a' }] } },
  {
    name: 'odd turns',
    params: {
      messages: [
        { role: 'assistant', content: 'a' },
        { role: 'user', content: '' },
        { role: 'user', content: ' ' },
        { role: 'assistant', content: '', refusal: 'no' },
        { role: 'assistant', content: null },
        { role: 'user', content: 'b' },
        { role: 'user', content: 'c' },
      ],
    },
  },
  {
    name: 'results that are missing, doubled, orphaned or counted anew',
    params: {
      messages: [
        ...hi,
        called('f:0', 'f:0', 'gone'),
        answered('f:0', 'one'),
        answered('f:0', ''),
        answered('orphan'),
        called('f:0'),
        { role: 'system', content: 'between' },
        answered('f:0', 'old'),
        answered('f:0', '[tool error] new'),
        { role: 'user', content: 'go on' },
        called('late'),
      ],
      tools: [tool('read.it')],
    },
  },
  { name: 'history of tools without any', params: { messages: [...hi, called('a|b'), answered('a|b')], reasoning_effort: 'low' } },
  {
    name: 'the older functions',
    params: {
      messages: [
        ...hi,
        { role: 'assistant', content: null, function_call: { name: 'f', arguments: '{' } },
        { role: 'function', name: 'f', content: 'x' },
      ],
      functions: [{ name: 'f', parameters: { type: 'object', properties: {} } }],
      function_call: 'auto',
    },
  },
  {
    name: 'schemas of tools',
    params: {
      messages: hi,
      tools: [
        tool('none'),
        tool('union', { anyOf: [{ type: 'object', properties: { a: {} } }, { type: 'object' }] }),
        tool('referenced', { $ref: '#/$defs/a', $defs: { a: closed }, $schema: 'http://json-schema.org/draft-07/schema#' }),
        tool('strict', closed, true),
        tool('open', { type: 'object', properties: {} }, true),
        tool('limited', { ...closed, properties: { a: { type: 'string', maxLength: 3 } } }, true),
        tool('endless', { ...closed, properties: { a: { $ref: '#' } } }, true),
        { type: 'custom', custom: { name: 'free.text', format: { type: 'grammar', grammar: { syntax: 'regex', definition: 'a+' } } } },
      ],
      parallel_tool_calls: false,
    },
  },
  {
    name: 'more strict tools, options and unions than there may be',
    params: {
      messages: hi,
      tools: Array.from({ length: 25 }, (_, n) => tool(`t${n}`, n % 2 ? closed : optional, true)),
      response_format: format(optional),
    },
  },
  {
    name: 'a forced tool while thinking',
    params: { messages: hi, tools: [tool('f')], tool_choice: 'required', reasoning_effort: 'high' },
    notFor: UNFORCED,
  },
  {
    name: 'a named tool',
    params: { messages: hi, tools: [tool('f.g'), tool('h')], tool_choice: { type: 'function', function: { name: 'f.g' } } },
    notFor: UNFORCED,
  },
  {
    name: 'allowed tools',
    params: {
      messages: hi,
      tools: [tool('f.g'), tool('h')],
      tool_choice: {
        type: 'allowed_tools',
        allowed_tools: { mode: 'auto', tools: [{ type: 'function', function: { name: 'f.g' } }] },
      },
    },
  },
  { name: 'no tool', params: { messages: hi, tools: [tool('f')], tool_choice: 'none', parallel_tool_calls: false } },
  { name: 'JSON', params: { messages: hi, response_format: { type: 'json_object' } } },
  {
    name: 'JSON by a schema with limits',
    params: {
      messages: hi,
      response_format: format({
        type: 'object',
        properties: {
          a: { type: 'integer', minimum: 1 },
          b: { oneOf: [{ type: 'string', format: 'phone' }, { type: 'null' }] },
          c: { type: 'array', items: { allOf: [closed, { type: 'object', properties: { z: {} } }] }, minItems: 3 },
          d: { enum: [{ e: 1 }, 'f'] },
          g: { type: 'object', additionalProperties: { type: 'string' } },
        },
      }),
    },
  },
  {
    name: 'JSON by a schema without end',
    params: { messages: hi, response_format: format({ type: 'object', properties: { a: { $ref: '#' } } }) },
  },
  { name: 'JSON by a schema while thinking', params: { messages: hi, response_format: format(closed), reasoning_effort: 'medium' } },
  { name: 'JSON by a schema beside tools', params: { messages: hi, response_format: format(closed), tools: [tool('f.g')] } },
  { name: 'JSON that was begun', params: { messages: [...hi, { role: 'assistant', content: '{' }], response_format: format(closed) } },
  {
    name: 'an answer that was begun',
    params: { messages: [...hi, { role: 'assistant', content: 'Well, \n' }], reasoning_effort: 'low' },
    notFor: UNFINISHED,
  },
  {
    name: 'too many marks of a cache, longer behind shorter',
    params: {
      prompt_cache_options: { mode: 'implicit' },
      messages: user(
        ...['a', 'b', 'c', 'd', 'e'].map((text, n): OpenAI.ChatCompletionContentPart => {
          const mark =
            n % 2 ? { prompt_cache_breakpoint: { mode: 'explicit', ttl: '12h' } } : { cache_control: { type: 'ephemeral', ttl: '5m' } }
          return { type: 'text', text, ...mark } as OpenAI.ChatCompletionContentPart
        }),
      ),
    },
  },
]
