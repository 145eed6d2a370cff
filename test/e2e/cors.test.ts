import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { ADMIN_KEY, CLIENT_KEY, type RunningGateway, startGateway } from './support/gateway.ts'

const ORIGIN = 'https://chat.example.com'

let gateway: RunningGateway

beforeAll(async () => {
  gateway = await startGateway({ config: { cors_origins: [ORIGIN] }, args: ['--demo'] })
})
afterAll(() => gateway.stop())

const call = (path: string, headers: Record<string, string>, method = 'GET', body?: string) =>
  fetch(`${gateway.url}${path}`, { method, headers, body })

describe('a page of a listed origin', () => {
  test('may send whatever headers its SDK sends', async () => {
    const asked = 'authorization,content-type,x-stainless-lang,x-stainless-retry-count'
    const headers = { origin: ORIGIN, 'access-control-request-method': 'POST', 'access-control-request-headers': asked }
    const answer = await call('/v1/chat/completions', headers, 'OPTIONS')
    expect(answer.status).toBe(204)
    expect(answer.headers.get('access-control-allow-origin')).toBe(ORIGIN)
    expect(answer.headers.get('access-control-allow-headers')).toBe(asked)
    expect(answer.headers.get('access-control-allow-methods')).toContain('POST')
  })

  test.each([
    ['an answer', CLIENT_KEY, 200],
    ['an error', 'sk-wrong-0000000000', 401],
  ])('may read %s', async (_, key, status) => {
    const body = JSON.stringify({ model: 'demo', messages: [{ role: 'user', content: 'hi' }] })
    const headers = { origin: ORIGIN, authorization: `Bearer ${key}`, 'content-type': 'application/json' }
    const answer = await call('/v1/chat/completions', headers, 'POST', body)
    expect(answer.status).toBe(status)
    expect(answer.headers.get('access-control-allow-origin')).toBe(ORIGIN)
    expect(answer.headers.get('access-control-expose-headers')).toContain('x-dragoman-provider')
  })

  test('is the only kind that may', async () => {
    const answer = await call('/v1/models', { origin: 'https://elsewhere.example.com', authorization: `Bearer ${CLIENT_KEY}` })
    expect(answer.status).toBe(403)
    expect(answer.headers.get('access-control-allow-origin')).toBeNull()
  })
})

test.each(['/health', '/swagger', '/docs', '/', '/v1/models', '/admin/stats', '/nowhere'])(
  'an answer of %s carries a request id',
  async path => {
    const answer = await fetch(`${gateway.url}${path}`, { redirect: 'manual', headers: { authorization: `Bearer ${ADMIN_KEY}` } })
    expect(answer.headers.get('x-request-id')).toMatch(/^req_\w{24}$/)
  },
)

test.each([
  ['/chat/completions', '/v1/chat/completions'],
  ['/v1/chat/completions/', '/v1/chat/completions'],
  ['/v1/v1/messages', '/v1/messages'],
  ['/openai/v1/chat/completions', '/v1/chat/completions'],
])('%s is nothing, but %s may have been meant', async (path, meant) => {
  const answer = await call(path, {}, 'POST', '{}')
  expect(answer.status).toBe(404)
  expect(await answer.text()).toContain(`did you mean ${meant}?`)
})
