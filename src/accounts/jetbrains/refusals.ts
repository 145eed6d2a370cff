import { type AccountVerdict, GatewayError } from '../../core/errors.ts'
import { OUT_OF_QUOTA, SUSPENDED_LICENCE, speaksOfSuspension } from '../../core/jetbrains-quota.ts'
import type { JsonAnswer } from '../json-call.ts'

const EXHAUSTED_MS = 600_000

/** What a 477 says of its account; undefined for any other answer. */
export function verdictOf477({ status, text }: Pick<JsonAnswer, 'status' | 'text'>): AccountVerdict | undefined {
  if (status !== OUT_OF_QUOTA) return undefined
  return speaksOfSuspension(text)
    ? { state: 'suspended', reason: SUSPENDED_LICENCE }
    : { state: 'exhausted', reason: 'quota exhausted (477)', forMs: EXHAUSTED_MS }
}

export const refusedBy477 = (verdict: AccountVerdict): GatewayError =>
  new GatewayError('quota-exhausted', verdict.reason, { upstream: { status: OUT_OF_QUOTA, verdict, maybeExecuted: false } })
