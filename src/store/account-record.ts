import type { AccountVerdict } from '../core/errors.ts'
import { isObject, type JsonObject, tryParseJson } from '../core/json.ts'
import { sha256 } from '../core/secret.ts'
import type { Sealer } from './sealing.ts'
import { StoreError } from './store-error.ts'
import type { AccountsTable } from './tables.ts'

export const ACCOUNT_KINDS = ['static_jwt', 'jetbrains_license', 'jetbrains_oauth', 'api_key', 'qwen_oauth'] as const
export type AccountKind = (typeof ACCOUNT_KINDS)[number]

/** Made through the management commands and API, or declared in the config file and kept because its tokens change. */
export type AccountOrigin = 'admin' | 'config'

/** What was last seen of an account's health. Times in epoch ms. */
export interface ObservedState {
  state: 'active' | AccountVerdict['state']
  reason: string
  /** Absent: until somebody acts. */
  until?: number
  at: number
}

/** An account without its credential: all that managing it takes. Times in epoch ms. */
export interface AccountSummary {
  id: string
  provider: string
  label: string
  kind: AccountKind
  origin: AccountOrigin
  /** Lower numbers are tried first. */
  priority: number
  enabled: boolean
  /** SHA-256 of the credential as the config declares it, or as it was given to an account of origin `admin`; renewals leave it. */
  fingerprint: string
  state?: ObservedState
  quota?: JsonObject
  createdAt: number
  updatedAt: number
  version: number
}

export interface AccountRecord extends AccountSummary {
  /** Opened. Shared between those who read it: not to be changed. */
  credential: JsonObject
}

export function summaryFromRow(row: AccountsTable): AccountSummary {
  return {
    id: row.id,
    provider: row.provider,
    label: row.label,
    kind: row.kind as AccountKind,
    origin: row.origin as AccountOrigin,
    priority: row.priority,
    enabled: row.enabled !== 0,
    fingerprint: row.fingerprint,
    state: stateFromText(row.state),
    quota: objectFromText(row.quota),
    createdAt: Number(row.created_at),
    updatedAt: Number(row.updated_at),
    version: row.version,
  }
}

/** @throws {StoreError} `sealed`, naming the account */
export async function recordFromRow(row: AccountsTable, sealer: Sealer): Promise<AccountRecord> {
  return { ...summaryFromRow(row), credential: await openCredential(row, sealer) }
}

/** @throws {StoreError} `sealed`, naming the account */
export async function openCredential(row: AccountsTable, sealer: Sealer): Promise<JsonObject> {
  try {
    const credential = tryParseJson(await sealer.open(row.credential, contextOf(row.id)))
    if (isObject(credential)) return credential
  } catch (cause) {
    throw unopened(row, cause)
  }
  throw unopened(row)
}

export const sealCredential = (id: string, credential: JsonObject, sealer: Sealer): Promise<string> =>
  sealer.seal(JSON.stringify(credential), contextOf(id))

/** The credential as it comes back from the database: without fields that are undefined. */
export const asKept = (credential: JsonObject): JsonObject => JSON.parse(JSON.stringify(credential)) as JsonObject

/** The fingerprint of a credential where whoever gives it has none. */
export const fingerprintOf = (credential: JsonObject): string => sha256(JSON.stringify(credential))

const contextOf = (id: string): string => `accounts/${id}`

const unopened = ({ id, provider, label }: AccountsTable, cause?: unknown): StoreError =>
  new StoreError(
    'sealed',
    `the credential of account "${label}" (${id}) of ${provider} cannot be opened: it was sealed with another secret_key, or changed since. ` +
      'Give it its credential again, or remove it',
    { cause },
  )

export const stateToText = ({ state, reason, until, at }: ObservedState): string =>
  JSON.stringify({ state, reason, until: until ?? null, at })

const STATES: ReadonlySet<unknown> = new Set<ObservedState['state']>(['active', 'cooling_down', 'exhausted', 'needs_sign_in', 'suspended'])

/** Observations are made anew all the time: one that cannot be read counts as none. */
export function stateFromText(text: string | null): ObservedState | undefined {
  const value = objectFromText(text)
  if (!value || !STATES.has(value.state) || typeof value.at !== 'number') return undefined
  return {
    state: value.state as ObservedState['state'],
    reason: typeof value.reason === 'string' ? value.reason : '',
    until: typeof value.until === 'number' ? value.until : undefined,
    at: value.at,
  }
}

function objectFromText(text: string | null): JsonObject | undefined {
  const value = text === null ? undefined : tryParseJson(text)
  return isObject(value) ? value : undefined
}
