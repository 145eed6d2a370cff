import type { QwenAnswer } from './answer.ts'
import { bodyOf, ERRORS, type ErrorName, type ErrorRow } from './errors.ts'

const ALLOCATED = { code: 'Throttling.AllocationQuota', message: 'Allocated quota exceeded, please increase your quota limit.' }

/** Streams that are wrong (qwen.md §2.5), and what gets lost on the way. */
const STREAMS = {
  'error-finish': { text: ['The an'], errorFinish: 'Throttling: TPM(10680324/10000000)' },
  'error-frame': { text: [], streamError: { type: 'Throttling', ...ALLOCATED } },
  'late-error-frame': { text: ['The an'], streamError: { type: 'Throttling', ...ALLOCATED } },
  'max-tokens-frame': {
    text: [],
    streamError: { type: 'invalid_request_error', code: 'invalid_parameter_error', message: 'Range of max_tokens should be [1, 65536]' },
  },
  'error-event': { text: [], errorEvent: { status: 429, ...ALLOCATED } },
  'late-error-event': { text: ['The an'], errorEvent: { status: 429, ...ALLOCATED } },
  'empty-stream': { emptyStream: true },
  'no-finish': { omitFinish: true },
  'usage-on-finish': { usageOnFinish: true },
  'reasoning-member': { reasoningMember: true },
  'absent-ids': { continuedIds: 'absent' },
  'reused-index': { reuseIndex: true },
  'resent-arguments': { resendArguments: true },
  'broken-tail': { brokenTail: true },
  'stop-with-calls': { stopWithCalls: true },
  stall: { stallAfter: 2 },
  cut: { cutAfter: 2, cutBody: true },
} as const satisfies Record<string, QwenAnswer>

/** Answers of the sign-in that are no sign-in's (§1.4, §1.6). */
const SIGN_IN = {
  'empty-body': { body: '' },
  'not-json': { body: 'upstream connect error', contentType: 'text/plain' },
  'error-200': { body: { error: 'invalid_request', error_description: 'Invalid refresh token or client_id' } },
  'server-error': { status: 500, body: { error: 'server_error' } },
  'rate-limited': { status: 429, body: { error: 'rate_limit_exceeded', error_description: 'Too many requests' } },
  unauthorized: { status: 401, body: { error: 'unauthorized', error_description: 'Unauthorized' } },
  'slow-down': { status: 429, body: { error: 'slow_down', error_description: 'Polling too often' } },
  'slow-down-400': { status: 400, body: { error: 'slow_down', error_description: 'Polling too often' } },
  'empty-token': { body: { access_token: null, refresh_token: null, token_type: 'Bearer' } },
  'pending-200': { body: { status: 'pending', slowDown: false } },
  lost: { closeBeforeHeaders: true },
} as const satisfies Record<string, QwenAnswer>

export type FaultName = ErrorName | keyof typeof STREAMS | keyof typeof SIGN_IN

const SCRIPTED: Readonly<Record<string, QwenAnswer>> = { ...STREAMS, ...SIGN_IN }
const ROWS: Readonly<Record<string, ErrorRow>> = ERRORS

/** Every fault's name. */
export const FAULTS: readonly string[] = [...Object.keys(ROWS), ...Object.keys(SCRIPTED)]

export const isFault = (name: string): name is FaultName => FAULTS.includes(name)

/** The answer that a fault is, errors with an id of their own. */
export function faultOf(name: FaultName): QwenAnswer {
  const error = ROWS[name]
  if (!error) return { ...SCRIPTED[name] }
  return { status: error.status, body: bodyOf(error), ...(error.contentType && { contentType: error.contentType }) }
}

/** The fault that a message asks for with `[qwen:name]`, for clients that nobody can script. */
export function markedFault(text: string): QwenAnswer | undefined {
  const name = /\[qwen:([a-z0-9-]+)\]/.exec(text)?.[1]
  return name !== undefined && isFault(name) ? faultOf(name) : undefined
}
