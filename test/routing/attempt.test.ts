import { describe, expect, test } from 'bun:test'
import { type ErrorKind, GatewayError } from '../../src/core/errors.ts'
import { release } from '../../src/routing/attempt.ts'
import { paperProvider } from './providers.ts'
import { fault, Script } from './script.ts'

const one = () => [paperProvider('a')]
const two = () => [paperProvider('a'), paperProvider('b')]

describe('the order of attempts', () => {
  test('is the targets’, and each one’s accounts in turn', async () => {
    const script = new Script([paperProvider('a', {}, 2), paperProvider('b')], {
      'a-1': [fault('bad-gateway', 500)],
      'a-2': [fault('authentication', 401)],
      'b-1': ['ok'],
    })
    const { value, lease } = await script.attempt()
    expect(value).toBe('from b-1')
    expect(script.outcomes()).toEqual(['a-1 bad gateway 500', 'a-2 authentication 401', 'b-1 ok 200'])
    expect(script.inFlight()).toEqual([0, 0, 1])
    expect(script.accounts.map(({ served }) => served)).toEqual([0, 0, 1])
    release(lease)
    expect(script.inFlight()).toEqual([0, 0, 0])
  })

  test('skips what is cooling down or full, saying so', async () => {
    const providers = [paperProvider('a'), paperProvider('b', { maxConcurrent: 1 }), paperProvider('c')]
    const script = new Script(providers, { 'a-1': [fault('rate-limit', 429, { retryAfterMs: 60_000 })], 'b-1': ['ok'], 'c-1': ['ok'] })
    await script.attempt()
    expect(script.trail.skipped).toEqual([])
    expect((await script.attempt()).value).toBe('from c-1')
    expect(script.trail.skipped).toEqual([
      { provider: 'a', account: 'a-1', state: 'cooling_down', reason: 'rate limited (429)', until: script.clock.now() + 60_000 },
      { provider: 'b', account: 'b-1', state: 'active', reason: 'at its limit of 1 requests at once', until: undefined },
    ])
  })

  test.each<ErrorKind>([
    'authentication',
    'permission',
    'billing',
    'quota-exhausted',
    'rate-limit',
    'model-not-found',
    'not-found',
    'timeout',
    'conflict',
    'overloaded',
  ])('goes on after %s', async kind => {
    const script = new Script(two(), { 'a-1': [fault(kind, 499)], 'b-1': ['ok'] })
    expect((await script.attempt()).value).toBe('from b-1')
  })
})

describe('what ends a request at once', () => {
  test.each<ErrorKind>([
    'invalid-request',
    'context-too-long',
    'content-policy',
    'too-large',
    'unprocessable',
    'method-not-allowed',
    'unsupported-media-type',
  ])('%s: the caller’s fault, and no verdict against the account', async kind => {
    const error = fault(kind, 400)
    const script = new Script(two(), { 'a-1': [error] })
    expect(await script.failure()).toBe(error)
    expect(script.called).toEqual(['a-1'])
    expect(script.inFlight()).toEqual([0, 0])
    expect(script.accounts[0]?.health.unavailable('m', script.clock.now())).toBeUndefined()
  })

  test('our own mistake, which no account answers for', async () => {
    for (let round = 0; round < 5; round++) {
      const script = new Script(two(), { 'a-1': [new TypeError('bug')] })
      expect(await script.failure()).toMatchObject({ kind: 'internal', message: 'internal error' })
      expect(script.called).toEqual(['a-1'])
      expect(script.accounts[0]?.health.summary(script.clock.now())).toBeUndefined()
    }
  })

  test('a probe answered with the caller’s fault proves the account', async () => {
    const script = new Script(one(), { 'a-1': [fault('rate-limit', 429, { retryAfterMs: 5000 }), fault('invalid-request', 400), 'ok'] })
    await script.failure()
    script.clock.advance(5000)
    expect((await script.failure()).kind).toBe('invalid-request')
    const { value } = await script.attempt()
    expect(value).toBe('from a-1')
  })
})

describe('a second chance', () => {
  test('is one, at the first place that may recover, after a short pause', async () => {
    const script = new Script(two(), { 'a-1': [fault('timeout')], 'b-1': [fault('overloaded', 529)] })
    const before = script.clock.now()
    expect((await script.failure()).kind).toBe('bad-gateway')
    expect(script.called).toEqual(['a-1', 'b-1', 'b-1'])
    expect(script.clock.now() - before).toBeWithin(150, 400)
    expect(script.inFlight()).toEqual([0, 0])
  })

  test('may succeed', async () => {
    const script = new Script(one(), { 'a-1': [fault('bad-gateway', 502), 'ok'] })
    const attempt = script.attempt()
    await script.clock.tick(0)
    await script.clock.tick(400)
    expect((await attempt).value).toBe('from a-1')
    expect(script.outcomes()).toEqual(['a-1 bad gateway 502', 'a-1 ok 200'])
    expect(script.inFlight()).toEqual([1])
  })

  test('waits for a rate limit that ends within a second', async () => {
    const script = new Script(one(), { 'a-1': [fault('rate-limit', 429, { retryAfterMs: 800 }), 'ok'] })
    const attempt = script.attempt()
    await script.clock.tick(0)
    await script.clock.tick(790)
    expect(script.called).toHaveLength(1)
    await script.clock.tick(20)
    expect((await attempt).value).toBe('from a-1')
  })

  test.each([
    ['a longer rate limit', fault('rate-limit', 429, { retryAfterMs: 1001 })],
    ['a rate limit without end', fault('rate-limit', 429)],
    ['a refused credential', fault('authentication', 401)],
    ['a timeout', fault('timeout')],
    ['an upstream that says not to', fault('unavailable', 503, { shouldRetry: false })],
  ])('is not given after %s', async (_, error) => {
    const script = new Script(one(), { 'a-1': [error] })
    await script.failure()
    expect(script.called).toEqual(['a-1'])
  })

  test('is not taken from an account that has tripped meanwhile', async () => {
    const script = new Script(one(), { 'a-1': [fault('bad-gateway', 500)] })
    for (let request = 0; request < 3; request++) await script.failure()
    // Two tries for each of the first two requests, which count once each; with the third the account is out.
    expect(script.called).toHaveLength(5)
    expect(script.trail.skipped.at(-1)).toMatchObject({ account: 'a-1', reason: 'failing (500)' })
  })
})

describe('a client that leaves', () => {
  test('between two attempts stops there', async () => {
    const script = new Script(two(), { 'a-1': [fault('bad-gateway', 500)], 'b-1': ['ok'] })
    queueMicrotask(() => script.controller.abort())
    expect((await script.failure()).kind).toBe('cancelled')
    expect(script.called).toEqual(['a-1'])
  })

  test('during the wait for a second chance ends it at once', async () => {
    const script = new Script(one(), { 'a-1': [fault('rate-limit', 429, { retryAfterMs: 900 })] })
    const attempt = script.attempt()
    await script.clock.tick(0)
    script.controller.abort()
    await expect(attempt).rejects.toMatchObject({ kind: 'cancelled' })
    expect(script.clock.waiting).toBe(0)
  })

  test('leaves the account as it was', async () => {
    const script = new Script(one(), { 'a-1': [new GatewayError('cancelled', 'the client went away')] })
    expect((await script.failure()).kind).toBe('cancelled')
    expect(script.outcomes()).toEqual(['a-1 cancelled'])
    expect(script.inFlight()).toEqual([0])
    expect(script.accounts[0]?.health.unavailable('m', script.clock.now())).toBeUndefined()
  })
})

describe('when every target failed', () => {
  test('all rate limits: 429 with the earliest end', async () => {
    const script = new Script(two(), {
      'a-1': [fault('rate-limit', 429, { retryAfterMs: 60_000 })],
      'b-1': [fault('rate-limit', 429, { retryAfterMs: 20_000 })],
    })
    expect(await script.failure()).toMatchObject({ kind: 'rate-limit', retryAfterMs: 20_000 })
  })

  test('what else comes with a 429 is a rate limit like the others', async () => {
    const script = new Script(two(), { 'a-1': [fault('rate-limit', 429)], 'b-1': [fault('overloaded', 429)] })
    expect((await script.failure()).kind).toBe('rate-limit')
  })

  test.each([
    [[false, false], false],
    [[false, true], undefined],
    [[undefined, false], undefined],
  ])('rate limits of which the upstreams say %p to a retry', async ([first, second], told) => {
    const script = new Script(two(), {
      'a-1': [fault('rate-limit', 429, { shouldRetry: first })],
      'b-1': [fault('rate-limit', 429, { shouldRetry: second })],
    })
    const { kind, shouldRetry } = await script.failure()
    expect([kind, shouldRetry]).toEqual(['rate-limit', told])
  })

  test('the last a timeout: 504; an upstream’s error or our credentials: 502', async () => {
    expect((await new Script(two(), { 'a-1': [fault('rate-limit', 429)], 'b-1': [fault('timeout')] }).failure()).kind).toBe('timeout')
    expect((await new Script(two(), { 'a-1': [fault('timeout')], 'b-1': [fault('permission', 403)] }).failure()).kind).toBe('bad-gateway')
    expect((await new Script(one(), { 'a-1': [fault('authentication', 401)] }).failure()).kind).toBe('bad-gateway')
  })

  test('no such model anywhere: the upstream’s own word', async () => {
    const last = fault('model-not-found', 404)
    expect(await new Script(two(), { 'a-1': [fault('model-not-found', 404)], 'b-1': [last] }).failure()).toBe(last)
  })

  test('none could be tried: 503 with candidates and the earliest return', async () => {
    const script = new Script(two(), { 'a-1': [fault('authentication', 401)], 'b-1': [fault('rate-limit', 429, { retryAfterMs: 30_000 })] })
    await script.failure()
    script.trail.skipped = []
    const error = await script.failure()
    expect(error).toMatchObject({ kind: 'unavailable', code: 'no_account_available', retryAfterMs: 30_000 })
    expect(error.candidates?.map(({ account, state }) => `${account} ${state}`)).toEqual(['a-1 needs_sign_in', 'b-1 cooling_down'])
    expect(error.message).toMatch(
      /^no account is available: a \(a-1\): the upstream refused the credential \(401\), back at .*; b \(b-1\): rate limited \(429\), back at 2026-01-01T00:00:30/,
    )
  })

  test('nobody there at all: 503 too', async () => {
    expect(await new Script([], {}).failure()).toMatchObject({
      kind: 'unavailable',
      message: 'no account is available: no provider that serves this model has an account',
    })
  })

  test('the message names each target and why, and holds no secret or address', async () => {
    const script = new Script([paperProvider('a'), paperProvider('b', {}, 2)], {
      'a-1': [new GatewayError('authentication', 'Incorrect API key: sk-secret-a', { upstream: { status: 401 } })],
      'b-1': [fault('timeout')],
      'b-2': [fault('overloaded', 529, { shouldRetry: false })],
    })
    const { message } = await script.failure()
    expect(message).toBe(
      'all 3 attempts failed: a (a-1, m): 401 the upstream refused our credentials; b (b-1, m): timeout happened; b (b-2, m): 529 overloaded happened',
    )
    expect(message).not.toMatch(/secret|internal/)
  })

  test('an upstream that may have done the work is recorded so', async () => {
    const script = new Script(one(), {
      'a-1': [new GatewayError('bad-gateway', 'connection lost', { upstream: { maybeExecuted: true } }), fault('bad-gateway', 500)],
    })
    await script.failure()
    expect(script.outcomes()).toEqual(['a-1 maybe executed', 'a-1 bad gateway 500'])
  })
})
