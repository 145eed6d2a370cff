import { describe, expect, test } from 'bun:test'
import { apiBaseOf } from '../../../src/accounts/qwen/api-base.ts'
import { parseCredentialsFile, readQwenCredential, secretsOf } from '../../../src/accounts/qwen/credential.ts'
import { GatewayError } from '../../../src/core/errors.ts'
import type { JsonObject, JsonValue } from '../../../src/core/json.ts'

const WHOLE = {
  access_token: 'at-very-secret',
  refresh_token: 'rt-very-secret',
  token_type: 'Bearer',
  resource_url: 'portal.qwen.ai',
  expiry_date: 1_795_264_960_105,
}

function refusal(value: JsonValue, path = 'credential'): string {
  try {
    readQwenCredential(value, path)
  } catch (error) {
    if (error instanceof GatewayError) return `${error.kind} ${error.param} ${error.message}`
  }
  throw new Error('it was taken')
}

describe('a credential', () => {
  test('is read as the CLI writes it', () => {
    expect(readQwenCredential({ ...WHOLE, id_token: 'x' })).toEqual(WHOLE)
  })

  test('of CLIProxyAPI has its end as a date, and leaves the e-mail address behind', () => {
    const { expiry_date: _, token_type, ...rest } = WHOLE
    const file = {
      ...rest,
      last_refresh: '2026-04-01T06:00:00Z',
      email: 'x@example.com',
      type: 'qwen',
      expired: '2026-04-01T14:00:00+08:00',
    }
    expect(readQwenCredential(file)).toEqual({ ...rest, token_type, expiry_date: Date.UTC(2026, 3, 1, 6) })
  })

  test('that is a raw token response is renewed before it is used', () => {
    const { expiry_date: _, ...rest } = WHOLE
    const raw = { status: 'success', ...rest, expires_in: 21_600, scope: 'openid' }
    expect(readQwenCredential(raw)).toEqual({ ...rest, expiry_date: 0 })
  })

  test('may name where it is served by another name, or not at all', () => {
    const { resource_url: _, ...rest } = WHOLE
    expect(readQwenCredential({ ...rest, endpoint: 'https://x.example/v1' })).toEqual({ ...rest, resource_url: 'https://x.example/v1' })
    expect(readQwenCredential({ ...rest, resource_url: '' })).toEqual(rest)
  })

  test('is taken as it is pasted', () => {
    expect(readQwenCredential({ ...WHOLE, access_token: ' Bearer at-very-secret\n' }).access_token).toBe('at-very-secret')
  })

  const wrong: [change: JsonObject, message: string][] = [
    [{ access_token: undefined }, 'invalid-request credential.access_token credential.access_token: is required'],
    [{ refresh_token: '' }, 'invalid-request credential.refresh_token credential.refresh_token: is required'],
    [
      { refresh_token: 'with blanks' },
      'invalid-request credential.refresh_token credential.refresh_token: holds blanks or characters that no token has',
    ],
    [{ access_token: 5 }, 'invalid-request credential.access_token credential.access_token: must be a string, not a number'],
    [{ expiry_date: 'soon' }, 'invalid-request credential.expiry_date credential.expiry_date: must be a number, not a string'],
    [{ expiry_date: -1 }, 'invalid-request credential.expiry_date credential.expiry_date: must be at least 0'],
    [{ resource_url: 'ftp://x' }, 'invalid-request credential.resource_url credential.resource_url: is no host and no URL'],
  ]
  for (const [change, message] of wrong) {
    test(`with ${JSON.stringify(change)} is refused by name`, () => expect(refusal({ ...WHOLE, ...change })).toBe(message))
  }

  test('that is no object is refused', () => expect(refusal('text')).toContain('must be an object'))

  test('names its secrets', () => {
    expect(secretsOf(WHOLE)).toEqual(['at-very-secret', 'rt-very-secret'])
    expect(secretsOf({ problem: 'is gone' })).toEqual([])
  })
})

describe("a file's content", () => {
  test('is taken by the rules of the CLI', () => {
    expect(parseCredentialsFile({ ...WHOLE, id_token: 'x' })).toEqual(WHOLE)
    const { resource_url: _, ...rest } = WHOLE
    expect(parseCredentialsFile({ ...rest, resource_url: 7 })).toEqual(rest)
  })

  const absent: [content: JsonValue, problem: string][] = [
    [[], 'is no JSON object'],
    ['text', 'is no JSON object'],
    [{ ...WHOLE, access_token: '' }, 'has no access_token'],
    [{ ...WHOLE, refresh_token: undefined } as JsonObject, 'has no refresh_token'],
    [{ ...WHOLE, token_type: 1 }, 'has no token_type'],
    [{ ...WHOLE, expiry_date: 0 }, 'has no expiry_date'],
    [{ ...WHOLE, expiry_date: '1795264960105' }, 'has no expiry_date'],
    [{ ...WHOLE, access_token: 'a\r\nx: y' }, 'holds a token with blanks or characters that no token has'],
  ]
  for (const [content, problem] of absent) {
    test(`${JSON.stringify(content)} is none`, () => expect(parseCredentialsFile(content)).toEqual({ problem }))
  }
})

describe('the API of a resource_url', () => {
  const bases: [resourceUrl: string | undefined, base: string | undefined][] = [
    [undefined, 'https://portal.qwen.ai/v1'],
    [' ', 'https://portal.qwen.ai/v1'],
    ['portal.qwen.ai', 'https://portal.qwen.ai/v1'],
    ['portal.qwen.ai/', 'https://portal.qwen.ai/v1'],
    ['portal.qwen.ai/v1/', 'https://portal.qwen.ai/v1'],
    ['https://portal.qwen.ai//v1//', 'https://portal.qwen.ai/v1'],
    ['httpbin.example', 'https://httpbin.example/v1'],
    ['http://127.0.0.1:4010', 'http://127.0.0.1:4010/v1'],
    ['localhost:4010', 'https://localhost:4010/v1'],
    ['https://x.example/some/api', 'https://x.example/some/api/v1'],
    ['dashscope.aliyuncs.com', 'https://dashscope.aliyuncs.com/compatible-mode/v1'],
    ['https://dashscope-intl.aliyuncs.com/', 'https://dashscope-intl.aliyuncs.com/compatible-mode/v1'],
    ['cn-hongkong.dashscope.aliyuncs.com', 'https://cn-hongkong.dashscope.aliyuncs.com/compatible-mode/v1'],
    ['https://dashscope.aliyuncs.com/compatible-mode/v1', 'https://dashscope.aliyuncs.com/compatible-mode/v1'],
    ['dashscope.aliyuncs.com.evil.example', 'https://dashscope.aliyuncs.com.evil.example/v1'],
    ['javascript://x', undefined],
    ['no host', undefined],
    ['https://user:pass@x.example', undefined],
  ]
  for (const [resourceUrl, base] of bases) {
    test(`${resourceUrl} is ${base}`, () => expect(apiBaseOf(resourceUrl)).toBe(base))
  }
})
