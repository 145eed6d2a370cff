import { speaksOfOverflow } from '../../core/context-overflow.ts'
import { type ErrorDetails, type ErrorKind, GatewayError } from '../../core/errors.ts'
import { isObject, type JsonObject, type JsonValue, tryParseJson } from '../../core/json.ts'
import { kindOfStatus, milliseconds, retryAfterOf, safeMessage, shouldRetryOf, wordsOfBody } from '../../core/upstream-error.ts'
import type { UpstreamTraits } from '../dialect.ts'
import { alibabaMeaning, type Meaning } from './alibaba-errors.ts'
import { listedProblem } from './listed-problems.ts'

/** What the log keeps of a body. */
const LONGEST_CAUSE = 2000

const LONGEST_MESSAGE = 300

/** Words of the vendors that say more than the status, first match wins: in `code`, `type`, Google's `status`, or the message. */
const KIND_OF_WORDS: readonly (readonly [RegExp, ErrorKind])[] = [
  [/context_length_exceeded|context_window_exceeded|exceed_context_size_error/, 'context-too-long'],
  [/insufficient_quota|quota_exceeded|insufficient balance|exceeded your current quota/i, 'quota-exhausted'],
  [/billing_not_active|billing_hard_limit_reached|credit balance is too low|payment required/i, 'billing'],
  [/model_not_found|DeploymentNotFound|model_not_available/, 'model-not-found'],
  [
    /content_policy_violation|content_filter|moderation_blocked|ResponsibleAIPolicyViolation|DataInspectionFailed|data_inspection_failed/i,
    'content-policy',
  ],
  [/invalid_api_key|API_KEY_INVALID|incorrect api key|authentication_error/i, 'authentication'],
  [/rate_limit|RESOURCE_EXHAUSTED|too many requests/i, 'rate-limit'],
  [/overloaded|engine_overloaded|over capacity/i, 'overloaded'],
]

/** Kinds that words may only sharpen where the status allows the reading: a 500 that quotes a rate limit stays a 500. */
const WORDS_NEED_STATUS: Partial<Record<ErrorKind, (status: number) => boolean>> = {
  'rate-limit': status => status === 429,
  overloaded: status => status >= 500,
  'quota-exhausted': status => status === 429 || status === 403 || status === 400,
  authentication: status => status === 400 || status === 401 || status === 403,
}

const OF_ACCOUNT =
  /insufficient_quota|current quota|insufficient balance|billing|credit balance|account[^.]{0,40}(deactivated|suspended|disabled|banned)|(deactivated|suspended|disabled)[^.]{0,20}(account|organi[sz]ation|workspace)|your account/i

interface Said {
  message?: string
  code?: string
  type?: string
  param?: string
  /** All words that tell the kind. */
  words: string
  retryAfterMs?: number
}

/** An answer of status ≥ 400 (dialects.md §5.2). What the client is shown holds no address, key or markup. */
export function decodeError(status: number, headers: Headers, body: string, traits?: UpstreamTraits): GatewayError {
  const said = read(tryParseJson(body))
  const meaning = meaningOf(status, said, body, traits)
  const details: ErrorDetails = {
    retryAfterMs: retryAfterOf(headers) ?? said?.retryAfterMs,
    shouldRetry: shouldRetryOf(headers),
    upstream: {
      status,
      requestId: headers.get('x-request-id') ?? headers.get('request-id') ?? undefined,
      speaksOfAccount: said ? OF_ACCOUNT.test(`${said.words} ${said.message ?? ''}`) : false,
    },
    cause: body === '' ? undefined : body.slice(0, LONGEST_CAUSE),
  }
  const page = said?.message === undefined ? wordsOfBody(body) : undefined
  const message = page && `the upstream answered with status ${status}: ${page}`.slice(0, LONGEST_MESSAGE)
  return build(kindOf(status, said), status, page === undefined ? said : { words: '', ...said, message }, details, meaning)
}

/**
 * `{"error":…}` inside a stream or a body of status 200: a number for a code is a status, else what its frame says (`status`), what the message begins with
 * (Alibaba's `<400>`), or the type.
 */
export function errorOfBody(body: JsonObject, traits?: UpstreamTraits, status?: number): GatewayError {
  const said = read(body)
  const error = isObject(body.error) ? body.error : body
  const begins = /^<([45]\d\d)>/.exec(said?.message ?? '')?.[1]
  const stated = [error.code, error.status, body.status_code, status, begins].map(Number).find(value => value >= 400 && value < 600)
  const known = stated ?? statusOfType(`${said?.code ?? ''} ${said?.type ?? ''}`)
  const details: ErrorDetails = {
    retryAfterMs: said?.retryAfterMs,
    upstream: { status: stated, speaksOfAccount: OF_ACCOUNT.test(`${said?.words} ${said?.message ?? ''}`) },
    cause: JSON.stringify(body).slice(0, LONGEST_CAUSE),
  }
  return build(kindOf(known, said), known, said, details, meaningOf(known, said, '', traits))
}

/** Text that stands in an answer's place and is an error (Alibaba's `error_finish`): JSON of the same form, or the message alone. */
export function errorOfText(text: string, traits?: UpstreamTraits): GatewayError {
  const body = tryParseJson(text)
  return errorOfBody(isObject(body) ? body : { message: text === '' ? 'the upstream broke off its answer' : text }, traits)
}

function meaningOf(status: number, said: Said | undefined, body: string, traits: UpstreamTraits | undefined): Meaning | undefined {
  const { words = '', message = '' } = said ?? {}
  return alibabaMeaning({ status, words, message, body }, traits?.errors === 'alibaba')
}

/** What a type or code stands for where no status does, first match wins. */
const STATUS_OF_TYPE: readonly (readonly [RegExp, number])[] = [
  [/api_key|authentication/, 401],
  [/billing/, 402],
  [/permission/, 403],
  [/not_found/, 404],
  [/rate_limit|insufficient_quota/, 429],
  [/invalid_request/, 400],
  [/overloaded/, 529],
  [/timeout/, 504],
]

const statusOfType = (type: string): number => STATUS_OF_TYPE.find(([pattern]) => pattern.test(type))?.[1] ?? 502

function build(read: ErrorKind, status: number, said: Said | undefined, given: ErrorDetails, meaning?: Meaning): GatewayError {
  const kind = meaning?.kind ?? read
  const details: ErrorDetails = meaning
    ? { ...given, retryAfterMs: given.retryAfterMs ?? meaning.retryAfterMs, upstream: { ...given.upstream, ...meaning.upstream } }
    : given
  // Vendors quote the key they refuse, and whose it is.
  if (kind === 'authentication') return new GatewayError(kind, 'the upstream refused the credentials', details)
  const words = meaning?.message === undefined ? safeMessage(said?.message) : undefined
  const message = words ?? meaning?.message ?? `the upstream answered with status ${status}`
  const quotes = words !== undefined
  return new GatewayError(kind, message, {
    ...details,
    quotes,
    param: meaning?.param ?? said?.param,
    code: kind === 'invalid-request' || kind === 'unprocessable' ? said?.code : undefined,
  })
}

function kindOf(status: number, said: Said | undefined): ErrorKind {
  const words = said ? `${said.words} ${said.message ?? ''}` : ''
  for (const [pattern, kind] of KIND_OF_WORDS) {
    if (pattern.test(words) && (WORDS_NEED_STATUS[kind]?.(status) ?? true)) return kind
  }
  if (speaksOfOverflow(words) && ([400, 413, 422].includes(status) || status >= 500)) return 'context-too-long'
  if (status === 404 && /\bmodel\b/i.test(words)) return 'model-not-found'
  return kindOfStatus(status)
}

const text = (value: JsonValue | undefined): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined)

/**
 * OpenAI's envelope and what others make of it: Google's one-element array, vLLM's flat object, FastAPI's list of problems, a bare string, Azure's inner error,
 * and OpenRouter's wrapping of what the vendor behind it said.
 */
function read(value: JsonValue | undefined): Said | undefined {
  const body = Array.isArray(value) ? value[0] : value
  if (!isObject(body)) return undefined
  const error = isObject(body.error) ? body.error : body
  const listed = listedProblem(body.detail) ?? listedProblem(error.message)
  const inner = isObject(error.innererror) ? text(error.innererror.code) : undefined
  const behind = isObject(error.metadata) ? read(tryParseJson(text(error.metadata.raw) ?? '')) : undefined
  const code = text(error.code)
  const type = text(error.type)
  const reasons = Array.isArray(error.details) ? error.details.filter(isObject) : []
  const given = [code, type, inner, text(error.status), behind?.words, ...reasons.map(item => text(item.reason))]
  const said = text(error.message) ?? text(body.error) ?? text(body.detail) ?? text(body.message) ?? text(body.error_msg)
  return {
    message: listed?.message ?? behind?.message ?? said,
    code,
    type,
    param: text(error.param) ?? listed?.param ?? behind?.param,
    words: given.filter(word => word !== undefined).join(' '),
    retryAfterMs: reasons.map(item => milliseconds(text(item.retryDelay)?.replace(/s$/, ''))).find(ms => ms !== undefined),
  }
}
