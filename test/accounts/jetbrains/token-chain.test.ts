import { describe, expect, test } from 'bun:test'
import { createTokenChain } from '../../../src/accounts/jetbrains/token-chain.ts'
import { createJsonCall } from '../../../src/accounts/json-call.ts'
import { type AccountVerdict, GatewayError } from '../../../src/core/errors.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { MINUTE, refusalOf } from './driver.ts'
import { answer, BASE_URL, FakeService, LIMITS, OAUTH_URL } from './fake-service.ts'

function setUp() {
  const clock = new FakeClock()
  const service = new FakeService(clock)
  const chain = createTokenChain(createJsonCall({ send: service.send, clock, limits: LIMITS }), {
    baseUrl: `${BASE_URL}/`,
    oauthUrl: OAUTH_URL,
  })
  service.idToken = service.token(MINUTE)
  return { service, chain }
}

const cooling = (reason: string, forMs = MINUTE) => ({ state: 'cooling_down' as const, reason: `no new token: ${reason}`, forMs })

describe('a refresh', () => {
  test("is a form of the client that JetBrains' tools are", async () => {
    const { service, chain } = setUp()
    const tokens = await chain.refreshOAuth('refresh-token-0')
    expect(tokens).toEqual({ idToken: service.idToken, refreshToken: service.refreshToken, expiresInMs: 3_600_000 })
    expect(Object.fromEntries(new URLSearchParams(service.calls[0]?.request.body))).toEqual({
      grant_type: 'refresh_token',
      refresh_token: 'refresh-token-0',
      client_id: 'ide',
    })
  })

  test('takes the access token where there is no id_token', async () => {
    const { service, chain } = setUp()
    service.scripted.oauth.push(answer(200, { access_token: 'acc', refresh_token: '', expires_in: '7' }))
    expect(await chain.refreshOAuth('r')).toEqual({ idToken: 'acc' })
  })

  const verdicts: [status: number, body: unknown, headers: Record<string, string>, verdict: AccountVerdict][] = [
    [
      400,
      { error: 'invalid_grant' },
      {},
      { state: 'needs_sign_in', reason: 'sign in again: the refresh token was refused (invalid_grant)' },
    ],
    [401, '', {}, { state: 'needs_sign_in', reason: 'sign in again: the refresh token was refused (401)' }],
    [
      403,
      { error_description: 'Account locked: see https://x.example' },
      {},
      { state: 'needs_sign_in', reason: 'sign in again: the refresh token was refused (403: Account locked: see [url])' },
    ],
    [400, { error: 'invalid_request', error_description: 'secret words' }, {}, cooling('the account server answered 400')],
    [429, '', {}, cooling('the account server answered 429')],
    [429, '', { 'retry-after': '5' }, cooling('the account server answered 429')],
    [429, '', { 'retry-after': '300' }, cooling('the account server answered 429', 5 * MINUTE)],
    [500, { error: 'x' }, {}, cooling('the account server answered 500')],
    [302, '', { location: 'https://elsewhere.example' }, cooling('the account server answered 302')],
    [200, { token_type: 'Bearer' }, {}, cooling('the account server answered 200 without a token')],
    [200, '<html>', {}, cooling('the account server answered 200 without a token')],
    [200, { id_token: 'a\nb' }, {}, cooling('the account server answered 200 without a token')],
  ]
  for (const [status, body, headers, verdict] of verdicts) {
    test(`that gets ${status} ${JSON.stringify(body)} ${JSON.stringify(headers)} is judged`, async () => {
      const { service, chain } = setUp()
      service.scripted.oauth.push(answer(status, body, headers))
      const { upstream, kind } = await refusalOf(chain.refreshOAuth('r').then(() => ''))
      expect(upstream?.verdict).toEqual(verdict)
      expect(kind).toBe(upstream?.verdict?.state === 'needs_sign_in' ? 'authentication' : 'bad-gateway')
    })
  }

  test("that reaches nobody is tried again in a minute; the caller's own request was never sent", async () => {
    const { service, chain } = setUp()
    service.scripted.oauth.push(new GatewayError('bad-gateway', 'the upstream could not be reached', { upstream: { maybeExecuted: true } }))
    expect((await refusalOf(chain.refreshOAuth('r').then(() => ''))).upstream).toEqual({
      verdict: cooling('the account server: the upstream could not be reached'),
      maybeExecuted: false,
    })
  })
})

describe('a sign-in', () => {
  test('is exchanged with its verifier', async () => {
    const { service, chain } = setUp()
    service.scripted.oauth.push(answer(200, { id_token: 'i', refresh_token: 'r', expires_in: 60 }))
    const tokens = await chain.exchangeCode({ code: 'c', verifier: 'v', redirectUri: 'http://localhost:1' })
    expect(tokens).toEqual({ idToken: 'i', refreshToken: 'r', expiresInMs: MINUTE })
    expect(Object.fromEntries(new URLSearchParams(service.calls[0]?.request.body))).toEqual({
      grant_type: 'authorization_code',
      code: 'c',
      code_verifier: 'v',
      redirect_uri: 'http://localhost:1',
      client_id: 'ide',
    })
  })

  test('whose code is refused says so', async () => {
    const { service, chain } = setUp()
    service.scripted.oauth.push(answer(400, { error: 'invalid_grant' }))
    const { message } = await refusalOf(chain.exchangeCode({ code: 'c', verifier: 'v', redirectUri: 'u' }).then(() => ''))
    expect(message).toBe('sign in again: the code of the sign-in was refused (invalid_grant)')
  })
})

describe('a licence', () => {
  test('buys a JWT with the id_token, whatever its state is called', async () => {
    const { service, chain } = setUp()
    expect(await chain.provideAccess('LIC1', service.idToken)).toBe(service.jwt)
    const request = service.calls[0]?.request
    expect([request?.body, request?.headers]).toEqual([
      '{"licenseId":"LIC1"}',
      {
        accept: 'application/json',
        'content-type': 'application/json',
        authorization: `Bearer ${service.idToken}`,
      },
    ])
  })

  for (const scripted of [undefined, answer(403, { message: 'The user is not registered' })]) {
    test(`of a user whom the gateway does not know (${scripted?.status ?? 412}) registers them, once`, async () => {
      const { service, chain } = setUp()
      service.registered = false
      if (scripted) service.scripted.access.push(scripted)
      expect(await chain.provideAccess('LIC1', service.idToken)).toBe(service.jwt)
      expect(service.steps).toEqual(['access', 'register', 'access'])
    })
  }

  test('that is refused after registering too is not tried for ever', async () => {
    const { service, chain } = setUp()
    const { upstream } = await refusalOf(chain.provideAccess('LIC2', service.idToken))
    expect(upstream?.verdict).toEqual(cooling('the licence check answered 400'))
    expect(service.steps).toEqual(['access', 'register', 'access'])
  })

  test('whose owner cannot be registered is judged by that answer', async () => {
    const { service, chain } = setUp()
    service.registered = false
    service.scripted.register.push(answer(503, ''))
    expect((await refusalOf(chain.provideAccess('LIC1', service.idToken))).upstream?.verdict).toEqual(
      cooling('the licence check answered 503'),
    )
    expect(service.steps).toEqual(['access', 'register'])
  })

  const verdicts: [status: number, body: string, verdict: AccountVerdict][] = [
    [401, 'expired', { state: 'needs_sign_in', reason: 'sign in again: the licence check refused the id_token (401)' }],
    [403, 'no', { state: 'needs_sign_in', reason: 'sign in again: the licence check refused the licence for this id_token (403)' }],
    [429, '', cooling('the licence check answered 429')],
    [502, '<html>', cooling('the licence check answered 502')],
    [200, '{"state":"PAID"}', cooling('the licence check answered 200 without a token')],
    [200, '{"token":""}', cooling('the licence check answered 200 without a token')],
    [477, 'License suspended', { state: 'suspended', reason: 'licence suspended (477)' }],
    [477, 'no quota', { state: 'exhausted', reason: 'quota exhausted (477)', forMs: 600_000 }],
  ]
  for (const [status, body, verdict] of verdicts) {
    test(`that gets ${status} ${body} is judged without registering`, async () => {
      const { service, chain } = setUp()
      service.scripted.access.push(answer(status, body))
      const { upstream } = await refusalOf(chain.provideAccess('LIC1', service.idToken))
      expect(upstream?.verdict).toEqual(verdict)
      expect(service.steps).toEqual(['access'])
    })
  }
})
