import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { formatDuration, parseDuration, translateRateLimits } from '../../src/operations/rate-limit-headers.ts'

const NOW = Date.parse('2026-11-21T10:00:00Z')

const OPENAI = {
  'x-ratelimit-limit-requests': '10000',
  'x-ratelimit-remaining-requests': '9999',
  'x-ratelimit-reset-requests': '6m0s',
  'x-ratelimit-limit-tokens': '2000000',
  'x-ratelimit-remaining-tokens': '0',
  'x-ratelimit-reset-tokens': '1.5s',
}

const ANTHROPIC = {
  'anthropic-ratelimit-requests-limit': '10000',
  'anthropic-ratelimit-requests-remaining': '9999',
  'anthropic-ratelimit-requests-reset': '2026-11-21T10:06:00Z',
  'anthropic-ratelimit-tokens-limit': '2000000',
  'anthropic-ratelimit-tokens-remaining': '0',
  'anthropic-ratelimit-tokens-reset': '2026-11-21T10:00:02Z',
}

describe('rate limits', () => {
  test('of OpenAI for a client of Anthropic', () => {
    expect(translateRateLimits(new Headers(OPENAI), 'openai-chat', 'anthropic', NOW)).toEqual(ANTHROPIC)
  })

  test('of Anthropic for a client of OpenAI', () => {
    const translated = translateRateLimits(new Headers(ANTHROPIC), 'anthropic', 'openai-chat', NOW)
    expect(translated).toEqual({ ...OPENAI, 'x-ratelimit-reset-tokens': '2s' })
  })

  test('with no counterpart stay out, and so does everything else', () => {
    const headers = new Headers({
      'anthropic-ratelimit-input-tokens-limit': '5',
      'anthropic-ratelimit-unified-status': 'allowed',
      'anthropic-organization-id': 'org',
      'anthropic-ratelimit-tokens-limit': 'many',
      'anthropic-ratelimit-tokens-reset': 'tomorrow',
      'set-cookie': 'a=b',
    })
    expect(translateRateLimits(headers, 'anthropic', 'openai-chat', NOW)).toEqual({})
    const odd = new Headers({ 'x-ratelimit-reset-tokens': '1763719200000', 'openai-organization': 'o' })
    expect(translateRateLimits(odd, 'openai-chat', 'anthropic', NOW)).toEqual({})
  })

  test('are the same to clients of both dialects of OpenAI', () => {
    const translated = translateRateLimits(new Headers(ANTHROPIC), 'anthropic', 'openai-responses', NOW)
    expect(translated).toEqual({ ...OPENAI, 'x-ratelimit-reset-tokens': '2s' })
    expect(translateRateLimits(new Headers(OPENAI), 'openai-responses', 'openai-chat', NOW)).toEqual({})
  })

  test('are not translated within a dialect', () => {
    expect(translateRateLimits(new Headers(OPENAI), 'openai-chat', 'openai-chat', NOW)).toEqual({})
  })

  test('that were over long ago reset now', () => {
    const headers = new Headers({ 'anthropic-ratelimit-tokens-reset': '2020-01-01T00:00:00Z' })
    expect(translateRateLimits(headers, 'anthropic', 'openai-chat', NOW)).toEqual({ 'x-ratelimit-reset-tokens': '0ms' })
  })
})

test.each<[string, number | undefined]>([
  ['120ms', 120],
  ['6m0s', 360_000],
  ['1h2m3.5s', 3_723_500],
  ['1d', 86_400_000],
  ['59.14', 59_140],
  ['0', 0],
  ['', undefined],
  ['soon', undefined],
  ['1s soon', undefined],
  ['99999999d', undefined],
  ['400d', 34_560_000_000],
  ['401d', undefined],
  ['1s'.repeat(21), undefined],
  ['2026-11-21T10:00:00Z', undefined],
])('the duration %j is %p ms', (text, ms) => {
  expect(parseDuration(text)).toBe(ms)
})

test('durations come back as they went, to a tenth of a second', () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: 90_000_000 }), ms => Math.abs((parseDuration(formatDuration(ms)) ?? -1000) - ms) <= 50))
  expect([0, 999, 1000, 61_000, 3_600_000].map(formatDuration)).toEqual(['0ms', '999ms', '1s', '1m1s', '1h0m0s'])
})
