import type { Json } from '../../checkers/json.ts'
import { Refusal } from '../refusal.ts'

/** One row of the catalogue (qwen.md §3.2): what is sent, byte for byte where the body is text. */
export interface ErrorRow {
  status: number
  /** Text as it is (empty: no body), or the members of `error`. */
  body: string | { code: string | null; type: string; message: string }
  contentType?: string
}

const HELP = 'https://help.aliyun.com/zh/model-studio/error-code'
const INPUT = 'InternalError.Algo.InvalidParameter: Range of input length should be'

const row = (status: number, code: string | null, message: string, type = 'invalid_request_error'): ErrorRow => ({
  status,
  body: { code, type, message },
})
const html = (status: number, title: string): ErrorRow => ({
  status,
  body: `<html>\r\n<head><title>${status} ${title}</title></head>\r\n<body><center><h1>${status} ${title}</h1></center></body>\r\n</html>\r\n`,
  contentType: 'text/html',
})

/** What the service says in each case. Codes that are not known are null. */
export const ERRORS = {
  'token-expired': row(401, 'invalid_api_key', 'invalid access token or token expired'),
  'incorrect-key': row(401, 'invalid_api_key', `Incorrect API key provided. For details, see: ${HELP}#apikey-error`),
  'plan-key': row(403, 'invalid_api_key', 'invalid api-key'),
  'free-quota': row(429, 'insufficient_quota', 'Free allocated quota exceeded.', 'insufficient_quota'),
  'free-quota-403': row(403, 'insufficient_quota', 'Free allocated quota exceeded.', 'insufficient_quota'),
  'token-limit': row(
    429,
    'insufficient_quota',
    `You exceeded your current quota, please check your plan and billing details. For details, see: ${HELP}#token-limit`,
    'insufficient_quota',
  ),
  'allocation-quota': row(429, 'Throttling.AllocationQuota', 'Allocated quota exceeded, please increase your quota limit.', 'Throttling'),
  'rate-quota': row(429, 'Throttling.RateQuota', 'Requests rate limit exceeded, please try again later.', 'Throttling'),
  tpm: row(429, '429', 'Throttling: TPM(10680324/10000000)', 'Throttling'),
  'bare-429': { status: 429, body: '' },
  'bad-request': row(400, 'invalid_parameter_error', 'bad request'),
  'unknown-model': row(400, 'invalid_parameter_error', 'model `X` is not supported.'),
  'input-too-long': row(400, 'invalid_parameter_error', `<400> ${INPUT} [1, 983616]`),
  'max-tokens': row(400, 'invalid_parameter_error', 'Range of max_tokens should be [1, 65536]'),
  inspection: row(
    400,
    'data_inspection_failed',
    '<400> InternalError.Algo.DataInspectionFailed: Input text data may contain inappropriate content.',
    'data_inspection_failed',
  ),
  'timeout-504': { status: 504, body: 'stream timeout', contentType: 'text/plain' },
  'plan-hour': row(429, null, 'hour allocated quota exceeded.', 'Throttling'),
  'plan-week': row(429, null, 'week allocated quota exceeded.', 'Throttling'),
  'plan-month': row(429, null, 'month allocated quota exceeded.', 'Throttling'),
  'wrong-path': { status: 404, body: '' },
  arrears: row(400, 'Arrearage', 'Access denied, please make sure your account is in good standing.', 'Arrearage'),
  'arrears-403': row(403, 'Arrearage', 'Access denied, please make sure your account is in good standing.', 'Arrearage'),
  'waf-403': html(403, 'Forbidden'),
  'waf-405': html(405, 'Not Allowed'),
  'html-504': html(504, 'Gateway Time-out'),
} as const satisfies Record<string, ErrorRow>

export type ErrorName = keyof typeof ERRORS

/** The envelope (qwen.md §3.1). */
export function errorBody(code: string | null, message: string, type = 'invalid_request_error'): Json {
  const id = crypto.randomUUID()
  return { error: { message, type, param: null, code }, id: `chatcmpl-${id}`, request_id: id }
}

export function bodyOf({ body }: ErrorRow): Json | string {
  return typeof body === 'string' ? body : errorBody(body.code, body.message, body.type)
}

/** @throws {Refusal} a row of the catalogue, with a message of the case where there is one. */
export function refuse(name: ErrorName, message?: string): never {
  const found: ErrorRow = ERRORS[name]
  const { status, body } = found
  const said = typeof body === 'string' ? body : { ...body, message: message ?? body.message }
  throw new Refusal(status, bodyOf({ status, body: said }), message ?? name)
}

/** @throws {Refusal} 400 about a parameter. */
export function refuseParameter(message: string): never {
  throw new Refusal(400, errorBody('invalid_parameter_error', message), message)
}

/** What the models themselves complain about carries their own prefix. */
export const refuseByModel = (message: string): never => refuseParameter(`<400> InternalError.Algo.InvalidParameter: ${message}`)

export const refuseLength = (limit: number): never => refuse('input-too-long', `<400> ${INPUT} [1, ${limit}]`)

/** @throws {Refusal} an OAuth error (RFC 6749 §5.2, RFC 8628 §3.5). */
export function refuseOauth(error: string, description: string, status = 400): never {
  throw new Refusal(status, { error, error_description: description }, description)
}
