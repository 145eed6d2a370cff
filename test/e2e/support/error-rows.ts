import type { Answer } from '../../simulators/answer.ts'
import type { UpstreamKind } from './upstreams.ts'

type Vendor = UpstreamKind['name']

/** What a client is told: status, `type`, and in OpenAI's dialect `code`; `param` where it must be one. */
export interface Told {
  status: number
  type: string
  code?: string | null
  param?: string | null
  says: RegExp
}

/** One kind of refusal of an upstream (dialects.md §5.2), and what either client makes of it. */
export interface ErrorRow {
  name: string
  answer: Record<Vendor, Answer>
  openai: Told
  anthropic: Told
  /** How often the upstream is asked: what may pass by itself is tried once more. Absent where that is the connection's business. */
  asked?: 1 | 2
  /** `x-should-retry` of the answer. */
  shouldRetry?: 'true' | 'false'
  retryAfter?: string
  /** A client of the upstream's own dialect gets its words to the byte. */
  verbatim?: boolean
}

const both = (answer: Answer): Record<Vendor, Answer> => ({ openai: answer, anthropic: answer })

const openAiBody = (message: string, type: string, code: string | null = null, param: string | null = null): unknown => ({
  error: { message, type, param, code },
})
const anthropicBody = (message: string, type: string): unknown => ({ type: 'error', error: { type, message }, request_id: 'req_upstream' })

/** The same fault in both vendors' shapes. */
const vendors = (status: number, openai: unknown, anthropic: unknown, headers?: Record<string, string>): Record<Vendor, Answer> => ({
  openai: { status, body: openai, ...(headers && { headers }) },
  anthropic: { status, body: anthropic, ...(headers && { headers }) },
})

const BAD = 'invalid_request_error'

/** An upstream's fault, or our credentials': 502 when everything was tried. */
const broken = (says: RegExp): Pick<ErrorRow, 'openai' | 'anthropic' | 'shouldRetry'> => ({
  openai: { status: 502, type: 'api_error', code: 'bad_gateway', says },
  anthropic: { status: 502, type: 'api_error', says },
  shouldRetry: 'false',
})

export const ERROR_ROWS: readonly ErrorRow[] = [
  {
    name: '400 for a field',
    answer: vendors(
      400,
      openAiBody('max_tokens is too large: 100000', BAD, 'invalid_value', 'max_tokens'),
      anthropicBody('max_tokens: 100000 > 64000, which is the maximum allowed', BAD),
    ),
    openai: { status: 400, type: BAD, param: 'max_tokens', says: /100000/ },
    anthropic: { status: 400, type: BAD, says: /100000/ },
    asked: 1,
    verbatim: true,
  },
  {
    name: '400 for thinking, in words that Claude Code acts upon',
    answer: vendors(
      400,
      openAiBody("Unsupported parameter: 'reasoning_effort'", BAD, 'unsupported_parameter', 'reasoning_effort'),
      anthropicBody('"thinking.type.enabled" is not supported for this model. Use "thinking.type.adaptive"', BAD),
    ),
    openai: { status: 400, type: BAD, says: /reasoning_effort|thinking\.type\.enabled/ },
    anthropic: { status: 400, type: BAD, says: /reasoning_effort|"thinking\.type\.enabled" is not supported for this model/ },
    asked: 1,
    verbatim: true,
  },
  {
    name: 'a context that is too long',
    answer: vendors(
      400,
      openAiBody(
        "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens.",
        BAD,
        'context_length_exceeded',
        'messages',
      ),
      anthropicBody('prompt is too long: 9000 tokens > 8192 maximum', BAD),
    ),
    openai: { status: 400, type: BAD, says: /9000.*8192|8192.*9000/ },
    anthropic: { status: 400, type: BAD, says: /9000.*8192|8192.*9000/ },
    asked: 1,
    verbatim: true,
  },
  {
    name: 'input and output that are too long together',
    answer: vendors(
      400,
      openAiBody(
        "This model's maximum context length is 8192 tokens. However, you requested 9000 tokens (5000 in the messages, 4000 in the completion).",
        BAD,
        'context_length_exceeded',
        'messages',
      ),
      anthropicBody('input length and `max_tokens` exceed context limit: 5000 + 4000 > 8192, decrease input length', BAD),
    ),
    openai: { status: 400, type: BAD, says: /5000.*4000/ },
    anthropic: { status: 400, type: BAD, says: /5000.*4000/ },
    asked: 1,
    verbatim: true,
  },
  {
    name: 'content that is not allowed',
    answer: vendors(
      400,
      openAiBody('Your request was rejected by our safety system', 'invalid_request_error', 'content_policy_violation'),
      anthropicBody('Output blocked by content filtering policy', BAD),
    ),
    openai: { status: 400, type: BAD, says: /rejected|blocked/ },
    anthropic: { status: 400, type: BAD, says: /rejected|blocked/ },
    asked: 1,
    verbatim: true,
  },
  {
    name: '401',
    answer: both({ status: 401, message: 'bad key sk-simulated-0123456789' }),
    ...broken(/refused our credentials/),
    asked: 1,
  },
  { name: '403', answer: both({ status: 403 }), ...broken(/refused our credentials/), asked: 1 },
  {
    name: '402',
    answer: vendors(
      402,
      openAiBody('Insufficient Balance', 'unknown_error'),
      anthropicBody('Your credit balance is too low', 'billing_error'),
    ),
    openai: { status: 402, type: 'insufficient_quota', code: 'insufficient_quota', says: /balance/i },
    anthropic: { status: 402, type: 'billing_error', says: /balance/i },
    asked: 1,
    shouldRetry: 'false',
  },
  {
    name: '404 for the model',
    answer: vendors(404, openAiBody('The model `x` does not exist', BAD, 'model_not_found'), anthropicBody('model: x', 'not_found_error')),
    openai: { status: 404, type: BAD, code: 'model_not_found', says: /model/ },
    anthropic: { status: 404, type: 'not_found_error', says: /model/ },
    asked: 1,
    verbatim: true,
  },
  {
    name: '408',
    answer: both({ status: 408 }),
    openai: { status: 504, type: 'api_error', code: 'timeout', says: /408/ },
    anthropic: { status: 504, type: 'timeout_error', says: /408/ },
    asked: 1,
    shouldRetry: 'false',
  },
  {
    name: '409',
    answer: both({ status: 409 }),
    openai: { status: 409, type: BAD, code: null, says: /409/ },
    anthropic: { status: 409, type: 'conflict_error', says: /409/ },
    asked: 2,
    shouldRetry: 'false',
  },
  {
    name: '413',
    answer: both({ status: 413 }),
    openai: { status: 413, type: BAD, says: /413/ },
    anthropic: { status: 413, type: 'request_too_large', says: /413/ },
    asked: 1,
    verbatim: true,
  },
  {
    name: '422',
    answer: both({ status: 422 }),
    openai: { status: 422, type: BAD, says: /422/ },
    anthropic: { status: 422, type: BAD, says: /422/ },
    asked: 1,
    verbatim: true,
  },
  {
    name: '429',
    answer: both({ status: 429, headers: { 'retry-after': '17' } }),
    openai: { status: 429, type: 'rate_limit_error', code: 'rate_limit_exceeded', says: /429/ },
    anthropic: { status: 429, type: 'rate_limit_error', says: /429/ },
    asked: 1,
    retryAfter: '17',
  },
  {
    name: '429 that names the organisation',
    answer: vendors(
      429,
      openAiBody('Rate limit reached for gpt-4o in organization org-AbCdEfGhIjKlMnOpQrSt on tokens', 'tokens', 'rate_limit_exceeded'),
      anthropicBody(
        "This request would exceed your organization's rate limit (org: 7f8c5ee2-1d52-4a8e-9c7b-3d1f0a9b8c7d)",
        'rate_limit_error',
      ),
      { 'retry-after': '17', 'openai-organization': 'org-AbCdEfGhIjKlMnOpQrSt', 'anthropic-organization-id': '7f8c5ee2-1d52-4a8e' },
    ),
    openai: { status: 429, type: 'rate_limit_error', code: 'rate_limit_exceeded', says: /\[redacted\]/ },
    anthropic: { status: 429, type: 'rate_limit_error', says: /\[redacted\]/ },
    asked: 1,
    retryAfter: '17',
  },
  {
    name: '429 for good',
    answer: vendors(
      429,
      openAiBody('You exceeded your current quota', 'insufficient_quota', 'insufficient_quota'),
      anthropicBody('You have reached your specified API usage limits', 'rate_limit_error'),
    ),
    openai: { status: 429, type: 'insufficient_quota', code: 'insufficient_quota', says: /quota|usage limits/ },
    anthropic: { status: 429, type: 'rate_limit_error', says: /quota|usage limits/ },
    asked: 1,
    shouldRetry: 'false',
  },
  { name: '500', answer: both({ status: 500 }), ...broken(/500/), asked: 2 },
  { name: '503', answer: both({ status: 503 }), ...broken(/503/), asked: 2 },
  { name: '503 with a time', answer: both({ status: 503, headers: { 'retry-after': '9' } }), ...broken(/503/), asked: 2, retryAfter: '9' },
  {
    name: '504',
    answer: both({ status: 504 }),
    openai: { status: 504, type: 'api_error', code: 'timeout', says: /504/ },
    anthropic: { status: 504, type: 'timeout_error', says: /504/ },
    asked: 1,
    shouldRetry: 'false',
  },
  {
    name: '529',
    answer: both({ status: 529 }),
    openai: { status: 503, type: 'service_unavailable', code: 'overloaded', says: /529/ },
    anthropic: { status: 529, type: 'overloaded_error', says: /529/ },
    asked: 2,
    shouldRetry: 'false',
  },
  {
    name: 'a page',
    answer: both({
      status: 502,
      contentType: 'text/html',
      body: '<html><head><title>502</title></head><body><h1>Bad gateway</h1><a href="https://inner.example/">cdn</a> 10.0.0.7</body></html>',
    }),
    ...broken(/Bad gateway/),
    asked: 2,
  },
  { name: 'an empty body', answer: both({ status: 500, body: '' }), ...broken(/status 500/), asked: 2 },
  {
    name: 'JSON that is no error object',
    answer: both({ status: 400, body: { detail: 'Odd' } }),
    openai: { status: 400, type: BAD, code: null, says: /Odd|status 400/ },
    anthropic: { status: 400, type: BAD, says: /Odd|status 400/ },
    asked: 1,
  },
  {
    name: 'a redirect',
    answer: both({ status: 302, headers: { location: 'http://127.0.0.1:1/' }, body: '' }),
    ...broken(/redirects \(302\)/),
    asked: 2,
  },
  { name: 'no answer', answer: both({ closeBeforeHeaders: true }), ...broken(/upstream/) },
]
