import { describe, expect, test } from 'bun:test'
import { GatewayError } from '../../../src/core/errors.ts'
import { testContext } from '../../support/codec-context.ts'
import { upstream } from './context.ts'

const error = (status: number, body = '', headers: Record<string, string> = {}): GatewayError =>
  upstream.decodeError(status, new Headers(headers), body)

const json = (message: string): string => JSON.stringify({ message })

test.each([
  [400, json('temperature is not supported'), 'invalid-request'],
  [400, 'profile.features - Should support Chat', 'invalid-request'],
  [400, json('system: text content blocks must contain non-whitespace text'), 'invalid-request'],
  [400, json('prompt is too long: 9 tokens > 5 maximum'), 'context-too-long'],
  [400, json('Unknown profile: gpt-99'), 'model-not-found'],
  [400, json('Profile openai-gpt-9 not found'), 'model-not-found'],
  [400, json('Unsupported model gpt-99, supported: gpt-4o'), 'model-not-found'],
  [400, json('The response was filtered by content management policy'), 'content-policy'],
  [401, json('JWT expired'), 'authentication'],
  [403, json('forbidden'), 'permission'],
  [404, '', 'not-found'],
  [404, json('no such profile'), 'model-not-found'],
  [413, '', 'too-large'],
  [422, '', 'unprocessable'],
  [429, '', 'rate-limit'],
  [451, json('Unavailable for legal reasons'), 'unavailable'],
  [477, '', 'quota-exhausted'],
  [500, json('boom'), 'internal'],
  [502, '<html><body>Bad gateway</body></html>', 'bad-gateway'],
  [503, '', 'unavailable'],
  [504, '', 'timeout'],
  [599, '', 'bad-gateway'],
] as const)('%d %s is %s', (status, body, kind) => {
  expect(error(status, body)).toMatchObject({ kind, upstream: { status } })
})

describe('477', () => {
  test('is an account without quota', () => {
    const plain = error(477, json('Quota exceeded'))
    expect(plain).toMatchObject({ kind: 'quota-exhausted', message: 'Quota exceeded', quotes: true })
    expect(plain.upstream).toEqual({ status: 477 })
    expect(error(477).message).toBe("the account's quota is used up")
  })

  test.each(['license suspension', '{"error":{"message":"Your account is SUSPENDED"}}', '{"reason":"suspended"}'])(
    'with %s is one that is out',
    body => {
      expect(error(477, body).upstream).toEqual({ status: 477, verdict: { state: 'suspended', reason: 'licence suspended (477)' } })
    },
  )

  test('is the only status whose words put an account out', () => {
    expect(error(403, 'license suspension').upstream).toEqual({ status: 403 })
  })
})

describe('what a client is shown', () => {
  test('are the words, wherever they stand', () => {
    for (const body of [json('no'), '{"error":{"message":"no"}}', '{"error":"no"}', '{"error_message":"no"}', '{"detail":"no"}', '"no"'])
      expect(error(400, body)).toMatchObject({ message: 'no', quotes: true })
    expect(error(400, 'plain words').message).toBe('the upstream answered with status 400: plain words')
    expect(error(400, '{"code":7}')).toMatchObject({ message: 'the upstream answered with status 400', quotes: false })
    expect(error(502, '<html><head><title>x</title></head><body>Bad gateway</body></html>').message).toBe(
      'the upstream answered with status 502: Bad gateway',
    )
  })

  test('holds no secret, and nothing of a refusal of credentials or a region', () => {
    const jwt = 'eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjF9.c2lnbmF0dXJl'
    expect(error(400, json(`bad ${jwt}`)).message).toBe('bad [redacted]')
    expect(error(401, json(`JWT of LIC123 expired`))).toMatchObject({ message: 'the upstream refused the credentials' })
    expect(error(451, json('203.0.113.7 is in XY'))).toMatchObject({
      message: 'the upstream does not serve the region of this gateway',
      shouldRetry: false,
    })
  })

  test('says when to come again', () => {
    expect(error(429, '', { 'retry-after': '7' }).retryAfterMs).toBe(7000)
  })
})

test('403 does not say whether it means the account', () => {
  expect(error(403, 'forbidden').upstream).toEqual({ status: 403 })
})

test('a whole body is never an answer', () => {
  const thrown = (body: Parameters<typeof upstream.decodeResponse>[0]): GatewayError => {
    try {
      upstream.decodeResponse(body, testContext())
    } catch (error) {
      if (error instanceof GatewayError) return error
    }
    throw new Error('nothing was thrown')
  }
  expect(thrown({ choices: [] })).toMatchObject({ kind: 'bad-gateway', upstream: {} })
  expect(thrown(null)).toMatchObject({ kind: 'bad-gateway' })
  expect(thrown({ message: 'broken' })).toMatchObject({ kind: 'bad-gateway', message: 'broken', quotes: true })
  expect(thrown({ error: { message: 'Quota exceeded' } })).toMatchObject({ kind: 'quota-exhausted' })
})
