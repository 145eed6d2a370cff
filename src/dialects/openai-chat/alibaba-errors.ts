import type { ErrorKind, UpstreamFault } from '../../core/errors.ts'

/** What an error of Alibaba's servers means. */
export interface Meaning {
  kind: ErrorKind
  param?: string
  /** In place of the server's own words. */
  message?: string
  retryAfterMs?: number
  upstream?: UpstreamFault
}

/** An error as it came. `status` is what is known of it: the answer's, or what the error itself states. */
export interface Refusal {
  status: number
  /** Codes and types. */
  words: string
  message: string
  /** The body as it came. */
  body: string
}

interface Row {
  says?: RegExp
  when?: (refusal: Refusal) => boolean
  /** Others use the same words for something else: holds where the server is known to be Alibaba's. */
  known?: true
  means: Meaning
}

const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000

/** With more input than this the servers run out of time, whoever asks (qwen.md §3.2: from about 130,000 tokens on). */
const LONG_INPUT = 100_000

/** The same words about a pace are about the pace. */
const ofRequest = ({ status }: Refusal): boolean => status !== 429

const THROTTLED: Meaning = { kind: 'rate-limit', retryAfterMs: MINUTE_MS, upstream: { speaksOfAccount: false } }

const WALLED_OFF: Meaning = { kind: 'unavailable', message: "the upstream's firewall turned the request away" }

const TOO_SLOW: Meaning = {
  kind: 'timeout',
  message: 'the upstream ran out of time (504), as it does on long contexts: a smaller context helps, and so does streaming',
  upstream: { maybeExecuted: true, finalBeyond: LONG_INPUT },
}

const usedUp = (reason: string, fault: UpstreamFault & { forMs?: number }): Meaning => {
  const { forMs, ...rest } = fault
  return { kind: 'quota-exhausted', upstream: { ...rest, speaksOfAccount: true, verdict: { state: 'exhausted', reason, forMs } } }
}

/**
 * qwen.md §3.2, first match wins. A quota and a throttle share their code and status, and only the message tells them apart: a throttle is over within a minute.
 * When free quotas begin anew is not documented; most clients take midnight in Beijing. A month is that of the plan, of which the day is not known either, so
 * it is tried again every day.
 */
const ROWS: readonly Row[] = [
  { says: /free allocated quota exceeded/i, means: usedUp('the free quota is used up', { resets: 'day-utc8' }) },
  { says: /\bhour\b.{0,20}allocated quota exceeded/i, means: usedUp('the quota of some hours is used up', { forMs: HOUR_MS }) },
  { says: /\bweek\b.{0,20}allocated quota exceeded/i, means: usedUp("the week's quota is used up", { resets: 'week-utc8' }) },
  { says: /\bmonth\b.{0,20}allocated quota exceeded/i, means: usedUp("the month's quota is used up", { resets: 'day-utc8' }) },
  { says: /\bThrottling\.[A-Z]\w+|\bThrottling: TPM\b|allocated quota exceeded, please increase/, means: THROTTLED },
  { says: /exceeded your current quota.*#token-limit/s, means: THROTTLED },
  { says: /\bThrottling\b/, known: true, means: THROTTLED },
  {
    says: /\bArrearage\b/,
    means: {
      kind: 'billing',
      upstream: { speaksOfAccount: true, verdict: { state: 'exhausted', reason: 'the account has a bill to pay' } },
    },
  },
  {
    says: /\baliyun_waf|\berrors\.aliyun\.com|\bacw_sc__v\d/,
    when: ({ status, body }) => status >= 400 && isPage(body),
    means: WALLED_OFF,
  },
  { when: ({ status, body }) => (status === 403 || status === 405) && isPage(body), known: true, means: WALLED_OFF },
  {
    says: /invalid access token|token (has )?expired|invalid api[- ]?key|incorrect api key/i,
    when: ({ status }) => status === 400 || status === 401 || status === 403,
    known: true,
    means: { kind: 'authentication' },
  },
  {
    says: /range of max_tokens should be/i,
    when: ofRequest,
    means: { kind: 'invalid-request', param: 'max_tokens', upstream: { retell: true } },
  },
  { says: /range of input length should be/i, when: ofRequest, means: { kind: 'context-too-long', upstream: { retell: true } } },
  { says: /data_?inspection_?failed/i, means: { kind: 'content-policy', upstream: { retell: true } } },
  {
    says: /\binvalid_parameter_error\b.*\bmodel [`'"]?[^`'" ]+[`'"]? is not supported/is,
    when: ofRequest,
    means: { kind: 'model-not-found', upstream: { retell: true } },
  },
  { says: /\bstream timeout\b/i, when: ({ status }) => status === 504, means: TOO_SLOW },
  { when: ({ status }) => status === 504, known: true, means: TOO_SLOW },
  { when: ({ status }) => status === 429, known: true, means: THROTTLED },
]

/** Errors are short; what follows such a length is not looked at. */
const LONGEST_READ = 4000

const isPage = (body: string): boolean => /^\s*<(!doctype|(html|head|body|script|meta)\b)/i.test(body)

/** What the words of Alibaba's servers mean; undefined where they mean what they mean everywhere. `known`: the server is surely Alibaba's. */
export function alibabaMeaning(refusal: Refusal, known: boolean): Meaning | undefined {
  const said = `${refusal.words} ${refusal.message || refusal.body}`.slice(0, LONGEST_READ)
  const row = ROWS.find(
    ({ says, when, known: needed }) =>
      (known || !needed) && (says === undefined || says.test(said)) && (when === undefined || when(refusal)),
  )
  return row?.means
}
