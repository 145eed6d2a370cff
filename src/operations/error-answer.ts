import type { GatewayError } from '../core/errors.ts'
import { isObject, tryParseJson } from '../core/json.ts'
import type { Answer, Call } from './call.ts'
import { headersFromUpstream, JSON_HEADERS } from './headers.ts'
import { type RawAnswer, rawAnswerOf } from './upstream-call.ts'

/** Kinds whose answer was the upstream's verdict on the request: its own dialect gets it in its own words. */
const VERDICTS = new Set([
  'invalid-request',
  'context-too-long',
  'content-policy',
  'not-found',
  'model-not-found',
  'too-large',
  'unprocessable',
  'unsupported-media-type',
  'method-not-allowed',
])

/** An error as the client's dialect says it; where the upstream of the same dialect judged the request, its own answer unchanged. */
export function errorAnswer(call: Pick<Call, 'dialect' | 'requestId'>, error: GatewayError): Answer {
  const raw = VERDICTS.has(error.kind) ? rawAnswerOf(error) : undefined
  if (raw && raw.dialect.id === call.dialect.id && raw.status !== 401 && raw.status !== 403 && raw.status < 500 && isLegal(raw)) {
    const type = raw.headers.get('content-type')
    const headers = { ...(type ? { 'content-type': type } : JSON_HEADERS), ...headersFromUpstream(raw.headers) }
    return { status: raw.status, headers, body: raw.body }
  }
  const { status, body } = call.dialect.client.encodeError(error, call.requestId)
  return { status, headers: { ...JSON_HEADERS, ...retryHeaders(error) }, body: JSON.stringify(body) }
}

/** Both dialects with a pass-through say `{"error":{…}}`; a proxy's HTML page or a framework's own JSON is no answer of theirs. */
function isLegal({ body }: RawAnswer): boolean {
  const json = tryParseJson(new TextDecoder().decode(body))
  return isObject(json) && isObject(json.error)
}

export function retryHeaders(error: GatewayError): Record<string, string> {
  const headers: Record<string, string> = {}
  if (error.retryAfterMs !== undefined) headers['retry-after'] = String(Math.max(1, Math.ceil(error.retryAfterMs / 1000)))
  if (error.shouldRetry !== undefined) headers['x-should-retry'] = String(error.shouldRetry)
  return headers
}
