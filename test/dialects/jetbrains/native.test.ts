import { describe, expect, test } from 'bun:test'
import { anthropic } from '../../../src/dialects/anthropic/index.ts'
import type { Dialect } from '../../../src/dialects/dialect.ts'
import { behindJetbrains } from '../../../src/dialects/jetbrains/index.ts'
import { openaiChat } from '../../../src/dialects/openai-chat/index.ts'

const VENDORS: [string, Dialect, unknown][] = [
  ['anthropic', anthropic, { type: 'error', error: { type: 'overloaded_error', message: 'busy' } }],
  ['openai', openaiChat, { error: { message: 'busy', type: 'server_error', param: null, code: null } }],
]

describe.each(VENDORS)('%s behind JetBrains', (_, dialect, busy) => {
  const native = behindJetbrains(dialect)
  const errorOf = (status: number, body: unknown) =>
    native.upstream?.decodeError(status, new Headers(), typeof body === 'string' ? body : JSON.stringify(body))

  test('is the vendor’s but for its errors', () => {
    const { upstream, ...rest } = native
    const { upstream: vendors, ...vendorsRest } = dialect
    expect(rest).toEqual(vendorsRest)
    const { decodeError: _own, ...codec } = { ...upstream }
    const { decodeError: _vendors, ...vendorsCodec } = { ...vendors }
    expect(codec).toEqual(vendorsCodec)
  })

  test('reads what the service says as the service means it', () => {
    expect(errorOf(477, { message: 'Quota exceeded' })).toMatchObject({ kind: 'quota-exhausted', upstream: { status: 477 } })
    expect(errorOf(477, busy)).toMatchObject({ kind: 'quota-exhausted' })
    expect(errorOf(477, 'License suspension')).toMatchObject({ upstream: { verdict: { state: 'suspended' } } })
    expect(errorOf(451, busy)).toMatchObject({ kind: 'unavailable', shouldRetry: false })
    expect(errorOf(401, { message: 'The JWT is invalid' })).toMatchObject({ kind: 'authentication' })
    expect(errorOf(400, { message: 'Unsupported model x' })).toMatchObject({ kind: 'model-not-found' })
    expect(errorOf(400, { message: 'no good' })).toMatchObject({ kind: 'invalid-request', message: 'no good' })
  })

  test('reads what the vendor says as the vendor means it', () => {
    for (const status of [400, 429, 500, 529]) {
      const direct = dialect.upstream?.decodeError(status, new Headers(), JSON.stringify(busy))
      expect(errorOf(status, busy)).toMatchObject({ kind: direct?.kind, message: direct?.message })
    }
  })
})
