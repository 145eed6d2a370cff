import { type AccountVerdict, GatewayError } from '../../core/errors.ts'
import type { JsonAnswer } from '../json-call.ts'

const EXHAUSTED_MS = 600_000

/** The status that only JetBrains has: the quota is used up, or the licence is suspended (jetbrains-ai.md §6). */
const NO_QUOTA = 477
const SUSPENDED = /licen[cs]e suspension|suspended/i

/** What a 477 says of its account; undefined for any other answer. */
export function verdictOf477({ status, text }: Pick<JsonAnswer, 'status' | 'text'>): AccountVerdict | undefined {
  if (status !== NO_QUOTA) return undefined
  return SUSPENDED.test(text)
    ? { state: 'suspended', reason: 'JetBrains has suspended the licence (477)' }
    : { state: 'exhausted', reason: 'quota exhausted (477)', forMs: EXHAUSTED_MS }
}

export const refusedBy477 = (verdict: AccountVerdict): GatewayError =>
  new GatewayError('quota-exhausted', verdict.reason, { upstream: { status: NO_QUOTA, verdict, maybeExecuted: false } })
