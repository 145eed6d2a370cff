import { isDeepStrictEqual } from 'node:util'
import type { Clock } from '../core/clock.ts'
import { type IdGenerator, systemIds } from '../core/ids.ts'
import type { JsonObject } from '../core/json.ts'
import { adoptAccount, type DeclaredAccount } from './account-adoption.ts'
import { checkAccountFields, checkVersion, versionConflict } from './account-checks.ts'
import { checkLabelFree, findAccountRow } from './account-labels.ts'
import { type Observation, saveObserved } from './account-observations.ts'
import {
  type AccountKind,
  type AccountOrigin,
  type AccountRecord,
  type AccountSummary,
  asKept,
  fingerprintOf,
  openCredential,
  recordFromRow,
  sealCredential,
  summaryFromRow,
} from './account-record.ts'
import { acquireRenewal, releaseRenewal } from './account-renewal.ts'
import { accountRow, changeAccountRow, hasColumns, insertAccountRow, readAccountsStamp } from './account-rows.ts'
import type { Store } from './database.ts'
import { type Page, type PageOptions, pageLimit, pageStart, toPage } from './page.ts'
import type { Sealer } from './sealing.ts'

export interface NewAccount {
  provider: string
  /** `<provider>-<n>` with the first free number unless told. */
  label?: string
  kind: AccountKind
  /** 1 unless told. */
  priority?: number
  /** True unless told. */
  enabled?: boolean
  credential: JsonObject
  /** `admin` unless told. */
  origin?: AccountOrigin
  /** The credential's SHA-256 unless told. */
  fingerprint?: string
  id?: string
}

export interface AccountChanges {
  label?: string
  priority?: number
  enabled?: boolean
  /** In place of the old one, as after a new sign-in: what was observed with that is forgotten. */
  credential?: JsonObject
  /** The new credential's; the same as before unless told. */
  kind?: AccountKind
}

export interface ListAccountsOptions extends PageOptions {
  provider?: string
}

export interface SaveCredentialOptions {
  /** Only where nothing of the account has changed since it had this version. */
  expectedVersion?: number
  /** Only where this credential is still the one kept: one that an operator has given meanwhile stays, other changes do not matter. */
  madeFrom?: JsonObject
}

export interface Accounts {
  /** Newest first. @throws {GatewayError} naming `limit` or `cursor` */
  list(options?: ListAccountsOptions): Promise<Page<AccountSummary>>
  /** All that can be opened, oldest first; the others are reported to `onError` and left out. */
  listAll(): Promise<AccountRecord[]>
  /** @throws {GatewayError} `not-found`; {StoreError} `sealed` */
  get(id: string): Promise<AccountRecord>
  /** @throws {GatewayError} `not-found`; `conflict` naming the ids where several are meant */
  find(idOrLabel: string): Promise<AccountSummary>
  /** @throws {GatewayError} naming a field; `conflict` (`label_taken`, `account_exists`) */
  create(wanted: NewAccount): Promise<AccountRecord>
  /** @throws {GatewayError} naming a field; `not-found`; `conflict` (`version_conflict`, `label_taken`) */
  update(id: string, changes: AccountChanges, expectedVersion?: number): Promise<AccountSummary>
  /** Makes a declared account one of the management commands': it stays when the config names it no longer. @throws {GatewayError} `not-found` */
  takeOver(id: string): Promise<AccountSummary>
  /** A new version of an account that is otherwise as it was: tells other processes to look at it again. @throws {GatewayError} `not-found` */
  touch(id: string): Promise<void>
  /** @throws {GatewayError} `not-found`; `conflict` (`version_conflict`) */
  remove(id: string, expectedVersion?: number): Promise<void>
  /**
   * Keeps a credential that was made from the one before, such as a rotated token. It is on the disk when the promise resolves, with
   * the account's new version; a process that is killed leaves the old credential or the new one.
   * @throws {GatewayError} `not-found`; `conflict` (`version_conflict`)
   */
  saveCredential(id: string, credential: JsonObject, options?: SaveCredentialOptions): Promise<number>
  /** See `adoptAccount`. */
  adopt(declared: DeclaredAccount): Promise<AccountRecord>
  /** See `acquireRenewal`. */
  acquireRenewal(id: string, owner: string, untilMs: number): Promise<boolean>
  releaseRenewal(id: string, owner: string): Promise<void>
  /** See `saveObserved`. */
  saveObserved(observations: readonly Observation[]): Promise<void>
  /** Changes with every account that is made, changed or removed, and not with what is observed or with leases. */
  readStamp(): Promise<string>
}

export interface AccountsOptions {
  store: Store
  sealer: Sealer
  clock: Clock
  ids?: IdGenerator
  /** Told of each account whose credential cannot be opened, by name. */
  onError: (error: unknown) => void
}

const OTHER_CREDENTIAL = 'it has another credential by now'

export function createAccounts({ store, sealer, clock, ids = systemIds, onError }: AccountsOptions): Accounts {
  const { db } = store

  /** The sealed text of the account, where it is what `credential` was kept as. */
  async function sealedFormOf(id: string, credential: JsonObject): Promise<string> {
    const row = await accountRow(db, id)
    if (!isDeepStrictEqual(await openCredential(row, sealer), asKept(credential))) throw versionConflict(id, OTHER_CREDENTIAL)
    return row.credential
  }

  return {
    async list({ provider, limit, cursor } = {}) {
      const count = pageLimit(limit)
      const start = pageStart(cursor)
      let query = db.selectFrom('accounts').selectAll()
      if (provider !== undefined) query = query.where('provider', '=', provider)
      if (start) {
        query = query.where(eb =>
          eb.or([eb('created_at', '<', start.at), eb.and([eb('created_at', '=', start.at), eb('id', '<', start.id)])]),
        )
      }
      const rows = await query
        .orderBy('created_at', 'desc')
        .orderBy('id', 'desc')
        .limit(count + 1)
        .execute()
      return toPage(rows, count, row => ({ at: Number(row.created_at), id: row.id }), summaryFromRow)
    },

    async listAll() {
      const rows = await db.selectFrom('accounts').selectAll().orderBy('created_at').orderBy('id').execute()
      const records: AccountRecord[] = []
      for (const row of rows) {
        try {
          records.push(await recordFromRow(row, sealer))
        } catch (error) {
          onError(error)
        }
      }
      return records
    },

    get: async id => recordFromRow(await accountRow(db, id), sealer),

    find: async text => summaryFromRow(await findAccountRow(db, text)),

    async create(wanted) {
      checkAccountFields(wanted)
      const { provider, label, kind, priority = 1, enabled = true, origin = 'admin', id = ids.next('acc_') } = wanted
      const { fingerprint = fingerprintOf(wanted.credential) } = wanted
      const made = {
        ...{ id, provider, kind, origin, priority, enabled: enabled ? 1 : 0, fingerprint },
        credential: await sealCredential(id, wanted.credential, sealer),
      }
      const row = await store.durable(tx => insertAccountRow(tx, made, { label, now: clock.now() }))
      return { ...summaryFromRow(row), credential: asKept(wanted.credential) }
    },

    async update(id, { label, priority, enabled, credential, kind }, expectedVersion) {
      checkAccountFields({ label, priority, credential, kind })
      const wanted = {
        ...(label === undefined ? {} : { label }),
        ...(priority === undefined ? {} : { priority }),
        ...(enabled === undefined ? {} : { enabled: enabled ? 1 : 0 }),
        ...(kind === undefined ? {} : { kind }),
        ...(credential && { credential: await sealCredential(id, credential, sealer), state: null, quota: null }),
      }
      const row = await store.durable(async tx => {
        const before = await accountRow(tx, id)
        checkVersion(id, before.version, expectedVersion)
        if (hasColumns(before, wanted)) return before
        if (label !== undefined) await checkLabelFree(tx, { id, provider: before.provider, label })
        // That of a declared account stays: the declaration is the same, and must not put its own credential back.
        const fingerprint = credential && before.origin === 'admin' ? fingerprintOf(credential) : before.fingerprint
        return changeAccountRow(tx, before, { ...wanted, fingerprint }, clock.now())
      })
      return summaryFromRow(row)
    },

    async takeOver(id) {
      const row = await store.durable(async tx => {
        const before = await accountRow(tx, id)
        return before.origin === 'admin' ? before : changeAccountRow(tx, before, { origin: 'admin' }, clock.now())
      })
      return summaryFromRow(row)
    },

    async touch(id) {
      await store.durable(async tx => changeAccountRow(tx, await accountRow(tx, id), {}, clock.now()))
    },

    async remove(id, expectedVersion) {
      await store.durable(async tx => {
        checkVersion(id, (await accountRow(tx, id)).version, expectedVersion)
        await tx.deleteFrom('accounts').where('id', '=', id).execute()
      })
    },

    async saveCredential(id, credential, { expectedVersion, madeFrom } = {}) {
      checkAccountFields({ credential })
      const from = madeFrom && (await sealedFormOf(id, madeFrom))
      const sealed = await sealCredential(id, credential, sealer)
      const { version } = await store.durable(async tx => {
        const before = await accountRow(tx, id)
        checkVersion(id, before.version, expectedVersion)
        if (from !== undefined && before.credential !== from) throw versionConflict(id, OTHER_CREDENTIAL)
        return changeAccountRow(tx, before, { credential: sealed }, clock.now())
      })
      return version
    },

    adopt: declared => adoptAccount({ store, sealer, clock, onError }, declared),
    acquireRenewal: (id, owner, untilMs) => acquireRenewal(store, clock, id, owner, untilMs),
    releaseRenewal: (id, owner) => releaseRenewal(store, id, owner),
    saveObserved: observations => saveObserved(store, observations),
    readStamp: () => readAccountsStamp(db),
  }
}
