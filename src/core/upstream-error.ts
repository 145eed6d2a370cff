import type { ErrorKind } from './errors.ts'
import { parseHttpDate } from './timestamps.ts'

/** What vendors' statuses mean, as far as they agree (dialects.md §5.2). */
const KINDS: Readonly<Record<number, ErrorKind>> = {
  401: 'authentication',
  402: 'billing',
  403: 'permission',
  404: 'not-found',
  405: 'method-not-allowed',
  408: 'timeout',
  409: 'conflict',
  413: 'too-large',
  415: 'unsupported-media-type',
  422: 'unprocessable',
  425: 'unavailable',
  429: 'rate-limit',
  498: 'authentication',
  500: 'internal',
  502: 'bad-gateway',
  503: 'unavailable',
  504: 'timeout',
  522: 'timeout',
  524: 'timeout',
  529: 'overloaded',
}

/** An upstream that says 499 means its own client's leaving, which was not ours. */
export const kindOfStatus = (status: number): ErrorKind =>
  status === 499 ? 'bad-gateway' : (KINDS[status] ?? (status < 500 ? 'invalid-request' : 'bad-gateway'))

/** The longest piece of an upstream's own words that a client is shown. */
const LONGEST_MESSAGE = 300

/** Which organisation, project or workspace an account belongs to, as OpenAI and Anthropic write it in their errors. */
const ACCOUNT_ID = /\borg-\w{16,}|\bproj_\w{16,}|\bwrkspc_\w+|(?<=\borg(?:ani[sz]ation)?(?: id)?:? )[\da-f]{8}-[\da-f-]{27}/gi

/** Whether a text tells whose account we use. */
export const namesAccount = (text: string): boolean => text.search(ACCOUNT_ID) !== -1

export const withoutAccountIds = (text: string): string => text.replace(ACCOUNT_ID, '[redacted]')

/** An upstream's words as a client may read them: without addresses, keys and markup; undefined where nothing is left. */
export function safeMessage(message: string | undefined): string | undefined {
  if (message === undefined || /<(!doctype|html|head|body)\b/i.test(message)) return undefined
  const safe = message
    .slice(0, 20_000)
    .replace(ACCOUNT_ID, '[redacted]')
    .replace(/\b[a-z][a-z0-9+.-]*:\/\/[^\s"')\]]+/gi, '[url]')
    .replace(/\b(?:sk|pk|rk|gsk|xai|key|org|proj)[-_][\w*-]{6,}/gi, '[redacted]')
    .replace(/\bAIza[\w-]{10,}|\beyJ[\w-]{10,}(?:\.[\w-]*)*|\bBearer\s+\S+/g, '[redacted]')
    .replace(/\s+/g, ' ')
    .trim()
  if (safe === '') return undefined
  return safe.length > LONGEST_MESSAGE ? `${safe.slice(0, LONGEST_MESSAGE - 1)}…` : safe
}

const PAGE = /<(!doctype|html|head|body|title|center|h1|p)\b/i

/**
 * What a body that is no error of its dialect says, as a client may read it: a page without its markup, plain text as it is, JSON of some other
 * service not at all. Undefined where nothing is left.
 */
export function wordsOfBody(body: string): string | undefined {
  const start = body.slice(0, 20_000)
  if (/^\s*[{[]/.test(start)) return undefined
  const text = PAGE.test(start) ? start.replace(/<(script|style|head)\b[\s\S]*?(<\/\1>|$)/gi, ' ').replace(/<[^>]*(>|$)/g, ' ') : start
  const addresses = /\bwww\.\S+|\b(?:\d{1,3}\.){3}\d{1,3}(?::\d+)?|(?<![\w:])(?:[\da-f]{1,4}:){3,7}[\da-f]{1,4}/gi
  const words = safeMessage(text.replace(addresses, ' '))
  return words === undefined || !/\w/.test(words) ? undefined : words
}

/** A number of seconds (or of `unit` milliseconds) as milliseconds; undefined where the text is none. */
export function milliseconds(text: string | null | undefined, unit = 1000): number | undefined {
  if (!text?.trim()) return undefined
  const amount = Number(text)
  return Number.isFinite(amount) && amount >= 0 ? Math.round(amount * unit) : undefined
}

/** `retry-after-ms` first, as the SDKs read it; a date counts from the answer's own `date`, so no clock is needed. Milliseconds. */
export function retryAfterOf(headers: Headers): number | undefined {
  const after = headers.get('retry-after')
  const exact = milliseconds(headers.get('retry-after-ms'), 1) ?? milliseconds(after)
  if (exact !== undefined || after === null) return exact
  const until = parseHttpDate(after)
  const now = parseHttpDate(headers.get('date') ?? '')
  return until === undefined || now === undefined ? undefined : Math.max(0, until - now)
}

/** `x-should-retry`, where the upstream says it. */
export function shouldRetryOf(headers: Headers): boolean | undefined {
  const said = headers.get('x-should-retry')
  return said === 'true' ? true : said === 'false' ? false : undefined
}
