import type { JsonObject } from '../core/json.ts'
import type { ClientKeysTable } from './tables.ts'

/** Which public model names a key may use: all where `allow` is absent or empty; `deny` wins. */
export interface KeyModels {
  allow?: string[]
  deny?: string[]
}

/** A client key. The key itself is not kept: only its SHA-256 (`hash`) and its first 16 characters (`prefix`). Times in epoch ms. */
export interface KeyRecord {
  id: string
  name: string
  prefix: string
  hash: string
  createdAt: number
  expiresAt?: number
  lastUsedAt?: number
  revokedAt?: number
  models?: KeyModels
  version: number
}

export type KeyState = 'active' | 'expired' | 'revoked'

export function keyState(record: KeyRecord, now: number): KeyState {
  if (record.revokedAt !== undefined) return 'revoked'
  return record.expiresAt !== undefined && record.expiresAt <= now ? 'expired' : 'active'
}

const optionalTime = (value: number | null): number | undefined => (value === null ? undefined : Number(value))

export const keyFromRow = (row: ClientKeysTable): KeyRecord => ({
  id: row.id,
  name: row.name,
  prefix: row.prefix,
  hash: row.hash,
  createdAt: Number(row.created_at),
  expiresAt: optionalTime(row.expires_at),
  lastUsedAt: optionalTime(row.last_used_at),
  revokedAt: optionalTime(row.revoked_at),
  models: row.models === null ? undefined : (JSON.parse(row.models) as KeyModels),
  version: row.version,
})

const timestamp = (at: number | undefined): string | null => (at === undefined ? null : new Date(at).toISOString())

/** The management API's `api key` object (interface.md); never the hash. */
export const keyToJson = (record: KeyRecord): JsonObject => ({
  id: record.id,
  name: record.name,
  prefix: record.prefix,
  created_at: timestamp(record.createdAt),
  expires_at: timestamp(record.expiresAt),
  last_used_at: timestamp(record.lastUsedAt),
  revoked_at: timestamp(record.revokedAt),
  models: { allow: record.models?.allow ?? [], deny: record.models?.deny ?? [] },
  version: record.version,
})
