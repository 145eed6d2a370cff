import { describe, expect, test } from 'bun:test'
import type { Account } from '../../src/accounts/account.ts'
import { HealthChecker } from '../../src/accounts/health-checker.ts'
import { GatewayError } from '../../src/core/errors.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { paperAccount, quotaOf } from './paper-accounts.ts'

const S = 1000
const names = (count: number) => Array.from({ length: count }, (_, index) => `a${index}`)

/** Accounts whose probes answer when, and as, the test says. */
class Scene {
  readonly clock = new FakeClock()
  readonly start = this.clock.now()
  readonly probed: string[] = []
  readonly times: number[] = []
  atOnce = 0
  most = 0
  intervalMs = 30 * S
  chance = 0.5
  /** Undefined: at once. */
  gate: PromiseWithResolvers<void> | undefined
  failure: Error | undefined
  accounts: Account[]
  readonly checker: HealthChecker

  constructor(...labels: string[]) {
    this.accounts = labels.map(label => paperAccount(label))
    this.checker = new HealthChecker({
      clock: this.clock,
      random: { float: () => this.chance },
      intervalMs: () => this.intervalMs,
      accounts: () => this.accounts,
      probeOf: account => (account.label === 'no probe' ? undefined : probed => this.#probe(probed)),
    })
  }

  async #probe({ label }: Account): Promise<void> {
    this.probed.push(label)
    this.times.push(this.clock.now() - this.start)
    this.most = Math.max(this.most, ++this.atOnce)
    try {
      await this.gate?.promise
      if (this.failure) throw this.failure
    } finally {
      this.atOnce--
    }
  }

  /** The time passes in steps small enough for what is awaited in between. */
  async pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 500) await this.clock.tick(Math.min(500, ms - passed))
  }

  async begin(): Promise<void> {
    this.checker.start()
    await this.clock.tick(0)
  }
}

describe('checks in the background', () => {
  test('at the start, then every interval', async () => {
    const scene = new Scene('a', 'b')
    await scene.begin()
    expect(scene.probed).toEqual(['a', 'b'])
    await scene.pass(29 * S)
    expect(scene.probed).toHaveLength(2)
    await scene.pass(S)
    expect(scene.probed).toEqual(['a', 'b', 'a', 'b'])
    await scene.pass(60 * S)
    expect(scene.probed).toHaveLength(8)
  })

  test.each([
    [0, 27],
    [0.25, 28.5],
    [0.5, 30],
    [0.999999, 33],
  ])('with chance %p the next comes after %p s', async (chance, seconds) => {
    const scene = new Scene('a')
    scene.chance = chance
    await scene.begin()
    await scene.pass(40 * S)
    expect(scene.times[1]).toBeWithin(seconds * S - 2, seconds * S + 2)
  })

  test('each wait has a chance of its own', async () => {
    const scene = new Scene('a')
    scene.chance = 0
    await scene.begin()
    scene.chance = 0.999999
    await scene.pass(27 * S)
    expect(scene.probed).toHaveLength(2)
    await scene.pass(32 * S)
    expect(scene.probed).toHaveLength(2)
    await scene.pass(2 * S)
    expect(scene.probed).toHaveLength(3)
  })

  test('are no more than eight at once, and reach all', async () => {
    const scene = new Scene(...names(30))
    scene.gate = Promise.withResolvers()
    await scene.begin()
    expect([scene.atOnce, scene.probed.length]).toEqual([8, 8])
    scene.gate.resolve()
    await scene.clock.tick(0)
    expect(scene.most).toBe(8)
    expect(new Set(scene.probed).size).toBe(30)
    expect(scene.probed).toHaveLength(30)
  })

  test('the interval begins when the slowest has answered: no sweep upon another', async () => {
    const scene = new Scene('a')
    scene.gate = Promise.withResolvers()
    await scene.begin()
    await scene.pass(100 * S)
    expect(scene.probed).toHaveLength(1)
    scene.gate.resolve()
    await scene.clock.tick(0)
    await scene.pass(29 * S)
    expect(scene.probed).toHaveLength(1)
    await scene.pass(S)
    expect(scene.probed).toHaveLength(2)
  })

  test('leave out accounts in use, which prove themselves', async () => {
    const scene = new Scene('used', 'idle')
    await scene.begin()
    for (let round = 0; round < 4; round++) {
      await scene.pass(15 * S)
      scene.accounts[0]?.proved('m', 5, scene.clock.now())
      await scene.pass(15 * S)
    }
    expect(scene.probed.filter(label => label === 'used')).toHaveLength(1)
    expect(scene.probed.filter(label => label === 'idle')).toHaveLength(5)
  })

  test('one that is out is asked, however short ago it served; suspended and switched off ones are left in peace', async () => {
    const scene = new Scene('out', 'suspended', 'off')
    const [out, suspended, off] = scene.accounts as [Account, Account, Account]
    out.proved('m', 5, scene.clock.now())
    out.health.restore({ state: 'needs_sign_in', reason: 'r' })
    suspended.health.restore({ state: 'suspended', reason: 'r' })
    off.enabled = false
    await scene.begin()
    await scene.pass(30 * S)
    expect(scene.probed).toEqual(['out', 'out'])
    expect(out.summary(scene.clock.now())).toBeUndefined()
    expect(suspended.summary(scene.clock.now())?.state).toBe('suspended')
  })

  test('those that cannot be asked for free are not', async () => {
    const scene = new Scene('no probe', 'a')
    await scene.begin()
    expect(scene.probed).toEqual(['a'])
  })

  test('accounts that come later are checked with the next sweep', async () => {
    const scene = new Scene('a')
    await scene.begin()
    scene.accounts = [...scene.accounts, paperAccount('later')]
    await scene.pass(30 * S)
    expect(scene.probed).toEqual(['a', 'a', 'later'])
  })
})

describe('the interval', () => {
  test('that a reload shortens holds within seconds', async () => {
    const scene = new Scene('a')
    scene.intervalMs = 3600 * S
    await scene.begin()
    await scene.pass(20 * S)
    expect(scene.probed).toHaveLength(1)
    scene.intervalMs = 10 * S
    await scene.pass(5 * S)
    expect(scene.probed).toHaveLength(2)
    await scene.pass(20 * S)
    expect(scene.probed).toHaveLength(4)
  })

  test('that a reload lengthens too', async () => {
    const scene = new Scene('a')
    await scene.begin()
    scene.intervalMs = 300 * S
    await scene.pass(299 * S)
    expect(scene.probed).toHaveLength(1)
    await scene.pass(S)
    expect(scene.probed).toHaveLength(2)
  })

  test('of 0 means none, until it is another', async () => {
    const scene = new Scene('a')
    scene.intervalMs = 0
    await scene.begin()
    await scene.pass(100 * S)
    expect(scene.probed).toEqual([])
    scene.intervalMs = 30 * S
    await scene.pass(5 * S)
    expect(scene.probed).toEqual(['a'])
    scene.intervalMs = 0
    await scene.pass(100 * S)
    expect(scene.probed).toEqual(['a'])
  })

  test('shorter than a few seconds is kept too', async () => {
    const scene = new Scene('a')
    scene.intervalMs = S
    await scene.begin()
    await scene.pass(10 * S)
    expect(scene.probed).toHaveLength(11)
  })
})

describe('what a check finds', () => {
  test('two failures take an account out for three intervals, one success brings it back', async () => {
    const scene = new Scene('a')
    const [account] = scene.accounts as [Account]
    scene.failure = new GatewayError('timeout', 'too late', { upstream: {} })
    await scene.begin()
    expect(account.summary(scene.clock.now())).toBeUndefined()
    await scene.pass(30 * S)
    const out = account.summary(scene.clock.now())
    expect(out).toMatchObject({ state: 'cooling_down', reason: 'health check failed (too late)' })
    expect((out?.until ?? 0) - scene.clock.now()).toBe(90 * S)
    scene.failure = undefined
    await scene.pass(30 * S)
    expect(account.summary(scene.clock.now())).toBeUndefined()
    expect(account.provenAt).toBe(scene.clock.now())
  })

  test('an error that nobody foresaw is a failure like others', async () => {
    const scene = new Scene('a')
    scene.failure = new TypeError('bug')
    await scene.begin()
    await scene.pass(30 * S)
    expect(scene.accounts[0]?.summary(scene.clock.now())?.reason).toBe('health check failed (internal error)')
  })

  test('an account that says it has nothing left is fit for nothing', async () => {
    const scene = new Scene('a')
    const [account] = scene.accounts as [Account]
    account.observed(quotaOf(0, { resetsAt: scene.clock.now() + 3600 * S }), scene.clock.now())
    await scene.begin()
    expect(account.summary(scene.clock.now())?.state).toBe('exhausted')
    account.observed(quotaOf(5), scene.clock.now())
    await scene.pass(30 * S)
    expect(account.summary(scene.clock.now())).toBeUndefined()
  })

  test('an exhausted one of whose quota nobody tells stays out as long as it was said', async () => {
    const scene = new Scene('a')
    const [account] = scene.accounts as [Account]
    account.failed('m', new GatewayError('quota-exhausted', 'x', { upstream: { status: 477 } }), scene.clock.now())
    await scene.begin()
    await scene.pass(540 * S)
    expect(scene.probed.length).toBeGreaterThan(10)
    expect(account.summary(scene.clock.now())).toMatchObject({ state: 'exhausted', until: scene.start + 600 * S })
    account.observed(quotaOf(5), scene.clock.now())
    await scene.pass(30 * S)
    expect(account.summary(scene.clock.now())).toBeUndefined()
  })

  test('an exhausted one stays out until its quota’s reset, whatever the wait of the refusal', async () => {
    const scene = new Scene('a')
    const [account] = scene.accounts as [Account]
    account.observed(quotaOf(5, { resetsAt: scene.clock.now() + 3600 * S }), scene.clock.now())
    const verdict = { state: 'exhausted' as const, reason: 'quota exhausted (477)', forMs: 600 * S }
    scene.failure = new GatewayError('quota-exhausted', 'x', { upstream: { status: 477, verdict } })
    await scene.begin()
    expect(account.summary(scene.clock.now())).toMatchObject({ state: 'exhausted', until: scene.start + 3600 * S })
  })
})

describe('a check that somebody asks for', () => {
  test('joins the one that is under way', async () => {
    const scene = new Scene('a')
    const [account] = scene.accounts as [Account]
    scene.gate = Promise.withResolvers()
    await scene.begin()
    let over = 0
    const both = [scene.checker.check(account), scene.checker.check(account)].map(check => check.then(() => over++))
    await scene.clock.tick(0)
    expect([scene.probed.length, over]).toEqual([1, 0])
    scene.gate.resolve()
    await Promise.all(both)
    await scene.checker.check(account)
    expect(scene.probed).toHaveLength(2)
  })

  test('of an account that cannot be asked changes nothing', async () => {
    const scene = new Scene('no probe')
    const [account] = scene.accounts as [Account]
    await scene.checker.check(account)
    expect([scene.probed, account.provenAt]).toEqual([[], undefined])
  })
})

describe('stopped', () => {
  test('it waits for nothing and asks nobody', async () => {
    const scene = new Scene('a')
    await scene.begin()
    expect(scene.clock.waiting).toBe(1)
    scene.checker.stop()
    expect(scene.clock.waiting).toBe(0)
    await scene.pass(100 * S)
    expect(scene.probed).toHaveLength(1)
  })

  test('in the middle of a sweep it begins no further check', async () => {
    const scene = new Scene(...names(20))
    scene.gate = Promise.withResolvers()
    await scene.begin()
    scene.checker.stop()
    scene.gate.resolve()
    await scene.pass(100 * S)
    expect([scene.probed.length, scene.clock.waiting]).toEqual([8, 0])
  })
})
