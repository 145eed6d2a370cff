import { readOverflow } from '../../core/context-overflow.ts'
import { type Candidate, type ErrorKind, forStream, type GatewayError } from '../../core/errors.ts'
import type { JsonObject } from '../../core/json.ts'
import { rfc3339 } from '../../core/timestamps.ts'
import type { SseFrame } from '../../sse/frame.ts'
import type { ErrorBody } from '../dialect.ts'

interface WireError {
  status: number
  type: string
  code: string | null
}

const BAD = 'invalid_request_error'

/** dialects.md §5.2, with `api_error` for 5xx and `service_unavailable` for 503 (interface.md). */
const ERRORS: Record<ErrorKind, WireError> = {
  'invalid-request': { status: 400, type: BAD, code: null },
  'context-too-long': { status: 400, type: BAD, code: 'context_length_exceeded' },
  'content-policy': { status: 400, type: BAD, code: 'content_policy_violation' },
  authentication: { status: 401, type: BAD, code: 'invalid_api_key' },
  billing: { status: 402, type: 'insufficient_quota', code: 'insufficient_quota' },
  permission: { status: 403, type: 'permission_error', code: 'permission_denied' },
  'not-found': { status: 404, type: BAD, code: null },
  'model-not-found': { status: 404, type: BAD, code: 'model_not_found' },
  'method-not-allowed': { status: 405, type: BAD, code: null },
  conflict: { status: 409, type: BAD, code: null },
  'too-large': { status: 413, type: BAD, code: null },
  'unsupported-media-type': { status: 415, type: BAD, code: null },
  unprocessable: { status: 422, type: BAD, code: null },
  'rate-limit': { status: 429, type: 'rate_limit_error', code: 'rate_limit_exceeded' },
  'quota-exhausted': { status: 429, type: 'insufficient_quota', code: 'insufficient_quota' },
  internal: { status: 500, type: 'api_error', code: null },
  'bad-gateway': { status: 502, type: 'api_error', code: 'bad_gateway' },
  unavailable: { status: 503, type: 'service_unavailable', code: 'service_unavailable' },
  timeout: { status: 504, type: 'api_error', code: 'timeout' },
  overloaded: { status: 503, type: 'service_unavailable', code: 'overloaded' },
  cancelled: { status: 499, type: 'api_error', code: 'cancelled' },
}

/** Fields that a kind speaks of by itself. */
const PARAMS: Partial<Record<ErrorKind, string>> = { 'context-too-long': 'messages', 'model-not-found': 'model' }

/** OpenAI's envelope: `{"error":{message,type,param,code}}`, with the candidates where none could serve. */
export function encodeError(error: GatewayError): ErrorBody {
  const { status, type, code } = ERRORS[error.kind]
  const ownCode = error.kind === 'unavailable' && error.candidates ? 'no_account_available' : code
  return {
    status,
    body: {
      error: {
        message: messageFor(error),
        type,
        param: error.param ?? PARAMS[error.kind] ?? null,
        code: error.code ?? ownCode,
        ...(error.candidates && { candidates: error.candidates.map(encodeCandidate) }),
      },
    },
  }
}

/** A context that is too long, in OpenAI's own sentences where the numbers are known: clients look for them. */
function messageFor({ kind, message }: GatewayError): string {
  if (kind !== 'context-too-long' || /maximum context length/i.test(message)) return message
  const { input, output = 0, limit } = readOverflow(message)
  if (input === undefined || limit === undefined) return message
  const most = `This model's maximum context length is ${limit} tokens. However, `
  if (input > limit || output === 0) {
    return `${most}your messages resulted in ${input} tokens. Please reduce the length of the messages.`
  }
  const parts = `${input} in the messages, ${output} in the completion`
  return `${most}you requested ${input + output} tokens (${parts}). Please reduce the length of the messages or completion.`
}

const encodeCandidate = ({ provider, account, state, reason, until }: Candidate): JsonObject => ({
  provider,
  account,
  state,
  reason,
  until: until === undefined ? null : rfc3339(until),
})

/** An error inside a stream: SDKs throw on the `error` member; no finish and no end marker follow (dialects.md §4.1). */
export const encodeStreamError = (error: GatewayError): SseFrame[] => [{ data: JSON.stringify(encodeError(forStream(error)).body) }]
