import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { answerOf, ask, begin, CHALLENGE, chatWith, poll, refresh } from './qwen/ask.ts'
import type { FaultName } from './qwen/faults.ts'
import { bodyOf, errorOf, member } from './qwen/read.ts'
import { type QwenSimulator, startQwen } from './qwen.ts'

const START = Date.UTC(2026, 0, 1, 12)
const SECOND_MS = 1000
const HOUR_MS = 3_600_000

let sim: QwenSimulator
beforeEach(() => {
  sim = startQwen({ now: () => START })
})
afterEach(() => sim.close())

const deviceCode = async (): Promise<string> => member(await begin(sim.url), 'device_code')
const chat = async (token: string): Promise<number> => (await ask(`${sim.portalUrl}/chat/completions`, token, chatWith('hi'))).status

describe('beginning to sign in', () => {
  test('gives codes, an address that has both of its members, and no interval', async () => {
    const [status, body] = await begin(sim.url)
    const code = sim.codes[0]?.userCode ?? ''
    expect([status, body]).toEqual([
      200,
      {
        device_code: expect.any(String),
        user_code: code,
        verification_uri: `${sim.url}/authorize`,
        verification_uri_complete: `${sim.url}/authorize?user_code=${code}&client=qwen-code`,
        expires_in: 900,
      },
    ])
    expect(code).toMatch(/^[A-Z0-9_-]{8}$/)
    Object.assign(sim.rules, { interval: 7, deviceLifetimeS: 1800 })
    expect(bodyOf(await begin(sim.url))).toMatchObject({ interval: 7, expires_in: 1800 })
  })

  const REFUSED: [string, Record<string, string | undefined>, number, string][] = [
    ['another client', { client_id: 'other' }, 401, 'invalid_client'],
    ['no client', { client_id: undefined }, 400, 'invalid_request'],
    ['no scope', { scope: undefined }, 400, 'invalid_request'],
    ['no challenge', { code_challenge: undefined }, 400, 'invalid_request'],
    ['a padded challenge', { code_challenge: `${CHALLENGE}=` }, 400, 'invalid_request'],
    ['a plain challenge', { code_challenge_method: 'plain' }, 400, 'invalid_request'],
    ['no method', { code_challenge_method: undefined }, 400, 'invalid_request'],
  ]
  for (const [name, change, status, error] of REFUSED) {
    test(`is refused with ${name}`, async () => expect(errorOf(await begin(sim.url, change))).toEqual([status, error]))
  }

  test('is refused as JSON, and by faults on the way', async () => {
    const url = `${sim.url}/api/v1/oauth2/device/code`
    expect(errorOf(await answerOf(await ask(url, 'none', { client_id: 'x' })))).toEqual([400, 'invalid_request'])
    sim.fault('waf-405', { on: 'device' })
    expect(await begin(sim.url)).toEqual([405, expect.stringContaining('405 Not Allowed')])
    expect(sim.codes).toEqual([])
  })
})

describe('polling', () => {
  test('waits for a decision and then gives tokens once', async () => {
    const code = await deviceCode()
    expect(errorOf(await poll(sim.url, code))).toEqual([400, 'authorization_pending'])
    sim.approve(sim.codes[0]?.userCode, 'ann')
    const approved = await poll(sim.url, code)
    expect(approved).toEqual([
      200,
      {
        access_token: expect.any(String),
        refresh_token: expect.any(String),
        token_type: 'Bearer',
        expires_in: 21_600,
        scope: 'openid profile email model.completion',
        resource_url: sim.url,
      },
    ])
    expect(await chat(member(approved, 'access_token'))).toBe(200)
    expect(errorOf(await poll(sim.url, code))).toEqual([400, 'invalid_grant'])
    expect(sim.requestsOf(sim.user('ann')).map(({ route }) => route)).toEqual(['poll', 'generate', 'poll'])
    expect(sim.counts).toMatchObject({ device: 1, poll: 3, refresh: 0, chat: 1 })
  })

  test('is refused with a code, verifier, client or grant that is none', async () => {
    const code = await deviceCode()
    sim.approve()
    expect(errorOf(await poll(sim.url, 'made up'))).toEqual([400, 'invalid_grant'])
    expect(errorOf(await poll(sim.url, code, { client_id: 'other' }))).toEqual([401, 'invalid_client'])
    expect(errorOf(await poll(sim.url, code, { grant_type: 'password' }))).toEqual([400, 'unsupported_grant_type'])
    expect(errorOf(await poll(sim.url, code, { code_verifier: undefined }))).toEqual([400, 'invalid_request'])
    expect(bodyOf(await poll(sim.url, code, { code_verifier: 'w'.repeat(43) }))).toEqual({
      error: 'invalid_grant',
      error_description: 'PKCE verification failed',
    })
    expect((await poll(sim.url, code))[0]).toBe(200)
  })

  test('says denied and expired, and for good', async () => {
    const denied = await deviceCode()
    sim.deny()
    const expired = await deviceCode()
    sim.expire()
    for (const _ of [1, 2]) {
      expect(errorOf(await poll(sim.url, denied))).toEqual([400, 'access_denied'])
      expect(errorOf(await poll(sim.url, expired))).toEqual([400, 'expired_token'])
    }
    sim.rules.expiredCodeStatus = 401
    expect(errorOf(await poll(sim.url, expired))).toEqual([401, 'expired_token'])
    const late = await deviceCode()
    sim.clock.advance(900 * SECOND_MS)
    expect(errorOf(await poll(sim.url, late))).toEqual([401, 'expired_token'])
    expect(() => sim.approve('NOBODY00')).toThrow('no sign-in waits with the code NOBODY00')
  })

  test('too often is slowed down, with either status', async () => {
    sim.rules.minPollGapMs = 2000
    const code = await deviceCode()
    expect(errorOf(await poll(sim.url, code))).toEqual([400, 'authorization_pending'])
    sim.clock.advance(1999)
    expect(errorOf(await poll(sim.url, code))).toEqual([429, 'slow_down'])
    sim.clock.advance(2000)
    expect(errorOf(await poll(sim.url, code))).toEqual([400, 'authorization_pending'])
    sim.rules.slowDownStatus = 400
    expect(errorOf(await poll(sim.url, code))).toEqual([400, 'slow_down'])
  })

  const FAULTS: [FaultName, number, unknown][] = [
    ['html-504', 504, expect.stringContaining('504 Gateway Time-out')],
    ['waf-403', 403, expect.stringContaining('<html>')],
    ['empty-body', 200, ''],
    ['not-json', 200, 'upstream connect error'],
    ['error-200', 200, expect.objectContaining({ error: 'invalid_request' })],
    ['server-error', 500, { error: 'server_error' }],
    ['rate-limited', 429, expect.objectContaining({ error: 'rate_limit_exceeded' })],
    ['unauthorized', 401, expect.objectContaining({ error: 'unauthorized' })],
    ['slow-down', 429, expect.objectContaining({ error: 'slow_down' })],
    ['slow-down-400', 400, expect.objectContaining({ error: 'slow_down' })],
    ['empty-token', 200, expect.objectContaining({ access_token: null })],
    ['pending-200', 200, { status: 'pending', slowDown: false }],
  ]
  for (const [name, status, body] of FAULTS) {
    test(`may get ${name}, whatever was decided`, async () => {
      const code = await deviceCode()
      sim.approve()
      sim.fault(name, { on: 'poll' })
      const said: unknown = await poll(sim.url, code)
      expect(said).toEqual([status, body])
      expect((await poll(sim.url, code))[0]).toBe(200)
    })
  }

  test('in the mode broken-idp gets HTML, and refreshing works', async () => {
    sim.rules.mode = 'broken-idp'
    const code = await deviceCode()
    sim.approve()
    expect(await poll(sim.url, code)).toEqual([504, expect.stringContaining('<html>')])
    expect((await refresh(sim.url, sim.user('ann').signIn().refreshToken))[0]).toBe(200)
  })
})

describe('refreshing', () => {
  test('gives a new pair, and the old refresh token is dead', async () => {
    const ann = sim.user('ann')
    const { refreshToken, accessToken } = ann.signIn()
    const first = await refresh(sim.url, refreshToken)
    expect(first).toEqual([200, expect.objectContaining({ refresh_token: ann.latest.refreshToken, resource_url: sim.url })])
    expect(ann.latest.refreshToken).not.toBe(refreshToken)
    expect(await refresh(sim.url, refreshToken)).toEqual([
      400,
      { error: 'invalid_request', error_description: 'Invalid refresh token or client_id' },
    ])
    expect([await chat(accessToken), await chat(ann.latest.accessToken)]).toEqual([200, 200])
    expect(sim.requestsOf(ann).map(({ route }) => route)).toEqual(['refresh', 'refresh', 'generate', 'generate'])
    expect(sim.counts).toMatchObject({ refresh: 2, poll: 0 })
  })

  test('without rotation, and without each of the optional members', async () => {
    const { refreshToken } = sim.user('ann').signIn()
    sim.rules.rotates = false
    expect(member(await refresh(sim.url, refreshToken), 'refresh_token')).toBe(refreshToken)
    sim.rules.omitResourceUrl = true
    expect(bodyOf(await refresh(sim.url, refreshToken))).not.toHaveProperty('resource_url')
    Object.assign(sim.rules, { rotates: true, omitRefreshToken: true, omitResourceUrl: false })
    expect(bodyOf(await refresh(sim.url, refreshToken))).not.toHaveProperty('refresh_token')
    expect((await refresh(sim.url, refreshToken))[0]).toBe(200)
    Object.assign(sim.rules, { resourceField: 'endpoint', resourceUrl: 'portal.qwen.ai' })
    const body = bodyOf(await refresh(sim.url, refreshToken))
    expect([body.endpoint, body.resource_url]).toEqual(['portal.qwen.ai', undefined])
  })

  test('is refused to strangers and after a month, revocation and expiry of nothing but the access token', async () => {
    const ann = sim.user('ann')
    const { refreshToken } = ann.signIn()
    expect(errorOf(await refresh(sim.url, 'made up'))).toEqual([400, 'invalid_request'])
    expect(errorOf(await refresh(sim.url, refreshToken, { client_id: 'other' }))).toEqual([400, 'invalid_request'])
    ann.expireTokens()
    expect((await refresh(sim.url, refreshToken))[0]).toBe(200)
    const old = ann.latest.refreshToken
    sim.clock.advance(30 * 24 * HOUR_MS)
    expect(errorOf(await refresh(sim.url, old))).toEqual([400, 'invalid_request'])
    const { refreshToken: revoked, accessToken } = ann.signIn()
    ann.revoke()
    expect([(await refresh(sim.url, revoked))[0], await chat(accessToken)]).toEqual([400, 401])
  })

  test('a failure before it rotates nothing, a lost answer does', async () => {
    const { refreshToken } = sim.user('ann').signIn()
    sim.fault('html-504', { on: 'refresh' })
    sim.fault('lost', { on: 'refresh' })
    expect((await refresh(sim.url, refreshToken))[0]).toBe(504)
    expect(await refresh(sim.url, refreshToken).catch(() => 'lost')).toBe('lost')
    expect((await refresh(sim.url, refreshToken))[0]).toBe(400)
  })
})
