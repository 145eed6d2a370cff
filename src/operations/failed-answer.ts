import { asGatewayError } from '../core/errors.ts'
import type { Accounting } from './accounting.ts'
import type { Answer, Call } from './call.ts'
import { errorAnswer } from './error-answer.ts'

/** The answer to a request that came to nothing, which is recorded as that. @param now in milliseconds since the epoch */
export function failedAnswer(call: Call, accounting: Accounting, thrown: unknown, now: number): Answer {
  const error = asGatewayError(thrown)
  accounting.lease = undefined
  // A name that does not exist is not counted under: callers could make up any number of them.
  if (error.kind === 'model-not-found' && accounting.trail.attempts.length === 0) accounting.model = ''
  call.trace?.failed(error)
  const answer = errorAnswer(call, error, now)
  accounting.settle(answer.status, { error })
  return answer
}
