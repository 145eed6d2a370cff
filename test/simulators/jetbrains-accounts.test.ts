import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { createHash } from 'node:crypto'
import { isObject, type Json, parseOrUndefined } from '../checkers/json.ts'
import type { SimulatedAccount } from './jetbrains/account.ts'
import { ask, CHAT_V8, eventsOf } from './jetbrains/ask.ts'
import type { ProfileListOptions } from './jetbrains/profiles.ts'
import { type JetbrainsSimulator, startJetbrains } from './jetbrains.ts'

const HOUR_MS = 3_600_000
const START = Date.UTC(2026, 0, 1)

let sim: JetbrainsSimulator
let account: SimulatedAccount
beforeEach(() => {
  sim = startJetbrains({ now: () => START })
  account = sim.account({ licenseId: 'LIC1' })
})
afterEach(() => sim.close())

const chat = (jwt: string, content = 'hi'): Promise<Response> =>
  ask(sim.url + CHAT_V8, jwt, { profile: 'openai-gpt-4o', chat: { messages: [{ type: 'user_message', content }] } })
const quotaOf = (jwt: string): Promise<Response> => ask(`${sim.url}/user/v5/quota/get`, jwt, {})

async function json(response: Response): Promise<Json> {
  const body: unknown = await response.json()
  if (!isObject(body)) throw new Error('no object')
  return body
}

/** A token request: status and body. */
async function token(fields: Record<string, string>): Promise<[number, Json]> {
  const response = await fetch(`${sim.url}/oauth2/token`, { method: 'POST', body: new URLSearchParams(fields) })
  return [response.status, await json(response)]
}
const refresh = (refreshToken: string): Promise<[number, Json]> =>
  token({ grant_type: 'refresh_token', client_id: 'ide', refresh_token: refreshToken })

function access(idToken: unknown, licenseId = 'LIC1'): Promise<Response> {
  const headers = { authorization: `Bearer ${idToken}`, 'content-type': 'application/json' }
  return fetch(`${sim.url}/auth/jetbrains-jwt/provide-access/license/v2`, { method: 'POST', headers, body: JSON.stringify({ licenseId }) })
}

const claimsOf = (jwt: string): Json => {
  const claims = parseOrUndefined(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString())
  return isObject(claims) ? claims : {}
}

describe('the token chain', () => {
  test('refresh token, id token, JWT, chat', async () => {
    const [status, tokens] = await refresh(account.refreshToken)
    expect([status, tokens]).toEqual([200, expect.objectContaining({ expires_in: 3600, token_type: 'Bearer' })])
    const given = await json(await access(tokens.id_token))
    expect(given).toEqual({ state: 'PAID', token: expect.any(String) })
    expect((await chat(String(given.token))).status).toBe(200)
    expect(sim.counts).toMatchObject({ oauth: 1, provideAccess: 1, chat: 1, quota: 0 })
    expect(sim.requestsOf(account)).toHaveLength(3)
  })

  test('a rotated refresh token is refused, one that does not rotate stays', async () => {
    const first = account.refreshToken
    const [, tokens] = await refresh(first)
    expect(tokens.refresh_token).toBe(account.refreshToken)
    expect(account.refreshToken).not.toBe(first)
    expect(await refresh(first)).toEqual([400, expect.objectContaining({ error: 'invalid_grant' })])
    expect(sim.requests.at(-1)?.key).toBe('LIC1')
    const steady = sim.account({ licenseId: 'STEADY', rotates: false, refreshToken: 'given' })
    expect((await refresh('given'))[1]).not.toHaveProperty('refresh_token')
    expect([(await refresh('given'))[0], steady.refreshToken]).toEqual([200, 'given'])
  })

  test('a scripted failure rotates nothing, a lost answer does', async () => {
    const first = account.refreshToken
    sim.scriptOauth({ status: 500 }, { closeBeforeHeaders: true })
    expect([(await refresh(first))[0], account.refreshToken]).toEqual([500, first])
    expect(await refresh(first).catch(() => 'lost')).toBe('lost')
    expect((await refresh(first))[0]).toBe(400)
  })

  test('lifetimes follow the clock', async () => {
    const short = sim.account({ licenseId: 'SHORT', jwtLifetimeMs: 2000, idTokenLifetimeMs: HOUR_MS })
    const [jwt, id] = [short.jwt(), short.authorization()]
    expect(claimsOf(jwt)).toMatchObject({ iat: START / 1000, exp: START / 1000 + 2 })
    sim.clock.advance(1999)
    expect((await chat(jwt)).status).toBe(200)
    sim.clock.advance(1)
    expect([(await chat(jwt)).status, (await quotaOf(jwt)).status, (await access(id, 'SHORT')).status]).toEqual([401, 401, 200])
    sim.clock.advance(HOUR_MS)
    expect((await access(id, 'SHORT')).status).toBe(401)
    sim.clock.set(START)
    expect((await chat(jwt)).status).toBe(200)
    expect((await chat(short.jwt({ expired: true }))).status).toBe(401)
    expect(claimsOf(short.jwt({ lifetimeMs: HOUR_MS })).exp).toBe((START + HOUR_MS) / 1000)
  })

  test('revoke ends every token, also those that have time left', async () => {
    const [jwt, id, old] = [account.jwt(), account.authorization(), account.refreshToken]
    account.revoke()
    expect([(await chat(jwt)).status, (await access(id)).status, (await refresh(old))[0]]).toEqual([401, 401, 400])
    expect(() => account.refreshToken).toThrow('signed out')
  })

  test('invalidateJwts ends JWTs alone; refuseJwt refuses so many requests', async () => {
    const [jwt, id] = [account.jwt(), account.authorization()]
    account.invalidateJwts()
    expect([(await chat(jwt)).status, (await access(id)).status, (await chat(account.jwt())).status]).toEqual([401, 200, 200])
    account.refuseJwt()
    const fresh = account.jwt()
    expect([(await chat(fresh)).status, (await chat(fresh)).status]).toEqual([401, 200])
  })

  test('provide-access: another state, no token, 401', async () => {
    account.licenseState = 'TRIAL'
    expect(await json(await access(account.authorization()))).toMatchObject({ state: 'TRIAL', token: expect.any(String) })
    sim.scriptAccess({ body: { state: 'PAID' } }, { status: 401 })
    expect(await json(await access(account.authorization()))).toEqual({ state: 'PAID' })
    expect((await access(account.authorization())).status).toBe(401)
  })

  test('an account that was never registered', async () => {
    const fresh = sim.account({ licenseId: 'FRESH', registered: false })
    const headers = { authorization: `Bearer ${fresh.authorization()}` }
    const userInfo = (): Promise<Response> => fetch(`${sim.url}/auth/jetbrains-jwt/user-info`, { headers })
    expect([(await userInfo()).status, (await access(fresh.authorization(), 'FRESH')).status]).toEqual([404, 403])
    for (const _ of [1, 2]) {
      expect((await fetch(`${sim.url}/auth/jetbrains-jwt/register`, { method: 'POST', headers })).status).toBe(200)
    }
    expect(await json(await userInfo())).toMatchObject({ email: 'fresh@example.com' })
    expect((await access(fresh.authorization(), 'FRESH')).status).toBe(200)
    expect(sim.counts).toMatchObject({ register: 2, userInfo: 2 })
  })

  test('token requests that are none', async () => {
    const good = { grant_type: 'refresh_token', client_id: 'ide', refresh_token: account.refreshToken }
    const errorOf = async (fields: Record<string, string>): Promise<unknown> => (await token(fields))[1].error
    expect(await errorOf({ ...good, client_id: 'other' })).toBe('invalid_client')
    expect(await errorOf({ ...good, grant_type: 'password' })).toBe('unsupported_grant_type')
    expect(await errorOf({ grant_type: 'refresh_token', client_id: 'ide' })).toBe('invalid_request')
    expect(await errorOf({ ...good, refresh_token: 'made up' })).toBe('invalid_grant')
    const asJson = await fetch(`${sim.url}/oauth2/token`, { method: 'POST', body: JSON.stringify(good) })
    expect((await json(asJson)).error).toBe('invalid_request')
  })
})

describe('signing in', () => {
  const verifier = 'v'.repeat(43)
  const redirect = 'http://localhost:4711/callback'
  const query = (change: Record<string, string> = {}): Record<string, string> => ({
    response_type: 'code',
    client_id: 'ide',
    redirect_uri: redirect,
    scope: 'openid offline_access r_ide_auth',
    state: 's1',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    ...change,
  })
  const open = (change?: Record<string, string>): Promise<Response> =>
    fetch(`${sim.loginUrl}?${new URLSearchParams(query(change))}`, { redirect: 'manual' })
  const landing = async (change?: Record<string, string>): Promise<URL> => new URL((await open(change)).headers.get('location') ?? '')
  const codeOf = async (): Promise<string> => (await landing()).searchParams.get('code') ?? ''
  const redeem = (code: string, change: Record<string, string> = {}): Promise<[number, Json]> =>
    token({ grant_type: 'authorization_code', client_id: 'ide', code, code_verifier: verifier, redirect_uri: redirect, ...change })

  test('authorization code with PKCE', async () => {
    account.revoke()
    const back = await landing()
    expect([back.origin + back.pathname, back.searchParams.get('state')]).toEqual([redirect, 's1'])
    const code = back.searchParams.get('code') ?? ''
    const [status, tokens] = await redeem(code)
    expect([status, tokens.refresh_token]).toEqual([200, account.refreshToken])
    expect((await access(tokens.id_token)).status).toBe(200)
    expect((await redeem(code))[1].error).toBe('invalid_grant')
  })

  test('as another account, and denied', async () => {
    const other = sim.account({ licenseId: 'LIC2' })
    sim.signIn = { account: other }
    const [, tokens] = await redeem(await codeOf())
    expect((await access(tokens.id_token, 'LIC2')).status).toBe(200)
    sim.signIn = { deny: true }
    const back = await landing()
    expect([back.searchParams.get('error'), back.searchParams.get('state'), back.searchParams.get('code')]).toEqual([
      'access_denied',
      's1',
      null,
    ])
  })

  test('codes of another verifier, redirect or minute', async () => {
    expect((await redeem(await codeOf(), { code_verifier: 'w'.repeat(43) }))[1]).toMatchObject({
      error_description: 'PKCE verification failed',
    })
    expect((await redeem(await codeOf(), { code_verifier: 'short' }))[1].error).toBe('invalid_request')
    expect((await redeem(await codeOf(), { redirect_uri: 'http://localhost:1/' }))[1].error).toBe('invalid_grant')
    const code = await codeOf()
    sim.clock.advance(60_000)
    expect((await redeem(code))[1].error).toBe('invalid_grant')
  })

  test('pages that were asked for wrongly', async () => {
    expect((await open({ client_id: 'me' })).status).toBe(400)
    expect((await open({ redirect_uri: 'https://evil.example/' })).status).toBe(400)
    expect((await open({ redirect_uri: '' })).status).toBe(400)
    const errorOf = async (change: Record<string, string>): Promise<string | null> => (await landing(change)).searchParams.get('error')
    expect(await errorOf({ response_type: 'token' })).toBe('unsupported_response_type')
    expect(await errorOf({ scope: 'openid' })).toBe('invalid_scope')
    expect(await errorOf({ code_challenge_method: 'plain' })).toBe('invalid_request')
    expect(await errorOf({ code_challenge: verifier.slice(1) })).toBe('invalid_request')
    expect(await errorOf({ state: '' })).toBe('invalid_request')
  })
})

describe('quotas', () => {
  const current = async (): Promise<Json> => {
    const body = await json(await quotaOf(account.jwt()))
    return isObject(body.current) ? body.current : {}
  }

  test('quota/get, the quota event and the books agree', async () => {
    const events = eventsOf(await (await chat(account.jwt(), 'x'.repeat(1000))).text())
    const event = events.filter(isObject).find(({ type }) => type === 'QuotaMetadata')
    expect(event?.updated).toEqual(await current())
    expect(event?.spent).toEqual({ amount: String(account.used) })
    expect(account.used).toBeGreaterThan(200)
    sim.script({ spent: 12.34 })
    await (await chat(account.jwt())).text()
    expect(await current()).toMatchObject({ tariffQuota: { current: { amount: String(account.used) } } })
  })

  test('tariff first, then the top-up, then 477 until the quota renews', async () => {
    account = sim.account({ licenseId: 'TOPPED', quota: { maximum: 100, topUp: 50, periodMs: HOUR_MS } })
    sim.script({ spent: 120 }, { spent: 40 })
    expect((await chat(account.jwt())).status).toBe(200)
    expect(await current()).toEqual({
      license: 'TOPPED',
      current: { amount: '100' },
      maximum: { amount: '100' },
      until: START + HOUR_MS,
      quotaID: { quotaId: 'q-TOPPED' },
      tariffQuota: { current: { amount: '100' }, maximum: { amount: '100' }, available: { amount: '0' } },
      topUpQuota: { current: { amount: '20' }, maximum: { amount: '50' }, available: { amount: '30' } },
    })
    expect((await chat(account.jwt())).status).toBe(200)
    const refused = await chat(account.jwt())
    expect([refused.status, await refused.text()]).toEqual([477, expect.not.stringMatching(/suspen/i)])
    const native = await ask(`${sim.url}/user/v5/llm/openai/v1/responses`, account.jwt(), { model: 'gpt-5', input: 'x' })
    expect([native.status, (await quotaOf(account.jwt())).status]).toEqual([477, 200])
    sim.clock.advance(HOUR_MS)
    expect((await chat(account.jwt())).status).toBe(200)
    expect(account.used).toBeLessThan(100)
    expect(account.quota.until).toBe(START + 2 * HOUR_MS)
  })

  test('exhaust and refill by hand', async () => {
    account.exhaust()
    expect([(await chat(account.jwt())).status, account.used]).toEqual([477, 1_000_000])
    account.refill()
    expect([(await chat(account.jwt())).status, account.used > 0]).toEqual([200, true])
  })

  test('suspension is a 477 that says so', async () => {
    account.suspend()
    const refused = await chat(account.jwt())
    expect([refused.status, await refused.text()]).toEqual([477, expect.stringContaining('License suspension')])
    account.reinstate()
    expect((await chat(account.jwt())).status).toBe(200)
    const born = sim.account({ licenseId: 'BORN', state: 'suspended' })
    expect((await chat(born.jwt())).status).toBe(477)
  })

  test('other forms: no breakdown, numbers, none', async () => {
    account.quota.form = 'plain'
    expect(Object.keys(await current())).toEqual(['license', 'current', 'maximum', 'until', 'quotaID'])
    account.quota.amounts = 'number'
    expect((await current()).maximum).toEqual({ amount: 1_000_000 })
    account.quota.form = 'none'
    expect((await quotaOf(account.jwt())).status).toBe(400)
    sim.scriptQuota({ status: 500 })
    expect((await quotaOf(account.jwt())).status).toBe(500)
  })

  test('an empty body does, and refill tells the next period', async () => {
    const headers = { 'grazie-authenticate-jwt': account.jwt() }
    expect((await fetch(`${sim.url}/user/v5/quota/get`, { method: 'POST', headers })).status).toBe(200)
    const body = await json(await ask(`${sim.url}/user/v5/quota/metadata/refill`, account.jwt(), {}))
    const tariff = { amount: { amount: '1000000' }, period: { millis: 720 * HOUR_MS } }
    expect(body).toEqual({ current: { last: START, next: START + 720 * HOUR_MS, tariff } })
  })
})

describe('the profile list', () => {
  const list = async (options: ProfileListOptions): Promise<unknown> => {
    sim.profiles = options
    return (await fetch(`${sim.url}/user/v5/llm/profiles/v8`, { headers: { 'grazie-authenticate-jwt': account.jwt() } })).json()
  }
  const only = ['anthropic-claude-4-5-sonnet']

  test('entries', async () => {
    expect(await list({ only })).toEqual({
      profiles: [
        {
          id: 'anthropic-claude-4-5-sonnet',
          providerModelID: 'claude-sonnet-4-5',
          provider: 'Anthropic',
          modelName: 'Claude 4.5 Sonnet',
          features: ['Chat', 'Proxy'],
          chatDefinition: {
            roles: ['user', 'assistant', 'system', 'tool'],
            parameters: expect.arrayContaining([{ fqdn: 'llm.parameters.tools' }, { fqdn: 'llm.parameters.length' }]),
            multimediaDataDefinition: { supportedTypes: expect.arrayContaining(['image/png']) },
          },
          contextLimit: 200_000,
          maxOutputTokens: 64_000,
          deprecated: false,
          experimental: false,
          lifeCycle: { experimental: false },
        },
      ],
    })
  })

  test('without Proxy, without parameters, as an array, ids alone, empty, 500', async () => {
    expect(await list({ only, proxy: false })).toMatchObject({ profiles: [{ features: ['Chat'] }] })
    expect(await list({ only, parameters: false })).not.toHaveProperty('profiles.0.chatDefinition.parameters')
    expect(await list({ only, bare: true, form: 'array' })).toEqual([{ id: only[0] }])
    expect(await list({ only: [] })).toEqual({ profiles: [] })
    sim.scriptProfiles({ status: 500 })
    expect(await list({})).toEqual({ message: 'simulated status 500' })
    expect(sim.counts.profiles).toBe(5)
  })
})

test('the simulator runs on its own, and prints what jetbrainsai.json holds', async () => {
  const command = [process.execPath, `${import.meta.dir}/main.ts`, 'jetbrains', '--license', 'A', '--license', 'B']
  const alone = Bun.spawn(command, { stdout: 'pipe' })
  let text = ''
  const decoder = new TextDecoder()
  for await (const piece of alone.stdout) {
    text += decoder.decode(piece)
    if (text.split('\n').length > 3) break
  }
  const [first = '', ...entries] = text.trim().split('\n')
  const parsed = entries.map(parseOrUndefined).filter(isObject)
  expect(parsed.map(entry => entry.licenseId)).toEqual(['A', 'B'])
  const url = /http\S+(?=,)/.exec(first)?.[0]
  expect((await ask(`${url}/user/v5/quota/get`, String(parsed[1]?.jwt), {})).status).toBe(200)
  alone.kill()
  await alone.exited
})
