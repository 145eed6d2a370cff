import type { DialectId } from '../ir/dialect-id.ts'
import type { Answer } from '../operations/call.ts'

/** Every answer carries its request's id; Anthropic's clients look for it under their own name. */
export function requestIdHeaders(requestId: string, dialect: DialectId | undefined): Record<string, string> {
  return dialect === 'anthropic' ? { 'x-request-id': requestId, 'request-id': requestId } : { 'x-request-id': requestId }
}

export const toResponse = (answer: Answer, requestId: string, dialect?: DialectId): Response =>
  new Response(answer.body as BodyInit | null, {
    status: answer.status,
    headers: { ...answer.headers, ...requestIdHeaders(requestId, dialect) },
  })
