import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { Health } from '../../src/accounts/health.ts'
import { type ErrorDetails, type ErrorKind, GatewayError, type UpstreamFault } from '../../src/core/errors.ts'
import { FakeClock } from '../support/fake-clock.ts'

const S = 1000
const MIN = 60 * S

/** An account whose requests are each sent, and answered at once. */
class Driver {
  readonly clock = new FakeClock()
  readonly health = new Health()

  fail(kind: ErrorKind, details: ErrorDetails & { upstream?: UpstreamFault } = {}, model = 'm'): void {
    this.health.start(model)
    this.health.failed(model, new GatewayError(kind, 'x', { upstream: {}, ...details }), this.clock.now())
  }

  succeed(model = 'm'): void {
    this.health.start(model)
    this.health.succeeded(model, this.clock.now())
  }

  /** Milliseconds until the account can be used for the model; 0 where it can. */
  wait(model = 'm'): number {
    const blocked = this.health.unavailable(model, this.clock.now())
    return blocked ? (blocked.until ?? Number.POSITIVE_INFINITY) - this.clock.now() : 0
  }

  state(model = 'm'): string | undefined {
    return this.health.unavailable(model, this.clock.now())?.state
  }
}

describe('rate limits', () => {
  test('wait as long as the upstream says, for that model only', () => {
    const account = new Driver()
    account.fail('rate-limit', { retryAfterMs: 7 * S })
    expect([account.wait(), account.wait('other')]).toEqual([7 * S, 0])
    account.clock.advance(7 * S - 1)
    expect(account.state()).toBe('cooling_down')
    account.clock.advance(1)
    expect(account.wait()).toBe(0)
  })

  test('double from 30 s to 10 min where it says nothing, until a success', () => {
    const account = new Driver()
    const waits = Array.from({ length: 7 }, () => {
      account.fail('rate-limit')
      const wait = account.wait()
      account.clock.advance(wait)
      return wait / S
    })
    expect(waits).toEqual([30, 60, 120, 240, 480, 600, 600])
    account.succeed()
    account.fail('rate-limit')
    expect(account.wait()).toBe(30 * S)
  })

  test('of one burst count once', () => {
    const account = new Driver()
    for (let request = 0; request < 20; request++)
      account.health.failed('m', new GatewayError('rate-limit', 'x', { upstream: {} }), account.clock.now())
    expect(account.wait()).toBe(30 * S)
  })

  test('a late answer never shortens the wait, and may lengthen it', () => {
    const account = new Driver()
    account.fail('rate-limit', { retryAfterMs: MIN })
    account.fail('rate-limit', { retryAfterMs: S })
    expect(account.wait()).toBe(MIN)
    account.fail('rate-limit', { retryAfterMs: 2 * MIN })
    expect(account.wait()).toBe(2 * MIN)
  })

  test('of the whole account stop every model', () => {
    const account = new Driver()
    account.fail('rate-limit', { retryAfterMs: S, upstream: { status: 429, speaksOfAccount: true } })
    expect([account.wait('m'), account.wait('other')]).toEqual([S, S])
    expect(account.health.summary(account.clock.now())).toMatchObject({ state: 'cooling_down', reason: 'rate limited (429)' })
  })

  test.each([
    [0, 0],
    [-5, 0],
    [Number.NaN, 0],
    [1e15, 86_400_000],
    [Number.POSITIVE_INFINITY, 86_400_000],
  ])('a retry-after of %p ms is %p', (retryAfterMs, wait) => {
    const account = new Driver()
    account.fail('rate-limit', { retryAfterMs })
    expect(account.wait()).toBe(wait)
  })
})

describe('refusals', () => {
  test.each<[ErrorKind, string, string, number, boolean]>([
    ['permission', 'cooling_down', 'forbidden (403)', 5 * MIN, false],
    ['not-found', 'cooling_down', 'model not found (404)', 5 * MIN, false],
    ['model-not-found', 'cooling_down', 'model not found (404)', 5 * MIN, false],
    ['authentication', 'needs_sign_in', 'the upstream refused the credential (401)', 5 * MIN, true],
    ['quota-exhausted', 'exhausted', 'quota exhausted (quota-exhausted)', 10 * MIN, true],
    ['billing', 'exhausted', 'quota exhausted (billing)', 10 * MIN, true],
  ])('%s', (kind, state, reason, wait, whole) => {
    const account = new Driver()
    account.fail(kind)
    expect(account.health.unavailable('m', account.clock.now())).toMatchObject({ state, reason })
    expect([account.wait(), account.wait('other')]).toEqual([wait, whole ? wait : 0])
    account.clock.advance(wait)
    expect(account.wait()).toBe(0)
  })

  test('do not double', () => {
    const account = new Driver()
    account.fail('permission')
    account.clock.advance(5 * MIN)
    account.fail('permission')
    expect(account.wait()).toBe(5 * MIN)
  })

  test('of the whole account stop every model', () => {
    const account = new Driver()
    account.fail('permission', { upstream: { status: 403, speaksOfAccount: true } })
    expect(account.wait('other')).toBe(5 * MIN)
  })

  test('a quota comes back when the upstream says', () => {
    const account = new Driver()
    account.fail('quota-exhausted', { retryAfterMs: 2 * MIN })
    expect(account.wait()).toBe(2 * MIN)
  })
})

describe('the circuit breaker', () => {
  const faults: ErrorKind[] = ['bad-gateway', 'timeout', 'overloaded', 'unavailable', 'internal']

  test.each(faults)('three times %s, all of them failed: 5 s', kind => {
    const account = new Driver()
    account.fail(kind)
    account.fail(kind)
    expect(account.wait()).toBe(0)
    account.fail(kind)
    expect([account.wait(), account.wait('other')]).toEqual([5 * S, 5 * S])
  })

  test('half is enough, less is not', () => {
    const half = new Driver()
    half.succeed()
    half.succeed()
    half.fail('timeout')
    expect(half.wait()).toBe(0)
    half.fail('timeout')
    expect(half.wait()).toBe(5 * S)
    const less = new Driver()
    for (let round = 0; round < 10; round++) {
      less.succeed()
      less.succeed()
      less.fail('timeout')
      expect(less.wait()).toBe(0)
    }
  })

  test('looks at 30 seconds', () => {
    const account = new Driver()
    account.fail('timeout')
    account.fail('timeout')
    account.clock.advance(30 * S)
    account.fail('timeout')
    expect(account.wait()).toBe(0)
    account.clock.advance(20 * S)
    account.fail('timeout')
    expect(account.wait()).toBe(0)
    account.fail('timeout')
    expect(account.wait()).toBe(5 * S)
  })

  test('doubles to 2 min while probes fail, and a success ends it', () => {
    const account = new Driver()
    for (let request = 0; request < 3; request++) account.fail('timeout')
    const waits: number[] = []
    for (let probe = 0; probe < 7; probe++) {
      waits.push(account.wait() / S)
      account.clock.advance(account.wait())
      account.fail('timeout')
    }
    expect(waits).toEqual([5, 10, 20, 40, 80, 120, 120])
    account.clock.advance(account.wait())
    account.succeed()
    account.fail('timeout')
    account.fail('timeout')
    expect(account.wait()).toBe(0)
    account.fail('timeout')
    expect(account.wait()).toBe(5 * S)
  })

  test('requests that were on their way when it tripped do not lengthen it', () => {
    const account = new Driver()
    for (let request = 0; request < 50; request++)
      account.health.failed('m', new GatewayError('timeout', 'x', { upstream: {} }), account.clock.now())
    expect(account.wait()).toBe(5 * S)
  })
})

describe('a probe', () => {
  function tripped(): Driver {
    const account = new Driver()
    for (let request = 0; request < 3; request++) account.fail('bad-gateway', { upstream: { status: 500 } })
    account.clock.advance(5 * S)
    return account
  }

  test('is one at a time; the others are told', () => {
    const account = tripped()
    expect(account.wait()).toBe(0)
    account.health.start('m')
    expect(account.health.unavailable('other', account.clock.now())).toEqual({
      ...account.health.unavailable('m', account.clock.now()),
      state: 'cooling_down',
      reason: 'failing (500); being probed',
      until: account.clock.now() + S,
    } as never)
  })

  test('without a verdict is given back', () => {
    const account = tripped()
    account.health.start('m')
    account.health.undecided('m')
    expect(account.wait()).toBe(0)
  })

  test('that finds a rate limit instead leaves the account to the next probe', () => {
    const account = tripped()
    account.fail('rate-limit')
    expect(account.wait('m')).toBe(30 * S)
    expect(account.wait('other')).toBe(0)
  })

  test('of a model that meets a fault leaves the model to the next probe', () => {
    const account = new Driver()
    account.fail('not-found')
    account.clock.advance(5 * MIN)
    account.fail('bad-gateway')
    expect(account.wait()).toBe(0)
  })

  test('never locks an account out: whatever happens, it can be used again within a day', () => {
    const kinds = fc.constantFrom<ErrorKind>(
      'rate-limit',
      'timeout',
      'permission',
      'not-found',
      'authentication',
      'quota-exhausted',
      'bad-gateway',
    )
    const step = fc.record({
      kind: fc.option(kinds, { freq: 3 }),
      model: fc.constantFrom('a', 'b'),
      whole: fc.boolean(),
      after: fc.nat(10 * MIN),
      decided: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), steps => {
        const account = new Driver()
        for (const { kind, model, whole, after, decided } of steps) {
          account.clock.advance(after)
          if (account.wait(model) > 0) continue
          if (!decided) {
            account.health.start(model)
            account.health.undecided(model)
          } else if (kind) account.fail(kind, { upstream: { speaksOfAccount: whole } }, model)
          else account.succeed(model)
        }
        account.clock.advance(24 * 60 * MIN)
        expect([account.wait('a'), account.wait('b')]).toEqual([0, 0])
      }),
    )
  })
})
