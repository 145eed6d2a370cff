import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { adminList } from './support/admin.ts'
import { CHAT, CLIENT_ROUTES, expectAnswer, expectError, MESSAGES, post } from './support/client-routes.ts'
import { ADMIN_KEY, CLIENT_KEY, type RunningGateway, run, startGateway } from './support/gateway.ts'
import { rawRequest } from './support/raw.ts'
import { documentedRoutes, PUBLIC, type ServedRoute } from './support/routes.ts'
import { eventually } from './support/wait.ts'

let gateway: RunningGateway
let routes: ServedRoute[]
let revoked = ''
let expired = ''

const makeKey = async (...options: string[]): Promise<string> => {
  const { stdout, stderr, code } = await run(['keys', 'create', '--data-dir', gateway.dataDir, ...options], { cwd: gateway.folder })
  if (code !== 0) throw new Error(stderr)
  return stdout.trim()
}

beforeAll(async () => {
  // Signing in asks Qwen, which here is nobody.
  gateway = await startGateway({ args: ['--demo'], config: { qwen: { oauth_url: 'http://127.0.0.1:1' } } })
  routes = (await documentedRoutes(gateway.url)).filter(({ path }) => !PUBLIC.has(path))
  ;[revoked, expired] = await Promise.all([makeKey('--name', 'revoked'), makeKey('--name', 'expired', '--expires', '300ms')])
  const { code } = await run(['keys', 'revoke', 'revoked', '--data-dir', gateway.dataDir], { cwd: gateway.folder })
  expect(code).toBe(0)
  for (const key of [revoked, expired]) {
    await eventually('the key is dead', async () => (await post(gateway.url, CHAT, CHAT.body('gpt-4o'), { key })).status === 401, 1000)
  }
})
afterAll(() => gateway.stop())

const isManagement = (path: string): boolean => /^\/(admin|auth|stats|config|reload)/.test(path)

const send = ({ method, path }: ServedRoute, headers: Record<string, string>): Promise<Response> =>
  fetch(gateway.url + path, { method, headers, ...(method === 'GET' ? {} : { body: '{}' }), redirect: 'manual' })

describe('every documented route', () => {
  test('is more than a handful, and management is among them', () => {
    expect(routes.length).toBeGreaterThan(15)
    expect(routes.map(({ path }) => path)).toEqual(
      expect.arrayContaining(['/v1/chat/completions', '/v1/messages', '/admin/usage', '/v1/models/gpt-4o']),
    )
  })

  test('refuses whoever shows no key, an empty or a wrong one, with one and the same text', async () => {
    for (const route of routes) {
      const texts = new Set<string>()
      const shown: Record<string, string>[] = [
        {},
        { authorization: 'Bearer sk-wrong' },
        { 'x-api-key': 'sk-wrong' },
        { authorization: 'Bearer ' },
        { authorization: 'Basic c2std3Jvbmc6' },
        { authorization: CLIENT_KEY },
        { 'x-api-key': '' },
        { cookie: `key=${CLIENT_KEY}; admin=${ADMIN_KEY}` },
        { 'x-forwarded-for': '127.0.0.1', 'x-real-ip': '127.0.0.1', forwarded: 'for=127.0.0.1' },
      ]
      for (const headers of shown) {
        const answer = await send(route, headers)
        expect(answer.status, `${route.method} ${route.path} ${JSON.stringify(headers)}`).toBe(401)
        const { error } = (await answer.json()) as { error: { message: string } }
        texts.add(error.message)
      }
      expect([...texts], route.path).toHaveLength(1)
    }
  })

  test('refuses expired and revoked keys', async () => {
    for (const route of routes) {
      for (const key of [revoked, expired]) {
        const { status } = await send(route, { authorization: `Bearer ${key}` })
        expect(status, `${route.method} ${route.path}`).toBe(401)
      }
    }
  })

  test('takes a client key for clients, the admin key for management, and neither for the other', async () => {
    for (const route of routes) {
      const [own, other] = isManagement(route.path) ? [ADMIN_KEY, CLIENT_KEY] : [CLIENT_KEY, ADMIN_KEY]
      const name = `${route.method} ${route.path}`
      for (const header of ['authorization', 'x-api-key']) {
        const show = (key: string) => ({ [header]: header === 'authorization' ? `Bearer ${key}` : key })
        const taken = route.path === '/auth/initiate' ? [502] : [200, 400, 404]
        expect(taken, name).toContain((await send(route, show(own))).status)
        expect((await send(route, show(other))).status, name).toBe(isManagement(route.path) ? 403 : 401)
      }
    }
  })
})

describe.each(CLIENT_ROUTES.map(route => [route.name, route] as const))('the errors of %s', (_, route) => {
  const body = route.body('gpt-4o')

  test('say what is wrong with a key, in the dialect', async () => {
    const expectations = [
      [null, 'missing or wrong API key'],
      ['sk-wrong', 'missing or wrong API key'],
      [revoked, 'revoked'],
      [expired, 'expired'],
      [ADMIN_KEY, 'admin key'],
    ] as const
    for (const [key, words] of expectations) {
      const error = await expectError(await post(gateway.url, route, body, { key }), route, 401)
      expect(error.message).toContain(words)
      if (route === MESSAGES) expect(error.type).toBe('authentication_error')
      else expect(error).toMatchObject({ type: 'invalid_request_error', code: 'invalid_api_key' })
      if (key !== null && key !== '') expect(JSON.stringify(error)).not.toContain(key)
    }
  })

  test('come before the body is looked at', async () => {
    await expectError(await post(gateway.url, route, 'no json', { key: null }), route, 401)
    await expectError(
      await post(gateway.url, route, 'x'.repeat(100), { key: 'sk-wrong', headers: { 'content-type': 'text/plain' } }),
      route,
      401,
    )
  })

  test('refuse a header that came twice', async () => {
    for (const name of ['authorization', 'x-api-key']) {
      const value = name === 'authorization' ? `Bearer ${CLIENT_KEY}` : CLIENT_KEY
      const headers = ['host: localhost', 'content-type: application/json', `${name}: ${value}`, `${name}: ${value}`]
      const answer = await rawRequest(gateway.url, { method: 'POST', target: route.path, headers, body: JSON.stringify(body) })
      expect(answer.status).toBe(400)
      expect(route.readError(JSON.parse(answer.body)).message).toContain(name)
    }
  })

  test('refuse a key in the address', async () => {
    for (const name of ['key', 'api_key', 'access_token']) {
      const answer = await fetch(`${gateway.url}${route.path}?${name}=${CLIENT_KEY}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
      await expectError(answer, route, 401)
    }
    expect(gateway.output()).not.toContain(CLIENT_KEY)
  })

  test('do not come where either header holds a good key', async () => {
    for (const headers of [
      { authorization: `Bearer ${CLIENT_KEY}` },
      { authorization: `bearer ${CLIENT_KEY}` },
      { 'x-api-key': CLIENT_KEY },
      { authorization: 'Bearer something-else', 'x-api-key': CLIENT_KEY },
      { authorization: `Bearer ${CLIENT_KEY}`, 'x-api-key': 'something-else' },
    ]) {
      await expectAnswer(await post(gateway.url, route, body, { key: null, headers: headers as Record<string, string> }), route)
    }
  })
})

describe('probes', () => {
  test('HEAD of a client route says that somebody is there, and nothing else', async () => {
    for (const path of [CHAT.path, MESSAGES.path, '/', '/api/hello', '/v1', '/anthropic']) {
      const answer = await fetch(gateway.url + path, { method: 'HEAD' })
      expect(answer.status, path).toBe(204)
      expect(await answer.text()).toBe('')
    }
    expect((await fetch(`${gateway.url}/nothing`, { method: 'HEAD' })).status).toBe(404)
  })

  test('HEAD of what needs a key needs it too', async () => {
    for (const { method, path } of routes.filter(route => route.method === 'GET')) {
      expect((await fetch(gateway.url + path, { method: 'HEAD' })).status, `${method} ${path}`).toBe(401)
    }
    const head = await fetch(`${gateway.url}/v1/models`, { method: 'HEAD', headers: CHAT.keyHeader(CLIENT_KEY) })
    expect(head.status).toBe(200)
  })

  test('OPTIONS tells the methods, and gives no page leave to call', async () => {
    for (const { path } of routes) {
      const answer = await fetch(gateway.url + path, { method: 'OPTIONS' })
      expect([204, 405], path).toContain(answer.status)
      expect(answer.headers.get('allow'), path).toContain('OPTIONS')
      expect(answer.headers.has('access-control-allow-origin'), path).toBe(false)
      expect(await answer.text()).toBe('')
    }
  })
})

test('requests that were turned away leave no record of what they asked for', async () => {
  await post(gateway.url, CHAT, CHAT.body('made-up-by-a-stranger'), { key: null })
  const { data } = await adminList(gateway.url, '/admin/requests?limit=1000')
  expect(JSON.stringify(data)).not.toContain('made-up-by-a-stranger')
  expect(gateway.output()).not.toContain('made-up-by-a-stranger')
})
