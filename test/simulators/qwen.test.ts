import { afterAll, describe, expect, test } from 'bun:test'
import OpenAI from 'openai'
import { type Json, objectsOf } from '../checkers/json.ts'
import { answerOf, ask, chatWith, SYSTEM } from './qwen/ask.ts'
import { vectorOf } from './qwen/embeddings.ts'
import { callsOf, chunksOf, deltasOf, finishesOf, objectOf } from './qwen/read.ts'
import { startQwen } from './qwen.ts'

const START = Date.UTC(2026, 0, 1)

const sim = startQwen({ now: () => START, rules: { callsPerMinute: 1000 } })
const ann = sim.user('ann')
const standard = sim.apiKey()
afterAll(() => sim.close())

const PORTAL = `${sim.portalUrl}/chat/completions`
const post = (body: Json): Promise<Response> => ask(PORTAL, ann.signIn().accessToken, body)

async function whole(text: string, change: Json = {}): Promise<Json> {
  return objectOf((await answerOf(await post(chatWith(text, change))))[1])
}
const messageOf = (body: Json): Json => objectOf(objectsOf(body.choices)[0]?.message)

async function textOfStream(text: string, change: Json = {}): Promise<string> {
  const response = await post(chatWith(text, { stream: true, stream_options: { include_usage: true }, ...change }))
  return response.text()
}
const streamed = async (text: string, change: Json = {}): Promise<Json[]> => chunksOf(await textOfStream(text, change))

const tool = (name: string): Json => ({
  type: 'function',
  function: { name, parameters: { type: 'object', properties: { city: { type: 'string' } } } },
})
const off = { enable_thinking: false }

describe('a whole answer', () => {
  test('thinks unasked, and has every member', async () => {
    const body = await whole('hello there')
    expect(body).toEqual({
      choices: [
        {
          message: {
            role: 'assistant',
            content: 'You said: hello there',
            reasoning_content: 'The user said: hello there. I will answer.',
          },
          finish_reason: 'stop',
          index: 0,
          logprobs: null,
        },
      ],
      object: 'chat.completion',
      usage: {
        prompt_tokens: expect.any(Number),
        completion_tokens: 12,
        total_tokens: expect.any(Number),
        prompt_tokens_details: {
          cached_tokens: 0,
          cache_creation_input_tokens: 0,
          cache_creation: { ephemeral_5m_input_tokens: 0 },
          cache_type: 'ephemeral',
        },
        completion_tokens_details: { reasoning_tokens: 8 },
      },
      created: START / 1000,
      system_fingerprint: null,
      model: 'coder-model',
      id: expect.stringMatching(/^chatcmpl-[0-9a-f-]{36}$/),
    })
  })

  test('thinks as told, as much as told, and not at all where the model cannot', async () => {
    expect(messageOf(await whole('hi', off))).not.toHaveProperty('reasoning_content')
    expect(messageOf(await whole('hi', { thinking_budget: 2 })).reasoning_content).toBe('The user')
    expect(messageOf(await whole('hi', { model: 'vision-model' }))).not.toHaveProperty('reasoning_content')
    expect(messageOf(await whole('hi', { model: 'vision-model', enable_thinking: true }))).toHaveProperty('reasoning_content')
    expect(messageOf(await whole('hi', { model: 'qwen3-coder-plus', enable_thinking: true }))).not.toHaveProperty('reasoning_content')
  })

  test('calls tools, stops where it must', async () => {
    const called = await whole('use tools', { tools: [tool('a'), tool('b')], ...off })
    expect(objectsOf(called.choices)[0]).toMatchObject({
      finish_reason: 'tool_calls',
      message: { content: '', tool_calls: [{ function: { name: 'a', arguments: '{"city":"sample"}' } }, { function: { name: 'b' } }] },
    })
    const limited = await whole('one two three', { max_tokens: 3, ...off })
    expect(objectsOf(limited.choices)[0]).toMatchObject({ finish_reason: 'length', message: { content: 'You said: one' } })
    expect(objectsOf((await whole('x', { n: 2, ...off })).choices).map(({ index }) => index)).toEqual([0, 1])
  })

  test('is what a script says', async () => {
    sim.script(
      { text: 'Hi', reasoning: ['a', 'b'], usage: { prompt_tokens: 7 } },
      { body: { strange: true } },
      { text: 'x', reasoningMember: true, reasoning: 'r' },
    )
    const body = await whole('x')
    expect([messageOf(body).content, messageOf(body).reasoning_content, objectOf(body.usage).total_tokens]).toEqual(['Hi', 'ab', 10])
    expect(await whole('x')).toEqual({ strange: true })
    expect(messageOf(await whole('x'))).toMatchObject({ reasoning: 'r' })
  })
})

describe('a stream', () => {
  test('has the chunks of §2.5 in their order', async () => {
    const text = await textOfStream('hi', { thinking_budget: 1 })
    const chunks = chunksOf(text)
    expect(deltasOf(chunks)).toEqual([
      { content: '', role: 'assistant' },
      { content: null, reasoning_content: 'The' },
      { content: 'You', reasoning_content: null },
      { content: ' said:', reasoning_content: null },
      { content: ' hi', reasoning_content: null },
      { content: '' },
    ])
    expect(Object.keys(chunks[0] ?? {})).toEqual(['choices', 'object', 'usage', 'created', 'system_fingerprint', 'model', 'id'])
    expect(chunks.slice(0, -1).map(({ usage }) => usage)).toEqual(Array(6).fill(null))
    expect(chunks.at(-1)).toMatchObject({ choices: [], object: 'chat.completion.chunk', usage: { completion_tokens: 4 } })
    expect([finishesOf(chunks), new Set(chunks.map(({ id }) => id)).size]).toEqual([['stop'], 1])
    expect(text).toEndWith('data: [DONE]\n\n')
  })

  test('has no usage unless asked', async () => {
    for (const options of [undefined, { include_usage: false }]) {
      const chunks = await streamed('hi', { stream_options: options })
      expect([finishesOf(chunks), chunks.filter(({ usage }) => usage !== null)]).toEqual([['stop'], []])
    }
  })

  test('calls tools in chunks that have an empty id behind the first', async () => {
    const chunks = await streamed('use tool', { tools: [tool('a')], ...off })
    expect(callsOf(chunks)).toEqual([
      { index: 0, id: expect.stringMatching(/^call_/), type: 'function', function: { name: 'a', arguments: '' } },
      { index: 0, id: '', type: 'function', function: { arguments: '{"city":' } },
      { index: 0, id: '', type: 'function', function: { arguments: '"sample"' } },
      { index: 0, id: '', type: 'function', function: { arguments: '}' } },
    ])
    expect(finishesOf(chunks)).toEqual(['tool_calls'])
  })

  test('is what a script says, as content, text and lines', async () => {
    sim.script(
      {
        toolCalls: [
          { name: 'a', arguments: ['{', '}'] },
          { name: 'b', arguments: '{}' },
        ],
        interleaved: true,
      },
      { sse: 'data: {"x":1}\n\n' },
      { lines: ['{"y":2}'] },
    )
    expect(callsOf(await streamed('x')).map(({ index }) => index)).toEqual([0, 1, 0, 1, 0])
    expect(await textOfStream('x')).toBe('data: {"x":1}\n\n')
    expect(await textOfStream('x')).toBe('data: {"y":2}\n\ndata: [DONE]\n\n')
  })
})

describe('the other routes', () => {
  test('models: below /v1 where that is switched on, by key always', async () => {
    const list = async (url: string, bearer: string): Promise<unknown> => {
      const response = await fetch(`${url}/models`, { headers: { authorization: `Bearer ${bearer}` } })
      return response.ok ? objectsOf(objectOf(await response.json()).data).map(({ id }) => id) : response.status
    }
    const { accessToken } = ann.signIn()
    expect(await list(sim.portalUrl, accessToken)).toBe(404)
    sim.rules.modelList = true
    const portal = ['coder-model', 'vision-model', 'qwen3-coder-plus', 'qwen3-coder-flash']
    expect([await list(sim.portalUrl, accessToken), await list(sim.portalUrl, 'none')]).toEqual([portal, 401])
    expect(await list(sim.compatibleUrl, standard.key)).toContain('qwen-plus')
  })

  test('embeddings: vectors that follow from the text, as numbers and as base64', async () => {
    const client = new OpenAI({ baseURL: sim.compatibleUrl, apiKey: standard.key, maxRetries: 0 })
    const input = ['one', 'two']
    const floats = await client.embeddings.create({ model: 'text-embedding-v4', input, dimensions: 64, encoding_format: 'float' })
    const packed = await client.embeddings.create({ model: 'text-embedding-v4', input, dimensions: 64 })
    expect(sim.requests.at(-1)?.body).toMatchObject({ encoding_format: 'base64' })
    expect(floats.data.map(({ index, embedding }) => [index, embedding])).toEqual(input.map((text, at) => [at, vectorOf(text, 64)]))
    expect(packed.data.map(({ embedding }) => [...embedding])).toEqual(input.map(text => vectorOf(text, 64)))
    expect(vectorOf('one', 64)).not.toEqual(vectorOf('two', 64))
    expect(floats.usage).toEqual({ prompt_tokens: 4, total_tokens: 4 })
    const sizes = ['text-embedding-v4', 'text-embedding-v3', 'text-embedding-v2'].map(async model => {
      const { data } = await client.embeddings.create({ model, input: 'x', encoding_format: 'float' })
      return data[0]?.embedding.length
    })
    expect(await Promise.all(sizes)).toEqual([1024, 1024, 1536])
  })

  test('web search: documents, what is wrong with a query, and the allowance of a day', async () => {
    const search = async (body: Json, bearer = ann.signIn().accessToken): Promise<[number, Json]> => {
      const [status, answer] = await answerOf(await ask(`${sim.url}/api/v1/indices/plugin/web_search`, bearer, body))
      return [status, objectOf(answer)]
    }
    const [status, found] = await search({ uq: 'bun', page: 2, rows: 3 })
    expect([status, found.status, found.success]).toEqual([200, 0, true])
    expect(objectsOf(objectOf(found.data).docs).map(({ title }) => title)).toEqual(['bun 4', 'bun 5', 'bun 6'])
    for (const wrong of [{}, { uq: 'x', page: 0 }, { uq: 'x', rows: 101 }])
      expect((await search(wrong))[1]).toMatchObject({ status: 400, success: false })
    expect((await search({ uq: 'x' }, 'none'))[0]).toBe(401)
    sim.rules.searchesPerDay = 1
    expect((await search({ uq: 'x' }))[1]).toMatchObject({ status: 429, success: false })
  })

  test('the official SDK, over OAuth and by key', async () => {
    const { accessToken } = ann.signIn()
    const client = new OpenAI({ baseURL: sim.portalUrl, apiKey: accessToken, maxRetries: 0 })
    const messages = [SYSTEM, { role: 'user', content: 'hi' }] as unknown as OpenAI.ChatCompletionMessageParam[]
    const answer = await client.chat.completions.create({ model: 'coder-model', messages })
    expect(answer.choices[0]?.message.content).toBe('You said: hi')
    const keyed = new OpenAI({ baseURL: sim.compatibleUrl, apiKey: standard.key, maxRetries: 0 })
    const stream = keyed.chat.completions.stream({ model: 'qwen-plus', messages: [{ role: 'user', content: 'hi' }] })
    expect(await stream.finalContent()).toBe('You said: hi')
  })

  test('a user who has not signed in has no tokens', () => {
    expect(() => sim.user('nobody').latest).toThrow('nobody has not signed in')
  })
})
