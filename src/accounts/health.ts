import type { GatewayError } from '../core/errors.ts'
import { nextReset } from '../core/quota-reset.ts'
import { FailureRate } from './failure-rate.ts'

export type AccountState = 'active' | 'cooling_down' | 'exhausted' | 'needs_sign_in' | 'suspended' | 'disabled'

/** Why an account cannot be used now, and when it can again (milliseconds since the epoch; absent: when somebody acts). */
export interface Unavailable {
  state: AccountState
  reason: string
  until?: number
}

/** What took an account out decides what brings it back. */
type Cause = 'limit' | 'fault' | 'quota' | 'credential' | 'verdict' | 'check'

/** An upstream's own word on the account. What was sent before it came says nothing against it when it succeeds. */
const SAID: ReadonlySet<Cause> = new Set<Cause>(['quota', 'verdict'])

/** What a good health check proves: that the upstream is there and knows the account; not that a rate limit is over. */
const CHECKED: ReadonlySet<Cause> = new Set<Cause>(['fault', 'quota', 'credential', 'check'])

interface CoolDown extends Unavailable {
  cause: Cause
  /** How often in a row: each time doubles the next. */
  strikes: number
  /** One request is finding out whether the account is back; the others still pass it by. */
  probing: boolean
}

const RATE_LIMIT = { first: 30_000, longest: 600_000 }
const FAULT = { first: 5_000, longest: 120_000 }
const FORBIDDEN_MS = 300_000
const EXHAUSTED_MS = 600_000
/** However far off an upstream says it will be back, we look again within a day. */
const LONGEST_RETRY_AFTER_MS = 86_400_000

const doubled = ({ first, longest }: { first: number; longest: number }, strikes: number): number =>
  Math.min(first * 2 ** Math.min(strikes, 16), longest)

/** An account may be used with this many models at once; beyond it the oldest entry goes. */
const MOST_MODELS = 1000

/** So many failed health checks in a row mark an account down. */
const FAILED_CHECKS = 2

/**
 * What is known of an account's fitness, as a whole and per model (interface.md "Defaults in numbers"): 429 → `retry-after`, else 30 s doubling to 10 min;
 * faults → 5 s doubling to 2 min once half of at least three requests failed within 30 s, then one probe; 403 and 404 → 5 min for the pair of account
 * and model; an exhausted quota → its own reset; a refused credential → `needs_sign_in`; a success ends a back-off.
 */
export class Health {
  #whole: CoolDown | undefined
  #failedChecks = 0
  readonly #models = new Map<string, CoolDown>()
  readonly #rate = new FailureRate()

  /** @param changed hears when the account as a whole goes out, comes back, or is out for another reason */
  constructor(private readonly changed: (before: Unavailable | undefined, after: Unavailable | undefined) => void = () => {}) {}

  /** Undefined when the account may be used for `model` now. */
  unavailable(model: string, now: number): Unavailable | undefined {
    return blocked(this.#whole, now) ?? blocked(this.#models.get(model), now)
  }

  /** The account's state as a whole, for people. */
  summary(now: number): Unavailable | undefined {
    return blocked(this.#whole, now)
  }

  /** A request is about to be sent: where a cool-down has just run out, it is the probe that the others wait for. */
  start(model: string): void {
    for (const coolDown of [this.#whole, this.#models.get(model)]) if (coolDown) coolDown.probing = true
  }

  succeeded(model: string, now: number): void {
    this.#rate.add(false, now)
    this.#failedChecks = 0
    if (this.#whole && (this.#whole.probing || !SAID.has(this.#whole.cause))) this.#comeBack()
    this.#models.delete(model)
  }

  /** The request ended without a verdict on the account (its client left, or its own fault): a probe is given back. */
  undecided(model: string): void {
    for (const coolDown of [this.#whole, this.#models.get(model)]) if (coolDown) coolDown.probing = false
  }

  /** @param resetsAt when the account's quota begins anew, where that is known */
  failed(model: string, error: GatewayError, now: number, resetsAt?: number): void {
    // The verdict may concern only one of the two that this request was probing; the other must not wait for ever.
    this.undecided(model)
    const status = error.upstream?.status
    if (this.#judged(error, now, resetsAt)) return
    if (error.kind === 'rate-limit') {
      this.#coolPair(model, error, now, strikes => retryAfter(error, doubled(RATE_LIMIT, strikes)), `rate limited (${status ?? 429})`)
    } else if (error.kind === 'permission' || error.kind === 'model-not-found' || error.kind === 'not-found') {
      const what = error.kind === 'permission' ? `forbidden (${status ?? 403})` : `model not found (${status ?? 404})`
      this.#coolPair(model, error, now, () => retryAfter(error, FORBIDDEN_MS), what)
    } else this.#fault(error, now)
  }

  /** A free probe of the account answered well. @param toldQuota false where nobody says what is left: a refusal that did stands until its time */
  checked(toldQuota = true): void {
    this.#failedChecks = 0
    const cause = this.#whole?.cause
    if (cause && CHECKED.has(cause) && (toldQuota || cause !== 'quota')) this.#comeBack()
  }

  /** A free probe failed: what it says of the account holds at once, a fault when it comes twice in a row. @param forMs how long until the checks have said more */
  checkFailed(error: GatewayError, now: number, forMs: number, resetsAt?: number): void {
    if (this.#judged(error, now, resetsAt)) return
    if (++this.#failedChecks < FAILED_CHECKS) return
    if (this.#whole && this.#whole.cause !== 'check' && blocked(this.#whole, now)) return
    const reason = `health check failed (${error.upstream?.status ?? (error.quotes ? error.kind.replaceAll('-', ' ') : error.message)})`
    this.#set(coolDown('check', 'cooling_down', reason, now + forMs))
  }

  /** Its quota is used up, as it said itself. */
  exhausted(now: number, resetsAt: number | undefined): void {
    const whole = this.#whole
    if (whole?.cause === 'verdict') return
    // Where a refusal has told it already, its words stay.
    const reason = whole?.cause === 'quota' ? whole.reason : 'quota exhausted'
    this.#set(coolDown('quota', 'exhausted', reason, resetOf(now, resetsAt)))
  }

  /** What was known when the process before this one ended. */
  restore({ state, reason, until }: Unavailable): void {
    this.#whole = coolDown(causeOf(state), state, reason, until)
  }

  /** The operator has looked into it: whatever it was counts no more. */
  clear(): void {
    this.#models.clear()
    this.#failedChecks = 0
    this.#rate.clear()
    if (this.#whole) this.#comeBack()
  }

  /** Whether the error alone decides on the account as a whole. */
  #judged(error: GatewayError, now: number, knownReset: number | undefined): boolean {
    const status = error.upstream?.status
    const resets = error.upstream?.resets
    const resetsAt = resets ? resetOf(now, knownReset, nextReset(resets, now)) : knownReset
    const verdict = error.upstream?.verdict
    if (verdict) {
      const { state, reason, forMs } = verdict
      const cause = causeOf(state)
      // That nobody could be asked takes nothing back of what was said.
      if (cause === 'fault' && this.#whole && this.#whole.state !== 'cooling_down' && blocked(this.#whole, now)) return true
      const end = forMs === undefined ? undefined : now + forMs
      this.#set(coolDown(cause, state, reason, state === 'exhausted' ? resetOf(now, resetsAt, end) : end))
    } else if (error.kind === 'quota-exhausted' || error.kind === 'billing') {
      const until = error.retryAfterMs === undefined ? resetOf(now, resetsAt) : now + retryAfter(error, 0)
      this.#set(coolDown('quota', 'exhausted', `quota exhausted (${status ?? error.kind})`, until))
    } else if (error.kind === 'authentication') {
      this.#set(coolDown('credential', 'needs_sign_in', `the upstream refused the credential (${status ?? 401})`, now + FORBIDDEN_MS))
    } else return false
    return true
  }

  #coolPair(model: string, error: GatewayError, now: number, length: (strikes: number) => number, reason: string): void {
    const whole = error.upstream?.speaksOfAccount === true
    const before = whole ? this.#whole : this.#models.get(model)
    const next = backOff(before, 'limit', now, reason, length)
    if (whole) return this.#set(next)
    this.#models.delete(model)
    this.#models.set(model, next)
    if (this.#models.size > MOST_MODELS) this.#models.delete(this.#models.keys().next().value as string)
  }

  #fault(error: GatewayError, now: number): void {
    this.#rate.add(true, now)
    const before = this.#whole
    if (!before && !this.#rate.tripped(now)) return
    const reason = `failing (${error.upstream?.status ?? (error.quotes ? error.kind.replaceAll('-', ' ') : error.message)})`
    this.#set(backOff(before, 'fault', now, reason, strikes => retryAfter(error, doubled(FAULT, strikes))))
  }

  #set(next: CoolDown): void {
    const before = this.#whole
    this.#whole = next
    if (before?.state !== next.state || before.reason !== next.reason) this.changed(before, next)
  }

  #comeBack(): void {
    const before = this.#whole
    this.#whole = undefined
    this.#rate.clear()
    this.changed(before, undefined)
  }
}

const coolDown = (cause: Cause, state: AccountState, reason: string, until: number | undefined, strikes = 0): CoolDown => ({
  cause,
  state,
  reason,
  until,
  strikes,
  probing: false,
})

/** What brings back an account that was declared to be so. */
const causeOf = (state: AccountState): Cause =>
  state === 'exhausted' ? 'quota' : state === 'needs_sign_in' ? 'credential' : state === 'suspended' ? 'verdict' : 'fault'

/** When a quota begins anew, as far as that is known. */
const resetOf = (now: number, resetsAt: number | undefined, otherwise = now + EXHAUSTED_MS): number =>
  resetsAt !== undefined && resetsAt > now ? resetsAt : otherwise

/**
 * The next cool-down after `before`. A failure doubles it only where it has run out: one that comes during it is of a request sent earlier, and a
 * burst of those is still one outage. Such a one never shortens the wait.
 */
function backOff(before: CoolDown | undefined, cause: Cause, now: number, reason: string, length: (strikes: number) => number): CoolDown {
  if (!before) return coolDown(cause, 'cooling_down', reason, now + length(0))
  if (before.until === undefined) return before
  if (now >= before.until) return coolDown(cause, 'cooling_down', reason, now + length(before.strikes + 1), before.strikes + 1)
  const until = now + length(before.strikes)
  return until > before.until ? { ...before, cause, state: 'cooling_down', reason, until } : before
}

const retryAfter = (error: GatewayError, otherwise: number): number =>
  error.retryAfterMs === undefined ? otherwise : Math.min(Math.max(error.retryAfterMs, 0), LONGEST_RETRY_AFTER_MS)

/** While one request probes, the others are told to ask again in a second. */
function blocked(state: CoolDown | undefined, now: number): Unavailable | undefined {
  if (!state) return undefined
  if (state.until === undefined || now < state.until) return state
  return state.probing ? { ...state, reason: `${state.reason}; being probed`, until: now + 1000 } : undefined
}
