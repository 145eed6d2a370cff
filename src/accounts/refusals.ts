import { asGatewayError, GatewayError } from '../core/errors.ts'
import { isObject } from '../core/json.ts'
import { retryAfterOf, safeMessage } from '../core/upstream-error.ts'
import type { JsonAnswer } from './json-call.ts'

/** A failed refresh (interface.md "Defaults in numbers"). */
const FAILED_RENEWAL_MS = 60_000
const LONGEST_WAIT_MS = 86_400_000

/**
 * The account works again when somebody has signed in, or given a new token. The fault carries no status: it is not the model server that answered,
 * and the caller's request never went out.
 */
export const needsSignIn = (reason: string, cause?: unknown): GatewayError =>
  new GatewayError('authentication', reason, { upstream: { verdict: { state: 'needs_sign_in', reason }, maybeExecuted: false }, cause })

/** No new token could be had for now. */
export function renewalFailed(
  reason: string,
  { forMs = FAILED_RENEWAL_MS, cause }: { forMs?: number; cause?: unknown } = {},
): GatewayError {
  const kind = cause instanceof GatewayError && cause.kind === 'timeout' ? 'timeout' : 'bad-gateway'
  const text = `no new token: ${reason}`
  return new GatewayError(kind, text, {
    upstream: { verdict: { state: 'cooling_down', reason: text, forMs }, maybeExecuted: false },
    cause,
  })
}

/** What `who` refused, where that does not speak of the credential. */
export function refusedRenewal(who: string, { status, headers }: JsonAnswer): GatewayError {
  const wait = status === 429 ? retryAfterOf(new Headers([...headers])) : undefined
  return renewalFailed(`${who} answered ${status}`, { forMs: Math.min(Math.max(wait ?? 0, FAILED_RENEWAL_MS), LONGEST_WAIT_MS) })
}

/** `who` gave no answer at all. */
export function unreached(who: string, thrown: unknown): GatewayError {
  const error = asGatewayError(thrown)
  return renewalFailed(`${who}: ${error.message}`, { cause: error })
}

export const asksForSignIn = (error: unknown): error is GatewayError =>
  error instanceof GatewayError && error.upstream?.verdict?.state === 'needs_sign_in'

/** The account server's own words for people, without what was sent to it; undefined where there are none. */
export function describedError({ json }: Pick<JsonAnswer, 'json'>, sent: readonly string[]): string | undefined {
  const described = isObject(json) ? json.error_description : undefined
  if (typeof described !== 'string') return undefined
  return safeMessage(sent.reduce((text, secret) => text.replaceAll(secret, '[redacted]'), described))
}
