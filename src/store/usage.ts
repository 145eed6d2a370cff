import { type Kysely, sql } from 'kysely'
import { invalidField } from '../core/errors.ts'
import type { RequestsTable, Tables, UsageDailyTable } from './tables.ts'

export const USAGE_GROUPS = ['key', 'model', 'provider', 'day'] as const
export type UsageGroup = (typeof USAGE_GROUPS)[number]

export interface UsageQuery {
  /** None: one row over everything. */
  groupBy: readonly UsageGroup[]
  /** Epoch ms, inclusive, and exclusive. Sums are kept by UTC day: every day that the span touches counts as a whole. */
  from?: number
  to?: number
}

/** Sums; the names asked for are present, as null where the requests had none. */
export interface UsageRow {
  key?: string | null
  model?: string | null
  provider?: string | null
  /** `YYYY-MM-DD`, UTC. */
  day?: string
  requests: number
  errors: number
  inputTokens: number
  outputTokens: number
  cachedTokens: number
  reasoningTokens: number
  costUsd: number
}

const COLUMNS = { key: 'key_id', model: 'model', provider: 'provider', day: 'day' } as const
const SUMS = ['requests', 'errors', 'input_tokens', 'output_tokens', 'cached_tokens', 'reasoning_tokens', 'cost_usd'] as const

export const dayOf = (at: number): string => new Date(at).toISOString().slice(0, 10)

/** @throws {GatewayError} naming `from` or `to` */
export async function readUsage(db: Kysely<Tables>, { groupBy, from, to }: UsageQuery): Promise<UsageRow[]> {
  checkTime('from', from)
  checkTime('to', to)
  const groups = USAGE_GROUPS.filter(group => groupBy.includes(group))
  const columns = groups.map(group => COLUMNS[group])
  let query = db.selectFrom('usage_daily').select(eb => SUMS.map(name => eb.fn.sum<number | string | null>(name).as(name)))
  if (from !== undefined) query = query.where('day', '>=', dayOf(from))
  if (to !== undefined) query = query.where('day', '<=', dayOf(to - 1))
  for (const column of columns) query = query.groupBy(column).orderBy(column)
  const rows = await query.select(columns).execute()
  return rows.map(row => ({
    ...Object.fromEntries(groups.map(group => [group, row[COLUMNS[group]] || null])),
    requests: Number(row.requests ?? 0),
    errors: Number(row.errors ?? 0),
    inputTokens: Number(row.input_tokens ?? 0),
    outputTokens: Number(row.output_tokens ?? 0),
    cachedTokens: Number(row.cached_tokens ?? 0),
    reasoningTokens: Number(row.reasoning_tokens ?? 0),
    costUsd: dollars(Number(row.cost_usd ?? 0)),
  }))
}

/** Adds requests to the sums of their days, one row per day, key, model and provider. For a transaction that is open already. */
export async function addToDailyUsage(tx: Kysely<Tables>, rows: readonly RequestsTable[]): Promise<void> {
  const sums = new Map<string, UsageDailyTable>()
  for (const row of rows) {
    const added = dailyOf(row)
    const id = JSON.stringify([added.day, added.key_id, added.model, added.provider])
    const sum = sums.get(id)
    if (!sum) sums.set(id, added)
    else for (const name of SUMS) sum[name] += added[name]
  }
  if (sums.size === 0) return
  await tx
    .insertInto('usage_daily')
    .values([...sums.values()])
    .onConflict(on =>
      on
        .columns(['day', 'key_id', 'model', 'provider'])
        .doUpdateSet(Object.fromEntries(SUMS.map(name => [name, sql`${sql.ref(`usage_daily.${name}`)} + ${sql.ref(`excluded.${name}`)}`]))),
    )
    .execute()
}

const dailyOf = (row: RequestsTable): UsageDailyTable => ({
  day: dayOf(row.at),
  key_id: row.key_id ?? '',
  model: row.model ?? '',
  provider: row.provider ?? '',
  requests: 1,
  errors: row.status >= 400 || row.error !== null ? 1 : 0,
  input_tokens: row.input_tokens ?? 0,
  output_tokens: row.output_tokens ?? 0,
  cached_tokens: row.cached_tokens ?? 0,
  reasoning_tokens: row.reasoning_tokens ?? 0,
  cost_usd: row.cost_usd ?? 0,
})

/** Without the last digits that adding fractions leaves behind. */
const dollars = (value: number): number => Math.round(value * 1e9) / 1e9

function checkTime(field: string, at: number | undefined): void {
  if (at !== undefined && !(Math.abs(at) < 8.64e15)) throw invalidField(field, 'must be a time', 'invalid_value')
}
