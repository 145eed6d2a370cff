import { describe, expect, test } from 'bun:test'
import { GatewayError } from '../../../src/core/errors.ts'
import type { UpstreamResponse } from '../../../src/upstream/client.ts'
import { refusalOf } from '../jetbrains/driver.ts'
import { answer } from '../jetbrains/fake-service.ts'
import { Driver, HOUR, MINUTE } from './driver.ts'
import { oauthError, PAGE_504 } from './fake-qwen.ts'

/** What a refresh fails with. */
async function refused(response: UpstreamResponse | Error): Promise<GatewayError> {
  const { qwen, refresh } = new Driver()
  qwen.scripted.push(response)
  return refusalOf(refresh('rt-very-secret').then(tokens => JSON.stringify(tokens)))
}

describe('a refresh', () => {
  test('asks as the CLI does', async () => {
    const { qwen, refresh } = new Driver()
    const tokens = await refresh('refresh-token-0')
    expect(tokens).toEqual({
      accessToken: qwen.accessToken,
      refreshToken: qwen.refreshToken,
      tokenType: 'Bearer',
      resourceUrl: 'portal.qwen.ai',
      expiresInMs: 6 * HOUR,
    })
    expect(Object.entries(qwen.forms[0] ?? {})).toEqual([
      ['grant_type', 'refresh_token'],
      ['refresh_token', 'refresh-token-0'],
      ['client_id', 'f0304373b74a44d2b584a3fb70ca9e56'],
    ])
  })

  test('needs nothing but an access token', async () => {
    const { qwen, refresh } = new Driver()
    qwen.scripted.push(answer(200, { access_token: 'at', endpoint: 'x.example' }))
    expect(await refresh('rt')).toEqual({ accessToken: 'at', resourceUrl: 'x.example', expiresInMs: HOUR })
  })

  const signIn: [UpstreamResponse, reason: string][] = [
    [
      oauthError(400, 'invalid_request', 'Invalid refresh token or client_id: rt-very-secret'),
      'sign in again: the refresh token was refused (400 invalid_request: Invalid refresh token or client_id: [redacted])',
    ],
    [oauthError(401, 'invalid_client'), 'sign in again: the refresh token was refused (401 invalid_client)'],
    [oauthError(200, 'invalid_grant'), 'sign in again: the refresh token was refused (200 invalid_grant)'],
    [answer(400, { error: { code: 'invalid_grant' } }), 'sign in again: the refresh token was refused (400 invalid_grant)'],
  ]
  for (const [response, reason] of signIn) {
    test(`that is refused asks for a sign-in: ${reason}`, async () => {
      expect(await refused(response)).toMatchObject({
        kind: 'authentication',
        message: reason,
        upstream: { verdict: { state: 'needs_sign_in', reason } },
      })
    })
  }

  const later: [UpstreamResponse | Error, reason: string, forMs?: number][] = [
    [answer(504, PAGE_504), "Qwen's sign-in server answered 504"],
    [answer(403, PAGE_504), "Qwen's sign-in server answered 403"],
    [answer(401, PAGE_504), "Qwen's sign-in server answered 401"],
    [answer(400, ''), "Qwen's sign-in server answered 400"],
    [answer(404, { detail: 'Not Found' }), "Qwen's sign-in server answered 404"],
    [oauthError(503, 'invalid_grant'), "Qwen's sign-in server answered 503"],
    [answer(200, ''), "Qwen's sign-in server answered 200 without a token"],
    [answer(200, PAGE_504), "Qwen's sign-in server answered 200 without a token"],
    [oauthError(200, 'server_error'), "Qwen's sign-in server answered 200 without a token"],
    [answer(200, { access_token: null, refresh_token: 'x' }), "Qwen's sign-in server answered 200 without a token"],
    [answer(429, { error: 'rate_limited' }, { 'retry-after': '300' }), "Qwen's sign-in server answered 429", 5 * MINUTE],
    [new GatewayError('timeout', 'no answer within 1 s'), "Qwen's sign-in server: no answer within 1 s"],
  ]
  for (const [response, why, forMs = MINUTE] of later) {
    test(`that fails is tried again later: ${why}`, async () => {
      const reason = `no new token: ${why}`
      const error = await refused(response)
      expect(error.upstream).toEqual({ verdict: { state: 'cooling_down', reason, forMs }, maybeExecuted: false })
    })
  }
})
