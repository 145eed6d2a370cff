import { describe, expect, test } from 'bun:test'
import { challengeOf } from '../../../src/accounts/pkce.ts'
import type { DeviceSignIn } from '../../../src/accounts/qwen/device-flow.ts'
import { qwenOAuth } from '../../../src/accounts/qwen/oauth.ts'
import { GatewayError } from '../../../src/core/errors.ts'
import type { JsonObject } from '../../../src/core/json.ts'
import type { UpstreamResponse } from '../../../src/upstream/client.ts'
import { answer } from '../jetbrains/fake-service.ts'
import { Driver, HOUR, SECOND } from './driver.ts'
import { OAUTH_URL, oauthError, PAGE_504 } from './fake-qwen.ts'

test('the addresses and names are those of the CLI, or what the operator says', () => {
  expect(qwenOAuth({ oauth_url: 'https://chat.qwen.ai' })).toEqual({
    clientId: 'f0304373b74a44d2b584a3fb70ca9e56',
    scope: 'openid profile email model.completion',
    deviceCodeUrl: 'https://chat.qwen.ai/api/v1/oauth2/device/code',
    tokenUrl: 'https://chat.qwen.ai/api/v1/oauth2/token',
  })
  const own = { client_id: 'me', scope: 's', device_code_endpoint: 'https://a.example/d', token_endpoint: 'https://b.example/t' }
  expect(qwenOAuth({ oauth_url: 'https://chat.qwen.ai/', ...own })).toEqual({
    clientId: 'me',
    scope: 's',
    deviceCodeUrl: 'https://a.example/d',
    tokenUrl: 'https://b.example/t',
  })
})

describe('a sign-in', () => {
  test('begins with the challenge of its verifier', async () => {
    const { flow, qwen, clock } = new Driver()
    const { verifier, ...signIn } = await flow.begin()
    expect(verifier).toMatch(/^[\w-]{43}$/)
    expect(signIn).toEqual({
      deviceCode: 'device-code-1',
      userCode: 'QJ2_5BFO',
      verificationUri: `${OAUTH_URL}/authorize`,
      verificationUriComplete: `${OAUTH_URL}/authorize?user_code=QJ2_5BFO&client=qwen-code`,
      expiresAt: clock.now() + 900 * SECOND,
      intervalMs: 5 * SECOND,
    })
    expect(qwen.requests[0]?.headers).toEqual({ accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded' })
    expect(Object.entries(qwen.forms[0] ?? {})).toEqual([
      ['client_id', 'f0304373b74a44d2b584a3fb70ca9e56'],
      ['scope', 'openid profile email model.completion'],
      ['code_challenge', challengeOf(verifier)],
      ['code_challenge_method', 'S256'],
    ])
    expect((await flow.begin()).verifier).not.toBe(verifier)
  })

  test('takes interval and end from the server, and completes its page where it must', async () => {
    const { flow, qwen, clock } = new Driver()
    const { verification_uri_complete: _, ...rest } = qwen.begun()
    qwen.scripted.push(answer(200, { ...rest, interval: 7, expires_in: 1800 }), answer(200, { ...rest, expires_in: undefined }))
    expect(await flow.begin()).toMatchObject({
      verificationUriComplete: `${OAUTH_URL}/authorize?user_code=QJ2_5BFO&client=qwen-code`,
      expiresAt: clock.now() + 1800 * SECOND,
      intervalMs: 7 * SECOND,
    })
    expect((await flow.begin()).expiresAt).toBe(clock.now() + 900 * SECOND)
  })

  const refused: [UpstreamResponse | Error, string][] = [
    [oauthError(401, 'invalid_client', 'no such client'), 'it answered 401 invalid_client: no such client'],
    [oauthError(200, 'invalid_request'), 'it answered 200 invalid_request'],
    [answer(504, PAGE_504), 'it answered 504 and no JSON'],
    [answer(200, ''), 'it answered 200 and no JSON'],
    [new GatewayError('timeout', 'no connection within 1 s'), 'no connection within 1 s'],
    [answer(200, { device_code: 'x', user_code: 'y', verification_uri: 'javascript:alert(1)' }), 'it named no page to approve it on'],
  ]
  for (const [response, words] of refused) {
    test(`cannot be begun: ${words}`, async () => {
      const { flow, qwen } = new Driver()
      qwen.scripted.push(response)
      await expect(flow.begin()).rejects.toThrow(`no sign-in could be begun at Qwen: ${words}`)
    })
  }
})

describe('a poll', () => {
  const SIGN_IN: Pick<DeviceSignIn, 'deviceCode' | 'verifier' | 'expiresAt' | 'intervalMs'> = {
    deviceCode: 'device-code-1',
    verifier: 'the-verifier',
    expiresAt: 0,
    intervalMs: 0,
  }

  test('asks as the CLI does, and brings the credential', async () => {
    const { flow, qwen, clock } = new Driver()
    qwen.isApproved = true
    expect(await flow.pollOnce(SIGN_IN)).toEqual({
      state: 'approved',
      credential: {
        access_token: qwen.accessToken,
        refresh_token: qwen.refreshToken,
        token_type: 'Bearer',
        resource_url: 'portal.qwen.ai',
        expiry_date: clock.now() + 6 * HOUR,
      },
    })
    expect(Object.entries(qwen.forms[0] ?? {})).toEqual([
      ['grant_type', 'urn:ietf:params:oauth:grant-type:device_code'],
      ['client_id', 'f0304373b74a44d2b584a3fb70ca9e56'],
      ['device_code', 'device-code-1'],
      ['code_verifier', 'the-verifier'],
    ])
  })

  const waiting: [UpstreamResponse | Error, JsonObject][] = [
    [oauthError(400, 'authorization_pending'), {}],
    [answer(200, { status: 'pending' }), { slowDown: false }],
    [answer(200, { status: 'pending', slowDown: true }), { slowDown: true }],
    [oauthError(429, 'slow_down'), { slowDown: true }],
    [oauthError(400, 'slow_down'), { slowDown: true }],
    [answer(429, ''), { slowDown: true, trouble: 'Qwen answered 429' }],
    [answer(200, { access_token: null }), { trouble: 'Qwen answered 200 without a token' }],
    [answer(504, PAGE_504), { trouble: 'Qwen answered 504 without a token' }],
    [answer(403, PAGE_504), { trouble: 'Qwen answered 403 without a token' }],
    [oauthError(500, 'some_error'), { trouble: 'Qwen answered 500 without a token' }],
    [oauthError(400, 'temporarily_unavailable'), { trouble: 'Qwen answered 400 without a token' }],
    [new GatewayError('bad-gateway', 'connection reset'), { trouble: 'connection reset' }],
  ]
  for (const [response, more] of waiting) {
    test(`leaves the sign-in pending: ${JSON.stringify(more)}`, async () => {
      const { flow, qwen } = new Driver()
      qwen.scripted.push(response)
      expect(await flow.pollOnce(SIGN_IN)).toEqual({ state: 'pending', ...more })
    })
  }

  const final: [UpstreamResponse, code: string, reason: string][] = [
    [oauthError(400, 'expired_token'), 'expired_token', 'the code has expired before anybody approved it; begin anew'],
    [oauthError(401, 'expired_token'), 'expired_token', 'the code has expired before anybody approved it; begin anew'],
    [oauthError(400, 'access_denied'), 'access_denied', 'the sign-in was declined in the browser'],
    [oauthError(200, 'access_denied'), 'access_denied', 'the sign-in was declined in the browser'],
    [oauthError(429, 'access_denied'), 'access_denied', 'the sign-in was declined in the browser'],
    [oauthError(400, 'invalid_grant'), 'invalid_grant', 'Qwen does not take this code (any more); begin anew'],
    [oauthError(401, 'invalid_client'), 'invalid_client', 'Qwen does not know this OAuth client; check qwen.client_id'],
    [answer(401, PAGE_504), 'unauthorized', 'Qwen refused the sign-in (401)'],
    [
      oauthError(400, 'invalid_request', 'device-code-1 and the-verifier do not match'),
      'invalid_request',
      'Qwen refused the sign-in (400 invalid_request: [redacted] and [redacted] do not match)',
    ],
    [answer(200, { access_token: 'x' }), 'invalid_response', 'Qwen approved the sign-in, but gave no refresh token'],
  ]
  for (const [response, code, reason] of final) {
    test(`ends the sign-in: ${response.status} ${code}`, async () => {
      const { flow, qwen } = new Driver()
      qwen.scripted.push(response)
      expect(await flow.pollOnce(SIGN_IN)).toEqual({ state: 'ended', code, reason })
    })
  }
})
