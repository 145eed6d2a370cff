import { afterAll, beforeAll, expect, test } from 'bun:test'
import { type RunningGateway, startGateway } from './support/gateway.ts'
import { documentedRoutes } from './support/routes.ts'

let gateway: RunningGateway

beforeAll(async () => {
  gateway = await startGateway()
})
afterAll(() => gateway.stop())

const EVERY = [
  'POST /v1/chat/completions',
  ...['', '/anthropic', '/api/anthropic'].flatMap(prefix => [
    `POST ${prefix}/v1/messages`,
    `POST ${prefix}/v1/messages/count_tokens`,
    `GET ${prefix}/v1/models`,
    `GET ${prefix}/v1/models/gpt-4o`,
  ]),
  ...['usage', 'requests', 'stats', 'config'].map(name => `GET /admin/${name}`),
  'POST /admin/reload',
  ...['GET', 'POST'].map(method => `${method} /admin/accounts`),
  ...['GET', 'PATCH', 'PUT', 'DELETE'].map(method => `${method} /admin/accounts/gpt-4o`),
  'POST /admin/accounts/gpt-4o/check',
  'POST /auth/initiate',
  'POST /auth/poll',
  'GET /stats',
  'GET /config',
  'POST /reload',
  'GET /health',
  'GET /health/ready',
]

test('/swagger/json lists every route there is', async () => {
  const listed = (await documentedRoutes(gateway.url)).map(({ method, path }) => `${method} ${path}`)
  expect(listed.sort()).toEqual([...new Set([...listed, ...EVERY])].sort())
})

test('the page and all it needs come from here', async () => {
  for (const path of ['/', '/docs', '/swagger']) {
    const page = await fetch(gateway.url + path)
    expect(page.status).toBe(200)
    const html = await page.text()
    expect(html).toContain('swagger')
    expect(html).not.toMatch(/(src|href)="(https?:)?\/\//)
    for (const [, asset = ''] of html.matchAll(/(?:src|href)="([^"]+)"/g)) {
      const answer = await fetch(new URL(asset, `${gateway.url}/swagger`))
      expect(answer.status, asset).toBe(200)
      expect((await answer.bytes()).length, asset).toBeGreaterThan(50)
    }
  }
})
