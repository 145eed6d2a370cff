import { afterAll, describe, expect, test } from 'bun:test'
import { startOpenAi } from './openai.ts'

const sim = startOpenAi({ contextWindow: 10_000 })
afterAll(() => sim.close())

const user = { role: 'user', content: 'x' }
const call = (id: string) => ({ id, type: 'function', function: { name: 'f', arguments: '{}' } })
const asks = (...ids: string[]) => ({ role: 'assistant', tool_calls: ids.map(call) })
const result = (id: string) => ({ role: 'tool', tool_call_id: id, content: 'ok' })
const tool = (change: object = {}) => ({ type: 'function', function: { name: 'f', parameters: { type: 'object' }, ...change } })
const image = (url: string) => ({ messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url } }] }] })
const chat = (...messages: unknown[]) => ({ messages })
const schema = (change: object) => ({
  response_format: { type: 'json_schema', json_schema: { name: 'out', schema: { type: 'object' }, strict: true, ...change } },
})

/** The rule's name, what is changed in a legal request, `error.param`, and what the message must hold. */
const REFUSED: [string, object, string | null, string][] = [
  ['unknown argument', { foo: 1 }, null, 'Unrecognized request argument supplied: foo'],
  ['no messages', { messages: undefined }, 'messages', 'Missing required parameter'],
  ['empty messages', { messages: [] }, 'messages', 'empty array'],
  ['messages of another type', { messages: 'x' }, 'messages', 'Invalid type'],
  ['unknown role', chat({ role: 'human', content: 'x' }), 'messages[0].role', 'Supported values'],
  ['member of a message', chat({ ...user, cache_control: {} }), 'messages[0].cache_control', 'Unknown parameter'],
  ['no content', chat({ role: 'user' }), 'messages[0].content', 'Missing required'],
  ['null content', chat({ role: 'user', content: null }), 'messages[0].content', 'got null'],
  ['number as content', chat({ role: 'user', content: 3 }), 'messages[0].content', 'Invalid type'],
  ['empty parts', chat({ role: 'user', content: [] }), 'messages[0].content', 'empty array'],
  ['unknown part', chat({ role: 'user', content: [{ type: 'video' }] }), 'messages[0].content[0].type', 'Supported values'],
  [
    'image from the assistant',
    chat(user, { role: 'assistant', content: [{ type: 'image_url' }] }),
    'messages[1].content[0].type',
    "'refusal'",
  ],
  ['text without text', chat({ role: 'user', content: [{ type: 'text' }] }), 'messages[0].content[0].text', 'Missing'],
  ['image that is no URL', image('picture.png'), 'messages[0].content[0].image_url.url', 'valid URL'],
  ['image of another type', image('data:image/svg+xml;base64,AAAA'), 'messages[0].content[0].image_url', 'unsupported image'],
  ['image not in base64', image('data:image/png;base64,%%%'), 'messages[0].content[0].image_url', 'base64'],
  ['silent assistant', chat(user, { role: 'assistant' }), 'messages[1].content', 'got null'],
  ['empty tool_calls', chat(user, { role: 'assistant', content: 'x', tool_calls: [] }), 'messages[1].tool_calls', 'empty array'],
  ['unanswered tool call', chat(user, asks('a', 'b'), result('a')), 'messages', "An assistant message with 'tool_calls' must be followed"],
  ['tool call answered too late', chat(user, asks('a'), user, result('a')), 'messages', 'did not have response messages: a'],
  ['orphan tool message', chat(user, result('a')), 'messages.[1].role', "must be a response to a preceding message with 'tool_calls'"],
  ['tool message for another call', chat(user, asks('a'), result('b')), 'messages.[2].role', 'must be a response'],
  ['tool message twice', chat(user, asks('a'), result('a'), result('a')), 'messages.[3].role', 'must be a response'],
  ['long tool call id', chat(user, asks('x'.repeat(41))), 'messages[1].tool_calls[0].id', 'maximum length 40'],
  [
    'arguments as object',
    chat(user, { role: 'assistant', tool_calls: [{ ...call('a'), function: { name: 'f', arguments: {} } }] }),
    'messages[1].tool_calls[0].function.arguments',
    'expected a string',
  ],
  ['empty tools', { tools: [] }, 'tools', 'empty array'],
  ['too many tools', { tools: Array.from({ length: 129 }, () => tool()) }, 'tools', 'maximum length 128'],
  ['flat tool', { tools: [{ type: 'function', name: 'f' }] }, 'tools[0].name', 'Unknown parameter'],
  ['tool name with a dot', { tools: [tool({ name: 'a.b' })] }, 'tools[0].function.name', 'does not match pattern'],
  ['long tool name', { tools: [tool({ name: 'x'.repeat(65) })] }, 'tools[0].function.name', 'maximum length 64'],
  ['parameters of another type', { tools: [tool({ parameters: { type: 'string' } })] }, 'tools[0].function.parameters', 'JSON Schema'],
  [
    'array without items',
    { tools: [tool({ parameters: { type: 'object', properties: { a: { type: 'array' } } } })] },
    'tools[0].function.parameters',
    'array schema missing items',
  ],
  ['open object under strict', { tools: [tool({ strict: true })] }, 'tools[0].function.parameters', "'additionalProperties' is required"],
  [
    'optional member under strict',
    { tools: [tool({ strict: true, parameters: { type: 'object', properties: { a: {} }, additionalProperties: false } })] },
    'tools[0].function.parameters',
    "Missing 'a'",
  ],
  ['tool_choice without tools', { tool_choice: 'auto' }, 'tool_choice', "only allowed when 'tools'"],
  ['parallel_tool_calls without tools', { parallel_tool_calls: true }, 'parallel_tool_calls', "only allowed when 'tools'"],
  ['unknown tool_choice', { tools: [tool()], tool_choice: 'any' }, 'tool_choice', 'Supported values'],
  [
    'tool_choice of a tool that is not there',
    { tools: [tool()], tool_choice: { type: 'function', function: { name: 'g' } } },
    'tool_choice',
    "named 'g'",
  ],
  ['stream_options without stream', { stream_options: { include_usage: true } }, 'stream_options', "only allowed when 'stream'"],
  ['member of stream_options', { stream: true, stream_options: { x: 1 } }, 'stream_options.x', 'Unknown parameter'],
  ['stream as text', { stream: 'yes' }, 'stream', 'expected a boolean'],
  ['five stops', { stop: ['a', 'b', 'c', 'd', 'e'] }, 'stop', 'maximum length 4'],
  ['temperature over 2', { temperature: 2.1 }, 'temperature', '<= 2'],
  ['negative top_p', { top_p: -0.1 }, 'top_p', '>= 0'],
  ['n of 0', { n: 0 }, 'n', '>= 1'],
  ['top_logprobs alone', { top_logprobs: 2 }, 'top_logprobs', "when 'logprobs' is enabled"],
  ['max_tokens of 0', { max_tokens: 0 }, 'max_tokens', '>= 1'],
  ['max_tokens over the model', { max_tokens: 20_000 }, 'max_tokens', 'supports at most 16384'],
  ['both limits', { max_tokens: 5, max_completion_tokens: 5 }, 'max_tokens', 'at the same time'],
  ['effort for a plain model', { reasoning_effort: 'low' }, null, 'reasoning_effort'],
  ['max_tokens for a reasoning model', { model: 'gpt-5', max_tokens: 5 }, 'max_tokens', "Use 'max_completion_tokens' instead."],
  ['temperature for a reasoning model', { model: 'o3', temperature: 0.5 }, 'temperature', 'Only the default (1)'],
  ['stop for a reasoning model', { model: 'gpt-5', stop: 'x' }, 'stop', 'not supported with this model'],
  ['logprobs for a reasoning model', { model: 'gpt-5', logprobs: true }, 'logprobs', 'not supported with this model'],
  ['unknown effort', { model: 'gpt-5', reasoning_effort: 'huge' }, 'reasoning_effort', 'Supported values'],
  ['long safety_identifier', { safety_identifier: 'x'.repeat(129) }, 'safety_identifier', 'maximum length 128'],
  ['metadata that is no text', { metadata: { a: 1 } }, 'metadata.a', 'expected a string'],
  ['json_object without the word', { response_format: { type: 'json_object' } }, 'messages', "must contain the word 'json'"],
  ['json_schema without a name', schema({ name: undefined }), 'response_format.json_schema.name', 'Missing'],
  ['open json_schema under strict', schema({}), 'response_format', "'additionalProperties' is required"],
  ['too long a prompt', chat({ role: 'user', content: 'x'.repeat(60_000) }), 'messages', 'maximum context length is 10000'],
]

async function post(body: object, headers: Record<string, string> = {}): Promise<{ status: number; error: Record<string, unknown> }> {
  const response = await fetch(`${sim.url}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${sim.key}`, 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ model: 'gpt-4o', messages: [user], ...body }),
  })
  const parsed = (await response.json()) as { error?: Record<string, unknown> }
  return { status: response.status, error: parsed.error ?? {} }
}

describe('the OpenAI simulator refuses', () => {
  for (const [name, change, param, message] of REFUSED) {
    test(name, async () => {
      const { status, error } = await post(change)
      expect(error).toMatchObject({ type: 'invalid_request_error', param, message: expect.stringContaining(message) })
      expect(status).toBe(400)
    })
  }

  test('an unknown model, route and method', async () => {
    expect(await post({ model: 'claude-opus-5' })).toMatchObject({ status: 404, error: { code: 'model_not_found' } })
    expect((await fetch(`${sim.url}/engines`, { headers: { authorization: `Bearer ${sim.key}` } })).status).toBe(404)
    expect((await fetch(`${sim.url}/chat/completions`)).status).toBe(405)
  })

  test('a body that is no JSON, or is not called so', async () => {
    const headers = { authorization: `Bearer ${sim.key}`, 'content-type': 'application/json' }
    const response = await fetch(`${sim.url}/chat/completions`, { method: 'POST', headers, body: '{' })
    expect([response.status, await response.text()]).toEqual([400, expect.stringContaining('could not parse the JSON')])
    expect(await post({}, { 'content-type': 'text/plain' })).toMatchObject({
      error: { message: expect.stringContaining('model parameter') },
    })
  })
})

describe('the OpenAI simulator takes', () => {
  const TAKEN: [string, object][] = [
    [
      'parts, names and developer',
      chat({ role: 'developer', content: 'x' }, { role: 'user', name: 'me', content: [{ type: 'text', text: 'x' }] }),
    ],
    ['a picture', image('data:image/png;base64,iVBORw0KGgo=')],
    ['parallel tool calls in any order', chat(user, asks('a', 'b'), result('b'), result('a'))],
    ['a named tool', { tools: [tool()], tool_choice: { type: 'function', function: { name: 'f' } } }],
    ['sampling with effort none', { model: 'gpt-5.5', reasoning_effort: 'none', temperature: 0.3 }],
    ['neutral sampling for a reasoning model', { model: 'gpt-5', temperature: 1, presence_penalty: 0 }],
    ['nulls for what may be null', { temperature: null, stop: null, n: null, stream: null }],
  ]
  for (const [name, change] of TAKEN) test(name, async () => expect(await post(change)).toEqual({ status: 200, error: {} }))

  test('anything when lenient', async () => {
    const lenient = startOpenAi({ lenient: true })
    const headers = { authorization: `Bearer ${lenient.key}`, 'content-type': 'application/json' }
    const body = JSON.stringify({ model: 'm', messages: [user], foo: 1 })
    expect((await fetch(`${lenient.url}/chat/completions`, { method: 'POST', headers, body })).status).toBe(200)
    await lenient.close()
  })
})
