import { type Candidate, type ErrorKind, GatewayError } from '../core/errors.ts'
import { rfc3339 } from '../core/timestamps.ts'
import type { Failure } from './attempt.ts'
import type { Target } from './provider.ts'
import type { Trail } from './trail.ts'

/** Not an outage: the vendor says that there is no such thing. */
const MISSING: ReadonlySet<ErrorKind> = new Set<ErrorKind>(['model-not-found', 'not-found'])

/** What all failures together are, where each of them is of one of these kinds; the first row that holds counts. */
const SHARED: readonly { kinds: ReadonlySet<ErrorKind>; kind: ErrorKind }[] = [
  { kinds: new Set(['billing']), kind: 'billing' },
  { kinds: new Set(['quota-exhausted', 'billing']), kind: 'quota-exhausted' },
  { kinds: new Set(['rate-limit', 'quota-exhausted', 'billing']), kind: 'rate-limit' },
  { kinds: new Set(['overloaded']), kind: 'overloaded' },
  { kinds: new Set(['conflict']), kind: 'conflict' },
]

/**
 * The error when no target served the request (interface.md "Settled questions"): 429 where all were rate limits, 504 where the last was a
 * timeout, 502 where it was an upstream's error or our credentials, 503 where none could be tried. Where all failed of the same cause that clients treat in
 * a way of its own (a quota, an overload, a conflict) it stays that. It names each target and why. What a single target said stays reachable as the cause.
 */
export function exhausted(failures: readonly Failure[], trail: Trail, now: number, targets: readonly Target[]): GatewayError {
  const last = failures.at(-1)
  if (!last) return noneAvailable(trail, now, targets)
  // An answer that the caller can act on goes to the caller as it is.
  if (failures.every(({ error }) => MISSING.has(error.kind))) return last.error
  const tried = failures.map(describe).join('; ')
  const skipped = trail.skipped.length > 0 ? `; skipped ${trail.skipped.map(describeSkip).join('; ')}` : ''
  const message = `${failures.length === 1 ? 'the only target tried failed' : `all ${failures.length} attempts failed`}: ${tried}${skipped}`
  const kind = sharedKind(failures) ?? (last.error.kind === 'timeout' ? 'timeout' : 'bad-gateway')
  const alone = failures.every(({ lease }) => lease.account === last.lease.account)
  return new GatewayError(kind, message, {
    retryAfterMs: earliest(failures, trail, now),
    // Everything that could be tried has been, and a quota does not come back while an SDK waits; a rate limit does.
    ...((kind !== 'rate-limit' || failures.every(({ error }) => error.shouldRetry === false)) && { shouldRetry: false }),
    quotes: failures.some(({ error }) => error.quotes),
    ...(alone && { cause: last.error }),
  })
}

function sharedKind(failures: readonly Failure[]): ErrorKind | undefined {
  const kinds = failures.map(({ error }) => (error.upstream?.status === 429 && !ONE_OF_LIMITS.has(error.kind) ? 'rate-limit' : error.kind))
  return SHARED.find(row => kinds.every(kind => row.kinds.has(kind)))?.kind
}

const ONE_OF_LIMITS: ReadonlySet<ErrorKind> = new Set<ErrorKind>(['quota-exhausted', 'billing'])

/** The first moment at which one of the targets said it would be back, or is known to be, in milliseconds from now. */
function earliest(failures: readonly Failure[], { skipped }: Trail, now: number): number | undefined {
  const waits = [...failures.map(({ error }) => error.retryAfterMs), ...skipped.map(({ until }) => until && Math.max(until - now, 0))]
  const known = waits.filter(wait => wait !== undefined)
  return known.length > 0 ? Math.min(...known) : undefined
}

/** What only a person ends, and when it is worth looking whether one has. */
const NEEDS_SOMEBODY: ReadonlySet<string> = new Set(['needs_sign_in', 'suspended', 'disabled'])
const MENDED_MS = 60_000

/** Scripts of the older JetBrains proxy's users look for this. */
const NO_TOKENS = 'no available JWT tokens: '

function noneAvailable(trail: Trail, now: number, targets: readonly Target[]): GatewayError {
  const candidates: Candidate[] = trail.skipped
  const waits = candidates.map(({ state, until }) => (until === undefined ? (NEEDS_SOMEBODY.has(state) ? MENDED_MS : 1000) : until - now))
  const retryAfterMs = waits.length > 0 ? Math.max(Math.min(...waits), 0) : 1000
  const why = candidates.length > 0 ? trail.skipped.map(describeSkip).join('; ') : 'no provider that serves this model has an account'
  const known = targets.some(({ provider }) => provider.type === 'jetbrains') ? NO_TOKENS : ''
  return new GatewayError('unavailable', `${known}no account is available: ${why}`, {
    code: 'no_account_available',
    candidates,
    retryAfterMs,
  })
}

const describe = ({ lease, error }: Failure): string => {
  const status = error.upstream?.status ? ` ${error.upstream.status}` : ''
  const credentials = error.kind === 'authentication' || error.kind === 'permission'
  // What it means for the account is in our words, and a client's operator can act on it.
  const reason = credentials ? (error.upstream?.verdict?.reason ?? 'the upstream refused our credentials') : error.message
  return `${lease.target.provider.name} (${lease.account.label}, ${lease.target.model}):${status} ${reason}`
}

const describeSkip = ({ provider, account, reason, until }: Trail['skipped'][number]): string => {
  const back = until === undefined ? '' : `, back at ${rfc3339(until)}`
  return `${provider} (${account}): ${reason}${back}`
}
