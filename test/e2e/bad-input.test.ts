import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import type { Json } from '../checkers/json.ts'
import type { Simulator } from '../simulators/simulator.ts'
import { admin } from './support/admin.ts'
import { CHAT, CLIENT_ROUTES, type ClientRoute, expectAnswer, expectError, MESSAGES, post } from './support/client-routes.ts'
import { CLIENT_KEY, type RunningGateway, startGateway } from './support/gateway.ts'
import { parseAnswer, RawConnection, rawRequest } from './support/raw.ts'
import { OPENAI } from './support/upstreams.ts'

const BODY_LIMIT = 256 * 1024

let upstream: Simulator
let gateway: RunningGateway

beforeAll(async () => {
  upstream = OPENAI.start()
  const provider = OPENAI.provider(upstream, { models: ['gpt-4o', 'gpt-4o-mini'], medium_model: 'gpt-4o' })
  gateway = await startGateway({ config: { providers: [provider], limits: { body: '256KB' } } })
})
afterAll(async () => {
  await gateway.stop()
  await upstream.close()
})

/** JSON that is nested `levels` deep, the object itself counted. */
const nested = (route: ClientRoute, levels: number): string => {
  const inner = `${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}`
  return `${JSON.stringify(route.body('gpt-4o')).slice(0, -1)},"metadata":${inner}}`
}

/** Fields of a wrong type or value, and the field that the error must name. */
const WRONG: readonly (readonly [more: Json, field: string])[] = [
  [{ model: 7 }, 'model'],
  [{ model: '' }, 'model'],
  [{ model: null }, 'model'],
  [{ model: undefined }, 'model'],
  [{ messages: undefined }, 'messages'],
  [{ messages: 'hello' }, 'messages'],
  [{ messages: {} }, 'messages'],
  [{ messages: [] }, 'messages'],
  [{ messages: ['hello'] }, 'messages.0'],
  [{ messages: [null] }, 'messages.0'],
  [{ messages: [{ content: 'hello' }] }, 'messages.0.role'],
  [
    {
      messages: [
        { role: 'user', content: 'x' },
        { role: 5, content: 'x' },
      ],
    },
    'messages.1.role',
  ],
  [{ stream: 'yes' }, 'stream'],
  [{ max_tokens: 'many' }, 'max_tokens'],
  [{ max_tokens: 1.5 }, 'max_tokens'],
  [{ max_tokens: -1 }, 'max_tokens'],
  [{ temperature: 'hot' }, 'temperature'],
  [{ tools: {} }, 'tools'],
]

const WRONG_FOR: Record<ClientRoute['name'], typeof WRONG> = {
  openai: [
    [{ stop: 5 }, 'stop'],
    [{ stop: ['a', 5] }, 'stop.1'],
    [{ n: 0 }, 'n'],
    [{ stream_options: 'usage' }, 'stream_options'],
    [{ stream_options: { include_usage: 'yes' } }, 'stream_options.include_usage'],
  ],
  anthropic: [
    [{ max_tokens: undefined }, 'max_tokens'],
    [{ system: 5 }, 'system'],
    [{ messages: [{ role: 'user' }] }, 'messages.0.content'],
    [{ messages: [{ role: 'robot', content: 'x' }] }, 'messages.0.role'],
    [{ stop_sequences: 'END' }, 'stop_sequences'],
  ],
}

describe.each(CLIENT_ROUTES.map(route => [route.name, route] as const))('bad input to %s', (_, route) => {
  test.each([...WRONG, ...WRONG_FOR[route.name]].map(([more, field]) => [JSON.stringify(more), field, more] as const))(
    '%s names %s',
    async (_json, field, more) => {
      const error = await expectError(await post(gateway.url, route, { ...route.body('gpt-4o'), ...more }), route, 400)
      expect(error.message).toStartWith(`${field}: `)
      expect(error.type).toBe('invalid_request_error')
      if (route === CHAT) expect(error.param).toBe(field)
    },
  )

  test.each(['{', '{"model":', '{"a":1}}', 'hello', '{"a":01}', '[]', '"x"', 'null', '5', ''])('a body %j is refused', async body => {
    const error = await expectError(await post(gateway.url, route, body), route, 400)
    expect(error.message).toMatch(/body/)
  })

  test('a body of 100 levels is read, one of 101 is too deep', async () => {
    expect((await post(gateway.url, route, nested(route, 100))).status).not.toBe(413)
    const error = await expectError(await post(gateway.url, route, nested(route, 101)), route, 413)
    expect(error.message).toContain('100 levels')
  })

  test('a hundred thousand levels are refused all the same', async () => {
    await expectError(await post(gateway.url, route, nested(route, 100_000)), route, 413)
  })

  test('a body that is not UTF-8 is refused', async () => {
    const text = JSON.stringify(route.body('gpt-4o', { user: 'X' }))
    const bytes = Buffer.from(text)
    bytes[text.indexOf('"X"') + 1] = 0xff
    const error = await expectError(await post(gateway.url, route, bytes), route, 400)
    expect(error.message).toContain('UTF-8')
  })

  test('an unknown model is 404 with the nearest names', async () => {
    const error = await expectError(await post(gateway.url, route, route.body('gpt-4o-mimi')), route, 404)
    expect(error.message).toContain("'gpt-4o-mimi'")
    expect(error.message).toContain("'gpt-4o-mini'")
    expect(error.type).toBe(route === CHAT ? 'invalid_request_error' : 'not_found_error')
    if (route === CHAT) expect(error).toMatchObject({ param: 'model', code: 'model_not_found' })
    const before = upstream.requests.length
    await expectError(await post(gateway.url, route, route.body('nothing-like-it')), route, 404)
    expect(upstream.requests).toHaveLength(before)
  })

  test.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x'])(
    'content type %s is 415',
    async type => {
      const answer = await post(gateway.url, route, JSON.stringify(route.body('gpt-4o')), { headers: { 'content-type': type } })
      expect((await expectError(answer, route, 415)).message).toContain('application/json')
    },
  )

  test.each(['GET', 'PUT', 'DELETE', 'PATCH'])('%s is 405 and says what is allowed', async method => {
    const answer = await fetch(gateway.url + route.path, { method, headers: route.keyHeader(CLIENT_KEY) })
    expect(answer.headers.get('allow')).toContain('POST')
    await expectError(answer, route, 405)
  })

  test.each([
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
    ['zstd', zstdCompressSync],
  ] as const)('a %s body is read, a bomb is not', async (encoding, compress) => {
    const headers = { 'content-encoding': encoding }
    const body = JSON.stringify(route.body('gpt-4o'))
    await expectAnswer(await post(gateway.url, route, compress(body), { headers }), route)
    const bomb = compress(Buffer.alloc(64 * 1024 * 1024, ' '))
    expect(bomb.length).toBeLessThan(BODY_LIMIT)
    expect((await expectError(await post(gateway.url, route, bomb, { headers }), route, 413)).message).toContain(String(BODY_LIMIT))
    await expectError(await post(gateway.url, route, compress(body).subarray(0, 20), { headers }), route, 400)
  })

  test('an unknown encoding is 415', async () => {
    const answer = await post(gateway.url, route, JSON.stringify(route.body('gpt-4o')), { headers: { 'content-encoding': 'lzma' } })
    await expectError(answer, route, 415)
  })

  test('a body over the limit is 413, announced or not', async () => {
    const body = JSON.stringify(route.body('gpt-4o', { user: 'x'.repeat(BODY_LIMIT) }))
    const announced = await expectError(await post(gateway.url, route, body), route, 413)
    expect(announced.message).toContain(String(BODY_LIMIT))
    const chunks = new ReadableStream({
      start(controller) {
        for (let at = 0; at < body.length; at += 65_536) controller.enqueue(Buffer.from(body.slice(at, at + 65_536)))
        controller.close()
      },
    })
    await expectError(await post(gateway.url, route, chunks), route, 413)
  })

  test('a body announced as huge is refused before it is sent', async () => {
    const connection = await RawConnection.open(gateway.url)
    const key = Object.entries(route.keyHeader(CLIENT_KEY)).map(([name, value]) => `${name}: ${value}\r\n`)
    const head = `host: localhost\r\ncontent-type: application/json\r\n${key.join('')}content-length: 900000000`
    connection.send(`POST ${route.path} HTTP/1.1\r\n${head}\r\n\r\n{`)
    await connection.until(/\r\n\r\n.*\}/s)
    const answer = parseAnswer(connection.text)
    expect(answer.status).toBe(413)
    route.readError(JSON.parse(answer.body))
    connection.destroy()
  })

  test('one at the limit is taken', async () => {
    const body = JSON.stringify(route.body('gpt-4o', { metadata: { user_id: '' } }))
    const full = `${body.slice(0, -1)}${' '.repeat(BODY_LIMIT - body.length)}}`
    expect(Buffer.byteLength(full)).toBe(BODY_LIMIT)
    expect((await post(gateway.url, route, full)).status).not.toBe(413)
  })
})

describe('unknown places', () => {
  test.each([
    ['/v1/nothing', CHAT],
    ['/v1/chat/completions/more', CHAT],
    ['/V1/chat/completions', CHAT],
    ['/admin/nothing', CHAT],
    ['/v1/messages/nothing', MESSAGES],
    ['/anthropic/v1/nothing', MESSAGES],
    ['/api/anthropic/v1/nothing', MESSAGES],
  ] as const)('%s is 404 in its dialect', async (path, route) => {
    await expectError(await fetch(gateway.url + path, { headers: route.keyHeader(CLIENT_KEY) }), route, 404)
    const answer = await fetch(gateway.url + path, { method: 'POST', headers: route.keyHeader(CLIENT_KEY), body: '{}' })
    await expectError(answer, route, 404)
  })

  test('strange methods do nothing', async () => {
    for (const method of ['TRACE', 'CONNECT', 'PROPFIND', 'get', 'X'.repeat(50)]) {
      const { status, body } = await rawRequest(gateway.url, { method, target: '/v1/models', headers: ['host: localhost'] })
      // 0: the connection was closed without an answer, which is how the runtime takes what is no method at all.
      expect([0, 400, 405, 501, 505], `${method}: ${body}`).toContain(status)
    }
  })
})

describe('management', () => {
  test.each([
    ['/admin/requests?limit=0', 'limit'],
    ['/admin/requests?limit=many', 'limit'],
    ['/admin/requests?cursor=!', 'cursor'],
    ['/admin/requests?stauts=200', 'stauts'],
    ['/admin/usage?group_by=colour', 'group_by'],
    ['/admin/usage?from=yesterdayish', 'from'],
  ])('%s names %s', async (path, field) => {
    const error = await expectError(await admin(gateway.url, path), CHAT, 400)
    expect(error.message).toContain(field)
    expect(error.param).toBe(field)
  })
})

test('after all of it the same process serves', async () => {
  for (const route of CLIENT_ROUTES) await expectAnswer(await post(gateway.url, route, route.body('gpt-4o')), route)
  expect(process.kill(gateway.pid, 0)).toBe(true)
  expect(gateway.output()).not.toMatch(/internal error|unhandled|uncaught/)
})
