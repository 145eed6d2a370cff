import { GatewayError } from '../../core/errors.ts'
import { isObject, type JsonObject } from '../../core/json.ts'
import { LAST_MOMENT_MS } from '../../core/timestamps.ts'
import { kindOfStatus, retryAfterOf } from '../../core/upstream-error.ts'
import type { JsonAnswer, JsonCall } from '../json-call.ts'
import type { Quota } from '../quota.ts'
import { refusedBy477, verdictOf477 } from './refusals.ts'

/** Units that make one AI credit (jetbrains-ai.md §3.4). */
export const UNITS_PER_CREDIT = 100_000

/** `unknown`: an account without an active licence, of which the service does not speak (§5); `refused`: the JWT was turned down. */
export type QuotaReading = { state: 'read'; quota: Quota } | { state: 'unknown' } | { state: 'refused' }

export interface QuotaRequest {
  call: JsonCall
  /** The gateway: `https://api.jetbrains.ai`. */
  baseUrl: string
  jwt: string
  /** Milliseconds since the epoch. */
  now: number
}

/** What is left, in a call that costs nothing. @throws GatewayError where the service did not say: of the status's kind, with a verdict for a 477 */
export async function readQuota({ call, baseUrl, jwt, now }: QuotaRequest): Promise<QuotaReading> {
  const answer = await ask(call, baseUrl, '/user/v5/quota/get', jwt)
  if (answer.status === 400) return { state: 'unknown' }
  if (answer.status === 401) return { state: 'refused' }
  if (answer.status !== 200) throw failed(answer)
  const quota = parseQuota(answer.json, now)
  return quota ? { state: 'read', quota } : { state: 'unknown' }
}

/** When the quota begins anew, in milliseconds since the epoch, for accounts whose quota does not say it; undefined where nobody does. @throws GatewayError of the network */
export async function readRefill({ call, baseUrl, jwt, now }: QuotaRequest): Promise<number | undefined> {
  const { status, json } = await ask(call, baseUrl, '/user/v5/quota/metadata/refill', jwt)
  if (status !== 200 || !isObject(json)) return undefined
  return future((isObject(json.current) ? json.current : json).next, now)
}

const ask = (call: JsonCall, baseUrl: string, path: string, jwt: string): Promise<JsonAnswer> =>
  call({ url: baseUrl.replace(/\/+$/, '') + path, headers: { 'grazie-authenticate-jwt': jwt }, json: {} })

function failed(answer: JsonAnswer): GatewayError {
  const { status, headers } = answer
  const verdict = verdictOf477(answer)
  if (verdict) return refusedBy477(verdict)
  // A redirect is no answer either.
  const kind = status < 400 ? 'bad-gateway' : kindOfStatus(status)
  return new GatewayError(kind, `the quota could not be read (${status})`, {
    retryAfterMs: retryAfterOf(new Headers([...headers])),
    upstream: { status },
  })
}

/**
 * A quota as `quota/get` answers it, or as an answer's `QuotaMetadata.updated` has it: alone, or under `current`. The parts (the tariff's, and what was bought on top) say
 * what is left where they are there; the whole reads as used up while a top-up is not (jetbrains-ai.md §5).
 * @param now milliseconds since the epoch
 * @returns undefined where it says nothing that could be relied on
 */
export function parseQuota(value: unknown, now: number): Quota | undefined {
  const from = quotaObject(value)
  if (!from) return undefined
  const parts = [from.tariffQuota, from.topUpQuota].filter(isObject)
  const left = sum(parts.map(availableOf))
  const limit = amount(from.maximum) ?? sum(parts.map(part => amount(part.maximum)))
  const used = amount(from.current) ?? sum(parts.map(part => amount(part.current)))
  const resetsAt = future(from.until, now)
  if (left === undefined && (limit === undefined || used === undefined)) return undefined
  // Nothing of nothing was used: no plan is known, which is not the same as one that is used up.
  if (left === undefined && limit === 0 && used === 0) return undefined
  const whole = limit ?? (used ?? 0) + (left ?? 0)
  const available = left ?? Math.max(whole - (used ?? 0), 0)
  return {
    used: used ?? Math.max(whole - available, 0),
    limit: whole,
    available,
    ...(resetsAt !== undefined && { resetsAt }),
    at: now,
  }
}

/** What a request cost, in the vendor's units: `{"amount":"12.34"}`, or the number alone. */
export const parseSpent = (value: unknown): number | undefined => amount(value)

/** `current` is the quota's name at the top, and what was used of it within. */
function quotaObject(value: unknown): JsonObject | undefined {
  if (!isObject(value)) return undefined
  const { current } = value
  return isObject(current) && !('amount' in current) ? current : value
}

function availableOf(part: JsonObject): number | undefined {
  const said = amount(part.available)
  if (said !== undefined) return said
  const limit = amount(part.maximum)
  const used = amount(part.current)
  return limit === undefined || used === undefined ? undefined : Math.max(limit - used, 0)
}

/** Undefined where none of them is known. */
function sum(amounts: readonly (number | undefined)[]): number | undefined {
  const known = amounts.filter(one => one !== undefined)
  return known.length === 0 ? undefined : known.reduce((total, one) => total + one, 0)
}

const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d{1,3})?$/i

/** Decimals as texts, as numbers, or within `{amount}`; what is below zero counts as nothing. */
function amount(value: unknown): number | undefined {
  const said = isObject(value) ? value.amount : value
  const parsed = typeof said === 'string' && DECIMAL.test(said.trim()) ? Number(said) : said
  return typeof parsed === 'number' && Number.isFinite(parsed) ? Math.max(parsed, 0) : undefined
}

/** A moment to come; one that has passed says nothing of the next. */
function future(value: unknown, now: number): number | undefined {
  const ms = amount(value)
  return ms !== undefined && ms > now && ms <= LAST_MOMENT_MS ? ms : undefined
}
