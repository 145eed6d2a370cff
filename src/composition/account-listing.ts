import type { Account } from '../accounts/account.ts'
import type { AccountState } from '../accounts/health.ts'
import { invalidField } from '../core/errors.ts'
import { type JsonObject, tryParseJson } from '../core/json.ts'
import { rfc3339 } from '../core/timestamps.ts'
import { ACCOUNT_KINDS, type AccountSummary } from '../store/account-record.ts'
import { MAX_LIMIT, pageLimit } from '../store/page.ts'

/** An account as it is managed: in use, stored, or both. Out of use is what the pool has no place for, and `reason` says why. */
export type ManagedAccount = { account: Account; stored?: AccountSummary } | { account?: undefined; stored: AccountSummary; reason: string }

const time = (at: number | undefined): string | null => (at === undefined ? null : rfc3339(at))

/** The management API's `account` object (interface.md); never the credential. */
export function accountJson(managed: ManagedAccount, now: number): JsonObject {
  const { account, stored } = managed
  const { id, provider, label, kind, priority, enabled } = account ?? stored
  const state = account ? account.summary(now) : { state: 'disabled', reason: managed.reason, until: undefined }
  const quota = account?.quota
  return {
    id,
    provider,
    label,
    kind,
    state: state?.state ?? 'active',
    reason: state?.reason ?? null,
    until: time(state?.until),
    priority,
    enabled,
    quota: quota ? { used: quota.used, limit: quota.limit, available: quota.available, resets_at: time(quota.resetsAt) } : null,
    token_expires_at: account?.credential.kind === 'token' ? time(account.credential.source.expiresAt) : null,
    in_flight: account?.inFlight ?? 0,
    served: account?.served ?? 0,
    origin: stored?.origin ?? 'config',
    version: stored?.version ?? 0,
  }
}

const STATES: readonly AccountState[] = ['active', 'cooling_down', 'exhausted', 'needs_sign_in', 'suspended', 'disabled']

/** Fields to filter by, with the values that each can have; undefined: any. */
const FILTERS: Readonly<Record<string, readonly string[] | undefined>> = {
  provider: undefined,
  state: STATES,
  kind: [...ACCOUNT_KINDS, 'none'],
}

const KNOWN = [...Object.keys(FILTERS), 'limit', 'cursor']

/** `2` comes before `10`. */
const { compare } = new Intl.Collator('en', { numeric: true })

type Place = readonly [provider: string, label: string, id: string]

const placeOf = ({ provider, label, id }: JsonObject): Place => [String(provider), String(label), String(id)]

function inOrder(one: Place, other: Place): number {
  const [provider, label] = [compare(one[0], other[0]), compare(one[1], other[1])]
  return provider || label || (one[2] < other[2] ? -1 : one[2] > other[2] ? 1 : 0)
}

/**
 * One page of accounts, by provider and label. The cursor is a place in that order, so that an account that comes or goes between two pages neither hides nor repeats
 * another.
 * @throws GatewayError naming the parameter
 */
export function accountPage(accounts: readonly JsonObject[], query: URLSearchParams): JsonObject {
  for (const name of query.keys()) {
    if (!KNOWN.includes(name)) throw invalidField(name, `is no parameter here; known: ${KNOWN.join(', ')}`)
    if (query.getAll(name).length > 1) throw invalidField(name, 'is given more than once')
  }
  let chosen = [...accounts]
  for (const [name, values] of Object.entries(FILTERS)) {
    const wanted = query.get(name)
    if (wanted === null) continue
    if (values && !values.includes(wanted)) throw invalidField(name, `must be one of ${values.join(', ')}`, 'invalid_value')
    chosen = chosen.filter(account => account[name] === wanted)
  }
  const limit = limitOf(query.get('limit'))
  const start = placeAt(query.get('cursor'))
  const rest = chosen
    .sort((one, other) => inOrder(placeOf(one), placeOf(other)))
    .filter(account => start === undefined || inOrder(placeOf(account), start) > 0)
  const data = rest.slice(0, limit)
  const last = data.at(-1)
  return { data, next: last && rest.length > limit ? Buffer.from(JSON.stringify(placeOf(last))).toString('base64url') : null }
}

function limitOf(text: string | null): number {
  if (text === null) return pageLimit()
  if (!/^\d{1,9}$/.test(text)) throw invalidField('limit', `must be an integer from 1 to ${MAX_LIMIT}`, 'invalid_value')
  return pageLimit(Number(text))
}

function placeAt(cursor: string | null): Place | undefined {
  if (cursor === null) return undefined
  const place = tryParseJson(Buffer.from(cursor, 'base64url').toString())
  if (!Array.isArray(place) || place.length !== 3 || !place.every(part => typeof part === 'string')) {
    throw invalidField('cursor', 'is not one of this list', 'invalid_value')
  }
  return place as unknown as Place
}
