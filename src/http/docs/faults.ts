import type { JsonObject } from '../../core/json.ts'

/** A refusal in both dialects' words. */
export interface Fault {
  description: string
  message: string
  openai: { type: string; code: string | null; param?: string }
  anthropic: string
  /** With `retry-after` and `retry-after-ms`. */
  retry?: true
  /** With `x-should-retry: false`. */
  final?: true
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
export const FAULTS = {
  400: {
    description:
      'The request is wrong; the message names the field. Also: what cannot be carried over, under `x-dragoman-strict: true`. An upstream of the same ' +
      'dialect is quoted to the byte; elsewhere its words are kept and the field is named in yours. A context that is too long is said in the words that ' +
      'clients look for: code `context_length_exceeded`, or `prompt is too long: N tokens > M maximum` and ' +
      '"input length and max_tokens exceed context limit: a + b > c". Never tried elsewhere.',
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
  402: {
    description: 'The upstream wants to be paid: the balance of every account that could serve this is used up. Not to be tried again.',
    message: 'the only target tried failed: DeepSeek (deepseek-1, deepseek-chat): 402 Insufficient Balance',
    openai: { type: 'insufficient_quota', code: 'insufficient_quota' },
    anthropic: 'billing_error',
    final: true,
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
  409: {
    description: 'The upstream met a conflict, also when it was asked once more.',
    message: 'all 2 attempts failed: OpenAI (openai-1, gpt-4o): 409 conflict; OpenAI (openai-1, gpt-4o): 409 conflict',
    openai: { type: 'invalid_request_error', code: null },
    anthropic: 'conflict_error',
    final: true,
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
  422: {
    description: 'The upstream could not process the request, by its own words.',
    message: 'messages.0.name: field required',
    openai: { type: 'invalid_request_error', code: null },
    anthropic: 'invalid_request_error',
  },
  429: {
    description:
      "The key's own limit or budget is used up, or every target answered with a rate limit. `retry-after` is the earliest way out. Where it was a quota " +
      'rather than a pace (OpenAI code `insufficient_quota`), `x-should-retry` is `false`.',
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
    description:
      "The upstreams failed, or refused the gateway's own credentials, which never shows as a 401 or 403. A page or plain text of theirs is cut to a few " +
      'words, without markup, addresses and keys.',
    message:
      'all 2 attempts failed: OpenAI (openai-1, gpt-4o): 401 the upstream refused our credentials; ' +
      'OpenAI (openai-2, gpt-4o): 500 server error',
    openai: { type: 'api_error', code: 'bad_gateway' },
    anthropic: 'api_error',
    final: true,
  },
  503: {
    description:
      "No target could be tried: `candidates` says of each one why, and when it is back. Also while the gateway is stopping; and, in OpenAI's dialect " +
      'with the code `overloaded`, where every upstream tried is overloaded.',
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
    final: true,
  },
  529: {
    description: "Every upstream tried is overloaded. (In OpenAI's dialect a 503 with the code `overloaded`.)",
    message:
      'all 2 attempts failed: Anthropic (anthropic-1, claude-sonnet-4-5): 529 Overloaded; Anthropic (anthropic-1, claude-sonnet-4-5): 529 Overloaded',
    openai: { type: 'service_unavailable', code: 'overloaded' },
    anthropic: 'overloaded_error',
    final: true,
  },
} as const satisfies Record<number, Fault>

export type FaultStatus = keyof typeof FAULTS
