import { afterAll, describe, expect, test } from 'bun:test'
import OpenAI from 'openai'
import { checkChatBody, checkChatStream } from '../checkers/chat.ts'
import { startOpenAi } from './openai.ts'

const sim = startOpenAi({ keys: ['sk-a', 'sk-b'] })
const client = new OpenAI({ baseURL: sim.url, apiKey: sim.key, maxRetries: 0 })
afterAll(() => sim.close())

type Params = Omit<OpenAI.ChatCompletionCreateParamsNonStreaming, 'stream'>

const tool = (name: string): OpenAI.ChatCompletionTool => ({
  type: 'function',
  function: { name, parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] } },
})
const say = (content: string, more: Partial<Params> = {}): Params => ({ model: 'gpt-4o', messages: [{ role: 'user', content }], ...more })

/** What the SDK throws; its promises are no plain ones, so `rejects` can't take them. */
const failure = (call: PromiseLike<unknown>): PromiseLike<unknown> =>
  call.then(
    () => undefined,
    (error: unknown) => error,
  )

async function raw(params: object): Promise<Response> {
  const headers = { authorization: `Bearer ${sim.key}`, 'content-type': 'application/json' }
  return fetch(`${sim.url}/chat/completions`, { method: 'POST', headers, body: JSON.stringify(params) })
}

describe('the official SDK against the OpenAI simulator', () => {
  test('completions.create', async () => {
    const answer = await client.chat.completions.create(say('hello there'))
    expect(answer.choices[0]).toMatchObject({ finish_reason: 'stop', message: { content: 'You said: hello there', refusal: null } })
    expect(checkChatBody(answer).usage?.total_tokens).toBeGreaterThan(5)
  })

  test('the stream helper with parallel tools and usage', async () => {
    const params = say('use tools', { tools: [tool('a'), tool('b')] })
    const stream = client.chat.completions.stream({ ...params, stream_options: { include_usage: true } })
    const answer = await stream.finalChatCompletion()
    expect(answer.choices[0]?.finish_reason).toBe('tool_calls')
    expect(answer.choices[0]?.message.tool_calls?.map(call => call.type === 'function' && call.function)).toMatchObject([
      { name: 'a', arguments: '{"city":"sample"}' },
      { name: 'b', arguments: '{"city":"sample"}' },
    ])
    expect(answer.usage?.completion_tokens).toBeGreaterThan(0)
  })

  test('a whole tool loop', async () => {
    const ask = say('hi', { tools: [tool('a')], tool_choice: 'required' })
    const message = (await client.chat.completions.create(ask)).choices[0]?.message
    const call = message?.tool_calls?.[0]
    if (!message || !call) throw new Error('no tool call')
    const messages = [...ask.messages, message, { role: 'tool' as const, tool_call_id: call.id, content: 'sunny' }]
    const answer = await client.chat.completions.create({ model: 'gpt-4o', messages, tools: [tool('a')] })
    expect(answer.choices[0]?.message.content).toBe('The tool said: sunny')
    expect(answer.usage?.prompt_tokens_details?.cached_tokens).toBeGreaterThan(0)
  })

  test('embeddings, in base64 and as numbers', async () => {
    const ask = { model: 'text-embedding-3-small', input: ['a', 'b'], dimensions: 8 }
    const [base64, floats] = [await client.embeddings.create(ask), await client.embeddings.create({ ...ask, encoding_format: 'float' })]
    expect(base64).toEqual(floats)
    expect(base64.data.map(({ index, embedding }) => [index, embedding.length])).toEqual([
      [0, 8],
      [1, 8],
    ])
    const refused = (params: object) => failure(client.embeddings.create({ ...ask, ...params }))
    expect(await refused({ model: 'gpt-4o' })).toMatchObject({ status: 403 })
    expect(await refused({ input: ['a', ''] })).toMatchObject({ status: 400 })
    expect(await refused({ dimensions: 2000 })).toMatchObject({ status: 400 })
    expect(await refused({ model: 'text-embedding-ada-002' })).toMatchObject({ status: 400 })
  })

  test('models', async () => {
    expect((await client.models.list()).data.map(model => model.id)).toContain('gpt-4o')
    expect((await client.models.retrieve('o3')).object).toBe('model')
    expect(await failure(client.models.retrieve('gpt-nothing'))).toMatchObject({ status: 404, code: 'model_not_found' })
  })

  test('wrong and missing keys', async () => {
    const wrong = new OpenAI({ baseURL: sim.url, apiKey: 'sk-wrong', maxRetries: 0 })
    expect(await failure(wrong.chat.completions.create(say('x')))).toMatchObject({ status: 401, code: 'invalid_api_key' })
    expect((await fetch(`${sim.url}/models`)).status).toBe(401)
  })
})

describe('what the OpenAI simulator makes of a request', () => {
  test('its streams hold every invariant and say what its bodies say', async () => {
    const tools = [tool('a'), tool('b')]
    const cases = [say('hello there you'), say('use tools', { tools }), say('x', { tools, tool_choice: 'required' })]
    for (const params of cases) {
      const body = await (await raw(params)).json()
      const streamed = await (await raw({ ...params, stream: true, stream_options: { include_usage: true } })).text()
      checkChatStream(streamed, { includeUsage: true, exactUsage: true, tools: ['a', 'b'], body })
      const silent = await (await raw({ ...params, stream: true })).text()
      checkChatStream(silent, { includeUsage: false, exactUsage: true, body })
    }
  })

  test('reasoning where effort is asked for', async () => {
    const answer = checkChatBody(await (await raw(say('why', { model: 'gpt-5', reasoning_effort: 'low' }))).json())
    expect(answer.reasoning).toContain('why')
    expect(answer.usage?.completion_tokens_details).toMatchObject({ reasoning_tokens: 7 })
  })

  test('the output limit, stop sequences and several choices', async () => {
    const limited = await client.chat.completions.create(say('one two three', { max_tokens: 3 }))
    expect(limited.choices[0]).toMatchObject({ finish_reason: 'length', message: { content: 'You said: one' } })
    expect(limited.usage?.completion_tokens).toBe(3)
    const stopped = await client.chat.completions.create(say('one two three', { stop: [' two'] }))
    expect(stopped.choices[0]).toMatchObject({ finish_reason: 'stop', message: { content: 'You said: one' } })
    const streamed = await (await raw({ ...say('x', { n: 2 }), stream: true })).text()
    expect(checkChatStream(streamed, { includeUsage: false }).choices.map(choice => choice.text)).toEqual(['You said: x', 'You said: x'])
  })

  test('structured output fits the schema', async () => {
    const schema = { type: 'object', properties: { n: { type: 'integer' } }, required: ['n'], additionalProperties: false }
    const response_format = { type: 'json_schema' as const, json_schema: { name: 'out', schema, strict: true } }
    const answer = await client.chat.completions.create(say('x', { response_format }))
    expect(JSON.parse(answer.choices[0]?.message.content ?? '')).toEqual({ n: 1 })
  })

  test('a custom tool', async () => {
    const tools: OpenAI.ChatCompletionTool[] = [{ type: 'custom', custom: { name: 'patch' } }]
    const streamed = await (await raw({ ...say('use tool', { tools }), stream: true })).text()
    expect(checkChatStream(streamed, { includeUsage: false }).toolCalls).toMatchObject([{ name: 'patch', kind: 'custom' }])
  })

  test('headers of the vendor', async () => {
    const { headers } = await raw(say('x'))
    expect(headers.get('x-request-id')).toStartWith('req_')
    expect(headers.get('x-ratelimit-remaining-requests')).toBe('9999')
    expect(headers.get('openai-processing-ms')).toBe('12')
  })
})

describe('scripted answers of the OpenAI simulator', () => {
  test('content, finish and usage', async () => {
    sim.script({
      reasoning: ['think ', 'more'],
      text: ['Hel', 'lo'],
      toolCalls: [
        { id: 'call_x', name: 'a', arguments: ['{"a"', ':1}'] },
        { id: 'call_y', name: 'b', arguments: ['{"b"', ':2}'] },
      ],
      interleaved: true,
      usage: { prompt_tokens: 100, prompt_tokens_details: { cached_tokens: 80 } },
    })
    const text = await (await raw({ ...say('x'), stream: true, stream_options: { include_usage: true } })).text()
    const answer = checkChatStream(text, { includeUsage: true })
    expect(answer).toMatchObject({ reasoning: 'think more', text: 'Hello', finish: 'tool_calls' })
    expect(answer.toolCalls.map(call => call.arguments)).toEqual(['{"a":1}', '{"b":2}'])
    expect(answer.usage).toMatchObject({ prompt_tokens: 100, completion_tokens: 8, total_tokens: 108 })
    const pieces = [...text.matchAll(/"index":(\d),"function":\{"arguments"/g)].map(match => match[1])
    expect(pieces).toEqual(['0', '1', '0', '1'])
  })

  test('refusals, errors within a stream, raw text and recordings', async () => {
    sim.script({ refusal: 'no', finish: 'content_filter' }, { text: 'a', streamError: { type: 'server_error', message: 'gone' } })
    expect((await client.chat.completions.create(say('x'))).choices[0]?.message).toMatchObject({ refusal: 'no', content: null })
    const failed = await (await raw({ ...say('x'), stream: true })).text()
    expect(checkChatStream(failed, { includeUsage: false })).toMatchObject({ text: 'a', error: { type: 'server_error' } })
    sim.script({ sse: 'data: {"x":1}\n\n' }, { lines: ['{"y":2}'] }, { body: 'not json' })
    expect(await (await raw({ ...say('x'), stream: true })).text()).toBe('data: {"x":1}\n\n')
    expect(await (await raw({ ...say('x'), stream: true })).text()).toBe('data: {"y":2}\n\ndata: [DONE]\n\n')
    expect(await (await raw(say('x'))).text()).toBe('not json')
  })

  test('errors with headers, in order, only for the key they are for', async () => {
    sim.script({ status: 429, headers: { 'retry-after': '7' } }, { status: 503, forKey: 'sk-b' })
    const limited = await raw(say('x'))
    expect(limited.headers.get('retry-after')).toBe('7')
    expect(await limited.json()).toMatchObject({ error: { type: 'requests', code: 'rate_limit_exceeded' } })
    expect((await raw(say('x'))).status).toBe(200)
    const other = new OpenAI({ baseURL: sim.url, apiKey: 'sk-b', maxRetries: 0 })
    expect(await failure(other.chat.completions.create(say('x')))).toMatchObject({ status: 503 })
  })

  test('a refused request uses up no script', async () => {
    sim.script({ text: 'scripted' })
    expect((await raw({ ...say('x'), nonsense: 1 })).status).toBe(400)
    expect(await (await raw(say('x'))).text()).toContain('scripted')
  })

  test('requests are recorded as they came', async () => {
    const seen = sim.requests.length
    await raw(say('remember', { user: 'me' }))
    const [request] = (await sim.received(seen + 1)).slice(seen)
    expect(request).toMatchObject({ method: 'POST', path: '/v1/chat/completions', key: 'sk-a', aborted: false, body: { user: 'me' } })
    expect(request?.bodyText).toBe(JSON.stringify(say('remember', { user: 'me' })))
    await request?.closed
  })
})
