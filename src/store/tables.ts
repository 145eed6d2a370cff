/**
 * The tables as they lie in the database, alike in SQLite and PostgreSQL: times are milliseconds since the epoch in `bigint`, JSON
 * is text, booleans are 0 or 1, money is US dollars. PostgreSQL's driver hands `bigint` and `sum()` out as text: readers go through
 * `Number`.
 */
export interface Tables {
  dragoman_schema: SchemaTable
  settings: SettingsTable
  client_keys: ClientKeysTable
  requests: RequestsTable
  usage_daily: UsageDailyTable
  accounts: AccountsTable
  models: ModelsTable
}

/** Which migrations have run, in order. */
export interface SchemaTable {
  position: number
  name: string
  checksum: string
  applied_at: number
}

export interface SettingsTable {
  name: string
  value: string
  updated_at: number
}

export interface ClientKeysTable {
  id: string
  name: string
  prefix: string
  hash: string
  created_at: number
  expires_at: number | null
  last_used_at: number | null
  revoked_at: number | null
  models: string | null
  version: number
}

export interface RequestsTable {
  id: string
  at: number
  key_id: string | null
  route: string
  model: string | null
  provider: string | null
  account: string | null
  upstream_model: string | null
  status: number
  stream: number
  latency_ms: number
  first_token_ms: number | null
  attempts: string
  skipped: string
  input_tokens: number | null
  output_tokens: number | null
  cached_tokens: number | null
  cache_write_tokens: number | null
  reasoning_tokens: number | null
  estimated: number
  spent: string | null
  cost_usd: number | null
  notes: string
  error: string | null
}

/** Sums per day (`YYYY-MM-DD`, UTC), key, model and provider; an absent name is `''`, since it is part of the primary key. */
export interface UsageDailyTable {
  day: string
  key_id: string
  model: string
  provider: string
  requests: number
  errors: number
  input_tokens: number
  output_tokens: number
  cached_tokens: number
  reasoning_tokens: number
  cost_usd: number
}

/** `credential` is sealed; `state` and `quota` are what was last seen of the account, and no change of it. */
export interface AccountsTable {
  id: string
  provider: string
  label: string
  kind: string
  origin: string
  priority: number
  enabled: number
  credential: string
  fingerprint: string
  state: string | null
  quota: string | null
  renewing_by: string | null
  renewing_until: number | null
  created_at: number
  updated_at: number
  version: number
}

export interface ModelsTable {
  name: string
  dialect: string
  target: string
  origin: string
  created_at: number
  version: number
}
