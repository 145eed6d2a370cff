import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startOpenAi } from '../simulators/openai.ts'
import type { Simulator } from '../simulators/simulator.ts'
import { admin } from './support/admin.ts'
import { CLIENT_KEY } from './support/gateway.ts'
import { byJwt, byRefresh, type JetbrainsStage, startJetbrainsStage } from './support/jetbrains.ts'
import { OPENAI } from './support/upstreams.ts'

let openai: Simulator
let stage: JetbrainsStage
let jwts: string[] = []

const config = () => ({
  ...{ bearer_token: CLIENT_KEY, load_balance_strategy: 'random', server_host: '127.0.0.1' },
  providers: [OPENAI.provider(openai, { name: 'OpenAI', models: ['gpt-4o'] })],
})

beforeAll(async () => {
  openai = startOpenAi()
  stage = await startJetbrainsStage({
    accounts: [{ licenseId: 'ONE' }, { licenseId: 'TWO' }],
    entry(account, index) {
      if (index === 1) return byRefresh(account, { name: 'Second', priority: 2 })
      const entry = byJwt(account, { name: 'Primary', description: 'mine' })
      jwts = [String(entry.jwt)]
      return entry
    },
    config: { ...config(), health_check_interval: '30s' },
  })
})
afterAll(async () => {
  await stage.stop()
  await openai.close()
})

const read = async (path: string, init: RequestInit = {}): Promise<[number, unknown]> => {
  const response = await admin(stage.gateway.url, path, init)
  return [response.status, await response.json()]
}

describe('the routes of the older JetBrains proxy', () => {
  test('GET /health has its members, and takes no key', async () => {
    const response = await fetch(`${stage.gateway.url}/health`)
    expect([response.status, await response.json()]).toEqual([
      200,
      {
        ...{ status: 'ok', healthy_tokens: 3, total_tokens: 3, strategy: 'random' },
        server_info: { host: '127.0.0.1', port: 0 },
        ...{ version: expect.any(String), uptime_s: expect.any(Number) },
      },
    ])
  })

  test('GET /config has its shape: every account as a token, of which four characters are shown', async () => {
    const last = (secret: string) => `…${secret.slice(-4)}`
    const [status, body] = await read('/config')
    expect(status).toBe(200)
    const { jwt_tokens: tokens, ...rest } = body as { jwt_tokens: { name: string; token_preview: string }[] }
    expect(rest as object).toEqual({
      ...{ jwt_tokens_count: 3, bearer_token_set: true, load_balance_strategy: 'random', health_check_interval: '30s' },
      ...{ server_host: '127.0.0.1', server_port: 0, config_file: join(stage.gateway.folder, 'dragoman.json') },
    })
    expect(tokens.toSorted((one, other) => one.name.localeCompare(other.name))).toEqual([
      { name: 'OpenAI-1', description: '', priority: 1, token_preview: last(openai.key) },
      { name: 'Primary', description: 'mine', priority: 1, token_preview: last(jwts[0] ?? '') },
      // A JWT has been made of the refresh token meanwhile, or not yet.
      { name: 'Second', description: '', priority: 2, token_preview: expect.stringMatching(/^….{4}$/) },
    ] as never)
  })

  test('GET /stats has its shape, and more', async () => {
    expect(await read('/stats')).toEqual([
      200,
      {
        balancer: { healthy_tokens: 3, total_tokens: 3, strategy: 'random' },
        config: { health_check_interval: '30s', server_host: '127.0.0.1', server_port: 0 },
        ...{ instances: [], uptime_s: expect.any(Number), streams_open: 0 },
      },
    ])
  })

  test('POST /reload says that it has, in its words', async () => {
    const reloaded = { message: 'Configuration reloaded successfully', reloaded: true, warnings: [] }
    expect(await read('/reload', { method: 'POST' })).toEqual([200, reloaded])
    expect(await read('/admin/reload', { method: 'POST' })).toEqual([200, reloaded])
  })

  test('all but /health take the admin key, and no other', async () => {
    for (const [method, path] of [
      ['GET', '/config'],
      ['GET', '/stats'],
      ['POST', '/reload'],
    ] as const) {
      expect((await fetch(stage.gateway.url + path, { method })).status, path).toBe(401)
      const headers = { authorization: `Bearer ${CLIENT_KEY}` }
      expect((await fetch(stage.gateway.url + path, { method, headers })).status, path).toBe(403)
    }
  })

  test('POST /reload of an invalid file is a 500 with a text that names it, POST /admin/reload a 400 as all of management', async () => {
    const file = join(stage.gateway.folder, 'dragoman.json')
    writeFileSync(file, JSON.stringify({ load_balance_strategy: 'fastest' }))
    const words = (text: unknown) => {
      expect(text).toContain(file)
      expect(text).toContain('load_balance_strategy')
      expect(text).toContain('not applied')
    }
    const [status, body] = await read('/reload', { method: 'POST' })
    expect([status, Object.keys(body as object)]).toEqual([500, ['error']])
    words((body as { error: string }).error)
    const [other, error] = await read('/admin/reload', { method: 'POST' })
    expect(other).toBe(400)
    expect(error).toMatchObject({ error: { type: 'invalid_request_error', param: 'load_balance_strategy', code: 'invalid_config' } })
    words((error as { error: { message: string } }).error.message)
    expect((await read('/stats'))[1]).toMatchObject({ balancer: { strategy: 'random' } })
  })
})
