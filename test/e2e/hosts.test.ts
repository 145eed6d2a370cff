import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { CHAT, CLIENT_ROUTES, expectAnswer, expectError, post } from './support/client-routes.ts'
import { ADMIN_KEY, CLIENT_KEY, type RunningGateway, startGateway } from './support/gateway.ts'
import { type RawAnswer, type RawRequest, rawRequest } from './support/raw.ts'
import { documentedRoutes, PUBLIC, type ServedRoute } from './support/routes.ts'

const SHORT = ['x', 'ab', 'api']
const PAGE = 'https://chat.example.com'

let gateway: RunningGateway
let routes: ServedRoute[]

beforeAll(async () => {
  // The router looks for the path behind a fixed number of characters, which a host this short shifts.
  gateway = await startGateway({ args: ['--demo'], config: { allowed_hosts: [...SHORT, 'gateway.example.com'], cors_origins: [PAGE] } })
  routes = await documentedRoutes(gateway.url)
})
afterAll(() => gateway.stop())

const get = (target: string, host: string, headers: readonly string[] = []): Promise<RawAnswer> =>
  rawRequest(gateway.url, { target, headers: [`host: ${host}`, ...headers] })

/** Ways to write host and path that parsers disagree about (each gets the path of a route that needs a key). */
const FORMS: readonly (readonly [name: string, form: (path: string) => Pick<RawRequest, 'target' | 'headers'>])[] = [
  ...SHORT.map(host => [`host ${host}`, (path: string) => ({ target: path, headers: [`host: ${host}`] })] as const),
  ...SHORT.map(
    host => [`host ${host}, path below another`, (path: string) => ({ target: `/abc${path}`, headers: [`host: ${host}`] })] as const,
  ),
  ['empty host', path => ({ target: path, headers: ['host: '] })],
  ['no host', path => ({ target: path, headers: [] })],
  ['host a:1', path => ({ target: path, headers: ['host: a:1'] })],
  ['host with a path', path => ({ target: path, headers: ['host: localhost/x'] })],
  ['host with a question mark', path => ({ target: path, headers: ['host: localhost?'] })],
  ['host with a user', path => ({ target: path, headers: ['host: evil@localhost'] })],
  ['host that goes up', path => ({ target: path, headers: ['host: evil.com@x/../'] })],
  ['two hosts', path => ({ target: path, headers: ['host: localhost', 'host: x'] })],
  ['doubled slash', path => ({ target: `/${path}`, headers: ['host: localhost'] })],
  ['dot segment', path => ({ target: `/.${path}`, headers: ['host: localhost'] })],
  ['dots back', path => ({ target: `/health/..${path}`, headers: ['host: localhost'] })],
  [
    'encoded letter',
    path => ({ target: path.replace(/[a-z]/, letter => `%${letter.charCodeAt(0).toString(16)}`), headers: ['host: localhost'] }),
  ],
  ['semicolon', path => ({ target: `${path};x`, headers: ['host: localhost'] })],
  ['upper case', path => ({ target: path.toUpperCase(), headers: ['host: localhost'] })],
  ['trailing slash', path => ({ target: `${path}/`, headers: ['host: localhost'] })],
  ['absolute form', path => ({ target: `http://localhost${path}`, headers: ['host: localhost'] })],
  ['absolute form of another host', path => ({ target: `http://x${path}`, headers: ['host: localhost'] })],
]

test('no form of a request gets anywhere without a key', async () => {
  const paths = [...new Set(routes.map(({ path }) => path).filter(path => !PUBLIC.has(path)))]
  const cases = paths.flatMap(path =>
    FORMS.flatMap(([name, form]) =>
      ['GET', 'POST', 'DELETE'].map(method => ({ label: `${method} ${path}, ${name}`, request: { method, ...form(path) } })),
    ),
  )
  expect(cases.length).toBeGreaterThan(1000)
  const admitted: string[] = []
  const next = cases.values()
  await Promise.all(
    Array.from({ length: 16 }, async () => {
      for (const { label, request } of next) {
        const { status, body } = await rawRequest(gateway.url, request)
        if (status < 400 || status >= 500) admitted.push(`${label}: ${status} ${body.slice(0, 100)}`)
      }
    }),
  )
  expect(admitted).toEqual([])
})

describe('a host of three letters or fewer', () => {
  test.each(SHORT)('%s is routed by its whole path', async host => {
    const key = [`authorization: Bearer ${ADMIN_KEY}`]
    expect((await get('/admin/stats', host, key)).status).toBe(200)
    expect((await get('/abc/admin/stats', host, key)).status).toBe(404)
    expect((await get('/admin/stats', host)).status).toBe(401)
    expect((await get('/health', host)).status).toBe(200)
    expect((await get('/abc/health', host)).status).toBe(404)
    const body = JSON.stringify(CHAT.body('gpt-4o'))
    const headers = [`host: ${host}`, 'content-type: application/json', `authorization: Bearer ${CLIENT_KEY}`]
    const answer = await rawRequest(gateway.url, { method: 'POST', target: CHAT.path, headers, body })
    expect(answer.status).toBe(200)
    expect(answer.body).toContain('chat.completion')
  })
})

describe('hosts', () => {
  test.each([
    'localhost',
    'localhost:1234',
    'LOCALHOST',
    '127.0.0.1',
    '[::1]',
    '[::1]:80',
    'gateway.example.com',
    'gateway.example.com:443',
    'localhost.',
  ])('%s is served', async host => {
    expect((await get('/health', host)).status).toBe(200)
  })

  test.each(['evil.example.com', 'localhost.evil.com', '127.0.0.1.nip.io', '10.0.0.1', 'xlocalhost', 'abc', '[::2]'])(
    '%s is refused',
    async host => {
      const { status, body } = await get('/health', host)
      expect(status).toBe(403)
      expect(CHAT.readError(JSON.parse(body))).toMatchObject({ code: 'host_not_allowed', param: 'host' })
    },
  )

  test('a refusal is said in the dialect of its path', async () => {
    const { status, body } = await rawRequest(gateway.url, { method: 'POST', target: '/v1/messages', headers: ['host: evil.example.com'] })
    expect([status, JSON.parse(body).type, JSON.parse(body).error.type]).toEqual([403, 'error', 'permission_error'])
  })

  test.each(['', 'evil.com@x/../', 'a b', 'localhost/..', 'localhost#', 'localhost:99999999', 'good.com/evil?', '<script>'])(
    '%j is malformed',
    async host => {
      const { status } = await get('/health', host)
      expect(status).toBe(400)
    },
  )
})

describe.each(CLIENT_ROUTES.map(route => [route.name, route] as const))('web pages and %s', (_, route) => {
  const body = route.body('gpt-4o')

  test.each([
    'https://evil.example.com',
    'null',
    'http://localhost.evil.com',
    'http://localhost:1',
    'https://chat.example.com.evil.com',
    `${PAGE}:444`,
  ])('a page of %s may not call, with any key', async origin => {
    const answer = await post(gateway.url, route, body, { headers: { origin } })
    expect(answer.headers.has('access-control-allow-origin')).toBe(false)
    expect((await expectError(answer, route, 403)).message).toContain('origin')
    const preflight = await fetch(gateway.url + route.path, {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'POST' },
    })
    expect(preflight.status).toBe(403)
    expect(preflight.headers.has('access-control-allow-origin')).toBe(false)
  })

  test('our own page, and a program with an origin that is no page, may', async () => {
    for (const origin of [gateway.url, 'app://obsidian.md', 'vscode-webview://x']) {
      await expectAnswer(await post(gateway.url, route, body, { headers: { origin } }), route)
    }
  })

  test('a listed page may, and is told so', async () => {
    const preflight = await fetch(gateway.url + route.path, {
      method: 'OPTIONS',
      headers: { origin: PAGE, 'access-control-request-method': 'POST' },
    })
    expect(preflight.status).toBe(204)
    expect(preflight.headers.get('access-control-allow-origin')).toBe(PAGE)
    expect(preflight.headers.get('access-control-allow-credentials')).toBeNull()
    const answer = await post(gateway.url, route, body, { headers: { origin: PAGE } })
    expect(answer.headers.get('access-control-allow-origin')).toBe(PAGE)
    expect(answer.headers.get('vary')).toContain('origin')
    await expectAnswer(answer, route)
    const refused = await post(gateway.url, route, body, { key: null, headers: { origin: PAGE } })
    expect(refused.headers.get('access-control-allow-origin')).toBe(PAGE)
    await expectError(refused, route, 401)
  })
})

test('the same process serves afterwards', async () => {
  await expectAnswer(await post(gateway.url, CHAT, CHAT.body('gpt-4o')), CHAT)
  expect(gateway.output()).not.toMatch(/internal error|unhandled|uncaught/)
})
