import type { JsonObject } from '../../core/json.ts'
import { requestIdHeaders } from './headers.ts'
import {
  headerRef,
  kind,
  list,
  moment,
  object,
  type Response,
  type Responses,
  responseRef,
  type Schemas,
  schemaRef,
  text,
} from './schema.ts'

const candidate = object('A target that could have served the request, and why it did not.', {
  provider: text('Name of the provider.'),
  account: text('Label of the account.'),
  state: text('State of the account: `cooling_down`, `exhausted`, `needs_sign_in`, `suspended`, `disabled`, …'),
  reason: text('Why it was passed by.'),
  until: moment('When it comes back; null or absent where that is not known.', { nullable: true }),
})

const candidates = list('Only when nothing could serve the request (503).', schemaRef('Candidate'))

export const errorSchemas: Schemas = {
  Candidate: candidate,
  OpenAIError: object(
    "An error in OpenAI's shape; management answers in it too.",
    {
      error: object(
        '',
        {
          message: text('What went wrong, and what helps. Names your own field.'),
          type: text('Class of the error.', { example: 'invalid_request_error' }),
          param: text("Path of the caller's own field.", { nullable: true, example: 'messages.0.role' }),
          code: text('Machine-readable reason.', { nullable: true, example: 'invalid_value' }),
          candidates,
        },
        ['message', 'type', 'param', 'code'],
      ),
    },
    ['error'],
  ),
  AnthropicError: object(
    "An error in Anthropic's shape.",
    {
      type: kind('error'),
      error: object(
        '',
        {
          type: text('Class of the error.', { example: 'invalid_request_error' }),
          message: text('What went wrong, and what helps.'),
          candidates,
        },
        ['type', 'message'],
      ),
      request_id: text('The same id as in the header `request-id`.'),
    },
    ['type', 'error'],
  ),
}

interface Fault {
  description: string
  message: string
  openai: { type: string; code: string | null; param?: string }
  anthropic: string
  retry?: true
  allow?: true
  candidates?: JsonObject[]
}

const CANDIDATES: JsonObject[] = [
  {
    provider: 'Anthropic',
    account: 'anthropic-1',
    state: 'cooling_down',
    reason: 'rate limited by the upstream',
    until: '2026-11-21T10:00:12.000Z',
  },
  { provider: 'Anthropic', account: 'anthropic-2', state: 'needs_sign_in', reason: 'the refresh token was refused' },
]

/** Every refusal of a client route, in both dialects' words (dialects.md §5.2, interface.md "Settled questions"). */
const FAULTS = {
  400: {
    description: 'The request is wrong; the message names the field. Also: what cannot be carried over, under `x-dragoman-strict: true`.',
    message: 'messages.0.role: must be one of system, developer, user, assistant, tool, function',
    openai: { type: 'invalid_request_error', code: 'invalid_value', param: 'messages.0.role' },
    anthropic: 'invalid_request_error',
  },
  401: {
    description: 'The key is missing, wrong, expired or revoked. An upstream that refuses our own credentials never shows as a 401.',
    message: 'missing or wrong API key: send a client key as "Authorization: Bearer <key>" or "x-api-key: <key>"',
    openai: { type: 'invalid_request_error', code: 'invalid_api_key' },
    anthropic: 'authentication_error',
  },
  403: {
    description: 'The key may not use this model, or the `Host` or `Origin` of the request is not served here.',
    message: "this key may not use the model 'gpt-4o'",
    openai: { type: 'permission_error', code: 'model_not_allowed', param: 'model' },
    anthropic: 'permission_error',
  },
  404: {
    description: 'There is no such model; the message names the nearest ones.',
    message: "the model 'gpt-4p' does not exist here; did you mean 'gpt-4o'?",
    openai: { type: 'invalid_request_error', code: 'model_not_found', param: 'model' },
    anthropic: 'not_found_error',
  },
  405: {
    description: 'Another method than this route has.',
    message: 'PUT is not a method of this route; allowed: POST, OPTIONS',
    openai: { type: 'invalid_request_error', code: 'method_not_allowed' },
    anthropic: 'invalid_request_error',
    allow: true,
  },
  413: {
    description:
      'The body is larger than `limits.body` (32 MB, counted after decompression too) or nested deeper than `limits.depth` (100).',
    message: 'the request body is larger than 33554432 bytes',
    openai: { type: 'invalid_request_error', code: 'request_too_large' },
    anthropic: 'request_too_large',
  },
  415: {
    description: 'The body is not JSON by its `content-type`, or its `content-encoding` is none of gzip, deflate, br, zstd.',
    message: 'content-type: must be application/json',
    openai: { type: 'invalid_request_error', code: null, param: 'content-type' },
    anthropic: 'invalid_request_error',
  },
  429: {
    description:
      "The key's own limit or budget is used up, or every target answered with a rate limit. `retry-after` is the earliest way out.",
    message: 'the only target tried failed: OpenAI (openai-1, gpt-4o): 429 rate limited',
    openai: { type: 'rate_limit_error', code: 'rate_limit_exceeded' },
    anthropic: 'rate_limit_error',
    retry: true,
  },
  500: {
    description: 'A fault of the gateway. The log has it under the request id.',
    message: 'internal error',
    openai: { type: 'api_error', code: null },
    anthropic: 'api_error',
  },
  502: {
    description: "The upstreams failed, or refused the gateway's own credentials.",
    message:
      'all 2 attempts failed: OpenAI (openai-1, gpt-4o): 401 the upstream refused our credentials; ' +
      'OpenAI (openai-2, gpt-4o): 500 server error',
    openai: { type: 'api_error', code: 'bad_gateway' },
    anthropic: 'api_error',
  },
  503: {
    description: 'No target could be tried: `candidates` says of each one why, and when it is back. Also while the gateway is stopping.',
    message:
      'no account is available: Anthropic (anthropic-1): rate limited by the upstream, back at 2026-11-21T10:00:12.000Z; ' +
      'Anthropic (anthropic-2): the refresh token was refused',
    openai: { type: 'service_unavailable', code: 'no_account_available' },
    anthropic: 'overloaded_error',
    retry: true,
    candidates: CANDIDATES,
  },
  504: {
    description: 'The last target did not answer in time (connect 10 s, first byte 300 s, idle 120 s unless configured otherwise).',
    message: 'the only target tried failed: OpenAI (openai-1, gpt-4o): no answer within 300 s',
    openai: { type: 'api_error', code: 'timeout' },
    anthropic: 'timeout_error',
  },
} as const satisfies Record<number, Fault>

export type FaultStatus = keyof typeof FAULTS

const FINAL = new Set([502, 504])

/** OpenAI's dialect writes null where Anthropic's leaves out. */
const withUntil = (candidate: JsonObject): JsonObject => ({ ...candidate, until: candidate.until ?? null })

const openAiBody = ({ message, openai: { type, code, param }, candidates: skipped }: Fault): JsonObject => ({
  error: { message, type, param: param ?? null, code, ...(skipped && { candidates: skipped.map(withUntil) }) },
})

const anthropicBody = ({ message, anthropic, candidates: skipped }: Fault): JsonObject => ({
  type: 'error',
  error: { type: anthropic, message, ...(skipped && { candidates: skipped }) },
  request_id: 'req_01JD6W9Q4T',
})

function response(dialect: 'openai' | 'anthropic', status: number, fault: Fault): Response {
  return {
    description: fault.description,
    headers: {
      ...requestIdHeaders(dialect),
      ...(fault.retry && { 'retry-after': headerRef('RetryAfter') }),
      ...(FINAL.has(status) && { 'x-should-retry': headerRef('ShouldRetry') }),
      ...(fault.allow && { allow: headerRef('Allow') }),
    },
    content: {
      'application/json': {
        schema: schemaRef(dialect === 'openai' ? 'OpenAIError' : 'AnthropicError'),
        example: dialect === 'openai' ? openAiBody(fault) : anthropicBody(fault),
      },
    },
  }
}

/** Where both dialects meet (the model routes), either body may come. */
function bothResponse(status: number, fault: Fault): Response {
  const openai = response('openai', status, fault)
  return {
    ...openai,
    headers: { ...openai.headers, ...requestIdHeaders('anthropic'), vary: headerRef('Vary') },
    content: {
      'application/json': {
        schema: { oneOf: [schemaRef('OpenAIError'), schemaRef('AnthropicError')] },
        examples: {
          OpenAI: { summary: "OpenAI's shape", value: openAiBody(fault) },
          Anthropic: { summary: "Anthropic's shape", value: anthropicBody(fault) },
        },
      },
    },
  }
}

/** Management answers in OpenAI's shape, with its own words for keys. */
const ADMIN_FAULTS: Partial<Record<number, Fault>> = {
  400: {
    description: 'A parameter or the configuration is wrong; the message says which and why.',
    message: "group_by: 'team' is none of key, model, provider, day",
    openai: { type: 'invalid_request_error', code: null, param: 'group_by' },
    anthropic: 'invalid_request_error',
  },
  401: {
    description: 'The admin key is missing or wrong.',
    message: 'missing or wrong admin key: send it as "Authorization: Bearer <key>"',
    openai: { type: 'invalid_request_error', code: 'invalid_admin_key' },
    anthropic: 'authentication_error',
  },
  403: {
    description: 'A client key was sent, or the `Host` or `Origin` of the request is not served here.',
    message: 'a client key cannot administer; send the admin key',
    openai: { type: 'permission_error', code: 'admin_key_required' },
    anthropic: 'permission_error',
  },
}

/** What every route that asks an upstream may answer. */
export const GENERATION_FAULTS: readonly FaultStatus[] = [400, 401, 403, 404, 405, 413, 415, 429, 500, 502, 503, 504]

/** Whose words an error comes in, and which statuses come in them. */
const SHAPES = {
  OpenAI: GENERATION_FAULTS,
  Anthropic: GENERATION_FAULTS,
  Either: [400, 401, 403, 404, 405, 500],
  Admin: [400, 401, 403, 405, 500],
} as const satisfies Record<string, readonly FaultStatus[]>

type Shape = keyof typeof SHAPES

function inShape(shape: Shape, status: FaultStatus): Response {
  if (shape === 'Either') return bothResponse(status, FAULTS[status])
  if (shape === 'Admin') return response('openai', status, ADMIN_FAULTS[status] ?? FAULTS[status])
  return response(shape === 'OpenAI' ? 'openai' : 'anthropic', status, FAULTS[status])
}

/** All error answers as components: `OpenAI404`, `Anthropic404`, `Either404`, `Admin403`. */
export const errorResponses: Record<string, Response> = Object.fromEntries(
  (Object.keys(SHAPES) as Shape[]).flatMap(shape => SHAPES[shape].map(status => [`${shape}${status}`, inShape(shape, status)])),
)

/** References to the error answers of these statuses. */
export const errors = <S extends Shape>(shape: S, ...statuses: (typeof SHAPES)[S][number][]): Responses =>
  Object.fromEntries(statuses.map(status => [status, responseRef(`${shape}${status}`)]))
