import type { QuotaReset } from './quota-reset.ts'

/** What went wrong, as a closed set. Each dialect's `errors.ts` gives every kind a status and the vendor's own words. */
export type ErrorKind =
  | 'invalid-request'
  | 'context-too-long'
  | 'content-policy'
  | 'authentication'
  | 'billing'
  | 'permission'
  | 'not-found'
  | 'model-not-found'
  | 'method-not-allowed'
  | 'conflict'
  | 'too-large'
  | 'unsupported-media-type'
  | 'unprocessable'
  | 'rate-limit'
  | 'quota-exhausted'
  | 'internal'
  | 'bad-gateway'
  | 'unavailable'
  | 'timeout'
  | 'overloaded'
  | 'cancelled'

/** A target that could have served the request, and why it did not. `until` is milliseconds since the epoch. */
export interface Candidate {
  provider: string
  account: string
  state: string
  reason: string
  until?: number
}

/** What is to become of the account that an upstream's error speaks of, where the error's kind alone does not decide it. */
export interface AccountVerdict {
  state: 'cooling_down' | 'exhausted' | 'needs_sign_in' | 'suspended'
  /** For people; no secret. */
  reason: string
  /** For how long, in milliseconds; absent: until somebody acts. */
  forMs?: number
}

/** What is known of an upstream's failure beyond its kind. */
export interface UpstreamFault {
  status?: number
  requestId?: string
  /** The upstream spoke of the whole account rather than of one model. */
  speaksOfAccount?: boolean
  verdict?: AccountVerdict
  /** When a quota that is used up begins anew, where the upstream goes by the calendar; a time that is known of the account itself wins. */
  resets?: QuotaReset
  /** With more input than so many tokens the request fails like this everywhere: no other account is worth trying, and the account is not to blame. */
  finalBeyond?: number
  /** The same request would fare no better with another account; it says nothing of this one. */
  final?: boolean
  /** Its code says less than our kind, so that even clients of its dialect get the error in our words. */
  retell?: boolean
  /** The request may have been executed although no answer came. */
  maybeExecuted?: boolean
  /** Which of our limits ran out. */
  limit?: 'connect' | 'first_byte' | 'idle'
}

export interface ErrorDetails {
  /** The caller's own field, as a path: `messages.0.content`. */
  param?: string
  /** The vendor's code where the kind alone does not decide it, e.g. `unsupported_parameter`. */
  code?: string
  /** When trying again makes sense, in milliseconds from now. */
  retryAfterMs?: number
  /** False: whoever called should not try again by itself (`x-should-retry: false`). */
  shouldRetry?: boolean
  candidates?: Candidate[]
  /** What the upstream answered; for records and routing, never shown to the caller. */
  upstream?: UpstreamFault
  /** The message holds an upstream's own words. They are for the caller; in logs and records they could repeat the conversation. */
  quotes?: boolean
  cause?: unknown
}

/**
 * The one error of the gateway. `message` is shown to the caller: it holds no secret, no upstream address and nothing of an
 * upstream's body that was not checked; what is only for the log goes into `cause`.
 */
export class GatewayError extends Error {
  readonly param?: string
  readonly code?: string
  readonly retryAfterMs?: number
  readonly shouldRetry?: boolean
  readonly candidates?: Candidate[]
  readonly upstream?: UpstreamFault
  readonly quotes?: boolean

  constructor(
    readonly kind: ErrorKind,
    message: string,
    details: ErrorDetails = {},
  ) {
    super(message, { cause: details.cause })
    this.name = 'GatewayError'
    this.param = details.param
    this.code = details.code
    this.retryAfterMs = details.retryAfterMs
    this.shouldRetry = details.shouldRetry
    this.candidates = details.candidates
    this.upstream = details.upstream
    this.quotes = details.quotes
  }
}

/** The error for a field of the caller's request: `messages.0.role: must be one of …`. */
export const invalidField = (param: string, problem: string, code?: string): GatewayError =>
  new GatewayError('invalid-request', `${param}: ${problem}`, { param, code })

/** Any thrown thing as a GatewayError; what we did not foresee is `internal`, its text kept for the log. */
export const asGatewayError = (error: unknown): GatewayError =>
  error instanceof GatewayError ? error : new GatewayError('internal', 'internal error', { cause: error })

/**
 * The error as it is told within a stream: the caller's own key was good, so a refusal of credentials can only be of ours, and is none of the
 * caller's business.
 */
export const forStream = (error: GatewayError): GatewayError =>
  isCredentialRefusal(error) ? new GatewayError('bad-gateway', 'the upstream refused our credentials', { ...error, cause: error }) : error

/** Whether whoever we called turned our credentials down, or our caller turned theirs. */
export const isCredentialRefusal = ({ kind }: GatewayError): boolean => kind === 'authentication' || kind === 'permission'
