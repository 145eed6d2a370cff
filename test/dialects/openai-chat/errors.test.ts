import { describe, expect, test } from 'bun:test'
import { type ErrorDetails, type ErrorKind, GatewayError } from '../../../src/core/errors.ts'
import type { JsonObject } from '../../../src/core/json.ts'
import { errorOfBody } from '../../../src/dialects/openai-chat/upstream-error.ts'
import { client, upstream } from './context.ts'

describe('encodeError', () => {
  const encode = (kind: ErrorKind, details: ErrorDetails = {}) => {
    const { status, body } = client.encodeError(new GatewayError(kind, 'm', details), 'req_1')
    return [status, body.error] as [number, JsonObject]
  }

  const rows: [ErrorKind, number, string, string | null][] = [
    ['invalid-request', 400, 'invalid_request_error', null],
    ['context-too-long', 400, 'invalid_request_error', 'context_length_exceeded'],
    ['content-policy', 400, 'invalid_request_error', 'content_policy_violation'],
    ['authentication', 401, 'invalid_request_error', 'invalid_api_key'],
    ['billing', 402, 'insufficient_quota', 'insufficient_quota'],
    ['permission', 403, 'permission_error', 'permission_denied'],
    ['not-found', 404, 'invalid_request_error', null],
    ['model-not-found', 404, 'invalid_request_error', 'model_not_found'],
    ['method-not-allowed', 405, 'invalid_request_error', null],
    ['conflict', 409, 'invalid_request_error', null],
    ['too-large', 413, 'invalid_request_error', null],
    ['unsupported-media-type', 415, 'invalid_request_error', null],
    ['unprocessable', 422, 'invalid_request_error', null],
    ['rate-limit', 429, 'rate_limit_error', 'rate_limit_exceeded'],
    ['quota-exhausted', 429, 'insufficient_quota', 'insufficient_quota'],
    ['internal', 500, 'api_error', null],
    ['bad-gateway', 502, 'api_error', 'bad_gateway'],
    ['unavailable', 503, 'service_unavailable', 'service_unavailable'],
    ['timeout', 504, 'api_error', 'timeout'],
    ['overloaded', 503, 'service_unavailable', 'overloaded'],
    ['cancelled', 499, 'api_error', 'cancelled'],
  ]
  for (const [kind, status, type, code] of rows) {
    test(kind, () => expect(encode(kind)).toMatchObject([status, { message: 'm', type, code }]))
  }

  test('carries the field and code of the error itself', () => {
    expect(encode('invalid-request', { param: 'messages.0.role', code: 'invalid_value' })[1]).toEqual({
      message: 'm',
      type: 'invalid_request_error',
      param: 'messages.0.role',
      code: 'invalid_value',
    })
    expect(encode('model-not-found')[1].param).toBe('model')
    expect(encode('internal')[1].param).toBeNull()
  })

  test('lists the candidates where none could serve', () => {
    const candidate = { provider: 'P', account: 'P-1', state: 'cooling_down', reason: '429' }
    const [status, error] = encode('unavailable', { candidates: [{ ...candidate, until: 1_790_000_000_000 }, candidate] })
    expect([status, error.type, error.code]).toEqual([503, 'service_unavailable', 'no_account_available'])
    expect(error.candidates).toEqual([
      { ...candidate, until: '2026-09-21T14:13:20.000Z' },
      { ...candidate, until: null },
    ])
  })

  test.each([
    [
      'prompt is too long: 20000 tokens > 10000 maximum',
      "This model's maximum context length is 10000 tokens. However, your messages resulted in 20000 tokens. Please reduce the length of the messages.",
    ],
    [
      'input length and `max_tokens` exceed context limit: 5000 + 4000 > 8192, decrease input length or `max_tokens` and try again',
      "This model's maximum context length is 8192 tokens. However, you requested 9000 tokens (5000 in the messages, 4000 in the completion). Please reduce the length of the messages or completion.",
    ],
    ['too much', 'too much'],
  ])('%s → OpenAI’s words', (message, told) => {
    const { body } = client.encodeError(new GatewayError('context-too-long', message), 'req_1')
    expect(body.error).toEqual({ message: told, type: 'invalid_request_error', param: 'messages', code: 'context_length_exceeded' })
  })

  test.each<ErrorKind>(['authentication', 'permission'])('in a stream %s was ours, and is none of the client’s business', kind => {
    const [frame] = client.encodeStreamError(new GatewayError(kind, 'bad key sk-123'), 'req_1')
    expect(JSON.parse(frame?.data ?? '').error).toMatchObject({ type: 'api_error', message: 'the upstream refused our credentials' })
  })

  test('in a stream it is one frame, and nothing follows', () => {
    expect(client.encodeStreamError(new GatewayError('timeout', 'late'), 'req_1')).toEqual([
      { data: '{"error":{"message":"late","type":"api_error","param":null,"code":"timeout"}}' },
    ])
  })
})

describe('decodeError', () => {
  const decode = (status: number, body: JsonObject | string = '', headers: Record<string, string> = {}) =>
    upstream.decodeError(status, new Headers(headers), typeof body === 'string' ? body : JSON.stringify(body))
  const kind = (status: number, error: JsonObject | string) => decode(status, typeof error === 'string' ? error : { error }).kind

  test('by status where the body says nothing', () => {
    const kinds = Object.entries({
      400: 'invalid-request',
      401: 'authentication',
      402: 'billing',
      403: 'permission',
      404: 'not-found',
      405: 'method-not-allowed',
      408: 'timeout',
      409: 'conflict',
      413: 'too-large',
      415: 'unsupported-media-type',
      418: 'invalid-request',
      422: 'unprocessable',
      429: 'rate-limit',
      498: 'authentication',
      500: 'internal',
      502: 'bad-gateway',
      503: 'unavailable',
      504: 'timeout',
      520: 'bad-gateway',
      524: 'timeout',
      529: 'overloaded',
    })
    for (const [status, expected] of kinds) expect([status, decode(Number(status)).kind]).toEqual([status, expected as ErrorKind])
  })

  test('by what the body says', () => {
    expect(kind(400, { code: 'context_length_exceeded', message: 'x' })).toBe('context-too-long')
    expect(kind(400, { message: "This model's maximum context length is 8192 tokens." })).toBe('context-too-long')
    expect(kind(429, { code: 'insufficient_quota', message: 'You exceeded your current quota' })).toBe('quota-exhausted')
    expect(kind(404, { code: 'model_not_found', message: 'x' })).toBe('model-not-found')
    expect(kind(404, { message: 'The model `x` does not exist' })).toBe('model-not-found')
    expect(kind(400, { code: 'content_filter', message: 'x' })).toBe('content-policy')
    expect(kind(400, { status: 'INVALID_ARGUMENT', message: 'x', details: [{ reason: 'API_KEY_INVALID' }] })).toBe('authentication')
    expect(kind(503, { type: 'overloaded_error', message: 'x' })).toBe('overloaded')
    expect(kind(500, { message: 'a tool quoted rate_limit' })).toBe('internal')
    expect(kind(400, { message: 'Unsupported value', type: 'invalid_request_error' })).toBe('invalid-request')
  })

  test.each([
    'prompt is too long: 20 tokens > 10 maximum',
    "This model's maximum prompt length is 131072 but the request contains 150000 tokens.",
    'The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).',
    'the request exceeds the available context size. try increasing the context size',
    'Your input exceeds the context window of this model.',
    'Range of input length should be [1, 129024]',
    'Invalid request: Your request exceeded model token limit: 8192',
    "You passed 5001 input tokens and requested 16000 output tokens. However, the model's context length is only 20000 tokens, resulting in a maximum input length of 4000 tokens.",
  ])('a context that is too long: %s', words => {
    expect(kind(400, { message: words })).toBe('context-too-long')
    // The same words about a pace are about the pace.
    expect(kind(429, { message: words })).toBe('rate-limit')
  })

  test.each([
    'max_tokens exceeds the maximum number of output tokens',
    'max_tokens is too large: 100000. This model supports at most 16384 completion tokens',
  ])('an output limit alone is a field like any other: %s', words => {
    expect(kind(400, { message: words })).toBe('invalid-request')
  })

  test('without a status, by its type or code', () => {
    const kindOf = (error: JsonObject) => errorOfBody({ error }).kind
    expect(kindOf({ message: 'x', type: 'invalid_request_error', code: 'invalid_api_key' })).toBe('authentication')
    expect(kindOf({ message: 'x', type: 'authentication_error' })).toBe('authentication')
    expect(kindOf({ message: 'x', type: 'rate_limit_error' })).toBe('rate-limit')
    expect(kindOf({ message: 'x', type: 'insufficient_quota' })).toBe('quota-exhausted')
    expect(kindOf({ message: 'x', type: 'overloaded_error' })).toBe('overloaded')
    expect(kindOf({ message: 'x', type: 'server_error' })).toBe('bad-gateway')
    expect(kindOf({ message: 'x', code: 503 })).toBe('unavailable')
  })

  test('in any envelope', () => {
    for (const body of [
      '[{"error":{"message":"said","code":400}}]',
      '{"message":"said"}',
      '{"detail":"said"}',
      '{"detail":[{"msg":"said"}]}',
      '{"error":"said"}',
      '{"object":"error","message":"said"}',
    ]) {
      expect(decode(400, body).message).toBe('said')
    }
    expect(decode(400, { error: { message: 'm', param: 'max_tokens', code: 'unsupported_parameter' } })).toMatchObject({
      param: 'max_tokens',
      code: 'unsupported_parameter',
      upstream: { status: 400 },
    })
  })

  test('shows the caller no address, key or markup, and not too much', () => {
    const message = (text: string, status = 400) => decode(status, { error: { message: text } }).message
    expect(message('see https://platform.openai.com/account/api-keys.')).toBe('see [url]')
    expect(message('key sk-abcdef123456 of org-AbCdEf12345 and Bearer abc')).toBe('key [redacted] of [redacted] and [redacted]')
    expect(message('x'.repeat(1000)).length).toBe(300)
    expect(message('<!DOCTYPE html><title>502</title>', 502)).toBe('the upstream answered with status 502')
    for (const body of ['[]', '{"some":"JSON"}', ' ', '']) expect(decode(502, body).message).toBe('the upstream answered with status 502')
    expect(decode(502, '<html><body>nginx 10.0.0.1 <b>down</b></body></html>').message).toBe(
      'the upstream answered with status 502: nginx down',
    )
    expect(decode(503, 'no healthy upstream').message).toBe('the upstream answered with status 503: no healthy upstream')
    expect(decode(503, 'no healthy upstream').quotes).toBe(true)
    expect(message('Rate limit reached for gpt-4o in organization org-AbCdEfGhIjKlMnOpQr on tokens')).toBe(
      'Rate limit reached for gpt-4o in organization [redacted] on tokens',
    )
    expect(decode(401, { error: { message: 'Incorrect API key provided: sk-ab***yz' } }).message).toBe(
      'the upstream refused the credentials',
    )
    expect(decode(502, '<html>x</html>').cause).toBe('<html>x</html>')
  })

  test('tells when to come back', () => {
    const date = 'Sat, 21 Nov 2026 15:00:00 GMT'
    expect(decode(429, '', { 'retry-after': '7' }).retryAfterMs).toBe(7000)
    expect(decode(429, '', { 'retry-after': '7', 'retry-after-ms': '1500.4' }).retryAfterMs).toBe(1500)
    expect(decode(429, '', { 'retry-after': 'Sat, 21 Nov 2026 15:01:30 GMT', date }).retryAfterMs).toBe(90_000)
    expect(decode(429, '', { 'retry-after': 'Sat, 21 Nov 2026 15:01:30 GMT' }).retryAfterMs).toBeUndefined()
    expect(decode(429, '', { 'retry-after': 'soon' }).retryAfterMs).toBeUndefined()
    expect(decode(429, '[{"error":{"message":"m","details":[{"retryDelay":"12.5s"}]}}]').retryAfterMs).toBe(12_500)
    expect(decode(429).retryAfterMs).toBeUndefined()
  })

  test('passes on what the upstream says of itself', () => {
    const headers = { 'x-request-id': 'req_up', 'x-should-retry': 'false' }
    expect(decode(429, { error: { message: 'm', code: 'insufficient_quota' } }, headers)).toMatchObject({
      shouldRetry: false,
      upstream: { status: 429, requestId: 'req_up', speaksOfAccount: true },
    })
    expect(
      decode(429, { error: { message: 'Rate limit reached for gpt-4o in organization org-1 on tokens per min' } }).upstream
        ?.speaksOfAccount,
    ).toBe(false)
    expect(decode(403, { error: { message: 'Your account has been deactivated' } }).upstream?.speaksOfAccount).toBe(true)
  })
})
