import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import Anthropic from '@anthropic-ai/sdk'
import type { Json } from '../checkers/json.ts'
import { png } from '../operations/images.ts'
import type { Answer } from '../simulators/answer.ts'
import type { Simulator } from '../simulators/simulator.ts'
import { type ClientRoute, expectError, MESSAGES, post } from './support/client-routes.ts'
import { CLIENT_KEY, type RunningGateway, startGateway } from './support/gateway.ts'
import { ANTHROPIC, OPENAI } from './support/upstreams.ts'

const COUNT: ClientRoute = { ...MESSAGES, path: '/v1/messages/count_tokens' }

const question = (model: string, more: Json = {}): Json => ({ model, messages: [{ role: 'user', content: 'Say hello' }], ...more })

let claude: Simulator
let gpt: Simulator
let gateway: RunningGateway

/** What an upstream may answer that cannot count, each a provider of its own. */
const CANNOT: Record<string, Answer> = {
  'no route': { status: 404, message: 'Not Found' },
  'no such page': { status: 404, body: '<html>nginx</html>', contentType: 'text/html' },
  'another method': { status: 405 },
  'another type': { status: 415 },
  'a fault': { status: 500 },
  'an overload': { status: 529 },
  'a limit of its own': { status: 429, headers: { 'retry-after': '60' } },
  'our credentials': { status: 401 },
  'no count': { body: { ok: true } },
  'no JSON': { body: 'pong' },
  silence: { hangConnection: true },
}

const keyOf = (name: string): string => `sk-${name.replaceAll(' ', '-')}`

beforeAll(async () => {
  claude = ANTHROPIC.start({ keys: ['sk-simulator', 'sk-mixed', ...Object.keys(CANNOT).map(keyOf)], lenient: true })
  gpt = OPENAI.start()
  const anthropic = (name: string, models: string[], more: Json = {}) =>
    ANTHROPIC.provider({ url: claude.url, key: keyOf(name) }, { name, models, ...more })
  gateway = await startGateway({
    config: {
      providers: [
        ANTHROPIC.provider(claude, { models: ['claude-*'] }),
        OPENAI.provider(gpt, { models: ['gpt-*'] }),
        anthropic('mixed', ['elsewhere'], { max_concurrent: 1 }),
        ...Object.keys(CANNOT).map(name => anthropic(name, ['elsewhere'], { timeouts: { first_byte: '200ms' } })),
      ],
      models: {
        alias: { targets: [{ provider: 'anthropic', model: ANTHROPIC.model }] },
        'claude first': {
          targets: [
            { provider: 'mixed', model: ANTHROPIC.model },
            { provider: 'openai', model: 'gpt-4o' },
          ],
        },
        'gpt first': {
          targets: [
            { provider: 'openai', model: 'gpt-4o' },
            { provider: 'mixed', model: ANTHROPIC.model },
          ],
        },
        ...Object.fromEntries(Object.keys(CANNOT).map(name => [name, { targets: [{ provider: name, model: ANTHROPIC.model }] }])),
      },
    },
  })
})
afterAll(async () => {
  await gateway.stop()
  await Promise.all([claude.close(), gpt.close()])
})

interface Counted {
  tokens: number
  notes: string | null
  headers: Headers
}

async function counted(body: Json, headers: Record<string, string> = {}): Promise<Counted> {
  const response = await post(gateway.url, COUNT, body, { headers })
  const text = await response.text()
  expect(response.status, text).toBe(200)
  const answer = JSON.parse(text) as Json
  expect(Object.keys(answer)).toEqual(['input_tokens'])
  expect(answer.input_tokens).toBeInteger()
  expect(response.headers.get('request-id')).toBe(response.headers.get('x-request-id'))
  return { tokens: Number(answer.input_tokens), notes: response.headers.get('x-dragoman-notes'), headers: response.headers }
}

describe('a request that would go to Anthropic', () => {
  test('is counted there, with the bytes it came in', async () => {
    claude.script({ on: 'count', body: { input_tokens: 4711 } })
    const { tokens, notes, headers } = await counted(question('alias', { system: 'Be brief.', unknown_field: 1.0 }), {
      'anthropic-beta': 'a,b',
    })
    expect([tokens, notes]).toEqual([4711, null])
    const request = claude.requests.at(-1)
    expect([request?.path, request?.headers['anthropic-beta']]).toEqual(['/v1/messages/count_tokens', 'a,b'])
    expect(request?.bodyText).toBe(JSON.stringify(question(ANTHROPIC.model, { system: 'Be brief.', unknown_field: 1.0 })))
    expect(headers.get('x-dragoman-provider')).toBe('anthropic')
    expect(headers.get('anthropic-ratelimit-requests-limit')).toBe('4000')
    expect(headers.get('anthropic-organization-id')).toBeNull()
  })

  test('is counted as it would be sent: without another vendor’s thinking', async () => {
    const thinking = { type: 'thinking', thinking: 'Hm.', signature: '' }
    const messages = [
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: [thinking, { type: 'text', text: 'Hello' }] },
      { role: 'user', content: 'Bye' },
    ]
    await counted(question('claude-sonnet-4-5', { messages }))
    const body = claude.requests.at(-1)?.body as Json
    expect(JSON.stringify(body.messages)).not.toContain('thinking')
    expect(Object.keys(body)).toEqual(['model', 'messages'])
  })

  test('is judged there', async () => {
    claude.script({ on: 'count', status: 400, message: 'messages.0.content.0.type: Input should be one of' })
    const response = await post(gateway.url, COUNT, question('claude-sonnet-4-5'))
    expect(response.status).toBe(400)
    expect(await response.text()).toContain('messages.0.content.0.type')
    claude.script({ on: 'count', status: 404, message: 'model: claude-nope' })
    await post(gateway.url, COUNT, question('claude-nope')).then(answer => expect(answer.status).toBe(404))
  })

  test('is counted where it would go first', async () => {
    claude.script({ on: 'count', body: { input_tokens: 4711 }, forKey: 'sk-mixed' })
    expect((await counted(question('claude first'))).tokens).toBe(4711)
    // Its account is free again, although it takes one request at a time.
    claude.script({ on: 'count', body: { input_tokens: 4712 }, forKey: 'sk-mixed' })
    expect((await counted(question('claude first'))).tokens).toBe(4712)
    expect((await counted(question('gpt first'))).notes).toBe('usage:estimated')
  })

  test.each(Object.entries(CANNOT))('is estimated where that answers with %s, and its account is left alone', async (name, answer) => {
    const faulty: Answer = { ...answer, on: 'count', forKey: keyOf(name) }
    claude.script(faulty, faulty)
    const { tokens, notes } = await counted(question(name))
    expect(notes).toBe('usage:estimated')
    expect(tokens).toBeWithin(3, 15)
    if (name === 'our credentials') return
    // The conversation itself is served all the same.
    expect((await post(gateway.url, MESSAGES, MESSAGES.body(name))).status).toBe(200)
  })
})

test.each([
  [400, 'prompt is too long: 300000 tokens > 200000 maximum'],
  [413, 'Request exceeds the maximum size'],
  [422, 'cannot be processed'],
])('a verdict of %i about the request is the answer', async (status, message) => {
  claude.script({ on: 'count', status, message })
  expect((await post(gateway.url, COUNT, question('claude-sonnet-4-5'))).status).toBe(status)
})

test('a query goes along, and a model that is named twice is named anew', async () => {
  claude.script({ on: 'count', body: { input_tokens: 12 } })
  const text = JSON.stringify(question('claude-sonnet-4-5')).replace('{', '{"model":"claude-other",')
  const response = await fetch(`${gateway.url}${COUNT.path}?beta=true`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-api-key': CLIENT_KEY, 'anthropic-version': '2023-06-01' },
    body: text,
  })
  expect(response.status).toBe(200)
  const request = claude.requests.at(-1)
  expect([request?.path, request?.query]).toEqual(['/v1/messages/count_tokens', { beta: 'true' }])
  expect(request?.bodyText).not.toContain('claude-other')
})

test('an estimate is made for the model that an alias stands for', async () => {
  const unable: Answer = { ...CANNOT['no route'], on: 'count', forKey: keyOf('no route') }
  const tools = [{ name: 'look', input_schema: { type: 'object' } }]
  claude.script(unable, unable)
  const { tokens: plain } = await counted(question('no route'))
  const { tokens } = await counted(question('no route', { tools }))
  // A Claude is told more about tools than others are.
  expect(tokens - plain).toBeGreaterThan(346)
})

describe('a request that would go elsewhere', () => {
  const tool = {
    name: 'look',
    description: 'Looks at something.',
    input_schema: { type: 'object', properties: { at: { type: 'string' } } },
  }
  const image = (size: number): Json => ({
    type: 'image',
    source: {
      type: 'base64',
      media_type: 'image/png',
      data: Buffer.concat([png(size, size), Buffer.alloc(500_000, 7)]).toString('base64'),
    },
  })

  test('is estimated, and says so', async () => {
    const { tokens, notes } = await counted(question('gpt-4o', { system: 'word '.repeat(1000) }))
    expect(notes).toBe('usage:estimated')
    expect(tokens).toBeWithin(1000, 1100)
  })

  test('with tools and images: by their schemas and sizes, never by the text that carries them', async () => {
    const { tokens: plain } = await counted(question('gpt-4o'))
    const { tokens: tools } = await counted(question('gpt-4o', { tools: [tool] }))
    expect(tools - plain).toBeWithin(30, 80)
    const asking = (size: number) =>
      question('gpt-4o', { messages: [{ role: 'user', content: [image(size), { type: 'text', text: 'Say hello' }] }] })
    const { tokens: seen } = await counted(asking(1000))
    expect(seen - plain).toBeWithin(1290, 1300)
    expect((await counted(asking(280))).tokens - plain).toBeWithin(95, 105)
  })

  test('of a thousand messages is quick', async () => {
    const messages = Array.from({ length: 1000 }, (_, index) => ({
      role: index % 2 ? 'assistant' : 'user',
      content: [{ type: 'text', text: 'The light turns once more, and the ships pass by. '.repeat(10) }],
    }))
    await counted(question('gpt-4o', { messages }))
    const started = performance.now()
    const { tokens } = await counted(question('gpt-4o', { messages }))
    expect(performance.now() - started).toBeLessThan(1000)
    expect(tokens).toBeWithin(110_000, 145_000)
  })

  test('asks nobody', async () => {
    const before = gpt.requests.length
    await counted(question('gpt-4o'))
    expect(gpt.requests).toHaveLength(before)
  })

  test.each<[Json, string]>([
    [{ messages: [] }, 'messages'],
    [{ messages: [{ role: 'user' }] }, 'messages.0.content'],
    [{ messages: [{ role: 'user', content: [{ type: 'text' }] }] }, 'messages.0.content.0.text'],
    [{ system: 5 }, 'system'],
    [{ tools: [{ description: 'no name' }] }, 'tools.0.name'],
    [{ model: '' }, 'model'],
  ])('%j is refused by the field’s name', async (more, field) => {
    const error = await expectError(await post(gateway.url, COUNT, question('gpt-4o', more)), COUNT, 400)
    expect(error.type).toBe('invalid_request_error')
    expect(error.message).toStartWith(`${field}: `)
  })
})

test('a model that is not there is a 404 with its name', async () => {
  const error = await expectError(await post(gateway.url, COUNT, question('nothing-like-it')), COUNT, 404)
  expect(error).toMatchObject({ type: 'not_found_error', message: expect.stringContaining("'nothing-like-it'") })
})

test.each(['', '/anthropic', '/api/anthropic'])('the SDK counts under %j', async prefix => {
  const client = new Anthropic({ apiKey: CLIENT_KEY, baseURL: gateway.url + prefix, maxRetries: 0 })
  claude.script({ on: 'count', body: { input_tokens: 12 } })
  expect(await client.messages.countTokens({ model: 'alias', messages: [{ role: 'user', content: 'Hi' }] })).toMatchObject({
    input_tokens: 12,
  })
})
