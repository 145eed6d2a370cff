import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { type ErrorKind, GatewayError } from '../../../src/core/errors.ts'
import { rfc3339 } from '../../../src/core/timestamps.ts'
import { decodeError, encodeError, encodeStreamError } from '../../../src/dialects/anthropic/errors.ts'

describe('encode', () => {
  test.each<[ErrorKind, number, string]>([
    ['invalid-request', 400, 'invalid_request_error'],
    ['context-too-long', 400, 'invalid_request_error'],
    ['content-policy', 400, 'invalid_request_error'],
    ['authentication', 401, 'authentication_error'],
    ['billing', 402, 'billing_error'],
    ['permission', 403, 'permission_error'],
    ['model-not-found', 404, 'not_found_error'],
    ['conflict', 409, 'conflict_error'],
    ['too-large', 413, 'request_too_large'],
    ['rate-limit', 429, 'rate_limit_error'],
    ['quota-exhausted', 429, 'rate_limit_error'],
    ['internal', 500, 'api_error'],
    ['bad-gateway', 502, 'api_error'],
    ['unavailable', 503, 'overloaded_error'],
    ['timeout', 504, 'timeout_error'],
    ['overloaded', 529, 'overloaded_error'],
  ])('%s', (kind, status, type) => {
    const encoded = encodeError(new GatewayError(kind, 'prompt is too long: said'), 'req_1')
    expect(encoded).toEqual({ status, body: { type: 'error', error: { type, message: 'prompt is too long: said' }, request_id: 'req_1' } })
  })

  test('a context that is too long is said in the words Claude Code looks for', () => {
    expect(encodeError(new GatewayError('context-too-long', '9 tokens > 8'), 'r').body.error).toMatchObject({
      message: 'prompt is too long: 9 tokens > 8',
    })
  })

  test.each([
    [
      "This model's maximum context length is 8192 tokens. However, your messages resulted in 10000 tokens.",
      'prompt is too long: 10000 tokens > 8192 maximum',
    ],
    [
      "This model's maximum context length is 8192 tokens. However, you requested 9000 tokens (5000 in the messages, 4000 in the completion).",
      'input length and `max_tokens` exceed context limit: 5000 + 4000 > 8192, decrease input length or `max_tokens` and try again',
    ],
    ['Your input exceeds the context window of this model.', 'prompt is too long: Your input exceeds the context window of this model.'],
    ['Prompt is too long: 10,000, model maximum context length: 8191', 'prompt is too long: 10000 tokens > 8191 maximum'],
    ['prompt is too long: 20 tokens > 10 maximum', 'prompt is too long: 20 tokens > 10 maximum'],
    ['input length and `max_tokens` exceed context limit: 1 + 2 > 3', 'input length and `max_tokens` exceed context limit: 1 + 2 > 3'],
  ])('%s → %s', (message, told) => {
    expect(encodeError(new GatewayError('context-too-long', message), 'r').body.error).toMatchObject({ message: told })
  })

  test('candidates, with times that people can read', () => {
    const candidates = [
      { provider: 'p', account: 'a', state: 'cooling_down', reason: 'rate limit', until: 1_790_000_000_123 },
      { provider: 'p', account: 'b', state: 'disabled', reason: 'by hand' },
    ]
    expect(encodeError(new GatewayError('unavailable', 'nobody', { candidates }), 'r').body.error).toEqual({
      type: 'overloaded_error',
      message: 'nobody',
      candidates: [{ ...candidates[0], until: new Date(1_790_000_000_123).toISOString() }, candidates[1]] as never,
    })
  })

  test('within a stream', () => {
    const [frame] = encodeStreamError(new GatewayError('timeout', 'late'), 'req_2')
    expect(frame?.event).toBe('error')
    expect(JSON.parse(frame?.data ?? '')).toEqual({ type: 'error', error: { type: 'timeout_error', message: 'late' }, request_id: 'req_2' })
  })

  test.each<ErrorKind>(['authentication', 'permission'])('within a stream %s was ours, and is none of the client’s business', kind => {
    const [frame] = encodeStreamError(new GatewayError(kind, 'bad key sk-123'), 'req_2')
    expect(JSON.parse(frame?.data ?? '').error).toEqual({ type: 'api_error', message: 'the upstream refused our credentials' })
  })
})

describe('decode', () => {
  const decode = (status: number, type: string, message: string, headers: Record<string, string> = {}) =>
    decodeError(status, new Headers(headers), JSON.stringify({ type: 'error', error: { type, message }, request_id: 'req_body' }))

  test.each<[number, string, string, ErrorKind]>([
    [400, 'invalid_request_error', 'messages: bad', 'invalid-request'],
    [400, 'invalid_request_error', 'prompt is too long: 9 tokens > 8 maximum', 'context-too-long'],
    [400, 'invalid_request_error', 'input length and `max_tokens` exceed context limit: 1 + 2 > 3', 'context-too-long'],
    [400, 'invalid_request_error', 'Your credit balance is too low to access the API', 'billing'],
    [400, 'invalid_request_error', 'Output blocked by content filtering policy', 'content-policy'],
    [401, 'authentication_error', 'the upstream refused the credentials', 'authentication'],
    [402, 'billing_error', 'pay', 'billing'],
    [403, 'permission_error', 'no', 'permission'],
    [404, 'not_found_error', 'model: claude-nope', 'model-not-found'],
    [404, 'not_found_error', 'no such file', 'not-found'],
    [413, 'request_too_large', 'big', 'too-large'],
    [429, 'rate_limit_error', 'slow down', 'rate-limit'],
    [429, 'rate_limit_error', 'You have reached your specified API usage limits', 'quota-exhausted'],
    [500, 'api_error', 'oops', 'internal'],
    [502, 'api_error', 'oops', 'bad-gateway'],
    [503, 'overloaded_error', 'busy', 'overloaded'],
    [503, 'api_error', 'busy', 'unavailable'],
    [429, 'api_error', 'slow down', 'rate-limit'],
    [422, 'invalid_request_error', 'odd', 'unprocessable'],
    [529, 'overloaded_error', 'busy', 'overloaded'],
    [504, 'timeout_error', 'late', 'timeout'],
    [418, 'novel_error', 'tea', 'invalid-request'],
    [599, 'novel_error', 'odd', 'bad-gateway'],
  ])('%d %s %s → %s', (status, type, message, kind) => {
    expect(decode(status, type, message)).toMatchObject({ kind, message, upstream: { status, requestId: 'req_body' } })
  })

  test('headers: when to retry, whether, and whose request it was', () => {
    expect(
      decode(429, 'rate_limit_error', 'x', { 'retry-after': '12', 'request-id': 'req_head', 'x-should-retry': 'false' }),
    ).toMatchObject({
      retryAfterMs: 12_000,
      shouldRetry: false,
      upstream: { requestId: 'req_head' },
    })
    expect(decode(429, 'rate_limit_error', 'x', { 'retry-after': '12', 'retry-after-ms': '250' }).retryAfterMs).toBe(250)
    expect(decode(429, 'rate_limit_error', 'x', { 'retry-after': 'soon' }).retryAfterMs).toBeUndefined()
  })

  test('the field that the message begins with is the error’s, where it is one of a request', () => {
    const param = (message: string) => decode(400, 'invalid_request_error', message).param
    expect(param('max_tokens: 100000 > 64000, which is the maximum')).toBe('max_tokens')
    expect(param('messages.3.content.0.text: Field required')).toBe('messages.3.content.0.text')
    expect(param('thinking.enabled.budget_tokens: too small')).toBe('thinking.enabled.budget_tokens')
    expect(param('note: this is prose')).toBeUndefined()
    expect(param('prefill is not supported')).toBeUndefined()
    expect(decode(404, 'not_found_error', 'model: x').param).toBeUndefined()
  })

  test('whose account it is stays here', () => {
    const message =
      "would exceed your organization's rate limit (org: 7f8c5ee2-1d52-4a8e-9c7b-3d1f0a9b8c7d, model: m), workspace wrkspc_01AbC"
    expect(decode(429, 'rate_limit_error', message).message).toBe(
      "would exceed your organization's rate limit (org: [redacted], model: m), workspace [redacted]",
    )
  })

  test('a whole account in trouble', () => {
    expect(decode(403, 'permission_error', 'This organization has been disabled.').upstream?.speaksOfAccount).toBe(true)
    expect(decode(403, 'permission_error', 'not for this model').upstream?.speaksOfAccount).toBeUndefined()
    expect(
      decode(429, 'rate_limit_error', "would exceed your organization's rate limit of 50,000 tokens").upstream?.speaksOfAccount,
    ).toBeUndefined()
  })

  test('a page is told in a few words, without tags, scripts and addresses', () => {
    const page = `<html><head><title>x</title></head><body><script>secret()</script><h1>Bad gateway</h1> see https://internal.example/a?key=1 ${'word '.repeat(200)}</body></html>`
    const error = decodeError(502, new Headers(), page)
    expect(error.kind).toBe('bad-gateway')
    expect(error.message).toStartWith('the upstream answered with status 502: Bad gateway see [url] word word')
    expect(error.message.length).toBeLessThanOrEqual(300)
    expect(error.message).not.toMatch(/[<>]|https|secret|internal/)
    expect(decodeError(503, new Headers(), '').message).toBe('the upstream answered with status 503')
    expect(decodeError(500, new Headers(), '{"detail":"hush"}').message).toBe('the upstream answered with status 500')
    expect(decodeError(503, new Headers(), 'no healthy upstream at 10.1.2.3:80').message).toBe(
      'the upstream answered with status 503: no healthy upstream at',
    )
    expect(decodeError(502, new Headers(), 'key sk-ant-0123456789').message).not.toContain('0123456789')
    // What it says could repeat the conversation, so the records leave it out.
    expect(error.quotes).toBe(true)
  })
})

test('times are written as the platform writes them', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 253_402_300_799_999 }), ms => rfc3339(ms) === new Date(ms).toISOString()),
    { numRuns: 500 },
  )
})
