import { describe, expect, test } from 'bun:test'
import { GatewayError } from '../../../src/core/errors.ts'
import type { JsonObject } from '../../../src/core/json.ts'
import { anthropic } from '../../../src/dialects/anthropic/index.ts'
import { openaiChat } from '../../../src/dialects/openai-chat/index.ts'
import type { Provider } from '../../../src/routing/provider.ts'
import type { UpstreamRequest, UpstreamResponse } from '../../../src/upstream/client.ts'
import { ask, bodyOf, lengths, openaiProvider, qwenProvider, reply } from './scene.ts'

const texts = (count: number): string[] => Array.from({ length: count }, (_, index) => 'x'.repeat(index + 1))

const vectors = ({ data }: JsonObject): unknown[] =>
  (data as JsonObject[]).map(({ index, embedding }) => [index, ...(embedding as number[])])

/** A `send` that keeps what it was asked. */
function recorder(answer: (request: UpstreamRequest, count: number) => UpstreamResponse | Promise<UpstreamResponse>) {
  const requests: UpstreamRequest[] = []
  const send = async (request: UpstreamRequest) => answer(request, requests.push(request))
  return { requests, send }
}

const errorOf = ({ body }: { body: JsonObject }): JsonObject => body.error as JsonObject

describe('a request to an upstream of OpenAI’s dialect', () => {
  test('goes up in its own bytes with the model exchanged, and comes back in the upstream’s', async () => {
    const answer = '{ "object":"list","data":[{"embedding":[1.0],"index":0}],"model":"m","usage":{"prompt_tokens":4,"total_tokens":4} }'
    const { requests, send } = recorder(() => reply(answer))
    const provider = openaiProvider('p', send, { models: ['big'], aliases: new Map([['small', 'big']]) })
    const asked = await ask([provider], '{"input" : "abc", "model":"small","unknown":1.0, "dimensions":null}')
    expect(requests.map(({ url, body }) => [url, body])).toEqual([
      ['http://p.internal/v1/embeddings', '{"input" : "abc", "model":"big","unknown":1.0, "dimensions":null}'],
    ])
    expect(asked).toMatchObject({ status: 200, text: answer })
    expect(asked.headers).toEqual({
      'content-type': 'application/json',
      'x-ratelimit-remaining-requests': '7',
      'x-dragoman-provider': 'p',
      'x-dragoman-account': 'p-1',
      'x-dragoman-attempts': '1',
    })
    expect(asked.record).toMatchObject({
      ...{ model: 'small', upstreamModel: 'big', provider: 'p', account: 'p-1', status: 200, stream: false },
      usage: { inputTokens: 4, outputTokens: 0 },
    })
    expect(asked.record.usage?.estimated).toBeUndefined()
    expect(provider.pool.accounts.map(({ inFlight }) => inFlight)).toEqual([0])
  })

  test('asks for the encoding that the caller asked for, however many rows there are', async () => {
    const { requests, send } = recorder(lengths)
    const asked = await ask([openaiProvider('p', send)], { model: 'text-embedding-v4', input: texts(57), encoding_format: 'base64' })
    expect(requests).toHaveLength(1)
    expect(bodyOf(requests[0] as UpstreamRequest).encoding_format).toBe('base64')
    expect((asked.body.data as JsonObject[])[1]).toMatchObject({ index: 1, embedding: 'AAAAQA==' })
  })

  test('is counted by us where the upstream does not', async () => {
    const { send } = recorder(() => reply({ data: [{ embedding: [1], index: 0 }] }))
    const provider = openaiProvider('p', send)
    const { record } = await ask([provider], { model: 'm', input: 'five words are in here' })
    expect(record.usage).toEqual({ inputTokens: 6, outputTokens: 0, estimated: true })
    expect((await ask([provider], { model: 'm', input: [[1, 2, 3], [4]] })).record.usage?.inputTokens).toBe(4)
  })
})

describe('more rows than a Qwen model takes', () => {
  test('are asked for in pieces, on one account, and come back in order', async () => {
    const { requests, send } = recorder(lengths)
    const provider = qwenProvider(send, ['api_key', 'api_key'])
    const body = { model: 'text-embedding-v4', input: texts(57), dimensions: 64, user: 'u', extra: [1.5] }
    const asked = await ask([provider], body)
    expect(asked.status, asked.text).toBe(200)
    expect(vectors(asked.body)).toEqual(texts(57).map((text, index) => [index, text.length]))
    expect(asked.body.usage).toEqual({ prompt_tokens: 57 * 29, total_tokens: 57 * 29 })
    expect(asked.record).toMatchObject({ usage: { inputTokens: 57 * 29, outputTokens: 0 }, attempts: [{ outcome: 'ok' }] })
    expect(asked.headers['x-dragoman-attempts']).toBe('1')
    expect(requests.map(request => (bodyOf(request).input as string[]).length)).toEqual([10, 10, 10, 10, 10, 7])
    expect(new Set(requests.map(({ standing }) => standing['x-account'])).size).toBe(1)
    for (const request of requests) expect(bodyOf(request)).toEqual({ ...body, input: expect.any(Array) })
    expect(provider.pool.accounts.map(({ inFlight }) => inFlight)).toEqual([0, 0])
  })

  test.each([
    [undefined, 4],
    [3, 3],
    [1, 1],
  ])('with max_concurrent %p are asked for %p at once', async (maxConcurrent, most) => {
    let underWay = 0
    let peak = 0
    const { requests, send } = recorder(async request => {
      peak = Math.max(peak, ++underWay)
      // Long enough for all that may to have begun.
      for (let turn = 0; turn < 10; turn++) await Promise.resolve()
      underWay--
      return lengths(request)
    })
    const provider = qwenProvider(send, ['api_key'], maxConcurrent === undefined ? {} : { maxConcurrent })
    expect((await ask([provider], { model: 'text-embedding-v1', input: texts(200) })).status).toBe(200)
    expect([requests.length, peak]).toEqual([8, most])
    expect(provider.pool.accounts[0]?.inFlight).toBe(0)
  })

  test('fail as a whole: the others are let go, and all go to the next account', async () => {
    const hung: AbortSignal[] = []
    const { requests, send } = recorder(async (request, count) => {
      if (request.standing['x-account'] === 'qwen-2') return lengths(request)
      if (count === 2) return reply({ error: { message: 'overloaded' } }, 503)
      hung.push(request.client.signal)
      return new Promise<UpstreamResponse>((_, reject) => {
        request.client.signal.addEventListener('abort', () => reject(new GatewayError('cancelled', 'left')))
      })
    })
    const provider = qwenProvider(send, ['api_key', 'api_key'])
    const asked = await ask([provider], { model: 'text-embedding-v3', input: texts(45) })
    expect(vectors(asked.body)).toHaveLength(45)
    expect(hung.map(({ aborted }) => aborted)).toEqual([true, true, true])
    expect(requests.length).toBe(4 + 5)
    expect(asked.record.attempts.map(({ account, outcome }) => `${account} ${outcome}`)).toEqual(['qwen-1 overloaded', 'qwen-2 ok'])
    expect(provider.pool.accounts.map(({ inFlight }) => inFlight)).toEqual([0, 0])
  })

  test('are all let go when the client leaves', async () => {
    const client = new AbortController()
    const { requests, send } = recorder(
      (request, count) =>
        new Promise<UpstreamResponse>((_, reject) => {
          request.client.signal.addEventListener('abort', () => reject(new GatewayError('cancelled', 'left')))
          if (count === 4) client.abort()
        }),
    )
    const asked = await ask([qwenProvider(send, ['api_key', 'api_key'])], { model: 'text-embedding-v4', input: texts(100) }, client)
    expect([asked.status, asked.record.status, requests.length]).toEqual([499, 499, 4])
  })

  test('keep every other model and vendor as it is', async () => {
    const { requests, send } = recorder(lengths)
    await ask([qwenProvider(send)], { model: 'text-embedding-new', input: texts(57) })
    await ask([openaiProvider('p', send)], { model: 'text-embedding-v4', input: texts(57), dimensions: 100 })
    expect(requests).toHaveLength(2)
  })

  test('in a request that names its input twice leave nothing of the other', async () => {
    const { requests, send } = recorder(lengths)
    const list = JSON.stringify(texts(11))
    await ask([qwenProvider(send)], `{"input":["hidden"],"model":"text-embedding-v4","input":${list}}`)
    expect(requests).toHaveLength(2)
    for (const { body } of requests) expect(body).not.toContain('hidden')
  })
})

test('base64 is made of the numbers that Qwen documents', async () => {
  const { requests, send } = recorder(lengths)
  const asked = await ask([qwenProvider(send)], { model: 'text-embedding-v4', input: 'xx', encoding_format: 'base64' })
  expect(bodyOf(requests[0] as UpstreamRequest).encoding_format).toBe('float')
  expect((asked.body.data as JsonObject[])[0]).toMatchObject({ embedding: 'AAAAQA==' })
})

describe('targets without embeddings', () => {
  const claude = openaiProvider('claude', () => Promise.reject(new Error('not to be asked')), { type: 'anthropic', dialect: anthropic })

  test('are passed by', async () => {
    const { send } = recorder(lengths)
    const asked = await ask([claude, openaiProvider('p', send)], { model: 'm', input: 'x' })
    expect(asked.status).toBe(200)
    expect(asked.record.attempts.map(({ provider }) => provider)).toEqual(['p'])
  })

  test('alone are a 400 that says so', async () => {
    const asked = await ask([claude], { model: 'm', input: 'x' })
    expect(asked.status).toBe(400)
    expect(errorOf(asked)).toEqual({
      message: "model: no embeddings are served by 'claude', where this model is",
      type: 'invalid_request_error',
      param: 'model',
      code: 'embeddings_not_supported',
    })
    expect(asked.record).toMatchObject({ status: 400, model: 'm', attempts: [] })
  })

  test.each<[string, Partial<Provider>]>([
    ['the demo', { type: 'demo' }],
    ['a wire of its own', { wire: model => ({ dialect: openaiChat, model, traits: {}, path: '/native/chat' }) }],
    ['another dialect for the model', { wire: model => ({ dialect: anthropic, model, traits: {} }) }],
  ])('by %s', async (_, more) => {
    const { requests, send } = recorder(lengths)
    const asked = await ask([openaiProvider('p', send, more)], { model: 'm', input: 'x' })
    expect([asked.status, requests.length]).toEqual([400, 0])
    expect(errorOf(asked).code).toBe('embeddings_not_supported')
  })

  test('by their accounts: signed in to Qwen', async () => {
    const { requests, send } = recorder(lengths)
    const alone = await ask([qwenProvider(send, ['qwen_oauth', 'qwen_oauth'])], { model: 'text-embedding-v4', input: 'x' })
    expect(alone.status).toBe(400)
    expect(errorOf(alone)).toMatchObject({ param: 'model', code: 'embeddings_not_supported' })
    expect(String(errorOf(alone).message)).toContain('embeddings need a key plan')
    expect(requests).toHaveLength(0)
    for (let time = 0; time < 3; time++) {
      const mixed = await ask([qwenProvider(send, ['qwen_oauth', 'api_key'])], { model: 'text-embedding-v4', input: 'x' })
      expect(mixed.record).toMatchObject({ status: 200, account: 'qwen-2', attempts: [{ account: 'qwen-2' }] })
    }
  })
})

describe('an upstream’s refusal', () => {
  const openaiError = (message: string) => ({ error: { message, type: 'invalid_request_error', param: null, code: null } })

  test.each<[string, number, unknown, number, RegExp]>([
    ['no such route', 404, '', 404, /provider 'p' serves no embeddings: it answered with status 404/],
    ['another method', 405, '', 404, /provider 'p' serves no embeddings: it answered with status 405/],
    ['a server that has no such route', 501, openaiError('This server does not support embeddings.'), 404, /does not support embeddings/],
    ['a model for chats', 403, openaiError('You are not allowed to generate embeddings from this model'), 404, /not allowed to generate/],
    ['no such model', 404, openaiError('The model `m` does not exist'), 404, /The model `m` does not exist/],
  ])('%s goes on to the next target, is no 5xx, and leaves the account as it was', async (_, status, body, told, words) => {
    const { send } = recorder(() => reply(body, status))
    const provider = openaiProvider('p', send)
    for (let time = 0; time < 5; time++) {
      const alone = await ask([provider], { model: 'm', input: 'x' })
      expect(alone.status, alone.text).toBe(told)
      expect(String(errorOf(alone).message)).toMatch(words)
    }
    expect(provider.pool.accounts[0]?.unavailable('m', 0)).toBeUndefined()
    const { send: serve } = recorder(lengths)
    const both = await ask([provider, openaiProvider('q', serve, { priority: 2 })], { model: 'm', input: 'x' })
    expect(both.record).toMatchObject({ status: 200, provider: 'q' })
    expect(both.headers['x-dragoman-attempts']).toBe('2')
  })

  test('of the request is the caller’s, in the upstream’s words', async () => {
    const { requests, send } = recorder(() => reply(openaiError("'input' is odd"), 400))
    const asked = await ask([openaiProvider('p', send, {}, 2)], { model: 'm', input: 'x' })
    expect([asked.status, asked.text, requests.length]).toEqual([400, JSON.stringify(openaiError("'input' is odd")), 1])
  })

  test('of the length names the input', async () => {
    const message = '<400> InternalError.Algo.InvalidParameter: Range of input length should be [1, 8192]'
    const { send } = recorder(() => reply({ error: { message, type: 'InvalidParameter', code: 'InvalidParameter' } }, 400))
    const asked = await ask([qwenProvider(send)], { model: 'text-embedding-v4', input: 'x' })
    expect(asked.status).toBe(400)
    expect(errorOf(asked)).toMatchObject({ param: 'input', code: 'context_length_exceeded' })
  })

  test('of our credentials never shows', async () => {
    const { send } = recorder(() => reply(openaiError('Incorrect API key provided'), 401))
    const provider = openaiProvider('p', send)
    const asked = await ask([provider], { model: 'm', input: 'x' })
    expect(asked.status).toBe(502)
    expect(provider.pool.accounts[0]?.unavailable('m', 0)).toBeDefined()
  })

  test('to answer in its dialect is told of, and another is asked', async () => {
    const { send } = recorder(() => reply('<html>hello</html>'))
    const asked = await ask([openaiProvider('p', send)], { model: 'm', input: 'x' })
    expect(asked.status).toBe(502)
    expect(String(errorOf(asked).message)).toContain('is not JSON')
  })
})

test('a model that nobody has is a 404, and not counted under', async () => {
  const asked = await ask([openaiProvider('p', () => Promise.reject(new Error('no')), { models: ['a'] })], { model: 'b', input: 'x' })
  expect(asked.status).toBe(404)
  expect(asked.record).toMatchObject({ status: 404, model: '' })
})
