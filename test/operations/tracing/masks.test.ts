import { describe, expect, test } from 'bun:test'
import { headerLines, maskKept, maskText, maskUrl, secretsIn } from '../../../src/operations/tracing/masks.ts'

const JWT = `eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJjYW5hcnkifQ.${'s'.repeat(20)}TAIL`

describe('headers', () => {
  test.each([
    ['authorization', 'Bearer canary-secret-1234', 'authorization: Bearer …1234', 'canary-secret-1234'],
    ['proxy-authorization', 'Basic Y2FuYXJ5OnB3NTY=', 'proxy-authorization: Basic …NTY=', 'Y2FuYXJ5OnB3NTY='],
    ['x-api-key', 'canary-secret-1234', 'x-api-key: …1234', 'canary-secret-1234'],
    ['api-key', 'canary-secret-1234', 'api-key: …1234', 'canary-secret-1234'],
    ['x-goog-api-key', 'short', 'x-goog-api-key: …', 'short'],
    ['grazie-authenticate-jwt', JWT, 'grazie-authenticate-jwt: …TAIL', JWT],
    ['cookie', 'session=canary-secret', 'cookie: …cret', 'session=canary-secret'],
    ['set-cookie', 'session=canary-secret', 'set-cookie: …cret', 'session=canary-secret'],
    ['x-amz-security-token', 'canary-secret-1234', 'x-amz-security-token: …1234', 'canary-secret-1234'],
  ])('%s is masked, and its value remembered', (name, value, line, secret) => {
    expect(headerLines([[name, value]])).toEqual([line])
    expect(secretsIn([[name, value]])).toEqual([secret])
  })

  test.each([
    'content-type',
    'x-ratelimit-remaining-tokens',
    'anthropic-ratelimit-input-tokens-limit',
    'user-agent',
    'anthropic-beta',
    'x-dashscope-authtype',
  ])('%s is shown', name => {
    expect(headerLines([[name, 'application/json']])).toEqual([`${name}: application/json`])
    expect(secretsIn([[name, 'application/json']])).toEqual([])
  })
})

describe('addresses', () => {
  test.each([
    ['https://api.example.com/v1/chat?beta=true', 'https://api.example.com/v1/chat?beta=true'],
    [
      'https://me:canary@api.example.com/v1?api-version=1&key=canary&access_token=canary',
      'https://…@api.example.com/v1?api-version=1&key=…&access_token=…',
    ],
    ['/v1/messages?beta=true&api_key=canary', '/v1/messages?beta=true&api_key=…'],
    ['/v1/messages', '/v1/messages'],
  ])('%s', (url, shown) => {
    expect(maskUrl(url)).toBe(shown)
  })
})

describe('texts', () => {
  test.each([
    ['a known secret', 'it said canary-known-0001.', 'it said …0001.'],
    ['one within another', 'canary-known-0001-and-more-0002', '…0002'],
    ['a bearer token', 'curl -H "Authorization: Bearer abc.def-123456" x', 'curl -H "Authorization: Bearer …3456" x'],
    ['a JWT', `token ${JWT}!`, 'token …TAIL!'],
    ['an API key', 'use sk-ant-api03-canary_canary-WXYZ', 'use …WXYZ'],
    ['a member of JSON', '{"access_token": "canary canary 12", "token": "Hello"}', '{"access_token": "…y 12", "token": "Hello"}'],
    [
      'JSON within JSON',
      String.raw`{"arguments":"{\"password\":\"hunter2\",\"x\":1}"}`,
      '{"arguments":"{\\"password\\":\\"…\\",\\"x\\":1}"}',
    ],
    [
      'nothing else',
      'The bearer of eyJ, sk-8 and "password": {"type": "string"}',
      'The bearer of eyJ, sk-8 and "password": {"type": "string"}',
    ],
  ])('%s', (_, text, masked) => {
    expect(maskText(text, ['canary-known-0001', 'canary-known-0001-and-more-0002', 'it', 'use'])).toBe(masked)
  })

  test.each(['eyJ-', '\\', ' ', 'Bearer ', '"api_key":', 'sk-', '"'])('a megabyte of %j takes no time', piece => {
    const text = piece.repeat(1_000_000 / piece.length)
    const before = performance.now()
    maskText(text, [])
    expect(performance.now() - before).toBeLessThan(3000)
  })
})

describe('what is next to a cut', () => {
  test('is left out as far as it can be half of a secret', () => {
    const kept = maskKept({ head: '{"a":"words and canary-sec', tail: 'ret-0001","b":"more"}', cut: 100 }, [])
    expect(kept).toEqual({ head: '{"a":"words and ', tail: ',"b":"more"}', cut: 100 + 10 + 9 })
  })

  test('is left out where its name is in the part that is missing', () => {
    expect(maskKept({ head: '', tail: 'word":"canary secret","b":1}', cut: 1 }, []).tail).toBe(',"b":1}')
    expect(maskKept({ head: '', tail: ' canary-secret-after-bearer\nnext', cut: 1 }, []).tail).toBe('\nnext')
  })

  test('costs a text without any words no more than a secret is long', () => {
    const kept = maskKept({ head: 'x'.repeat(10_000), tail: 'y'.repeat(10_000), cut: 1 }, [])
    expect([kept.head.length, kept.tail.length, kept.cut]).toEqual([1808, 1808, 1 + 2 * 8192])
  })

  test('is masked before more is cut', () => {
    const secret = 'canary-known-0001'
    const kept = maskKept({ head: `${secret}/`.repeat(3000), tail: `/${secret}`.repeat(3000), cut: 1 }, [secret])
    expect([kept.head.length, kept.tail.length]).toEqual([3000 * 6 - 8192, 3000 * 6 - 8192])
    expect(kept.head + kept.tail).toMatch(/^[…/01]+$/)
  })

  test('stays where nothing is cut', () => {
    expect(maskKept({ head: 'all of it', tail: '', cut: 0 }, [])).toEqual({ head: 'all of it', tail: '', cut: 0 })
  })
})
