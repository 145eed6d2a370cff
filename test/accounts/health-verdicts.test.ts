import { describe, expect, test } from 'bun:test'
import { type AccountState, Health, type Unavailable } from '../../src/accounts/health.ts'
import { type AccountVerdict, type ErrorKind, GatewayError, type UpstreamFault } from '../../src/core/errors.ts'
import { FakeClock } from '../support/fake-clock.ts'

const S = 1000
const MIN = 60 * S
const DAY = 24 * 60 * MIN

const error = (kind: ErrorKind, upstream: UpstreamFault = {}, retryAfterMs?: number) =>
  new GatewayError(kind, 'x', { upstream, retryAfterMs })

const judged = (verdict: AccountVerdict, kind: ErrorKind = 'bad-gateway') => error(kind, { verdict })

const SUSPENDED = judged({ state: 'suspended', reason: 'licence suspended (477)' }, 'quota-exhausted')
const SIGN_IN = judged({ state: 'needs_sign_in', reason: 'sign in again' }, 'authentication')
const NO_TOKEN = judged({ state: 'cooling_down', reason: 'no new token', forMs: MIN })
const EXHAUSTED = judged({ state: 'exhausted', reason: 'quota exhausted (477)', forMs: 10 * MIN }, 'quota-exhausted')

class Driver {
  readonly clock = new FakeClock()
  readonly told: string[] = []
  readonly health = new Health((before, after) => this.told.push(`${before?.state ?? 'active'} → ${after?.state ?? 'active'}`))

  get now(): number {
    return this.clock.now()
  }

  fail(thrown: GatewayError, resetsAt?: number): void {
    this.health.failed('m', thrown, this.now, resetsAt)
  }

  checkFails(thrown: GatewayError, resetsAt?: number): void {
    this.health.checkFailed(thrown, this.now, 90 * S, resetsAt)
  }

  get out(): Unavailable | undefined {
    return this.health.summary(this.now)
  }

  /** State and milliseconds until its end; undefined: without end. */
  get standing(): [AccountState | undefined, number | undefined] {
    return [this.out?.state, this.out?.until === undefined ? undefined : this.out.until - this.now]
  }
}

describe('a verdict', () => {
  test.each<[string, GatewayError, AccountState, string, number | undefined]>([
    ['suspended: without end', SUSPENDED, 'suspended', 'licence suspended (477)', undefined],
    ['needs_sign_in: without end', SIGN_IN, 'needs_sign_in', 'sign in again', undefined],
    ['cooling_down: for as long as it says', NO_TOKEN, 'cooling_down', 'no new token', MIN],
    ['exhausted: for as long as it says', EXHAUSTED, 'exhausted', 'quota exhausted (477)', 10 * MIN],
  ])('%s', (_, thrown, state, reason, wait) => {
    const account = new Driver()
    account.fail(thrown)
    expect(account.out).toMatchObject({ state, reason })
    expect(account.standing).toEqual([state, wait])
    expect(account.health.unavailable('any other model', account.now)).toMatchObject({ state })
    account.clock.advance(wait ?? 400 * DAY)
    expect(account.out?.state).toBe(wait === undefined ? state : undefined)
  })

  test('exhausted: until the quota’s own reset where that is known', () => {
    const account = new Driver()
    account.fail(EXHAUSTED, account.now + 3 * DAY)
    expect(account.standing).toEqual(['exhausted', 3 * DAY])
    const past = new Driver()
    past.fail(EXHAUSTED, past.now)
    expect(past.standing).toEqual(['exhausted', 10 * MIN])
    const endless = new Driver()
    endless.fail(judged({ state: 'exhausted', reason: 'x' }))
    expect(endless.standing).toEqual(['exhausted', 10 * MIN])
  })

  test('an exhausted quota that names its own wait is taken at its word, within a day', () => {
    const account = new Driver()
    account.fail(error('quota-exhausted', { status: 477 }, 2 * MIN), account.now + 3 * DAY)
    expect(account.standing).toEqual(['exhausted', 2 * MIN])
    const known = new Driver()
    known.fail(error('quota-exhausted', { status: 477 }), known.now + 3 * DAY)
    expect(known.standing).toEqual(['exhausted', 3 * DAY])
    expect(known.out?.reason).toBe('quota exhausted (477)')
  })

  test('that nobody could be asked takes nothing back of what was said, while it holds', () => {
    for (const thrown of [SUSPENDED, SIGN_IN, EXHAUSTED]) {
      const account = new Driver()
      account.fail(thrown)
      const before = account.standing
      account.fail(NO_TOKEN)
      account.checkFails(NO_TOKEN)
      expect(account.standing).toEqual(before)
    }
    const account = new Driver()
    account.fail(EXHAUSTED)
    account.clock.advance(10 * MIN)
    account.fail(NO_TOKEN)
    expect(account.standing).toEqual(['cooling_down', MIN])
  })

  test('an explicit one takes the place of another', () => {
    const account = new Driver()
    for (const [thrown, state] of [
      [NO_TOKEN, 'cooling_down'],
      [EXHAUSTED, 'exhausted'],
      [SUSPENDED, 'suspended'],
      [SIGN_IN, 'needs_sign_in'],
    ] as const) {
      account.fail(thrown)
      expect(account.out?.state).toBe(state)
    }
  })

  test('without end outlives faults and rate limits of requests that were sent before', () => {
    const account = new Driver()
    account.fail(SUSPENDED)
    for (let request = 0; request < 5; request++) account.fail(error('bad-gateway', { status: 500 }))
    account.fail(error('rate-limit', { status: 429, speaksOfAccount: true }))
    account.health.exhausted(account.now, account.now + 5)
    expect(account.standing).toEqual(['suspended', undefined])
  })
})

describe('a success', () => {
  test.each([
    ['suspended', SUSPENDED],
    ['exhausted', EXHAUSTED],
  ])('of a request that was sent before does not bring back one that is %s', (state, thrown) => {
    const account = new Driver()
    account.health.start('m')
    account.health.start('m')
    account.fail(thrown)
    account.health.succeeded('m', account.now)
    expect(account.out?.state).toBe(state as AccountState)
  })

  test('of the request that found out does', () => {
    const account = new Driver()
    account.fail(EXHAUSTED)
    account.clock.advance(10 * MIN)
    account.health.start('m')
    account.health.succeeded('m', account.now)
    expect(account.told).toEqual(['active → exhausted', 'exhausted → active'])
  })

  test('brings back what was only cooling down, or refused a credential', () => {
    for (const thrown of [NO_TOKEN, SIGN_IN, error('authentication', { status: 401 })]) {
      const account = new Driver()
      account.fail(thrown)
      account.health.succeeded('m', account.now)
      expect(account.out).toBeUndefined()
    }
  })
})

describe('a health check', () => {
  const fault = error('timeout')

  test('marks an account down when it fails twice in a row, and up with one success', () => {
    const account = new Driver()
    account.checkFails(fault)
    expect(account.out).toBeUndefined()
    account.checkFails(fault)
    expect(account.standing).toEqual(['cooling_down', 90 * S])
    expect(account.out?.reason).toBe('health check failed (x)')
    account.health.checked()
    expect(account.out).toBeUndefined()
    account.checkFails(fault)
    expect(account.out).toBeUndefined()
  })

  test('names the status, and never an upstream’s words', () => {
    const account = new Driver()
    account.checkFails(error('internal', { status: 500 }))
    account.checkFails(error('internal', { status: 500 }))
    expect(account.out?.reason).toBe('health check failed (500)')
    const quoting = new Driver()
    const quoted = new GatewayError('bad-gateway', 'the words', { quotes: true })
    quoting.checkFails(quoted)
    quoting.checkFails(quoted)
    expect(quoting.out?.reason).toBe('health check failed (bad gateway)')
  })

  test('a request that succeeds in between counts', () => {
    const account = new Driver()
    account.checkFails(fault)
    account.health.succeeded('m', account.now)
    account.checkFails(fault)
    expect(account.out).toBeUndefined()
  })

  test('goes on holding while it fails, and is told once', () => {
    const account = new Driver()
    for (let check = 0; check < 5; check++) {
      account.checkFails(fault)
      account.clock.advance(30 * S)
    }
    expect(account.standing).toEqual(['cooling_down', 60 * S])
    expect(account.told).toEqual(['active → cooling_down'])
  })

  test('what it hears of the account holds at once', () => {
    const account = new Driver()
    account.checkFails(SUSPENDED)
    expect(account.out?.state).toBe('suspended')
    const refused = new Driver()
    refused.checkFails(error('authentication', { status: 401 }))
    expect(refused.out?.state).toBe('needs_sign_in')
    const empty = new Driver()
    empty.checkFails(EXHAUSTED, empty.now + DAY)
    expect(empty.standing).toEqual(['exhausted', DAY])
  })

  test('its faults do not shorten what is known already', () => {
    const account = new Driver()
    account.fail(error('rate-limit', { status: 429, speaksOfAccount: true }, 30 * MIN))
    account.checkFails(fault)
    account.checkFails(fault)
    expect(account.standing).toEqual(['cooling_down', 30 * MIN])
    account.clock.advance(30 * MIN)
    account.checkFails(fault)
    expect(account.out?.reason).toBe('health check failed (x)')
  })

  test.each<[string, GatewayError, boolean]>([
    ['faults', error('bad-gateway', { status: 500 }), true],
    ['a refused credential', error('authentication', { status: 401 }), true],
    ['somebody who must sign in', SIGN_IN, true],
    ['a token that could not be made', NO_TOKEN, true],
    ['an exhausted quota', EXHAUSTED, true],
    ['a suspension', SUSPENDED, false],
    ['a rate limit of the account', error('rate-limit', { speaksOfAccount: true }), false],
    ['a 403 of the account', error('permission', { speaksOfAccount: true }), false],
  ])('that is good, after %s', (_, thrown, back) => {
    const account = new Driver()
    for (let request = 0; request < 3; request++) account.fail(thrown)
    expect(account.out).toBeDefined()
    account.health.checked()
    expect(account.out === undefined).toBe(back)
  })

  test('that is good leaves a model’s own cool-down alone', () => {
    const account = new Driver()
    account.fail(error('rate-limit', { status: 429 }))
    account.health.checked()
    expect(account.health.unavailable('m', account.now)?.reason).toBe('rate limited (429)')
  })
})

describe('an exhausted quota that the account tells of itself', () => {
  test('is over at its reset; without one that lies ahead in ten minutes', () => {
    const account = new Driver()
    account.health.exhausted(account.now, account.now + DAY)
    expect(account.standing).toEqual(['exhausted', DAY])
    for (const resetsAt of [undefined, account.now, account.now - 1]) {
      account.health.exhausted(account.now, resetsAt)
      expect(account.standing).toEqual(['exhausted', 10 * MIN])
    }
  })

  test('keeps the words of the refusal before it, so that it is told once', () => {
    const account = new Driver()
    account.fail(error('quota-exhausted', { status: 477 }))
    account.health.exhausted(account.now, account.now + DAY)
    expect(account.out).toMatchObject({ reason: 'quota exhausted (477)', until: account.now + DAY })
    expect(account.told).toEqual(['active → exhausted'])
  })
})

describe('what was known before', () => {
  test.each<[AccountState, boolean]>([
    ['cooling_down', true],
    ['exhausted', true],
    ['needs_sign_in', true],
    ['suspended', false],
  ])('%s comes back with a good check: %p; nobody is told that it is out', (state, back) => {
    const account = new Driver()
    account.health.restore({ state, reason: 'r', until: account.now + MIN })
    expect(account.out).toMatchObject({ state, reason: 'r', until: account.now + MIN })
    expect(account.told).toEqual([])
    account.health.checked()
    expect(account.out?.state).toBe(back ? undefined : state)
  })

  test('ends when it said', () => {
    const account = new Driver()
    account.health.restore({ state: 'exhausted', reason: 'r', until: account.now + MIN })
    account.clock.advance(MIN)
    expect(account.out).toBeUndefined()
  })
})

test('the operator’s word clears all of it', () => {
  const account = new Driver()
  account.fail(SUSPENDED)
  account.fail(error('permission', { status: 403 }))
  account.checkFails(error('timeout'))
  account.health.clear()
  expect(account.health.unavailable('m', account.now)).toBeUndefined()
  account.checkFails(error('timeout'))
  account.fail(error('timeout'))
  account.fail(error('timeout'))
  account.health.clear()
  account.fail(error('timeout'))
  expect(account.out).toBeUndefined()
  expect(account.told).toEqual(['active → suspended', 'suspended → active'])
})

test('each change is told once: another state or reason, and the way back', () => {
  const account = new Driver()
  account.fail(NO_TOKEN)
  account.fail(NO_TOKEN)
  account.fail(judged({ state: 'cooling_down', reason: 'another', forMs: MIN }))
  account.clock.advance(MIN)
  account.fail(judged({ state: 'cooling_down', reason: 'another', forMs: MIN }))
  account.health.succeeded('m', account.now)
  account.health.succeeded('m', account.now)
  account.health.clear()
  expect(account.told).toEqual(['active → cooling_down', 'cooling_down → cooling_down', 'cooling_down → active'])
})
