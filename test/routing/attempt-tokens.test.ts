import { describe, expect, test } from 'bun:test'
import type { Account } from '../../src/accounts/account.ts'
import { Pool } from '../../src/accounts/pool.ts'
import { type AccountVerdict, GatewayError } from '../../src/core/errors.ts'
import type { Provider } from '../../src/routing/provider.ts'
import { PaperTokens, paperAccount, tokenAccount } from '../accounts/paper-accounts.ts'
import { paperProvider } from './providers.ts'
import { fault, Script } from './script.ts'

const MIN = 60_000

const judged = (verdict: AccountVerdict) => new GatewayError('bad-gateway', verdict.reason, { upstream: { verdict } })
const SIGN_IN = judged({ state: 'needs_sign_in', reason: 'the token expired' })
const NO_TOKEN = judged({ state: 'cooling_down', reason: 'no new token: timeout', forMs: MIN })

const jetbrains = (accounts: Account[], settings: Partial<Provider> = {}): Provider =>
  paperProvider('jb', { type: 'jetbrains', pool: new Pool(accounts), ...settings })

const failing = (error: unknown) => new PaperTokens(() => Promise.reject(error))

describe('an account whose token', () => {
  test('is at hand is called at once', async () => {
    const script = new Script([jetbrains([tokenAccount('a', new PaperTokens())])], {})
    expect((await script.attempt()).value).toBe('from a')
    expect(script.trail).toEqual({ attempts: [expect.objectContaining({ account: 'a', outcome: 'ok' })], skipped: [] })
  })

  test('has to be made is waited for', async () => {
    const made = Promise.withResolvers<string>()
    const script = new Script([jetbrains([tokenAccount('a', new PaperTokens(() => made.promise)), paperAccount('b')])], {})
    const attempt = script.attempt()
    await script.clock.tick(1000)
    expect([script.called, script.inFlight()]).toEqual([[], [0, 0]])
    made.resolve('t')
    expect((await attempt).value).toBe('from a')
  })

  test.each<[string, PaperTokens]>([
    ['later', failing(SIGN_IN)],
    [
      'at once',
      new PaperTokens(() => {
        throw SIGN_IN
      }),
    ],
  ])('cannot be made, as is known %s, is passed by: no attempt and no failure', async (_, source) => {
    const script = new Script([jetbrains([tokenAccount('a', source), paperAccount('b')])], {})
    expect((await script.attempt()).value).toBe('from b')
    expect(script.outcomes()).toEqual(['b ok 200'])
    expect(script.trail.skipped).toMatchObject([{ provider: 'jb', account: 'a', state: 'needs_sign_in', reason: 'the token expired' }])
    expect(script.accounts[0]?.summary(script.clock.now())).toMatchObject({ state: 'needs_sign_in' })
    // From then on it is not even asked.
    await script.attempt()
    expect(source.asked).toBe(1)
  })

  test('cannot be made for a reason that nobody foresaw is passed by, and the words stay inside', async () => {
    const script = new Script([jetbrains([tokenAccount('a', failing(new Error('disk: secret')))])], {})
    const { kind, message } = await script.failure()
    expect([kind, message]).toEqual(['unavailable', 'no available JWT tokens: no account is available: jb (a): internal error'])
  })

  test('cannot be made at all of them: 503 with each one’s state, reason and return', async () => {
    const accounts = [tokenAccount('a', failing(SIGN_IN)), tokenAccount('b', failing(NO_TOKEN)), tokenAccount('c', new PaperTokens())]
    const script = new Script([jetbrains(accounts)], {})
    accounts[2]?.health.exhausted(script.clock.now(), script.clock.now() + 10 * MIN)
    const error = await script.failure()
    const until = script.clock.now() + MIN
    expect(error).toMatchObject({ kind: 'unavailable', code: 'no_account_available', retryAfterMs: MIN })
    expect(error.candidates).toEqual([
      { provider: 'jb', account: 'c', state: 'exhausted', reason: 'quota exhausted', until: script.clock.now() + 10 * MIN },
      { provider: 'jb', account: 'a', state: 'needs_sign_in', reason: 'the token expired', until: undefined },
      { provider: 'jb', account: 'b', state: 'cooling_down', reason: 'no new token: timeout', until },
    ])
    expect(error.message).toBe(
      'no available JWT tokens: no account is available: jb (c): quota exhausted, back at 2026-01-01T00:10:00.000Z; ' +
        'jb (a): the token expired; jb (b): no new token: timeout, back at 2026-01-01T00:01:00.000Z',
    )
    expect(script.trail.attempts).toEqual([])
  })

  test('many wait for leaves no more through than its limit', async () => {
    const made = Promise.withResolvers<string>()
    const provider = jetbrains([tokenAccount('a', new PaperTokens(() => made.promise))], { maxConcurrent: 2 })
    const script = new Script([provider], {})
    const attempts = Promise.allSettled(Array.from({ length: 5 }, () => script.attempt()))
    await script.clock.tick(0)
    made.resolve('t')
    const states = (await attempts).map(({ status }) => status)
    expect(states).toEqual(['fulfilled', 'fulfilled', 'rejected', 'rejected', 'rejected'])
    expect(script.inFlight()).toEqual([2])
  })

  test('comes when the client has left is not used', async () => {
    const made = Promise.withResolvers<string>()
    const script = new Script([jetbrains([tokenAccount('a', new PaperTokens(() => made.promise))])], {})
    const attempt = script.attempt()
    script.controller.abort()
    made.resolve('t')
    await expect(attempt).rejects.toMatchObject({ kind: 'cancelled' })
    expect(script.called).toEqual([])
  })

  test('does not come for one account is not waited for at the next, when the client has left', async () => {
    const second = new PaperTokens()
    const script = new Script([jetbrains([tokenAccount('a', failing(NO_TOKEN)), tokenAccount('b', second)])], {})
    const attempt = script.attempt()
    script.controller.abort()
    await expect(attempt).rejects.toMatchObject({ kind: 'cancelled' })
    expect(second.asked).toBe(0)
  })
})

describe('what the 503 says', () => {
  test('the older proxy’s words, for JetBrains only', async () => {
    const out = (label: string) => {
      const account = paperAccount(label)
      account.enabled = false
      return account
    }
    const others = new Script([paperProvider('other', { pool: new Pool([out('x')]) })], {})
    expect((await others.failure()).message).toBe('no account is available: other (x): switched off')
    const both = new Script([paperProvider('other', { pool: new Pool([out('x')]) }), jetbrains([out('y')])], {})
    expect((await both.failure()).message).toStartWith('no available JWT tokens: no account is available: other (x)')
    const empty = new Script([jetbrains([])], {})
    expect((await empty.failure()).message).toBe(
      'no available JWT tokens: no account is available: no provider that serves this model has an account',
    )
  })

  test('and never when one was tried', async () => {
    const script = new Script([jetbrains([paperAccount('a')])], { a: [fault('bad-gateway', 500)] })
    const { kind, message } = await script.failure()
    expect(kind).toBe('bad-gateway')
    expect(message).not.toContain('no available JWT tokens')
  })
})

describe('a pool of accounts', () => {
  test('each is tried once: exhausted, suspended and refused ones give way, and stay out', async () => {
    const suspended = { state: 'suspended' as const, reason: 'licence suspended (477)' }
    const script = new Script([jetbrains([paperAccount('a'), paperAccount('b'), paperAccount('c'), paperAccount('d')])], {
      a: [fault('quota-exhausted', 477)],
      b: [fault('quota-exhausted', 477, { upstream: { verdict: suspended } })],
      c: [fault('authentication', 401)],
      d: ['ok'],
    })
    expect((await script.attempt()).value).toBe('from d')
    expect(script.accounts.map(account => account.summary(script.clock.now())?.state)).toEqual([
      'exhausted',
      'suspended',
      'needs_sign_in',
      undefined,
    ])
    expect((await script.attempt()).value).toBe('from d')
    expect(script.called).toEqual(['a', 'b', 'c', 'd', 'd'])
    expect(script.trail.skipped.map(({ account, state }) => `${account} ${state}`)).toEqual([
      'a exhausted',
      'b suspended',
      'c needs_sign_in',
    ])
  })

  test('all exhausted: the client hears of a quota', async () => {
    const script = new Script([jetbrains([paperAccount('a'), paperAccount('b')])], {
      a: [fault('quota-exhausted', 477)],
      b: [fault('quota-exhausted', 477)],
    })
    expect((await script.failure()).kind).toBe('quota-exhausted')
  })

  test('a 400 is tried nowhere else among them', async () => {
    for (const error of [fault('invalid-request', 400), fault('model-not-found', 400), fault('context-too-long', 400)]) {
      const script = new Script([jetbrains([paperAccount('a'), paperAccount('b')])], { a: [error] })
      await script.failure()
      expect(script.called).toEqual(['a'])
    }
  })

  test('a 400 that an upstream says of one account’s key or money is', async () => {
    for (const kind of ['authentication', 'billing', 'quota-exhausted', 'permission', 'rate-limit'] as const) {
      const script = new Script([jetbrains([paperAccount('a'), paperAccount('b')])], { a: [fault(kind, 400)], b: ['ok'] })
      expect((await script.attempt()).value).toBe('from b')
    }
  })

  test('an unknown model at 400 is still asked of the next provider', async () => {
    const script = new Script([jetbrains([paperAccount('a'), paperAccount('b')]), paperProvider('other')], {
      a: [fault('model-not-found', 400)],
      'other-1': ['ok'],
    })
    expect((await script.attempt()).value).toBe('from other-1')
    expect(script.called).toEqual(['a', 'other-1'])
  })

  test('a request that succeeds keeps the reasons of twenty that it passed by, one that fails all of them', async () => {
    const accounts = Array.from({ length: 100 }, (_, index) => paperAccount(`out${index}`, { enabled: false }))
    const good = new Script([jetbrains([...accounts, paperAccount('good')])], {})
    await good.attempt()
    expect(good.trail.skipped).toHaveLength(20)
    const bad = new Script([jetbrains(accounts)], {})
    expect((await bad.failure()).candidates).toHaveLength(100)
  })
})

test('where only somebody can mend it, nobody is told to come back in a second', async () => {
  const provider = paperProvider('a', {}, 2)
  const [first, second] = provider.pool.accounts
  if (!first || !second) throw new Error('two accounts are needed')
  const signIn = fault('authentication', 401, { upstream: { verdict: { state: 'needs_sign_in', reason: 'sign in again' } } })
  for (const account of [first, second]) account.failed('m', signIn, 0)
  const script = new Script([provider], {})
  expect(await script.failure()).toMatchObject({ kind: 'unavailable', retryAfterMs: 60_000 })
  second.health.clear()
  second.failed('m', fault('rate-limit', 429, { retryAfterMs: 7000 }), script.clock.now())
  expect(await new Script([provider], {}).failure()).toMatchObject({ kind: 'unavailable', retryAfterMs: 7000 })
})
