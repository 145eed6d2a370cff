import { type CompiledQuery, type Kysely, sql } from 'kysely'
import type { Store } from './database.ts'
import { type Page, type PageOptions, pageLimit, pageStart, toPage } from './page.ts'
import { type RequestRow, requestFromColumns } from './request-row.ts'
import type { RequestsTable, Tables } from './tables.ts'
import { addToDailyUsage, readUsage, type UsageQuery, type UsageRow } from './usage.ts'

export interface RequestFilters {
  /** The id of a client key. */
  key?: string
  model?: string
  provider?: string
  status?: number
}

export interface RecentRequestsQuery extends PageOptions {
  filters?: RequestFilters
}

/** Reads what the usage writer wrote. */
export interface Requests {
  usage(query: UsageQuery): Promise<UsageRow[]>
  /** Newest first. @throws {GatewayError} naming `limit` or `cursor` */
  recentRequests(query?: RecentRequestsQuery): Promise<Page<RequestRow>>
}

export const createRequests = ({ store: { db } }: { store: Store }): Requests => ({
  usage: query => readUsage(db, query),

  async recentRequests({ limit, cursor, filters = {} } = {}) {
    const count = pageLimit(limit)
    const start = pageStart(cursor)
    let query = db.selectFrom('requests').selectAll()
    if (filters.key !== undefined) query = query.where('key_id', '=', filters.key)
    if (filters.model !== undefined) query = query.where('model', '=', filters.model)
    if (filters.provider !== undefined) query = query.where('provider', '=', filters.provider)
    if (filters.status !== undefined) query = query.where('status', '=', filters.status)
    if (start) query = query.where(eb => eb.or([eb('at', '<', start.at), eb.and([eb('at', '=', start.at), eb('id', '<', start.id)])]))
    const rows = await query
      .orderBy('at', 'desc')
      .orderBy('id', 'desc')
      .limit(count + 1)
      .execute()
    return toPage(rows, count, row => ({ at: Number(row.at), id: row.id }), requestFromColumns)
  },
})

/**
 * Inserts request rows and adds them to the daily sums; for a transaction that is open already. A request id that is there already
 * keeps its first row, but counts in the sums: it was a request all the same.
 */
export async function insertRequests(tx: Kysely<Tables>, rows: readonly RequestsTable[]): Promise<void> {
  for (let start = 0; start < rows.length; ) {
    const size = STEPS.find(step => step <= rows.length - start) ?? 1
    await insertStep(tx, rows.slice(start, start + size))
    start += size
  }
  await addToDailyUsage(tx, rows)
}

/** Rows go in by so many at a time: building a query costs more than running it, so there are few of them and each is built once. */
const STEPS = [100, 10, 1] as const

const built = new Map<number, CompiledQuery>()

async function insertStep(tx: Kysely<Tables>, rows: readonly RequestsTable[]): Promise<void> {
  let query = built.get(rows.length)
  if (!query) {
    query = tx
      .insertInto('requests')
      .values([...rows])
      .onConflict(on => on.column('id').doNothing())
      .compile()
    built.set(rows.length, query)
  }
  // Every row has the same columns in the same order: see `requestToColumns`.
  await tx.executeQuery({ ...query, parameters: rows.flatMap(row => Object.values(row)) })
}

/** Which of these requests have a row. */
export async function knownRequests({ db }: Store, ids: readonly string[]): Promise<ReadonlySet<string>> {
  const known = new Set<string>()
  for (let start = 0; start < ids.length; start += STEPS[0]) {
    const step = ids.slice(start, start + STEPS[0])
    for (const { id } of await db.selectFrom('requests').select('id').where('id', 'in', step).execute()) known.add(id)
  }
  return known
}

export interface Retention {
  /** The newest so many rows are kept … */
  maxRows: number
  /** … unless they are older than this. */
  maxAgeMs: number
}

/**
 * Deletes at most `batch` of the oldest rows that need not be kept; the daily sums stay.
 * @returns how many were deleted: fewer than `batch` means that nothing is left to delete
 */
export async function sweepRequests(db: Kysely<Tables>, { maxRows, maxAgeMs }: Retention, now: number, batch: number): Promise<number> {
  const firstTooMany = await db
    .selectFrom('requests')
    .select(['at', 'id'])
    .orderBy('at', 'desc')
    .orderBy('id', 'desc')
    .offset(maxRows)
    .limit(1)
    .executeTakeFirst()
  const tooOld = { at: now - maxAgeMs, id: '' }
  const edge = firstTooMany && Number(firstTooMany.at) >= tooOld.at ? firstTooMany : tooOld
  const result = await db
    .deleteFrom('requests')
    .where('id', 'in', eb =>
      eb
        .selectFrom('requests')
        .select('id')
        .where(sql<boolean>`(at, id) <= (${edge.at}, ${edge.id})`)
        .orderBy('at')
        .orderBy('id')
        .limit(batch),
    )
    .executeTakeFirst()
  return Number(result.numDeletedRows)
}
