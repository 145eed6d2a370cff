import { type AccountVerdict, GatewayError } from '../../core/errors.ts'
import { isObject } from '../../core/json.ts'
import { retryAfterOf, safeMessage } from '../../core/upstream-error.ts'
import type { JsonAnswer } from '../json-call.ts'

/** A failed refresh (interface.md "Defaults in numbers"). */
const FAILED_RENEWAL_MS = 60_000
const EXHAUSTED_MS = 600_000
const LONGEST_WAIT_MS = 86_400_000

/** The status that only JetBrains has: the quota is used up, or the licence is suspended (jetbrains-ai.md §6). */
const NO_QUOTA = 477
const SUSPENDED = /licen[cs]e suspension|suspended/i

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

export const asksForSignIn = (error: unknown): error is GatewayError =>
  error instanceof GatewayError && error.upstream?.verdict?.state === 'needs_sign_in'

/** What a 477 says of its account; undefined for any other answer. */
export function verdictOf477({ status, text }: Pick<JsonAnswer, 'status' | 'text'>): AccountVerdict | undefined {
  if (status !== NO_QUOTA) return undefined
  return SUSPENDED.test(text)
    ? { state: 'suspended', reason: 'JetBrains has suspended the licence (477)' }
    : { state: 'exhausted', reason: 'quota exhausted (477)', forMs: EXHAUSTED_MS }
}

export const refusedBy477 = (verdict: AccountVerdict): GatewayError =>
  new GatewayError('quota-exhausted', verdict.reason, { upstream: { status: NO_QUOTA, verdict, maybeExecuted: false } })

/** The account server's own words for people, without what was sent to it; undefined where there are none. */
export function describedError({ json }: JsonAnswer, sent: readonly string[]): string | undefined {
  const described = isObject(json) ? json.error_description : undefined
  if (typeof described !== 'string') return undefined
  return safeMessage(sent.reduce((text, secret) => text.replaceAll(secret, '[redacted]'), described))
}
