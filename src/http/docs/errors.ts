import type { JsonObject } from '../../core/json.ts'
import { FAULTS, type Fault, type FaultStatus } from './faults.ts'
import { rateLimitHeaders, requestIdHeaders } from './headers.ts'
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
      ...(fault.retry && { 'retry-after': headerRef('RetryAfter'), 'retry-after-ms': headerRef('RetryAfterMs') }),
      ...((fault.final || status === 429) && { 'x-should-retry': headerRef('ShouldRetry') }),
      ...(status === 429 && rateLimitHeaders(dialect)),
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
  404: {
    description: 'There is no such object.',
    message: "no account has this id or label; did you mean 'Primary'?",
    openai: { type: 'invalid_request_error', code: null },
    anthropic: 'not_found_error',
  },
  409: {
    description:
      'It cannot be done as things are: the object was changed since it was read (`version_conflict`), the name is taken (`label_taken`), the account is there ' +
      'already (`account_exists`) or stands in the config file (`declared_in_config`), …',
    message: 'account acct_5f0c1f6c2b7d4e8a was changed meanwhile: it has version 4 by now, not 3. Read it again',
    openai: { type: 'invalid_request_error', code: 'version_conflict', param: 'version' },
    anthropic: 'conflict_error',
  },
  502: {
    description: 'The account server gave no usable answer.',
    message: 'no sign-in could be begun at Qwen: it answered 502 and no JSON',
    openai: { type: 'api_error', code: 'bad_gateway' },
    anthropic: 'api_error',
  },
  504: {
    description: 'The account server did not answer in time.',
    message: 'no sign-in could be begun at Qwen: no complete answer within 25 s',
    openai: { type: 'api_error', code: 'timeout' },
    anthropic: 'timeout_error',
  },
}

/** What every route that asks an upstream may answer. */
export const GENERATION_FAULTS: readonly FaultStatus[] = [400, 401, 402, 403, 404, 405, 409, 413, 415, 422, 429, 500, 502, 503, 504]

/** The same in Anthropic's dialect, which has a status of its own for an overload. */
export const MESSAGES_FAULTS: readonly FaultStatus[] = [...GENERATION_FAULTS, 529]

/** Whose words an error comes in, and which statuses come in them. */
const SHAPES = {
  OpenAI: GENERATION_FAULTS,
  Anthropic: MESSAGES_FAULTS,
  Either: [400, 401, 403, 404, 405, 500],
  Admin: [400, 401, 403, 404, 405, 409, 413, 415, 500, 502, 504],
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
