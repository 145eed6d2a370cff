import type { Account } from '../accounts/account.ts'
import type { Clock } from '../core/clock.ts'
import { asGatewayError, type ErrorKind, GatewayError } from '../core/errors.ts'
import type { Random } from '../core/random.ts'
import { exhausted } from './exhausted.ts'
import type { Target } from './provider.ts'
import type { Trail } from './trail.ts'

/** An account taken for one attempt. */
export interface Lease {
  target: Target
  account: Account
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

/** Worth one more try at the same place when nothing else is left: it may pass by itself. */
const PASSING: ReadonlySet<ErrorKind> = new Set<ErrorKind>(['bad-gateway', 'internal', 'unavailable', 'overloaded', 'conflict'])

/** A rate limit that ends within this time is waited for rather than reported. */
const SHORT_WAIT_MS = 1000

/** Before the second round; a quarter of a second on average, spread so that callers do not come back together. */
const pause = (random: Random): number => 150 + random.float() * 200

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
): Promise<{ value: T; lease: Lease }> {
  const { clock, random } = services
  const failures: Failure[] = []
  const tryOnce = async (lease: Lease, again = false): Promise<{ value: T; lease: Lease } | undefined> => {
    // Before the first attempt the client has only just come.
    if (failures.length > 0 && client.signal.aborted) throw new GatewayError('cancelled', 'the client went away')
    if (!available(lease, trail, clock.now())) return undefined
    try {
      return { value: await measured(lease, trail, clock, run, again), lease }
    } catch (thrown) {
      const error = asGatewayError(thrown)
      if (FINAL.has(error.kind) || (error.kind === 'internal' && !error.upstream)) throw error
      failures.push({ lease, error })
      return undefined
    }
  }

  for (const target of targets) {
    for (const account of target.provider.pool.inTurn()) {
      const result = await tryOnce({ target, account })
      if (result) return result
    }
  }
  const again = secondChance(failures)
  if (again) {
    await clock.sleep(again.waitMs ?? pause(random), client.signal).catch(() => {})
    const result = await tryOnce(again.lease, true)
    if (result) return result
  }
  throw exhausted(failures, trail, clock.now())
}

function secondChance(failures: readonly Failure[]): { lease: Lease; waitMs?: number } | undefined {
  const passing = failures.find(({ error }) => PASSING.has(error.kind) && error.shouldRetry !== false)
  if (passing) return { lease: passing.lease }
  const soon = failures.find(({ error }) => error.kind === 'rate-limit' && (error.retryAfterMs ?? Infinity) <= SHORT_WAIT_MS)
  return soon && { lease: soon.lease, waitMs: (soon.error.retryAfterMs ?? 0) + 5 }
}

function available({ target, account }: Lease, trail: Trail, now: number): boolean {
  const { provider, model } = target
  const full = provider.maxConcurrent !== undefined && account.inFlight >= provider.maxConcurrent
  const reason = full
    ? { state: 'active', reason: `at its limit of ${provider.maxConcurrent} requests at once`, until: undefined }
    : account.health.unavailable(model, now)
  if (!reason) return true
  const { state, until } = reason
  trail.skipped.push({ provider: provider.name, account: account.label, state, reason: reason.reason, until })
  return false
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
    account.served++
    health.succeeded(target.model, clock.now())
    return value
  } catch (thrown) {
    const error = asGatewayError(thrown)
    release(lease)
    // What cannot be said in this upstream's dialect is refused before anything is sent.
    isSent = error.upstream !== undefined || error.kind !== 'invalid-request'
    Object.assign(record, { outcome: outcomeOf(error), status: error.upstream?.status })
    if (error.kind === 'cancelled' || !error.upstream) health.undecided(target.model)
    else if (FINAL.has(error.kind)) health.succeeded(target.model, clock.now())
    // One request counts once against an account, however often it was tried there.
    else if (again && PASSING.has(error.kind)) health.undecided(target.model)
    else health.failed(target.model, error, clock.now())
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
  if (error.kind === 'bad-gateway' && error.upstream?.maybeExecuted && !error.upstream.status) return 'maybe executed'
  return error.kind.replaceAll('-', ' ')
}
