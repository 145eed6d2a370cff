import { invalidField } from '../core/errors.ts'
import type { JsonObject, JsonValue } from '../core/json.ts'
import { rfc3339 } from '../core/timestamps.ts'
import type { AccountAdmin, AdminServices, QwenSignInAdmin } from '../http/services.ts'
import type { RequestRow } from '../store/request-row.ts'
import type { Requests } from '../store/requests.ts'
import { USAGE_GROUPS, type UsageGroup, type UsageRow } from '../store/usage.ts'

export interface AdminPorts {
  requests: Requests
  /** Brings what is still waiting to be written into the database, so that a reader sees it. */
  flush(): Promise<void>
  /** The names of all keys there are or were, by id. */
  keyNames(): Promise<ReadonlyMap<string, string>>
  stats(): JsonObject
  config(): JsonObject
  olderConfig(): JsonObject
  reload(): Promise<JsonObject>
  accounts: AccountAdmin
  qwenSignIn: QwenSignInAdmin
}

const time = (at: number | undefined): string | null => (at === undefined ? null : rfc3339(at))

const orNull = (value: string | number | undefined): string | number | null => value ?? null

type KeyNames = ReadonlyMap<string, string>

function requestJson(row: RequestRow, names: KeyNames): JsonObject {
  const { usage } = row
  return {
    id: row.id,
    at: time(row.at),
    key: orNull(row.key),
    key_name: orNull(names.get(row.key ?? '')),
    route: row.route,
    model: orNull(row.model),
    provider: orNull(row.provider),
    account: orNull(row.account),
    upstream_model: orNull(row.upstreamModel),
    status: row.status,
    stream: row.stream,
    latency_ms: row.latencyMs,
    first_token_ms: orNull(row.firstTokenMs),
    attempts: row.attempts as unknown as JsonValue[],
    skipped: row.skipped.map(skip => ({ ...skip, until: time(skip.until) })) as unknown as JsonValue[],
    usage: usage
      ? {
          input_tokens: usage.inputTokens,
          output_tokens: usage.outputTokens,
          cached_tokens: usage.cachedInputTokens ?? 0,
          cache_write_tokens: usage.cacheWriteTokens ?? 0,
          reasoning_tokens: usage.reasoningTokens ?? 0,
          estimated: usage.estimated ?? false,
          spent: usage.spent ?? null,
        }
      : null,
    cost_usd: orNull(row.costUsd),
    notes: row.notes as unknown as JsonValue[],
    error: orNull(row.error),
  }
}

const SUMS = ['requests', 'errors', 'input_tokens', 'output_tokens', 'cached_tokens', 'reasoning_tokens', 'cost_usd'] as const

const usageJson = ({
  requests,
  errors,
  inputTokens,
  outputTokens,
  cachedTokens,
  reasoningTokens,
  costUsd,
  ...names
}: UsageRow): JsonObject => ({
  ...names,
  requests,
  errors,
  input_tokens: inputTokens,
  output_tokens: outputTokens,
  cached_tokens: cachedTokens,
  reasoning_tokens: reasoningTokens,
  cost_usd: costUsd,
})

/** The same as RFC 4180 text; a formula that a spreadsheet would run is only text. */
function usageCsv(rows: readonly JsonObject[], names: readonly string[]): string {
  const cell = (value: JsonValue | undefined): string => {
    const text = value === null || value === undefined ? '' : String(value)
    const safe = /^[=+@\t\r]/.test(text) || (text.startsWith('-') && typeof value === 'string') ? `'${text}` : text
    return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
  }
  return [names, ...rows.map(row => names.map(name => cell(row[name])))].map(line => `${line.join(',')}\r\n`).join('')
}

/** A query's names must be known ones: a misspelt filter that is passed over answers another question than was asked. */
function checkNames(query: URLSearchParams, known: readonly string[]): void {
  for (const name of query.keys()) if (!known.includes(name)) throw invalidField(name, `is no parameter here; known: ${known.join(', ')}`)
}

function timeParameter(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name)
  if (text === null) return undefined
  const at = Date.parse(text)
  if (Number.isNaN(at)) throw invalidField(name, 'must be a date or time, as in 2026-11-21 or 2026-11-21T08:00:00Z')
  return at
}

function integerParameter(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name)
  if (text === null) return undefined
  if (!/^\d{1,9}$/.test(text)) throw invalidField(name, 'must be an integer')
  return Number(text)
}

/** A key's id as it stands, or the id of the only key of that name. */
function keyId(key: string | undefined, names: KeyNames): string | undefined {
  if (key === undefined || names.has(key)) return key
  const ids = [...names].filter(([, name]) => name === key).map(([id]) => id)
  if (ids.length > 1) throw invalidField('key', `several keys are named so; use an id: ${ids.slice(0, 5).join(', ')}`)
  return ids[0] ?? key
}

function groups(query: URLSearchParams): UsageGroup[] {
  const names = (query.get('group_by') ?? 'model')
    .split(',')
    .map(name => name.trim())
    .filter(name => name !== '')
  const known: readonly string[] = USAGE_GROUPS
  const wrong = names.find(name => !known.includes(name))
  if (wrong !== undefined) throw invalidField('group_by', `'${wrong}' is none of ${USAGE_GROUPS.join(', ')}`)
  return names as UsageGroup[]
}

export function createAdmin({ requests, flush, keyNames, ...others }: AdminPorts): AdminServices {
  return {
    ...others,
    async usage(query, csv) {
      checkNames(query, ['group_by', 'from', 'to', 'format'])
      const format = query.get('format') ?? (csv ? 'csv' : 'json')
      if (format !== 'csv' && format !== 'json') throw invalidField('format', 'must be json or csv')
      const wanted = { groupBy: groups(query), from: timeParameter(query, 'from'), to: timeParameter(query, 'to') }
      await flush()
      const names = await keyNames()
      const named = ({ key, ...row }: UsageRow): JsonObject =>
        key === undefined ? usageJson(row) : { key, key_name: orNull(names.get(key ?? '')), ...usageJson(row) }
      const rows = (await requests.usage(wanted)).map(named)
      if (format === 'json') return { data: rows, next: null }
      const columns = USAGE_GROUPS.filter(group => wanted.groupBy.includes(group)).flatMap(group =>
        group === 'key' ? [group, 'key_name'] : [group],
      )
      return usageCsv(rows, [...columns, ...SUMS])
    },
    async requests(query) {
      checkNames(query, ['limit', 'cursor', 'key', 'model', 'provider', 'status'])
      const text = (name: string) => query.get(name) ?? undefined
      const names = await keyNames()
      const filters = {
        key: keyId(text('key'), names),
        model: text('model'),
        provider: text('provider'),
        status: integerParameter(query, 'status'),
      }
      const wanted = { limit: integerParameter(query, 'limit'), cursor: text('cursor'), filters }
      await flush()
      const page = await requests.recentRequests(wanted)
      return { data: page.data.map(row => requestJson(row, names)), next: page.next ?? null }
    },
  }
}
