import { type Kysely, sql } from 'kysely'
import { GatewayError } from '../core/errors.ts'
import { versionConflict } from './account-checks.ts'
import { checkLabelFree, freeLabel, unknownAccount } from './account-labels.ts'
import type { AccountOrigin } from './account-record.ts'
import type { AccountsTable, Tables } from './tables.ts'

export const readAccountRow = (db: Kysely<Tables>, id: string): Promise<AccountsTable | undefined> =>
  db.selectFrom('accounts').selectAll().where('id', '=', id).executeTakeFirst()

/** @throws {GatewayError} `not-found` */
export async function accountRow(db: Kysely<Tables>, id: string): Promise<AccountsTable> {
  const row = await readAccountRow(db, id)
  if (!row) throw unknownAccount(id)
  return row
}

export type NewAccountRow = Pick<
  AccountsTable,
  'id' | 'provider' | 'kind' | 'origin' | 'priority' | 'enabled' | 'credential' | 'fingerprint'
>

/**
 * For a transaction that is open already.
 * @param label the first free one where it is undefined
 * @param among the origin of the accounts whose labels count, absent: all
 * @throws {GatewayError} `conflict` (`account_exists`, `label_taken`)
 */
export async function insertAccountRow(
  tx: Kysely<Tables>,
  made: NewAccountRow,
  { label, among, now }: { label: string | undefined; among?: AccountOrigin; now: number },
): Promise<AccountsTable> {
  const { id, provider } = made
  if (await readAccountRow(tx, id)) throw new GatewayError('conflict', `there is an account ${id} already`, { code: 'account_exists' })
  if (label !== undefined) await checkLabelFree(tx, { id, provider, label, among })
  const row = {
    ...made,
    label: label ?? (await freeLabel(tx, provider)),
    state: null,
    quota: null,
    renewing_by: null,
    renewing_until: null,
    created_at: now,
    updated_at: now,
    version: 1,
  }
  await tx.insertInto('accounts').values(row).execute()
  return row
}

/** Writes these columns of an account as its next version. For the transaction in which `before` was read. */
export async function changeAccountRow(
  tx: Kysely<Tables>,
  before: AccountsTable,
  columns: Partial<AccountsTable>,
  now: number,
): Promise<AccountsTable> {
  const set = { ...columns, version: before.version + 1, updated_at: now }
  const { numUpdatedRows } = await tx
    .updateTable('accounts')
    .set(set)
    .where('id', '=', before.id)
    .where('version', '=', before.version)
    .executeTakeFirst()
  if (numUpdatedRows === 0n) throw versionConflict(before.id, 'another process was faster')
  return { ...before, ...set }
}

/** Whether the row has these values already. */
export const hasColumns = (row: AccountsTable, columns: Partial<AccountsTable>): boolean =>
  Object.entries(columns).every(([name, value]) => row[name as keyof AccountsTable] === value)

/**
 * Changes with every account that is made, changed or removed. The times tell an account that was made from one that was removed at
 * the same version.
 */
export async function readAccountsStamp(db: Kysely<Tables>): Promise<string> {
  const { count, versions, times, last } = await db
    .selectFrom('accounts')
    .select(({ fn }) => [
      fn.countAll().as('count'),
      fn.sum('version').as('versions'),
      fn.sum(sql<number>`updated_at + created_at`).as('times'),
      fn.max('updated_at').as('last'),
    ])
    .executeTakeFirstOrThrow()
  return `${count} ${versions} ${times} ${last}`
}
