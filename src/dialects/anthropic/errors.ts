import { readOverflow, speaksOfOverflow } from '../../core/context-overflow.ts'
import { type Candidate, type ErrorDetails, type ErrorKind, forStream, GatewayError } from '../../core/errors.ts'
import { isObject, type JsonObject, type JsonValue, tryParseJson } from '../../core/json.ts'
import { rfc3339 } from '../../core/timestamps.ts'
import { kindOfStatus, retryAfterOf, safeMessage, shouldRetryOf, wordsOfBody } from '../../core/upstream-error.ts'
import type { SseFrame } from '../../sse/frame.ts'
import type { ErrorBody } from '../dialect.ts'
import { REQUEST_FIELDS } from './wire.ts'

/** Every kind in Anthropic's words (dialects.md §5.2). */
const OUTWARD: Record<ErrorKind, readonly [status: number, type: string]> = {
  'invalid-request': [400, 'invalid_request_error'],
  'context-too-long': [400, 'invalid_request_error'],
  'content-policy': [400, 'invalid_request_error'],
  authentication: [401, 'authentication_error'],
  billing: [402, 'billing_error'],
  permission: [403, 'permission_error'],
  'not-found': [404, 'not_found_error'],
  'model-not-found': [404, 'not_found_error'],
  'method-not-allowed': [405, 'invalid_request_error'],
  conflict: [409, 'conflict_error'],
  'too-large': [413, 'request_too_large'],
  'unsupported-media-type': [415, 'invalid_request_error'],
  unprocessable: [422, 'invalid_request_error'],
  'rate-limit': [429, 'rate_limit_error'],
  'quota-exhausted': [429, 'rate_limit_error'],
  internal: [500, 'api_error'],
  'bad-gateway': [502, 'api_error'],
  unavailable: [503, 'overloaded_error'],
  timeout: [504, 'timeout_error'],
  overloaded: [529, 'overloaded_error'],
  cancelled: [499, 'api_error'],
}

const LONGEST_SYNTHESISED = 300

/** What the log keeps of a body. */
const LONGEST_CAUSE = 2000

/** An error as a client of this dialect reads it (dialects.md §5.1). */
export function encodeError(error: GatewayError, requestId: string): ErrorBody {
  const [status] = OUTWARD[error.kind]
  return { status, body: { type: 'error', error: errorObject(error), request_id: requestId } }
}

/** The same within a stream; the SDKs throw on it. */
export function encodeStreamError(error: GatewayError, requestId?: string): SseFrame[] {
  const body: JsonObject = { type: 'error', error: errorObject(forStream(error)) }
  if (requestId !== undefined) body.request_id = requestId
  return [{ event: 'error', data: JSON.stringify(body) }]
}

/** Codes that Anthropic's own SDKs look for in `details`: without a thread the conversation goes on whole, without an encoding the body plain. */
const ACTED_UPON = new Set(['thread_unsupported_request', 'request_body_encoding_unsupported'])

function errorObject(error: GatewayError): JsonObject {
  const [, type] = OUTWARD[error.kind]
  const object: JsonObject = { type, message: messageFor(error) }
  if (error.code !== undefined && ACTED_UPON.has(error.code)) object.details = { error_code: error.code }
  if (error.candidates) object.candidates = error.candidates.map(encodeCandidate)
  return object
}

/**
 * A context that is too long, in Anthropic's own sentences with their numbers: Claude Code looks for them, and shortens its conversation by the first
 * and asks for less output by the second.
 */
function messageFor({ kind, message }: GatewayError): string {
  if (kind !== 'context-too-long' || OWN_WORDS.test(message)) return message
  const { input, output, limit } = readOverflow(message)
  if (input !== undefined && limit !== undefined) {
    if (input > limit) return `prompt is too long: ${input} tokens > ${limit} maximum`
    if (output !== undefined) {
      const sum = `${input} + ${output} > ${limit}`
      return `input length and \`max_tokens\` exceed context limit: ${sum}, decrease input length or \`max_tokens\` and try again`
    }
  }
  return `prompt is too long: ${message}`
}

const OWN_WORDS = /prompt is too long(?!: [\d,]+, model)|exceed context limit: \d+ \+/

function encodeCandidate(candidate: Candidate): JsonObject {
  const { provider, account, state, reason, until } = candidate
  return { provider, account, state, reason, ...(until !== undefined && { until: rfc3339(until) }) }
}

const KIND_OF_TYPE: Record<string, ErrorKind> = {
  invalid_request_error: 'invalid-request',
  authentication_error: 'authentication',
  billing_error: 'billing',
  permission_error: 'permission',
  not_found_error: 'not-found',
  conflict_error: 'conflict',
  request_too_large: 'too-large',
  rate_limit_error: 'rate-limit',
  timeout_error: 'timeout',
  overloaded_error: 'overloaded',
  api_error: 'internal',
}

/** An answer of status ≥ 400. */
export function decodeError(status: number, headers: Headers, body: string): GatewayError {
  const parsed = tryParseJson(body)
  const error = isObject(parsed) && isObject(parsed.error) ? parsed.error : undefined
  const said = textOf(error?.message)
  const requestId = headers.get('request-id') ?? (isObject(parsed) ? textOf(parsed.request_id) : undefined)
  const kind = kindOf(status, textOf(error?.type), said ?? '')
  const own = `the upstream answered with status ${status}`
  const page = said === undefined ? wordsOfBody(body) : undefined
  const words = page === undefined ? safeMessage(said) : `${own}: ${page}`.slice(0, LONGEST_SYNTHESISED)
  return build(kind, words, own, {
    retryAfterMs: retryAfterOf(headers),
    shouldRetry: shouldRetryOf(headers),
    upstream: { status, requestId, ...(speaksOfAccount(kind, said ?? '') && { speaksOfAccount: true }) },
    cause: body.slice(0, LONGEST_CAUSE),
  })
}

/** The `error` object of a stream's error event, or of a body that came with a good status: its type alone decides. */
export function decodeErrorObject(error: JsonObject): GatewayError {
  const said = textOf(error.message)
  const kind = kindOf(undefined, textOf(error.type), said ?? '')
  const speaks = speaksOfAccount(kind, said ?? '') && { upstream: { speaksOfAccount: true } }
  return build(kind, safeMessage(said), 'the upstream failed', { ...speaks, cause: error })
}

const textOf = (value: JsonValue | undefined): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined)

function build(kind: ErrorKind, words: string | undefined, otherwise: string, details: ErrorDetails): GatewayError {
  // Vendors quote the key they refuse, and whose it is.
  if (kind === 'authentication') return new GatewayError(kind, 'the upstream refused the credentials', details)
  const param = kind === 'invalid-request' || kind === 'unprocessable' ? fieldOf(words) : undefined
  return new GatewayError(kind, words ?? otherwise, { ...details, ...(param && { param }), quotes: words !== undefined })
}

/** Anthropic has no member for the field: the message begins with it. */
function fieldOf(words: string | undefined): string | undefined {
  const path = /^([a-z_]+)(?:\.\w+)*(?=: )/.exec(words ?? '')
  return path && REQUEST_FIELDS.has(path[1] ?? '') ? path[0] : undefined
}

function kindOf(status: number | undefined, type: string | undefined, message: string): ErrorKind {
  const byStatus = status === undefined ? undefined : kindOfStatus(status)
  const byType = type === undefined ? undefined : KIND_OF_TYPE[type]
  // These types come with several statuses, which say more.
  const vague = type === 'api_error' || (type === 'invalid_request_error' && status !== 400)
  const kind = (vague ? (byStatus ?? byType) : (byType ?? byStatus)) ?? 'internal'
  switch (kind) {
    case 'invalid-request':
    case 'too-large':
      if (speaksOfOverflow(message)) return 'context-too-long'
      if (/content filtering policy/i.test(message)) return 'content-policy'
      return /credit balance is too low/i.test(message) ? 'billing' : kind
    case 'not-found':
      return /\bmodel\b/i.test(message) ? 'model-not-found' : kind
    case 'rate-limit':
      return /spend(ing)? (limit|cap)|usage limit|credit balance|monthly limit|quota/i.test(message) ? 'quota-exhausted' : kind
    default:
      return kind
  }
}

/** A refusal of the whole account, not of one model for it. */
const speaksOfAccount = (kind: ErrorKind, message: string): boolean =>
  kind === 'billing' ||
  kind === 'quota-exhausted' ||
  ((kind === 'permission' || kind === 'authentication') && /\b(organi[sz]ation|account|workspace)\b/i.test(message))
