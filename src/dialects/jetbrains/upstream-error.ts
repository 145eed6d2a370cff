import { speaksOfOverflow } from '../../core/context-overflow.ts'
import { type AccountVerdict, type ErrorKind, GatewayError } from '../../core/errors.ts'
import { OUT_OF_QUOTA, SUSPENDED_LICENCE, speaksOfSuspension } from '../../core/jetbrains-quota.ts'
import { isObject, type JsonObject, type JsonValue, tryParseJson } from '../../core/json.ts'
import { kindOfStatus, retryAfterOf, safeMessage, shouldRetryOf, wordsOfBody } from '../../core/upstream-error.ts'

/** What the log keeps of a body. */
const LONGEST_CAUSE = 2000

/** How much of a body is looked at for words. */
const LONGEST_READ = 20_000

const LONGEST_MESSAGE = 300

const SUSPENDED: AccountVerdict = { state: 'suspended', reason: SUSPENDED_LICENCE }

/** Bodies are documented nowhere: of a 400 their words tell as much as they do for any vendor behind the service. First match wins. */
const KIND_OF_WORDS: readonly (readonly [RegExp, ErrorKind])[] = [
  [/content[ _]?(policy|filter|management)|moderation|safety system/i, 'content-policy'],
  [
    /unsupported model|(unknown|unsupported|no such|invalid) profile|profile\b.{0,80}(not found|unknown|not exist|not supported)/i,
    'model-not-found',
  ],
]

/** What an error in mid-stream speaks of, which has no status. */
const KIND_OF_STREAM_WORDS: readonly (readonly [RegExp, ErrorKind])[] = [
  [/quota|license suspension|suspended|(out of|insufficient) (credits|balance)/i, 'quota-exhausted'],
  [/rate.?limit|too many requests/i, 'rate-limit'],
  [/overloaded|over capacity/i, 'overloaded'],
  [/content[ _]?(policy|filter)/i, 'content-policy'],
]

/** What a client reads where the service says nothing that it may. */
const OWN_WORDS: Partial<Record<number, string>> = {
  [OUT_OF_QUOTA]: "the account's quota is used up",
  451: 'the upstream does not serve the region of this gateway',
}

/** An answer of status ≥ 400 (jetbrains-ai.md §6). */
export function decodeError(status: number, headers: Headers, body: string): GatewayError {
  const said = saidOf(body)
  const kind = kindOf(status, said ?? '')
  const suspended = status === OUT_OF_QUOTA && speaksOfSuspension(body.slice(0, LONGEST_READ))
  const details = {
    retryAfterMs: retryAfterOf(headers),
    // The next one comes from the same region.
    shouldRetry: status === 451 ? false : shouldRetryOf(headers),
    upstream: { status, ...(suspended && { verdict: SUSPENDED }) },
    cause: body === '' ? undefined : body.slice(0, LONGEST_CAUSE),
  }
  // Services quote the credentials they refuse.
  if (kind === 'authentication') return new GatewayError(kind, 'the upstream refused the credentials', details)
  if (status === 451) return new GatewayError(kind, OWN_WORDS[status] ?? '', details)
  const own = OWN_WORDS[status] ?? `the upstream answered with status ${status}`
  const words = said === undefined ? undefined : safeMessage(said)
  const page = words === undefined ? wordsOfBody(body) : undefined
  const message = words ?? (page === undefined ? own : `${own}: ${page}`.slice(0, LONGEST_MESSAGE))
  return new GatewayError(kind, message, { ...details, quotes: words !== undefined || page !== undefined })
}

function kindOf(status: number, said: string): ErrorKind {
  if (status === OUT_OF_QUOTA) return 'quota-exhausted'
  if (status === 451) return 'unavailable'
  if ([400, 413, 422].includes(status) && speaksOfOverflow(said)) return 'context-too-long'
  if (status === 404 && /\b(model|profile)\b/i.test(said)) return 'model-not-found'
  const byWords = status === 400 ? KIND_OF_WORDS.find(([pattern]) => pattern.test(said)) : undefined
  return byWords?.[1] ?? kindOfStatus(status)
}

/** An error that the service told within a stream, or in a body of status 200. */
export function errorOfWords(said: string | undefined): GatewayError {
  const words = safeMessage(said?.slice(0, LONGEST_READ))
  const kind = speaksOfOverflow(said ?? '') ? 'context-too-long' : KIND_OF_STREAM_WORDS.find(([pattern]) => pattern.test(said ?? ''))?.[1]
  const suspended = kind === 'quota-exhausted' && speaksOfSuspension(said ?? '')
  return new GatewayError(kind ?? 'bad-gateway', words ?? 'the upstream failed', {
    upstream: suspended ? { verdict: SUSPENDED } : {},
    quotes: words !== undefined,
    cause: said?.slice(0, LONGEST_CAUSE),
  })
}

/** The words of a body: members that errors commonly have, or plain text. */
function saidOf(body: string): string | undefined {
  const parsed = tryParseJson(body)
  if (typeof parsed === 'string') return parsed
  if (isObject(parsed)) return saidIn(parsed)
  return undefined
}

/** The words of an object that tells of an error; undefined where it tells of none. */
export function saidIn(body: JsonObject): string | undefined {
  const inner = isObject(body.error) ? body.error : undefined
  const members: (JsonValue | undefined)[] = [inner?.message, body.error_message, body.message, body.error, body.detail, body.description]
  return members.find((value): value is string => typeof value === 'string' && value.trim() !== '')
}
