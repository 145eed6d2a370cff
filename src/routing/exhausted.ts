import { type Candidate, type ErrorKind, GatewayError } from '../core/errors.ts'
import { rfc3339 } from '../core/timestamps.ts'
import type { Failure } from './attempt.ts'
import type { Trail } from './trail.ts'

/** Not an outage: the vendor says that there is no such thing. */
const MISSING: ReadonlySet<ErrorKind> = new Set<ErrorKind>(['model-not-found', 'not-found'])

/**
 * The error when no target served the request (interface.md "Settled questions"): 429 where all were rate limits, 504 where the last was a
 * timeout, 502 where it was an upstream's error or our credentials, 503 where none could be tried. It names each target and why.
 */
export function exhausted(failures: readonly Failure[], trail: Trail, now: number): GatewayError {
  const last = failures.at(-1)
  if (!last) return noneAvailable(trail, now)
  // An answer that the caller can act on goes to the caller as it is.
  if (failures.every(({ error }) => MISSING.has(error.kind))) return last.error
  const tried = failures.map(describe).join('; ')
  const skipped = trail.skipped.length > 0 ? `; skipped ${trail.skipped.map(describeSkip).join('; ')}` : ''
  const message = `${failures.length === 1 ? 'the only target tried failed' : `all ${failures.length} attempts failed`}: ${tried}${skipped}`
  const quotes = failures.some(({ error }) => error.quotes)
  const limits = failures.filter(({ error }) => error.upstream?.status === 429 || error.kind === 'rate-limit')
  if (limits.length === failures.length) {
    const waits = limits.map(({ error }) => error.retryAfterMs).filter(wait => wait !== undefined)
    return new GatewayError('rate-limit', message, {
      retryAfterMs: waits.length > 0 ? Math.min(...waits) : undefined,
      quotes,
      cause: last.error,
    })
  }
  const kind = last.error.kind === 'timeout' ? 'timeout' : 'bad-gateway'
  return new GatewayError(kind, message, { shouldRetry: false, quotes, cause: last.error })
}

function noneAvailable(trail: Trail, now: number): GatewayError {
  const candidates: Candidate[] = trail.skipped
  const untils = candidates.map(({ until }) => until).filter(until => until !== undefined)
  const retryAfterMs = Math.max(untils.length > 0 ? Math.min(...untils) - now : 1000, 0)
  const why = candidates.length > 0 ? trail.skipped.map(describeSkip).join('; ') : 'no provider that serves this model has an account'
  return new GatewayError('unavailable', `no account is available: ${why}`, { code: 'no_account_available', candidates, retryAfterMs })
}

const describe = ({ lease, error }: Failure): string => {
  const status = error.upstream?.status ? ` ${error.upstream.status}` : ''
  const credentials = error.kind === 'authentication' || error.kind === 'permission'
  const reason = credentials ? 'the upstream refused our credentials' : error.message
  return `${lease.target.provider.name} (${lease.account.label}, ${lease.target.model}):${status} ${reason}`
}

const describeSkip = ({ provider, account, reason, until }: Trail['skipped'][number]): string => {
  const back = until === undefined ? '' : `, back at ${rfc3339(until)}`
  return `${provider} (${account}): ${reason}${back}`
}
