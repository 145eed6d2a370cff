import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { join } from 'node:path'
import { isObject, type Json } from '../checkers/json.ts'
import { type QwenSimulator, startQwen } from '../simulators/qwen.ts'
import { admin } from './support/admin.ts'
import { CHAT, post } from './support/client-routes.ts'
import { CLIENT_KEY, type RunningGateway, startGateway } from './support/gateway.ts'
import { readCredentials, signIn } from './support/qwen.ts'
import { eventually } from './support/wait.ts'

setDefaultTimeout(20_000)

let sim: QwenSimulator
let gateway: RunningGateway

beforeAll(async () => {
  sim = startQwen({ rules: { callsPerMinute: 100_000, interval: 0.05 }, users: ['ann'] })
  const plan = {
    name: 'Plan',
    provider_type: 'qwen',
    base_url: sim.compatibleUrl,
    api_key: sim.apiKey('standard').key,
    models: ['qwen3-max'],
  }
  gateway = await startGateway({ config: { qwen: { oauth_url: sim.url }, providers: [plan] } })
})
afterAll(async () => {
  await gateway.stop()
  await sim.close()
})
beforeEach(() => {
  sim.rules.mode = 'normal'
})

async function call(path: string, body?: unknown, init: RequestInit = {}): Promise<{ status: number; json: Json }> {
  const response = await admin(gateway.url, path, { method: 'POST', ...(body !== undefined && { body: JSON.stringify(body) }), ...init })
  const text = await response.text()
  const json: unknown = text === '' ? {} : JSON.parse(text)
  if (!isObject(json)) throw new Error(`no object: ${text}`)
  return { status: response.status, json }
}

const initiate = async (): Promise<Json> => (await call('/auth/initiate')).json

const chat = async () => {
  const response = await post(gateway.url, CHAT, CHAT.body('coder-model'))
  return { status: response.status, account: response.headers.get('x-dragoman-account') }
}

async function removeAccounts(): Promise<void> {
  const { json } = await call('/admin/accounts', undefined, { method: 'GET' })
  for (const account of json.data as Json[])
    if (account.origin === 'admin') await call(`/admin/accounts/${account.id}`, undefined, { method: 'DELETE' })
}

describe('signing in over HTTP', () => {
  test('goes through the shapes that older clients know, and the account serves', async () => {
    const { status, json: begun } = await call('/auth/initiate')
    expect(status).toBe(200)
    expect(begun).toEqual({
      device_code: expect.any(String),
      user_code: sim.codes.at(-1)?.userCode,
      verification_uri: `${sim.url}/authorize`,
      verification_uri_complete: `${sim.url}/authorize?user_code=${sim.codes.at(-1)?.userCode}&client=qwen-code`,
      expires_in: 900,
      interval: 0.05,
      code_verifier: expect.stringMatching(/^[\w-]{43}$/),
    })
    const { device_code, code_verifier } = begun
    expect(await call('/auth/poll', { device_code, wait: false })).toEqual({ status: 202, json: { status: 'pending' } })
    const waiting = call('/auth/poll', { device_code, code_verifier })
    await eventually('it is polled', () => sim.counts.poll >= 2)
    sim.approve(undefined, 'ann')
    const { accessToken, refreshToken } = await eventually('it is used', () => sim.codes.at(-1)?.state === 'used' && sim.user('ann').latest)
    const approved = await waiting
    expect(approved).toEqual({
      status: 200,
      json: {
        status: 'approved',
        account: expect.objectContaining({
          ...{ provider: 'qwen', label: 'qwen-1', kind: 'qwen_oauth', state: 'active', origin: 'admin', enabled: true },
          token_expires_at: expect.stringMatching(/Z$/),
        }),
        access_token: `…${accessToken.slice(-4)}`,
        message: 'Authentication successful',
      },
    })
    expect(await chat()).toEqual({ status: 200, account: 'qwen-1' })
    // What became of it can be asked again, and makes no second account.
    expect((await call('/auth/poll', { device_code, wait: false })).json).toMatchObject({
      status: 'approved',
      account: { label: 'qwen-1' },
    })
    expect(JSON.stringify(approved) + gateway.output()).not.toMatch(
      new RegExp(`${accessToken}|${refreshToken}|${device_code}|${code_verifier}`),
    )
    await removeAccounts()
  })

  test.each([
    ['declined', () => sim.deny(), 'access_denied', 'the sign-in was declined in the browser'],
    ['run out', () => sim.expire(), 'expired_token', 'the code has expired before anybody approved it; begin anew'],
  ])('is a 400 with the reason where it was %s', async (_, act, code, message) => {
    for (const wait of [false, true]) {
      const { device_code } = await initiate()
      act()
      expect(await call('/auth/poll', { device_code, wait })).toEqual({
        status: 400,
        json: { error: { message, type: 'invalid_request_error', param: null, code } },
      })
    }
  })

  test.each([
    [{}, 'device_code', 'missing_required_parameter'],
    [{ device_code: 7 }, 'device_code', 'invalid_type'],
    [{ device_code: 'x', code_verifier: [] }, 'code_verifier', 'invalid_type'],
    [{ device_code: 'x', wait: 'no' }, 'wait', 'invalid_type'],
    [{ device_code: 'nobody-began-this' }, 'device_code', 'invalid_grant'],
  ])('%j names the field', async (body, param, code) => {
    expect(await call('/auth/poll', body)).toMatchObject({
      status: 400,
      json: { error: { param, code, message: expect.stringContaining(param) } },
    })
  })

  test('takes the admin key only', async () => {
    for (const path of ['/auth/initiate', '/auth/poll']) {
      expect((await fetch(gateway.url + path, { method: 'POST' })).status).toBe(401)
      expect((await call(path, {}, { headers: { authorization: `Bearer ${CLIENT_KEY}` } })).status).toBe(403)
      expect((await call(path, undefined, { method: 'GET' })).status).toBe(405)
    }
  })

  test("survives a gateway's error pages, and says what keeps the answer away", async () => {
    const { device_code } = await initiate()
    sim.rules.mode = 'broken-idp'
    expect(await call('/auth/poll', { device_code, wait: false })).toEqual({
      status: 202,
      json: { status: 'pending', message: 'Qwen answered 504 without a token; poll again' },
    })
    sim.rules.mode = 'normal'
    sim.approve(undefined, 'ann')
    expect((await call('/auth/poll', { device_code })).status).toBe(200)
    await removeAccounts()
  })

  test('a client that leaves while it waits ends the wait', async () => {
    const { device_code } = await initiate()
    const leaving = new AbortController()
    const waiting = admin(gateway.url, '/auth/poll', { method: 'POST', body: JSON.stringify({ device_code }), signal: leaving.signal })
    const before = sim.counts.poll
    await eventually('it is polled', () => sim.counts.poll >= before + 2)
    leaving.abort()
    await expect(waiting).rejects.toThrow()
    await eventually('it is told', () => gateway.log().some(line => line.route === '/auth/poll' && line.status === 499))
    const after = sim.counts.poll
    await Bun.sleep(200)
    expect(sim.counts.poll).toBe(after)
  })

  test('is told where no sign-in can be begun', async () => {
    sim.rules.clientId = 'another'
    expect(await call('/auth/initiate')).toMatchObject({
      status: 502,
      json: { error: { type: 'api_error', message: expect.stringContaining('it answered 401 invalid_client') } },
    })
    sim.rules.clientId = 'f0304373b74a44d2b584a3fb70ca9e56'
  })

  test('a stopping server leaves nobody waiting', async () => {
    const other = await startGateway({ config: { qwen: { oauth_url: sim.url } } })
    const begun = (await (await admin(other.url, '/auth/initiate', { method: 'POST' })).json()) as Json
    const before = sim.counts.poll
    const waiting = admin(other.url, '/auth/poll', { method: 'POST', body: JSON.stringify({ device_code: begun.device_code }) })
    await eventually('it is polled', () => sim.counts.poll > before)
    other.signal('SIGTERM')
    const answer = await waiting
    expect([answer.status, await answer.json()]).toEqual([202, { status: 'pending', message: 'the gateway is stopping; poll again' }])
    await other.stop()
  })
})

describe('a Qwen account through the management API', () => {
  const byValue = (name: string, lifetimeMs?: number): Json => {
    const { accessToken, refreshToken, expires } = sim.user(name).signIn(lifetimeMs)
    return { kind: 'qwen_oauth', access_token: accessToken, refresh_token: refreshToken, resource_url: sim.url, expiry_date: expires }
  }
  const add = (credential: Json, more: Json = {}) => call('/admin/accounts', { credential, ...more })

  test('serves by its tokens, and is checked without a chat', async () => {
    const credential = byValue('ben', -1000)
    const { status, json } = await add(credential, { label: 'ben' })
    expect([status, json]).toEqual([201, expect.objectContaining({ provider: 'qwen', label: 'ben', kind: 'qwen_oauth' })])
    expect(await add(credential)).toMatchObject({ status: 409, json: { error: { code: 'account_exists' } } })
    const chats = sim.counts.chat
    expect((await call('/admin/accounts/ben/check')).json).toMatchObject({ state: 'active', check: { ok: true, message: null } })
    expect(sim.counts.chat).toBe(chats)
    expect(await chat()).toEqual({ status: 200, account: 'ben' })
    sim.user('ben').revoke()
    expect((await chat()).status).not.toBe(200)
    const { json: checked } = await call('/admin/accounts/ben/check')
    expect(checked).toMatchObject({ state: 'needs_sign_in', check: { ok: false, message: expect.stringContaining('sign in again') } })
    // A new sign-in in its place needs no word of its kind.
    const { kind: _, ...again } = byValue('ben')
    expect((await call('/admin/accounts/ben', { credential: again }, { method: 'PATCH' })).json).toMatchObject({ state: 'active' })
    expect(await chat()).toEqual({ status: 200, account: 'ben' })
    await removeAccounts()
  })

  test('serves from a file, which it shares, and refreshes nothing before that is due', async () => {
    const file = join(gateway.folder, 'elsewhere', 'oauth_creds_cleo.json')
    const cleo = signIn(sim, 'cleo', file)
    const { status, json } = await add({ kind: 'qwen_oauth', file })
    expect([status, json.label]).toEqual([201, 'qwen-1'])
    expect(await chat()).toEqual({ status: 200, account: 'qwen-1' })
    expect(sim.requestsOf(cleo).filter(({ route }) => route === 'refresh')).toEqual([])
    cleo.expireTokens()
    expect(await chat()).toEqual({ status: 200, account: 'qwen-1' })
    expect(readCredentials(file)).toMatchObject({ access_token: cleo.latest.accessToken, refresh_token: cleo.latest.refreshToken })
    await removeAccounts()
  })

  test.each<[string, Json, Json, string, string]>([
    ['no tokens', { kind: 'qwen_oauth' }, {}, 'credential.access_token', 'is required'],
    ['no refresh token', { kind: 'qwen_oauth', access_token: 'a' }, {}, 'credential.refresh_token', 'is required'],
    ['a blank in a token', { kind: 'qwen_oauth', access_token: 'a b', refresh_token: 'r' }, {}, 'credential.access_token', 'holds blanks'],
    ['a strange field', { kind: 'qwen_oauth', access_token: 'a', refresh_tokn: 'r' }, {}, 'credential.refresh_tokn', "'refresh_token'"],
    ['a file and more', { kind: 'qwen_oauth', file: '/x', access_token: 'a' }, {}, 'credential.access_token', 'is no field'],
    ['a relative file', { kind: 'qwen_oauth', file: 'oauth_creds.json' }, {}, 'credential.file', 'must be an absolute path'],
    [
      'a file that is not there',
      { kind: 'qwen_oauth', file: '/no/such/oauth_creds.json' },
      {},
      'credential.file',
      'oauth_creds.json is gone',
    ],
    ['a folder', { kind: 'qwen_oauth', file: '/' }, {}, 'credential.file', 'is no file'],
    [
      'a provider paid by key',
      { kind: 'qwen_oauth', access_token: 'a', refresh_token: 'r' },
      { provider: 'Plan' },
      'credential.kind',
      'api_key',
    ],
    ['a key for those who sign in', { kind: 'api_key', api_key: 'k' }, { provider: 'qwen' }, 'provider', 'there is no provider'],
    ['no such provider', { kind: 'qwen_oauth', access_token: 'a', refresh_token: 'r' }, { provider: 'qwem' }, 'provider', "'qwen'"],
  ])('with %s is refused by name', async (_, credential, more, param, message) => {
    expect(await add(credential, more)).toMatchObject({
      status: 400,
      json: { error: { param, message: expect.stringContaining(message) } },
    })
  })
})
