import { describe, expect, test } from 'bun:test'
import type { GatewayError } from '../../../src/core/errors.ts'
import type { UpstreamTraits } from '../../../src/dialects/dialect.ts'
import { VENDORS } from '../../../src/routing/vendors.ts'
import { bodyOf, ERRORS, type ErrorName } from '../../simulators/qwen/errors.ts'
import { upstream } from './context.ts'

const QWEN: UpstreamTraits = VENDORS.qwen
const MINUTE = 60_000

function read(name: ErrorName, traits: UpstreamTraits = QWEN, headers: Record<string, string> = {}): GatewayError {
  const body = bodyOf(ERRORS[name])
  return upstream.decodeError(ERRORS[name].status, new Headers(headers), typeof body === 'string' ? body : JSON.stringify(body), traits)
}

const throttled = { kind: 'rate-limit', retryAfterMs: MINUTE, upstream: { speaksOfAccount: false } }
const usedUp = (fault: object) => ({
  kind: 'quota-exhausted',
  retryAfterMs: undefined,
  upstream: { speaksOfAccount: true, verdict: { state: 'exhausted' }, ...fault },
})
const walled = { kind: 'unavailable', quotes: false, message: "the upstream's firewall turned the request away" }
const slow = {
  kind: 'timeout',
  message: expect.stringContaining('smaller context'),
  upstream: { maybeExecuted: true, finalBeyond: 100_000 },
}

const ROWS: Record<ErrorName, object> = {
  'token-expired': { kind: 'authentication', upstream: { status: 401 } },
  'incorrect-key': { kind: 'authentication' },
  'plan-key': { kind: 'authentication', upstream: { status: 403 } },
  'free-quota': usedUp({ resets: 'day-utc8' }),
  'free-quota-403': usedUp({ resets: 'day-utc8', status: 403 }),
  'token-limit': throttled,
  'allocation-quota': throttled,
  'rate-quota': throttled,
  tpm: throttled,
  'bare-429': throttled,
  'bad-request': { kind: 'invalid-request', message: 'bad request', code: 'invalid_parameter_error' },
  'unknown-model': { kind: 'model-not-found', upstream: { status: 400, retell: true } },
  'input-too-long': { kind: 'context-too-long', message: expect.stringContaining('[1, 983616]'), upstream: { retell: true } },
  'max-tokens': { kind: 'invalid-request', param: 'max_tokens', message: expect.stringContaining('[1, 65536]') },
  inspection: { kind: 'content-policy', upstream: { retell: true } },
  'timeout-504': slow,
  'plan-hour': usedUp({ verdict: { state: 'exhausted', forMs: 60 * MINUTE } }),
  'plan-week': usedUp({ resets: 'week-utc8' }),
  'plan-month': usedUp({ resets: 'day-utc8' }),
  'wrong-path': { kind: 'not-found' },
  arrears: { kind: 'billing', upstream: { speaksOfAccount: true } },
  'arrears-403': { kind: 'billing' },
  'waf-403': walled,
  'waf-405': walled,
  'html-504': slow,
}

test.each(Object.entries(ROWS) as [ErrorName, object][])('%s', (name, expected) => {
  expect(read(name)).toMatchObject(expected)
})

describe('two errors that share their code', () => {
  test('are told apart by the message, in any case', () => {
    const error = { code: 'insufficient_quota', type: 'insufficient_quota' }
    const kind = (message: string, traits = QWEN) =>
      upstream.decodeError(429, new Headers(), JSON.stringify({ error: { ...error, message } }), traits).kind
    expect(kind('FREE ALLOCATED QUOTA EXCEEDED')).toBe('quota-exhausted')
    expect(kind('You exceeded your current quota, please check your plan and billing details.')).toBe('rate-limit')
    expect(kind('Something new')).toBe('rate-limit')
  })
})

test('a time that the upstream names holds', () => {
  expect(read('tpm', QWEN, { 'retry-after': '7' }).retryAfterMs).toBe(7000)
  expect(read('bare-429', QWEN, { 'retry-after-ms': '1500' }).retryAfterMs).toBe(1500)
})

describe('other servers', () => {
  const OPENAI: UpstreamTraits = VENDORS.openai

  test('mean their own words as before', () => {
    expect(read('bare-429', OPENAI)).toMatchObject({ kind: 'rate-limit', retryAfterMs: undefined })
    const message = 'You exceeded your current quota, please check your plan and billing details. Read https://platform.example/errors.'
    const body = JSON.stringify({ error: { message, type: 'insufficient_quota', code: 'insufficient_quota' } })
    expect(upstream.decodeError(429, new Headers(), body, OPENAI)).toMatchObject({
      kind: 'quota-exhausted',
      upstream: { speaksOfAccount: true },
    })
    expect(read('waf-403', OPENAI).kind).toBe('permission')
    expect(read('waf-405', OPENAI).kind).toBe('method-not-allowed')
    expect(read('html-504', OPENAI).upstream?.finalBeyond).toBeUndefined()
    const throttling = JSON.stringify({ error: { message: 'ThrottlingException: Throttling by the cloud' } })
    expect(upstream.decodeError(429, new Headers(), throttling, OPENAI).retryAfterMs).toBeUndefined()
    const missing = JSON.stringify({ error: { message: 'model `x` is not supported', code: 'unsupported' } })
    expect(upstream.decodeError(400, new Headers(), missing, OPENAI).kind).toBe('invalid-request')
  })

  test('that quote words which only Alibaba has, as one does in front of it, mean what it means', () => {
    const alike: ErrorName[] = [
      'free-quota',
      'token-limit',
      'allocation-quota',
      'tpm',
      'unknown-model',
      'max-tokens',
      'arrears',
      'timeout-504',
      'plan-week',
    ]
    for (const name of alike) expect(read(name, {})).toMatchObject(ROWS[name])
  })

  test("know the firewall by its page's own marks", () => {
    const page = '<!doctypehtml><html><head><meta name="aliyun_waf_aa" content="x"></head><body></body></html>'
    expect(upstream.decodeError(405, new Headers(), page, {})).toMatchObject(walled)
  })
})

test('nothing of an account, a key or an address is quoted', () => {
  for (const name of ['token-limit', 'incorrect-key'] as const) expect(read(name).message).not.toContain('aliyun')
})
