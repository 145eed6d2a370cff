import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import OpenAI from 'openai'
import type { Json } from '../checkers/json.ts'
import { vectorOf } from '../simulators/qwen/embeddings.ts'
import { type QwenSimulator, startQwen } from '../simulators/qwen.ts'
import type { Simulator } from '../simulators/simulator.ts'
import { admin, adminList, recordOf } from './support/admin.ts'
import { CHAT, type ClientRoute, expectAnswer, expectError, post } from './support/client-routes.ts'
import { CLIENT_KEY, type RunningGateway, startGateway } from './support/gateway.ts'
import { ANTHROPIC, OPENAI } from './support/upstreams.ts'
import { eventually } from './support/wait.ts'

const EMBEDDINGS: ClientRoute = { ...CHAT, path: '/v1/embeddings', body: (model, more) => ({ model, input: 'hello', ...more }) }

const V4 = 'text-embedding-v4'
const SMALL = 'text-embedding-3-small'

let openai: Simulator
let claude: Simulator
let qwen: QwenSimulator
let gateway: RunningGateway
let client: OpenAI

beforeAll(async () => {
  openai = OPENAI.start({ keys: ['sk-first', 'sk-second', 'sk-chat'] })
  claude = ANTHROPIC.start()
  qwen = startQwen()
  const plan = (name: string, key: string, more: Json = {}): Json => ({
    ...{ name, provider_type: 'qwen', base_url: qwen.compatibleUrl, api_key: key },
    ...more,
  })
  gateway = await startGateway({
    config: {
      limits: { body: '1MB' },
      providers: [
        OPENAI.provider({ url: openai.url, key: 'sk-first' }, { models: [SMALL, 'text-embedding-ada-002'] }),
        OPENAI.provider({ url: openai.url, key: 'sk-second' }, { name: 'second', models: [SMALL], priority: 2 }),
        OPENAI.provider({ url: openai.url, key: 'sk-chat' }, { name: 'chat', models: ['gpt-4o'] }),
        ANTHROPIC.provider(claude, { models: ['claude-*'] }),
        plan('qwen', qwen.apiKey('standard').key, { models: [V4, 'text-embedding-v2'] }),
        plan('qwen-2', qwen.apiKey('standard').key, { models: [V4], priority: 2 }),
      ],
      models: {
        nick: SMALL,
        'claude first': {
          targets: [
            { provider: 'anthropic', model: ANTHROPIC.model },
            { provider: 'qwen', model: V4 },
          ],
        },
      },
    },
  })
  client = new OpenAI({ apiKey: CLIENT_KEY, baseURL: `${gateway.url}/v1`, maxRetries: 0 })
})
afterAll(async () => {
  await gateway.stop()
  await Promise.all([openai, claude, qwen].map(simulator => simulator.close()))
})

const texts = (count: number): string[] => Array.from({ length: count }, (_, index) => `text number ${index}`)

const vectorsOf = ({ data }: { data: { index: number; embedding: number[] }[] }): number[][] => {
  expect(data.map(({ index }) => index)).toEqual(data.map((_, index) => index))
  return data.map(({ embedding }) => embedding)
}

describe('the official SDK', () => {
  test('asks OpenAI in base64 and reads what it sent', async () => {
    const answer = await client.embeddings.create({ model: 'nick', input: texts(3), dimensions: 8 })
    expect(openai.requests.at(-1)?.body).toEqual({ model: SMALL, input: texts(3), dimensions: 8, encoding_format: 'base64' })
    expect(vectorsOf(answer)).toEqual(texts(3).map(text => vectorOf(text, 8)))
    expect(answer).toMatchObject({ object: 'list', model: SMALL })
    expect(answer.usage.prompt_tokens).toBeGreaterThan(3)
  })

  test('asks for numbers, tokens or a single text as well', async () => {
    const floats = await client.embeddings.create({ model: SMALL, input: 'a text', dimensions: 4, encoding_format: 'float', user: 'u' })
    expect(vectorsOf(floats)).toEqual([vectorOf('a text', 4)])
    const rows = [[1, 2], [3]]
    const tokens = await client.embeddings.create({ model: 'text-embedding-ada-002', input: rows })
    expect(vectorsOf(tokens)).toEqual(rows.map(row => vectorOf(JSON.stringify(row), 1536)))
    expect(vectorsOf(await client.embeddings.create({ model: SMALL, input: [7, 8], dimensions: 4 }))).toEqual([vectorOf('[7,8]', 4)])
  })

  test('gets 57 texts of Qwen in order, although ten are taken at once', async () => {
    const before = qwen.counts.embeddings
    const { data: answer, response } = await client.embeddings.create({ model: V4, input: texts(57), dimensions: 64 }).withResponse()
    expect(vectorsOf(answer)).toEqual(texts(57).map(text => vectorOf(text, 64)))
    const asked = qwen.requests.filter(({ route }) => route === 'embed').slice(before)
    expect(asked.map(({ body }) => (body as Json & { input: string[] }).input.length).sort((a, b) => a - b)).toEqual([
      7, 10, 10, 10, 10, 10,
    ])
    expect(new Set(asked.map(({ key }) => key)).size).toBe(1)
    const record = await recordOf(gateway.url, response)
    expect(record).toMatchObject({
      ...{ route: '/v1/embeddings', model: V4, provider: 'qwen', status: 200, stream: false },
      usage: { input_tokens: answer.usage.prompt_tokens, output_tokens: 0, estimated: false },
    })
    expect((record.attempts as Json[]).length).toBe(1)
    // A text of its own has as many tokens as in a list.
    const single = await client.embeddings.create({ model: V4, input: texts(1) })
    expect(answer.usage.prompt_tokens).toBeGreaterThanOrEqual(57 * single.usage.prompt_tokens)
  })

  test.each([V4, 'text-embedding-v2'])('gets the usual length of %s', async model => {
    const [vector] = vectorsOf(await client.embeddings.create({ model, input: 'x' }))
    expect(vector).toEqual(vectorOf('x', model === V4 ? 1024 : 1536))
  })
})

test('what is asked in the upstream’s dialect goes through to the byte, either way', async () => {
  const body = ' {"object":"list", "data":[{"index":0,"object":"embedding","embedding":[1.50]}],"usage":{"prompt_tokens":9}}'
  openai.script({ on: 'embed', body })
  const text = `{ "input":["x" ] ,"model": "${SMALL}" }`
  const response = await post(gateway.url, EMBEDDINGS, text)
  expect(await response.text()).toBe(body)
  expect(openai.requests.at(-1)?.bodyText).toBe(text)
  expect(response.headers.get('x-request-id')).toStartWith('req_')
  expect(response.headers.get('x-dragoman-provider')).toBe('openai')
  expect(response.headers.get('x-ratelimit-limit-requests')).toBe('10000')
  expect(response.headers.get('openai-organization')).toBeNull()
  expect((await recordOf(gateway.url, response)).usage).toMatchObject({ input_tokens: 9, output_tokens: 0 })
})

describe('failing over', () => {
  test('goes to the next provider', async () => {
    openai.script({ on: 'embed', forKey: 'sk-first', status: 503 })
    const { response } = await client.embeddings.create({ model: SMALL, input: 'x' }).withResponse()
    expect(response.headers.get('x-dragoman-provider')).toBe('second')
    expect(response.headers.get('x-dragoman-attempts')).toBe('2')
    expect(await recordOf(gateway.url, response)).toMatchObject({
      attempts: [
        { provider: 'openai', status: 503 },
        { provider: 'second', outcome: 'ok' },
      ],
    })
  })

  test('goes there with all pieces where one fails', async () => {
    qwen.script({ on: 'embed' }, { on: 'embed', status: 500 })
    const { data: answer, response } = await client.embeddings.create({ model: V4, input: texts(25), dimensions: 64 }).withResponse()
    expect(response.headers.get('x-dragoman-provider')).toBe('qwen-2')
    expect(vectorsOf(answer)).toEqual(texts(25).map(text => vectorOf(text, 64)))
  })

  test('passes by a provider that has none', async () => {
    const answer = await client.embeddings.create({ model: 'claude first', input: 'x', dimensions: 64 })
    expect(vectorsOf(answer)).toEqual([vectorOf('x', 64)])
    expect(claude.requests).toHaveLength(0)
  })
})

describe('a refusal', () => {
  test.each<[string, Json | string, number, Json]>([
    ['no input', { model: SMALL, input: null }, 400, { param: 'input', code: 'missing_required_parameter' }],
    ['an empty input', { model: SMALL, input: '' }, 400, { param: 'input' }],
    ['a mixture', { model: SMALL, input: ['a', 1] }, 400, { param: 'input.1' }],
    ['no model', { input: 'x' }, 400, { param: 'model' }],
    ['another encoding', { model: SMALL, input: 'x', encoding_format: 'int8' }, 400, { param: 'encoding_format' }],
    ['lengths that a Qwen model has not', { model: V4, input: 'x', dimensions: 100 }, 400, { param: 'dimensions' }],
    ['tokens for Qwen', { model: V4, input: [[1, 2]] }, 400, { param: 'input' }],
    ['an empty text for Qwen', { model: V4, input: ['a', ''] }, 400, { param: 'input.1' }],
    ['a model of Anthropic’s', { model: ANTHROPIC.model, input: 'x' }, 400, { param: 'model', code: 'embeddings_not_supported' }],
    ['a model that is not there', { model: 'text-embedding-4', input: 'x' }, 404, { param: 'model', code: 'model_not_found' }],
    ['broken JSON', '{"model":', 400, {}],
    ['a body that is too long', { model: SMALL, input: 'x'.repeat(1_100_000) }, 413, { code: 'request_too_large' }],
  ])('of %s names the field', async (_, body, status, error) => {
    const before = openai.requests.length + qwen.requests.length
    expect(await expectError(await post(gateway.url, EMBEDDINGS, body), EMBEDDINGS, status)).toMatchObject(error)
    expect(openai.requests.length + qwen.requests.length).toBe(before)
  })

  test('lists the lengths that there are', async () => {
    const { message } = await expectError(await post(gateway.url, EMBEDDINGS, { model: V4, input: 'x', dimensions: 100 }), EMBEDDINGS, 400)
    expect(message).toBe("dimensions: must be one of 2048, 1536, 1024, 768, 512, 256, 128, 64 for 'text-embedding-v4', not 100")
  })

  test('of the upstream’s is the SDK’s error', async () => {
    const error = await client.embeddings.create({ model: SMALL, input: 'x', dimensions: 9999 }).then(
      () => undefined,
      (thrown: unknown) => thrown,
    )
    expect(error).toBeInstanceOf(OpenAI.BadRequestError)
    expect(String(error)).toContain("Invalid value for 'dimensions'")
  })

  test('of too long a text names the input', async () => {
    const response = await post(gateway.url, EMBEDDINGS, { model: V4, input: ['a', 'word '.repeat(10_000)] })
    expect(await expectError(response, EMBEDDINGS, 400)).toMatchObject({ param: 'input', code: 'context_length_exceeded' })
  })

  test('of a chat model leaves it for chats', async () => {
    for (let time = 0; time < 4; time++) {
      const error = await expectError(await post(gateway.url, EMBEDDINGS, EMBEDDINGS.body('gpt-4o')), EMBEDDINGS, 404)
      expect(error.message).toContain('not allowed to generate embeddings')
    }
    await expectAnswer(await post(gateway.url, CHAT, CHAT.body('gpt-4o')), CHAT)
  })

  test('for want of a key', async () => {
    expect(await expectError(await post(gateway.url, EMBEDDINGS, EMBEDDINGS.body(SMALL), { key: null }), EMBEDDINGS, 401)).toMatchObject({
      code: 'invalid_api_key',
    })
  })

  test('of a method names those that there are', async () => {
    const response = await fetch(gateway.url + EMBEDDINGS.path, { headers: { authorization: `Bearer ${CLIENT_KEY}` } })
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST, OPTIONS'])
  })
})

test.each([SMALL, V4])('a client of %s that leaves cancels what is under way', async model => {
  const upstream = model === V4 ? qwen : openai
  const hung = { on: 'embed', hangConnection: true } as const
  const pieces = model === V4 ? 4 : 1
  upstream.script(...Array.from({ length: pieces }, () => hung))
  const leaving = new AbortController()
  const before = upstream.requests.length
  const sent = post(gateway.url, EMBEDDINGS, { model, input: texts(50) }, { signal: leaving.signal }).catch(() => undefined)
  const requests = (await upstream.received(before + pieces)).slice(before)
  leaving.abort()
  await Promise.all(requests.map(({ closed }) => closed))
  expect(requests.map(({ aborted }) => aborted)).toEqual(requests.map(() => true))
  await sent
  await eventually('the record says so', async () => {
    const [newest] = (await adminList(gateway.url, '/admin/requests?limit=1')).data
    return newest?.status === 499 && newest.route === EMBEDDINGS.path
  })
  expect(upstream.requests).toHaveLength(before + pieces)
})

test('it counts as usage, and nothing is left open', async () => {
  const { data } = await adminList(gateway.url, '/admin/usage?group_by=model')
  const row = data.find(({ model }) => model === V4)
  expect(row).toMatchObject({ output_tokens: 0 })
  expect(row?.input_tokens).toBeGreaterThan(100)
  const accounts = (await adminList(gateway.url, '/admin/accounts')).data
  expect(accounts.map(({ in_flight }) => in_flight)).toEqual(accounts.map(() => 0))
  expect((await admin(gateway.url, '/admin/stats')).status).toBe(200)
  expect(gateway.output()).not.toMatch(/internal error|unhandled|uncaught/)
})
