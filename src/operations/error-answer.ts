import { GatewayError } from '../core/errors.ts'
import { isObject, type JsonObject, tryParseJson } from '../core/json.ts'
import type { Answer, Call } from './call.ts'
import { callerField } from './caller-field.ts'
import { headersFromUpstream, JSON_HEADERS } from './headers.ts'
import { translateRateLimits } from './rate-limit-headers.ts'
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

/** Which request failed, as far as that is known. */
export interface FailedCall extends Pick<Call, 'dialect' | 'requestId'> {
  body?: JsonObject
}

/**
 * An error as the client's dialect says it; where the upstream of the same dialect judged the request, its own answer unchanged. Either way with the
 * limits that the upstream spoke of. `now` in milliseconds since the epoch.
 */
export function errorAnswer(call: FailedCall, error: GatewayError, now: number): Answer {
  const raw = rawAnswerOf(error)
  const same = raw?.dialect.id === call.dialect.id
  const headers = { ...(raw && limitsOf(raw, call, now)), ...retryHeaders(error) }
  if (raw && same && VERDICTS.has(error.kind) && !error.upstream?.retell && mayPass(raw) && isLegal(raw)) {
    const type = raw.headers.get('content-type')
    return { status: raw.status, headers: { ...(type ? { 'content-type': type } : JSON_HEADERS), ...headers }, body: raw.body }
  }
  const { status, body } = call.dialect.client.encodeError(raw && !same ? inCallersWords(error, call) : error, call.requestId)
  return { status, headers: { ...JSON_HEADERS, ...headers }, body: JSON.stringify(body) }
}

/** A translated request's error names the field that the caller sent, or none. */
function inCallersWords(error: GatewayError, call: FailedCall): GatewayError {
  if (error.param === undefined) return error
  return new GatewayError(error.kind, error.message, { ...error, param: callerField(error.param, call) })
}

/** A refusal of our own credentials never passes, and a server's own fault is told as what became of all attempts. */
const mayPass = ({ status }: RawAnswer): boolean => status !== 401 && status !== 403 && status < 500

/** Both dialects with a pass-through say `{"error":{…}}`; a proxy's HTML page or a framework's own JSON is no answer of theirs. */
function isLegal({ body, dialect }: RawAnswer): boolean {
  const json = tryParseJson(new TextDecoder().decode(body))
  if (!isObject(json) || !isObject(json.error) || typeof json.error.message !== 'string') return false
  return dialect.id !== 'anthropic' || (json.type === 'error' && typeof json.error.type === 'string')
}

/** Where our credentials were refused the limits are nobody's. */
function limitsOf({ status, headers, dialect }: RawAnswer, call: FailedCall, now: number): Record<string, string> {
  if (status === 401 || status === 403) return {}
  return dialect.id === call.dialect.id ? headersFromUpstream(headers) : translateRateLimits(headers, dialect.id, call.dialect.id, now)
}

/** `retry-after` in whole seconds for everybody, `retry-after-ms` as the SDKs read it first (dialects.md §5.4). */
export function retryHeaders(error: GatewayError): Record<string, string> {
  const headers: Record<string, string> = {}
  if (error.retryAfterMs !== undefined) {
    headers['retry-after'] = String(Math.max(1, Math.ceil(error.retryAfterMs / 1000)))
    headers['retry-after-ms'] = String(Math.max(1, Math.ceil(error.retryAfterMs)))
  }
  if (error.shouldRetry !== undefined) headers['x-should-retry'] = String(error.shouldRetry)
  return headers
}
