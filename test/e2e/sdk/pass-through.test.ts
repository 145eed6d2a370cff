import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import Anthropic from '@anthropic-ai/sdk'
import { CLIENT_KEY } from '../support/gateway.ts'
import { MODEL, type Stage, startStage } from './stage.ts'

let stage: Stage

beforeAll(async () => {
  stage = await startStage(() => ({ models: { chatty: MODEL.openai, thoughtful: MODEL.anthropic } }))
})
afterAll(() => stage.stop())

const post = (path: string, body: string, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(stage.gateway.url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${CLIENT_KEY}`, ...headers },
    body,
  })

/** A body as no serialiser would write it: what a cache is keyed on is its bytes. */
const CHAT = (model: string, rest = ''): string =>
  `{ "temperature":1.50 ,\n\t"messages" : [ {"role":"user","content":"caf\\u00e9 \\/ 👍"} ],  "model": "${model}","seed":12345678901234567,"top_p":1e0${rest} }\n`

const MESSAGES = (model: string, rest = ''): string =>
  `{"messages":[ {"content":[{"text":"caf\\u00e9 \\/ 👍","type":"text"}],"role":"user"} ],\n "max_tokens" : 1e2, "model":"${model}" ${rest}}`

describe('the request goes up byte for byte but for the name of the model', () => {
  test('OpenAI', async () => {
    expect((await post('/v1/chat/completions', CHAT('chatty'))).status).toBe(200)
    expect(stage.received('openai').bodyText).toBe(CHAT(MODEL.openai))
    expect((await post('/v1/chat/completions', CHAT(MODEL.openai))).status).toBe(200)
    expect(stage.received('openai').bodyText).toBe(CHAT(MODEL.openai))
  })

  test('OpenAI, streamed: usage is asked for where the client did not', async () => {
    await (await post('/v1/chat/completions', CHAT('chatty', ',"stream":true'))).text()
    expect(stage.received('openai').bodyText).toBe(
      CHAT(MODEL.openai, ',"stream":true').replace(' }\n', ' ,"stream_options":{"include_usage":true}}\n'),
    )
    const asked = ',"stream":true,"stream_options":{ "include_usage" : true }'
    await (await post('/v1/chat/completions', CHAT('chatty', asked))).text()
    expect(stage.received('openai').bodyText).toBe(CHAT(MODEL.openai, asked))
    const obfuscated = ',"stream":true,"stream_options":{"include_obfuscation":false}'
    await (await post('/v1/chat/completions', CHAT('chatty', obfuscated))).text()
    expect(stage.received('openai').body?.stream_options).toEqual({ include_obfuscation: false, include_usage: true })
  })

  test('Anthropic', async () => {
    for (const rest of ['', ',"stream":true']) {
      await (await post('/v1/messages', MESSAGES('thoughtful', rest))).text()
      expect(stage.received('anthropic').bodyText).toBe(MESSAGES(MODEL.anthropic, rest))
    }
  })
})

const chunk = (delta: object, finish: string | null = null, more: object = {}): string =>
  JSON.stringify({
    id: 'chatcmpl-7',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'gpt-4.1-2099',
    ...more,
    choices: [{ index: 0, delta, finish_reason: finish }],
  })

const USAGE =
  '{"id":"chatcmpl-7","object":"chat.completion.chunk","created":1,"model":"gpt-4.1-2099","choices":[],"usage":{"prompt_tokens":7,"completion_tokens":2,"total_tokens":9}}'

/** A stream with everything a legal one may have that nobody expects. */
const CHAT_STREAM = [
  ': OPENROUTER PROCESSING\n\n',
  `data: ${chunk({ role: 'assistant', content: '' }, null, { provider: 'Somebody', usage: null })}\n\n`,
  `data:${chunk({ content: 'Gr\\u00fc' })}\r\n\r\n`,
  `id: 3\ndata: ${chunk({ content: 'ße 🌍' }, null, { obfuscation: 'xx' })}\n\n`,
  `retry: 10\ndata: ${chunk({}, 'stop', { 'x-new': [1, 2.5] })}\n\n`,
]

const event = (type: string, more: object): string => `event: ${type}\ndata: ${JSON.stringify({ type, ...more })}\n\n`

const MESSAGES_STREAM = [
  event('message_start', {
    message: {
      id: 'msg_7',
      type: 'message',
      role: 'assistant',
      model: 'claude-2099',
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage: { input_tokens: 7, output_tokens: 1 },
      novelty: { a: 1 },
    },
  }),
  event('ping', {}),
  ': still here\n\n',
  event('content_block_start', { index: 0, content_block: { type: 'text', text: '', citations: null } }),
  'event: content_block_delta\r\ndata:{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Gr\\u00fcße 🌍"},"extra":1.50}\r\n\r\n',
  event('novelty_event', { value: { deep: true } }),
  event('content_block_stop', { index: 0 }),
  event('message_delta', {
    delta: { stop_reason: 'end_turn', stop_sequence: null },
    usage: { output_tokens: 2 },
    context_management: { applied_edits: [] },
  }),
  event('message_stop', {}),
].join('')

describe('the answer comes down byte for byte', () => {
  for (const chunkBytes of [undefined, 5]) {
    const how = chunkBytes === undefined ? 'at once' : 'in pieces'

    test(`an OpenAI stream ${how}`, async () => {
      const sse = `${CHAT_STREAM.join('')}data: ${USAGE}\n\ndata: [DONE]\n\n`
      stage.upstream.openai.script({ sse, chunkBytes })
      const asked = await post('/v1/chat/completions', CHAT('chatty', ',"stream":true,"stream_options":{"include_usage":true}'))
      expect(await asked.text()).toBe(sse)
    })

    test(`an OpenAI stream ${how}, without the usage that was not asked for`, async () => {
      stage.upstream.openai.script({ sse: `${CHAT_STREAM.join('')}data: ${USAGE}\n\ndata: [DONE]\n\n`, chunkBytes })
      const unasked = await post('/v1/chat/completions', CHAT('chatty', ',"stream":true'))
      expect(await unasked.text()).toBe(`${CHAT_STREAM.join('')}data: [DONE]\n\n`)
    })

    test(`an Anthropic stream ${how}`, async () => {
      stage.upstream.anthropic.script({ sse: MESSAGES_STREAM, chunkBytes })
      expect(await (await post('/v1/messages', MESSAGES('thoughtful', ',"stream":true'))).text()).toBe(MESSAGES_STREAM)
    })
  }

  test('whole bodies', async () => {
    const completion = `{"id":"c","object":"chat.completion" , "created":1,"model":"gpt-4.1-2099","novelty":1.50,"choices":[{"index":0,"message":{"role":"assistant","content":"Gr\\u00fcße"},"finish_reason":"stop"}]}\n`
    stage.upstream.openai.script({ body: completion })
    expect(await (await post('/v1/chat/completions', CHAT('chatty'))).text()).toBe(completion)
    const message = `{ "type":"message","id":"msg_7","role":"assistant","model":"claude-2099","content":[{"type":"text","text":"Gr\\u00fcße"},{"type":"novel_block","x":1.0}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":1,"output_tokens":1}}`
    stage.upstream.anthropic.script({ body: message })
    expect(await (await post('/v1/messages', MESSAGES('thoughtful'))).text()).toBe(message)
  })

  test('verdicts on the request', async () => {
    const verdict = '{"error" : {"message":"Unsupported: \\u00e9","type":"invalid_request_error","param":"x","code":"novel","extra":[1.0]}}'
    stage.upstream.openai.script({ status: 400, body: verdict })
    const refused = await post('/v1/chat/completions', CHAT('chatty'))
    expect([refused.status, await refused.text()]).toEqual([400, verdict])
    const words = `{"type":"error","error":{"type":"invalid_request_error","message":"role 'system' is not supported on this model","novel":1.0},"request_id":"req_upstream"}`
    stage.upstream.anthropic.script({ status: 400, body: words })
    const denied = await post('/v1/messages', MESSAGES('thoughtful', ',"stream":true'))
    expect([denied.status, await denied.text()]).toEqual([400, words])
  })
})

describe('headers', () => {
  test('limits come through, identities and cookies do not', async () => {
    stage.upstream.openai.script({ headers: { 'set-cookie': 'a=b', 'cf-ray': '1', 'retry-after-ms': '5' } })
    const { headers } = await post('/v1/chat/completions', CHAT('chatty'))
    expect(headers.get('x-ratelimit-remaining-requests')).toBe('9999')
    expect(headers.get('retry-after-ms')).toBe('5')
    for (const name of ['set-cookie', 'cf-ray', 'openai-organization', 'server']) expect(headers.get(name)).toBeNull()
    expect(headers.get('x-request-id')).toMatch(/^req_[0-9A-Za-z]{24}$/)
    const answer = await post('/v1/messages', MESSAGES('thoughtful'))
    expect(answer.headers.get('anthropic-ratelimit-tokens-limit')).toBe('500000')
    expect(answer.headers.get('anthropic-organization-id')).toBeNull()
    expect(answer.headers.get('request-id')).toBe(answer.headers.get('x-request-id'))
  })

  test('who served it', async () => {
    const { headers } = await post('/v1/chat/completions', CHAT('chatty'))
    expect(headers.get('x-dragoman-provider')).toBe('openai')
    expect(headers.get('x-dragoman-attempts')).toBe('1')
    expect(headers.get('x-dragoman-notes')).toBeNull()
  })

  test('versions and betas go up as they came, known or not; keys, cookies and traces do not', async () => {
    const betas = 'context-management-2025-06-27,novelty-2099-01-01'
    await post('/v1/messages?beta=true&extra=1', MESSAGES('thoughtful'), {
      'anthropic-version': '2023-06-01',
      'anthropic-beta': betas,
      cookie: 'session=1',
      'x-app': 'cli',
      'x-stainless-lang': 'js',
      'x-claude-code-session-id': 'abc',
    })
    const { headers, query } = stage.received('anthropic')
    expect(headers).toMatchObject({ 'anthropic-version': '2023-06-01', 'anthropic-beta': betas, 'x-api-key': 'sk-simulator' })
    expect(query).toEqual({ beta: 'true', extra: '1' })
    for (const name of ['cookie', 'x-app', 'x-stainless-lang', 'x-claude-code-session-id', 'authorization'])
      expect(headers[name]).toBeUndefined()
    expect(JSON.stringify(headers)).not.toContain(CLIENT_KEY)
  })

  test("the SDK's own version holds for its request", async () => {
    await stage.anthropic.messages.create({ model: MODEL.anthropic, max_tokens: 5, messages: [{ role: 'user', content: 'Hi' }] })
    expect(stage.received('anthropic').headers['anthropic-version']).toBe('2026-10-21')
  })
})

describe('keys and addresses', () => {
  const hello = { max_tokens: 20, messages: [{ role: 'user' as const, content: 'Hi' }] }

  test('either header, on either dialect', async () => {
    for (const [path, body] of [
      ['/v1/chat/completions', CHAT('chatty')],
      ['/v1/messages', MESSAGES('thoughtful')],
    ] as const) {
      const ways: Record<string, string>[] = [
        { 'x-api-key': CLIENT_KEY },
        { authorization: `Bearer ${CLIENT_KEY}` },
        { authorization: `bearer  ${CLIENT_KEY}` },
      ]
      for (const headers of ways) {
        const { status } = await fetch(stage.gateway.url + path, {
          method: 'POST',
          headers: { 'content-type': 'application/json', ...headers },
          body,
        })
        expect({ path, headers, status }).toEqual({ path, headers, status: 200 })
      }
      const both = await post(path, body, { 'x-api-key': 'sk-something-else' })
      expect(both.status).toBe(200)
      const none = await fetch(stage.gateway.url + path, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
      expect(none.status).toBe(401)
    }
  })

  test('each prefix that an Anthropic SDK may be pointed at, its beta resources too', async () => {
    for (const prefix of ['', '/anthropic', '/api/anthropic']) {
      const client = new Anthropic({ apiKey: CLIENT_KEY, baseURL: stage.gateway.url + prefix, maxRetries: 0 })
      for (const model of [MODEL.anthropic, MODEL.openai]) {
        const answer = await client.messages.create({ ...hello, model })
        expect(answer.content).toMatchObject([{ type: 'text', text: 'You said: Hi' }])
        const beta = await client.beta.messages.stream({ ...hello, model, betas: ['novelty-2099-01-01'] }).finalMessage()
        expect(beta.content).toMatchObject([{ type: 'text', text: 'You said: Hi' }])
      }
    }
    expect(stage.received('anthropic').headers['anthropic-beta']).toContain('novelty-2099-01-01')
  })

  test('an older Anthropic client: its key in x-api-key, an older version, a misspelt header', async () => {
    const older = await fetch(`${stage.gateway.url}/v1/messages`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-api-key': CLIENT_KEY, 'x-anthropic-version': '2023-06-01' },
      body: MESSAGES('thoughtful'),
    })
    expect(older.status).toBe(200)
    expect(stage.received('anthropic').headers['anthropic-version']).toBe('2023-06-01')
  })
})
