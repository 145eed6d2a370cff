import type { Clock } from '../core/clock.ts'
import { GatewayError } from '../core/errors.ts'
import type { JsonObject } from '../core/json.ts'
import { checkAccountFields } from './account-checks.ts'
import { checkLabelFree } from './account-labels.ts'
import { type AccountKind, type AccountRecord, openCredential, recordFromRow, sealCredential } from './account-record.ts'
import { changeAccountRow, hasColumns, insertAccountRow, readAccountRow } from './account-rows.ts'
import type { Store } from './database.ts'
import type { Sealer } from './sealing.ts'
import type { AccountsTable } from './tables.ts'

/** An account as the config declares it. */
export interface DeclaredAccount {
  /** The same for the same account at every start. */
  id: string
  provider: string
  /** Where the config gives none, the account keeps the one it has, and gets `<provider>-<n>` at first. */
  label?: string
  kind: AccountKind
  priority: number
  enabled: boolean
  credential: JsonObject
  /** SHA-256 (hexadecimal) of the declared credential: another one tells that the operator has changed it. */
  fingerprint: string
}

export interface AdoptionOptions {
  store: Store
  sealer: Sealer
  clock: Clock
  onError: (error: unknown) => void
}

/**
 * Brings a declared account into the store. Its credential is the one kept, which may have been renewed since, as long as the
 * declaration is the same; a changed declaration, or a kept credential that cannot be opened, makes way for the declared one and
 * takes with it what was observed. Label, priority and whether it is enabled always follow the declaration. Labels of declared
 * accounts are the config's to check among each other, here only against those made otherwise. Writes nothing where nothing differs.
 * @throws {GatewayError} naming a field; `conflict` (`label_taken`; `account_exists`: the id is that of an account made otherwise)
 */
export async function adoptAccount({ store, sealer, clock, onError }: AdoptionOptions, declared: DeclaredAccount): Promise<AccountRecord> {
  checkAccountFields(declared)
  const { id, provider, label, kind, priority, fingerprint } = declared
  const found = await readAccountRow(store.db, id)
  const broken = found && (await cannotBeOpened(found, sealer, onError)) ? found.credential : undefined
  const followed = { provider, priority, enabled: declared.enabled ? 1 : 0, ...(label === undefined ? {} : { label }) }
  const isKept = (row: AccountsTable): boolean => hasColumns(row, { origin: 'config', kind, fingerprint }) && row.credential !== broken
  if (found && isKept(found) && hasColumns(found, followed)) return recordFromRow(found, sealer)

  const sealed = await sealCredential(id, declared.credential, sealer)
  const row = await store.durable(async tx => {
    const now = clock.now()
    const before = await readAccountRow(tx, id)
    if (!before) {
      const made = { id, ...followed, kind, origin: 'config', credential: sealed, fingerprint }
      return insertAccountRow(tx, made, { label, among: 'admin', now })
    }
    if (before.origin !== 'config') throw notDeclared(id)
    if (label !== undefined) await checkLabelFree(tx, { id, provider, label, among: 'admin' })
    const renewed = isKept(before) ? {} : { kind, fingerprint, credential: sealed, state: null, quota: null }
    const columns = { ...followed, ...renewed }
    return hasColumns(before, columns) ? before : changeAccountRow(tx, before, columns, now)
  })
  return recordFromRow(row, sealer)
}

async function cannotBeOpened(row: AccountsTable, sealer: Sealer, onError: (error: unknown) => void): Promise<boolean> {
  try {
    await openCredential(row, sealer)
    return false
  } catch (error) {
    onError(error)
    return true
  }
}

const notDeclared = (id: string): GatewayError =>
  new GatewayError('conflict', `there is an account ${id} already, which is none of the config's`, { code: 'account_exists' })
