import type { Account } from '../accounts/account.ts'
import type { Clock } from '../core/clock.ts'
import { asGatewayError, type ErrorKind, GatewayError } from '../core/errors.ts'
import type { Random } from '../core/random.ts'
import { Candidates, type Conversation, isFit, skip } from './candidates.ts'
import { exhausted } from './exhausted.ts'
import { type Target, type Wire, wireOf } from './provider.ts'
import type { Trail } from './trail.ts'

/** An account taken for one attempt. */
export interface Lease {
  target: Target
  account: Account
  /** How the target's model is reached. */
  wire: Wire
}

export interface Failure {
  lease: Lease
  error: GatewayError
}

/** The caller's own fault, or nobody's: no other target would answer differently. */
const FINAL: ReadonlySet<ErrorKind> = new Set<ErrorKind>([
  'invalid-request',
  'context-too-long',
  'content-policy',
  'too-large',
  'unprocessable',
  'method-not-allowed',
  'unsupported-media-type',
  'cancelled',
])

/** What an upstream says of the account, whatever status it says it with. */
const OF_ACCOUNT: ReadonlySet<ErrorKind> = new Set<ErrorKind>(['authentication', 'permission', 'billing', 'quota-exhausted', 'rate-limit'])

/** Worth one more try at the same place when nothing else is left: it may pass by itself. */
const PASSING: ReadonlySet<ErrorKind> = new Set<ErrorKind>(['bad-gateway', 'internal', 'unavailable', 'overloaded', 'conflict'])

/** A rate limit that ends within this time is waited for rather than reported. */
const SHORT_WAIT_MS = 1000

/** Before the second round; a quarter of a second on average, spread so that callers do not come back together. */
const pause = (random: Random): number => 150 + random.float() * 200

/** A request that succeeded has no use for the reasons of hundreds of accounts that it passed by. */
const MOST_SKIPS = 20

/**
 * Calls `run` for one target after the other, each account once, until one succeeds; then, where a failure may pass by itself, the first such target
 * once more. `run` has failed when it throws before anything reached the client; what it throws decides: the caller's fault ends the request, anything else
 * is the account's and the next is tried. The lease that comes back is the caller's to `release`. @throws GatewayError that says what was tried and why each failed.
 */
export async function attemptTargets<T>(
  targets: readonly Target[],
  trail: Trail,
  services: { clock: Clock; random: Random },
  client: { readonly signal: AbortSignal },
  run: (lease: Lease) => Promise<T>,
  conversation?: Conversation,
): Promise<{ value: T; lease: Lease }> {
  const { clock, random } = services
  const failures: Failure[] = []
  let hasWaited = false
  const tryOnce = async (lease: Lease, again = false): Promise<{ value: T; lease: Lease } | undefined> => {
    // Before anything was waited for the client has only just come.
    if (hasWaited && client.signal.aborted) throw new GatewayError('cancelled', 'the client went away')
    const mayBeTried = () => isFit(lease.target, lease.account, trail, clock.now())
    if (again && !mayBeTried()) return undefined
    const ready = isReady(lease, trail, clock)
    if (ready !== true) {
      hasWaited = true
      if (!(await ready)) return undefined
      if (client.signal.aborted) throw new GatewayError('cancelled', 'the client went away')
      // Many may have waited for the same token, and meanwhile taken what the account has to give.
      if (!mayBeTried()) return undefined
    }
    hasWaited = true
    try {
      return { value: await measured(lease, trail, clock, run, again), lease }
    } catch (thrown) {
      const error = asGatewayError(thrown)
      if (FINAL.has(error.kind) || error.upstream?.final || (error.kind === 'internal' && !error.upstream)) throw error
      failures.push({ lease, error })
      return undefined
    }
  }

  for (const target of targets) {
    const candidates = new Candidates(target, trail, random, conversation)
    for (let account = candidates.next(clock.now()); account; account = candidates.next(clock.now())) {
      const result = await tryOnce({ target, account, wire: wireOf(target) })
      if (!result) {
        // A request that one of its accounts calls wrong is wrong for all of them.
        const last = failures.at(-1)
        if (last?.lease.account === account && last.error.upstream?.status === 400 && !OF_ACCOUNT.has(last.error.kind)) break
        continue
      }
      candidates.served(account, clock.now())
      if (trail.skipped.length > MOST_SKIPS) trail.skipped.length = MOST_SKIPS
      return result
    }
  }
  const again = secondChance(failures)
  if (again) {
    await clock.sleep(again.waitMs ?? pause(random), client.signal).catch(() => {})
    const result = await tryOnce(again.lease, true)
    if (result) return result
  }
  throw exhausted(failures, trail, clock.now(), targets)
}

/** Whether the account has something to show its upstream. One for which it cannot be made now is passed by: nothing was asked of the upstream yet. */
function isReady({ target, account }: Lease, trail: Trail, clock: Clock): true | Promise<boolean> {
  const { credential } = account
  if (credential.kind !== 'token') return true
  const failed = (thrown: unknown): false => {
    account.failed(target.model, asGatewayError(thrown), clock.now())
    const { message } = asGatewayError(thrown)
    skip(target, account, account.unavailable(target.model, clock.now()) ?? { state: 'cooling_down', reason: message }, trail)
    return false
  }
  try {
    const token = credential.source.current()
    return typeof token === 'string' ? true : token.then(() => true, failed)
  } catch (thrown) {
    return Promise.resolve(failed(thrown))
  }
}

function secondChance(failures: readonly Failure[]): { lease: Lease; waitMs?: number } | undefined {
  const passing = failures.find(({ error }) => PASSING.has(error.kind) && error.shouldRetry !== false)
  if (passing) return { lease: passing.lease }
  const soon = failures.find(({ error }) => error.kind === 'rate-limit' && (error.retryAfterMs ?? Infinity) <= SHORT_WAIT_MS)
  return soon && { lease: soon.lease, waitMs: (soon.error.retryAfterMs ?? 0) + 5 }
}

async function measured<T>(lease: Lease, trail: Trail, clock: Clock, run: (lease: Lease) => Promise<T>, again: boolean): Promise<T> {
  const { account, target } = lease
  const { health } = account
  const started = clock.elapsed()
  const record = { provider: target.provider.name, account: account.label, model: target.model, outcome: 'ok', status: 200, ms: 0 }
  account.inFlight++
  health.start(target.model)
  let isSent = true
  try {
    const value = await run(lease)
    account.proved(target.model, clock.elapsed() - started, clock.now())
    return value
  } catch (thrown) {
    const error = asGatewayError(thrown)
    release(lease)
    // What cannot be said in this upstream's dialect is refused before anything is sent.
    isSent = error.upstream !== undefined || error.kind !== 'invalid-request'
    Object.assign(record, { outcome: outcomeOf(error), status: error.upstream?.status })
    if (error.kind === 'cancelled' || !error.upstream) health.undecided(target.model)
    else if (error.upstream.final) health.undecided(target.model)
    else if (FINAL.has(error.kind)) health.succeeded(target.model, clock.now())
    // One request counts once against an account, however often it was tried there.
    else if (again && PASSING.has(error.kind)) health.undecided(target.model)
    else account.failed(target.model, error, clock.now())
    throw error
  } finally {
    record.ms = Math.round((clock.elapsed() - started) * 10) / 10
    if (isSent) trail.attempts.push(record)
  }
}

/** Gives an account back when the answer it was taken for has ended. */
export function release({ account }: Lease): void {
  account.inFlight--
}

/** The answer that the last attempt gave ended before it was complete: the record must not call that attempt a good one. */
export function brokeOff({ attempts }: Trail): void {
  const last = attempts.at(-1)
  if (last?.outcome === 'ok') last.outcome = 'broke off'
}

/** In the record a dropped connection says whether the upstream may have done the work (and billed it). */
function outcomeOf(error: GatewayError): string {
  if (error.upstream?.verdict?.state === 'suspended') return 'suspended'
  if (error.kind === 'bad-gateway' && error.upstream?.maybeExecuted && !error.upstream.status) return 'maybe executed'
  return error.kind.replaceAll('-', ' ')
}
