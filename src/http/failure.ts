import { asGatewayError } from '../core/errors.ts'
import type { Caller, ClientDialect } from '../operations/call.ts'
import { errorAnswer } from '../operations/error-answer.ts'
import type { RequestTrace } from '../operations/tracing/request-trace.ts'
import type { ClientRouteServices } from './client-route.ts'
import { toResponse } from './respond.ts'

/** The request that failed, as far as it was understood. */
export interface Failed {
  requestId: string
  route: string
  dialect: ClientDialect
  /** Known once the key was. */
  caller?: Caller
  /** Of the same clock as `Clock.elapsed`. */
  startedAt: number
  headers?: Record<string, string>
  trace?: RequestTrace
}

/** Whatever was thrown, told in the route's dialect; logged, and recorded where somebody's key asked. */
export function failure(thrown: unknown, failed: Failed, services: ClientRouteServices): Response {
  const { requestId, route, dialect, caller, startedAt } = failed
  const error = asGatewayError(thrown)
  if (error.kind === 'internal') services.unforeseen(error, requestId)
  const answer = errorAnswer(failed, error, services.clock.now())
  failed.trace?.failed(error)
  failed.trace?.answers(answer)
  services.answered({ id: requestId, route, status: answer.status, latencyMs: services.clock.elapsed() - startedAt, caller, error })
  return toResponse({ ...answer, headers: { ...answer.headers, ...failed.headers } }, requestId, dialect.id)
}
