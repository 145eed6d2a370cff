import type { Cancel, Clock } from '../core/clock.ts'
import { asGatewayError } from '../core/errors.ts'
import type { Random } from '../core/random.ts'
import type { Account } from './account.ts'

/** How an account is asked for its health without spending anything. @throws GatewayError where it is not fit */
export type Probe = (account: Account) => Promise<void>

export interface HealthCheckerOptions {
  clock: Clock
  random: Random
  /** Milliseconds between two checks of an account; 0: none are made. Read anew each time, so that a reload changes it. */
  intervalMs(): number
  accounts(): readonly Account[]
  /** Undefined for accounts that cannot be asked for free. */
  probeOf(account: Account): Probe | undefined
}

/** Checks in flight at once. */
const MOST_AT_ONCE = 8

/** The interval ± this share, so that several gateways do not ask in step. */
const JITTER = 0.1

/** How often it is looked whether the interval is another one now. */
const LOOK_MS = 5000

/** What checks have found holds for so many intervals; then requests may find out for themselves. */
const HOLDS = 3

/**
 * Checks idle accounts in the background: two failures mark one down, a success brings it back. An account that has served a request within the interval has proved itself. No
 * account is checked twice at once, and no more than a few are at a time.
 */
export class HealthChecker {
  readonly #underway = new Map<string, Promise<void>>()
  #cancel: Cancel = () => {}
  #isStopped = false
  #sweptAt = Number.NEGATIVE_INFINITY
  /** What becomes of the interval this time. */
  #jitter = 1

  constructor(private readonly options: HealthCheckerOptions) {}

  /** Checks all accounts now, then every interval. */
  start(): void {
    void this.#sweepWhenDue()
  }

  stop(): void {
    this.#isStopped = true
    this.#cancel()
  }

  /** Checks one account, now; joins a check that is under way. Resolves when its health says what was found. */
  check(account: Account): Promise<void> {
    const underway = this.#underway.get(account.id)
    if (underway !== undefined) return underway
    const probe = this.options.probeOf(account)
    if (!probe) return Promise.resolve()
    const check = this.#check(account, probe).finally(() => this.#underway.delete(account.id))
    this.#underway.set(account.id, check)
    return check
  }

  async #check(account: Account, probe: Probe): Promise<void> {
    const { clock } = this.options
    try {
      await probe(account)
      account.provenAt = clock.now()
      // What it says of its quota has been taken down by the probe: one that has nothing left is fit for nothing.
      const left = account.quota?.available
      if (left === undefined || left > 0) account.health.checked(left !== undefined)
    } catch (thrown) {
      const holds = Math.max(this.options.intervalMs(), LOOK_MS) * HOLDS
      account.health.checkFailed(asGatewayError(thrown), clock.now(), holds, account.quota?.resetsAt)
    }
  }

  async #sweepWhenDue(): Promise<void> {
    const interval = this.options.intervalMs()
    if (interval > 0 && this.#left(interval) <= 0) await this.#sweep(interval)
    if (this.#isStopped) return
    // Whole milliseconds: a timer for less than one fires before there is anything to do.
    const left = interval > 0 ? Math.ceil(this.#left(interval)) : LOOK_MS
    this.#cancel = this.options.clock.after(Math.min(left, LOOK_MS), () => void this.#sweepWhenDue())
  }

  #left(interval: number): number {
    return this.#sweptAt + interval * this.#jitter - this.options.clock.elapsed()
  }

  async #sweep(interval: number): Promise<void> {
    const due = this.options.accounts().filter(account => this.#isDue(account, interval))
    const next = due.values()
    const worker = async () => {
      for (const account of next) if (!this.#isStopped) await this.check(account)
    }
    await Promise.all(Array.from({ length: Math.min(MOST_AT_ONCE, due.length) }, worker))
    this.#sweptAt = this.options.clock.elapsed()
    this.#jitter = 1 - JITTER + 2 * JITTER * this.options.random.float()
  }

  /** One that works has proved itself; one that is suspended stays so until somebody acts. */
  #isDue(account: Account, interval: number): boolean {
    const now = this.options.clock.now()
    const out = account.summary(now)
    if (out) return out.state !== 'suspended' && out.state !== 'disabled'
    return account.provenAt === undefined || now - account.provenAt >= interval * (1 - JITTER)
  }
}
