import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { isObject, objectsOf } from '../checkers/json.ts'
import { recordOf } from './support/admin.ts'
import { CLIENT_ROUTES, expectAnswer, expectError, post } from './support/client-routes.ts'
import { ADMIN_KEY, CLIENT_KEY, type GatewayOptions, startGateway } from './support/gateway.ts'
import { byJwt, byRefresh, type JetbrainsStage, startJetbrainsStage } from './support/jetbrains.ts'

// A gateway that has to share its processors with others is slow to start.
setDefaultTimeout(20_000)

const MODEL = 'google-chat-gemini-pro-2.5'

let stage: JetbrainsStage
beforeAll(async () => {
  stage = await startJetbrainsStage({
    accounts: ['EXPIRED', 'REVOKED', 'EXHAUSTED', 'SUSPENDED', 'FORBIDDEN', 'OFF'].map(licenseId => ({ licenseId })),
    entry: account => {
      if (account.licenseId === 'EXPIRED') return byJwt(account, { jwt: account.jwt({ expired: true }) })
      if (account.licenseId === 'OFF') return byJwt(account, { enabled: false })
      return account.licenseId === 'REVOKED' ? byRefresh(account) : byJwt(account)
    },
  })
  stage.account('REVOKED').revoke()
  stage.account('EXHAUSTED').exhaust()
  stage.account('SUSPENDED').suspend()
  stage.sim.script({ status: 429, headers: { 'retry-after': '40' } })
})
afterAll(() => stage.stop())

test('the last answer that was tried says what became of each', async () => {
  const [route] = CLIENT_ROUTES
  if (!route) throw new Error('no route')
  const response = await post(stage.gateway.url, route, route.body(MODEL))
  const text = await response.text()
  expect([429, 502]).toContain(response.status)
  for (const label of ['revoked', 'exhausted', 'suspended', 'forbidden', 'expired']) expect(text).toContain(label)
})

test.each(CLIENT_ROUTES)('$name: 503 names each account, its state, why, and when it returns', async route => {
  for (const stream of [true, false]) {
    const response = await post(stage.gateway.url, route, route.body(MODEL, { stream }))
    const wait = Number(response.headers.get('retry-after'))
    const error = await expectError(response.clone() as Response, route, 503)
    expect(error.message).toContain('no available JWT tokens')
    expect(error.type).toBe(route.name === 'openai' ? 'service_unavailable' : 'overloaded_error')
    if (route.name === 'openai') expect(error.code).toBe('no_account_available')
    const future = expect.stringMatching(/^20\d\d-\d\d-\d\dT.*Z$/)
    const candidates = objectsOf(error.candidates)
    for (const { account, reason } of candidates) {
      expect(error.message).toContain(String(account))
      expect(error.message).toContain(String(reason))
    }
    const by = Object.fromEntries(candidates.map(candidate => [candidate.account, candidate]))
    expect(by).toMatchObject({
      expired: { provider: 'jetbrains', state: 'needs_sign_in', reason: expect.stringContaining('expired') },
      revoked: { state: 'needs_sign_in', reason: expect.any(String) },
      exhausted: { state: 'exhausted', reason: expect.stringContaining('quota'), until: future },
      suspended: { state: 'suspended', reason: expect.stringContaining('suspended') },
      forbidden: { state: 'cooling_down', until: future },
      off: { state: 'disabled' },
    })
    expect(candidates).toHaveLength(6)
    // The soonest of them: the rate limit.
    expect(wait).toBeGreaterThan(25)
    expect(wait).toBeLessThanOrEqual(40)
    const record = await recordOf(stage.gateway.url, response)
    expect(record).toMatchObject({ status: 503, attempts: [] })
    expect(objectsOf(record.skipped)).toHaveLength(6)
  }
})

test('/health counts who can serve, and an account that is added does so at once', async () => {
  const health = async () => {
    const response = await fetch(`${stage.gateway.url}/health`)
    const body: unknown = await response.json()
    return { http: response.status, ...(isObject(body) ? body : {}) }
  }
  // A rate limit is of one model alone: with another the account would serve.
  expect(await health()).toMatchObject({ http: 200, status: 'degraded', healthy_tokens: 1, total_tokens: 6, strategy: 'round_robin' })
  expect(stage.gateway.output()).not.toMatch(/eyJ[\w-]{8}|1\/\/refresh|internal error/)
  const added = stage.sim.account({ licenseId: 'ADDED' })
  const config = JSON.parse(await Bun.file(`${stage.gateway.folder}/dragoman.json`).text())
  stage.gateway.writeConfig({ ...config, jetbrains_accounts: [...config.jetbrains_accounts, byJwt(added)] })
  await stage.gateway.until(/configuration reloaded/)
  for (const route of CLIENT_ROUTES) await expectAnswer(await post(stage.gateway.url, route, route.body(MODEL)), route)
  expect(await health()).toMatchObject({ http: 200, status: 'degraded', healthy_tokens: 2, total_tokens: 7 })
})

test.each([
  ['a folder whose accounts are all placeholders', { config: null, files: { 'jetbrainsai.json': '[{"jwt":"your-jwt-here"}]' } }],
  ['tokens that are none', { config: { jetbrains_tokens: ['no-jwt-at-all'] } }],
])('%s: the 503 says that there is no account, and so does the start', async (_, options: GatewayOptions) => {
  const gateway = await startGateway({ ...options, env: { DRAGOMAN_CLIENT_API_KEYS: CLIENT_KEY, DRAGOMAN_ADMIN_KEY: ADMIN_KEY } })
  try {
    expect(gateway.output()).toContain('No account can be used yet')
    for (const route of CLIENT_ROUTES) {
      const { message } = await expectError(await post(gateway.url, route, route.body('gpt-4o')), route, 503)
      expect(message).toContain('no available JWT tokens')
    }
  } finally {
    await gateway.stop()
  }
})
