import { describe, expect, test } from 'bun:test'
import { GatewayError } from '../../src/core/errors.ts'
import { openaiChat } from '../../src/dialects/openai-chat/index.ts'
import { createMakeContext } from '../../src/operations/context.ts'
import { quotesSecret, withoutSecrets } from '../../src/operations/redact.ts'
import { PassThroughRelay } from '../../src/operations/relay.ts'
import { FakeClock } from '../support/fake-clock.ts'

const KEY = 'plain-upstream-key-4711'
const SECRETS = [KEY, 'ab']

describe('a secret of ours in what an upstream says', () => {
  test('is found, unless it is too short to be one or there is none', () => {
    expect(quotesSecret(SECRETS, `Incorrect key ${KEY}.`)).toBe(true)
    expect(quotesSecret(SECRETS, 'Incorrect key.')).toBe(false)
    expect(quotesSecret(['key'], 'the key')).toBe(false)
    expect(quotesSecret([], KEY)).toBe(false)
    expect(quotesSecret([], 'Limit reached in organization org-abcdefghijklmnop1234')).toBe(true)
  })

  test('leaves the message, with all else kept', () => {
    const error = withoutSecrets(
      SECRETS,
      new GatewayError('rate-limit', `${KEY} is over its limit`, { retryAfterMs: 5, upstream: { status: 429 } }),
    )
    expect(error.message).toBe('[redacted] is over its limit')
    expect({ kind: error.kind, retryAfterMs: error.retryAfterMs, upstream: error.upstream }).toEqual({
      kind: 'rate-limit',
      retryAfterMs: 5,
      upstream: { status: 429 },
    })
  })

  test('does not go through in an error frame of the same dialect', () => {
    const { client, passThrough } = openaiChat
    if (!client || !passThrough) throw new Error('the dialect has both sides')
    const context = createMakeContext(new FakeClock(), { next: prefix => `${prefix}1` })([], false)
    const open = () => passThrough.open({ stripUsage: false, repair: true }, context)
    const frame = (text: string) =>
      new TextEncoder().encode(`data: {"error":{"message":"${text}","type":"server_error","param":null,"code":null}}\n\n`)
    const relay = new PassThroughRelay(open(), client, 'req_1', SECRETS)
    const out = relay.push(frame(`no quota for ${KEY}`))
    expect(String(out)).toContain('no quota for [redacted]')
    expect(String(out)).not.toContain(KEY)
    const other = frame('no quota')
    expect(new PassThroughRelay(open(), client, 'req_1', SECRETS).push(other)).toBe(other)
  })
})
