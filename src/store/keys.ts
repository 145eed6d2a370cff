import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import type { Clock } from '../core/clock.ts'
import { GatewayError, invalidField } from '../core/errors.ts'
import { type IdGenerator, randomText, systemIds } from '../core/ids.ts'
import { sha256 } from '../core/secret.ts'
import type { Store } from './database.ts'
import { type KeyModels, type KeyRecord, keyFromRow } from './key-record.ts'
import { checkName, LONGEST_NAME } from './names.ts'
import { type Page, type PageOptions, pageLimit, pageStart, toPage } from './page.ts'
import type { ClientKeysTable, Tables } from './tables.ts'

export const KEY_PREFIX = 'sk-dragoman-'
/** 43 characters of 62 are just over 256 bits. */
const KEY_RANDOM = 43
/** How much of a key is kept and shown. */
const SHOWN = 16
/** A key that somebody brings along is no shorter. */
export const SHORTEST_KEY = 16

export interface NewKey {
  name: string
  /** Epoch ms. */
  expiresAt?: number
  models?: KeyModels
}

export interface GivenKey {
  name: string
  key: string
}

export interface ListKeysOptions extends PageOptions {
  includeRevoked?: boolean
}

export interface Keys {
  /** `key` is the only copy there ever is. */
  createKey(wanted: NewKey): Promise<{ record: KeyRecord; key: string }>
  /**
   * Takes over a key that clients have already; one that is known, in force or not, stays as it is.
   * @throws {GatewayError} naming `name` or `key`, never the key itself
   */
  importKey(given: GivenKey): Promise<{ record: KeyRecord; isNew: boolean }>
  listKeys(options?: ListKeysOptions): Promise<Page<KeyRecord>>
  /**
   * The one key that an id, a name, a beginning of the shown prefix or the whole key means; a key in force comes before revoked ones.
   * @throws {GatewayError} `not-found`; `conflict` naming the ids where several are meant
   */
  findKey(idOrNameOrPrefix: string): Promise<KeyRecord>
  /** Revoked for good when the promise resolves; a key that was revoked before stays as it is. @throws {GatewayError} `not-found` */
  revokeKey(id: string): Promise<KeyRecord>
  /** The name of every key there is or was, by id. */
  names(): Promise<ReadonlyMap<string, string>>
  /** Notes when keys (by id) were last used, in epoch ms; a time older than the one noted changes nothing. */
  touchLastUsed(batch: ReadonlyMap<string, number>): Promise<void>
}

export function createKeys({ store, clock, ids = systemIds }: { store: Store; clock: Clock; ids?: IdGenerator }): Keys {
  const { db } = store

  const newRow = ({ name, expiresAt, models }: NewKey, key: string, prefix: string): ClientKeysTable => ({
    id: ids.next('key_'),
    name,
    prefix,
    hash: sha256(key),
    created_at: clock.now(),
    expires_at: expiresAt ?? null,
    last_used_at: null,
    revoked_at: null,
    models: models ? JSON.stringify(models) : null,
    version: 1,
  })

  return {
    async createKey({ name, expiresAt, models }) {
      const now = clock.now()
      checkName('name', name)
      checkExpiry(expiresAt, now)
      const key = KEY_PREFIX + randomText(KEY_RANDOM)
      const row = newRow({ name, expiresAt, models }, key, key.slice(0, SHOWN))
      await store.durable(tx => tx.insertInto('client_keys').values(row).execute())
      return { record: keyFromRow(row), key }
    },

    async importKey({ name, key }) {
      checkName('name', name)
      checkGivenKey(key)
      // A short key is not to be given away by its beginning.
      const row = newRow({ name }, key, key.slice(0, Math.min(SHOWN, Math.floor(key.length / 4))))
      return store.durable(async tx => {
        const known = await readKeyByHash(tx, row.hash)
        if (known) return { record: known, isNew: false }
        await tx.insertInto('client_keys').values(row).execute()
        return { record: keyFromRow(row), isNew: true }
      })
    },

    async listKeys({ includeRevoked = false, limit, cursor } = {}) {
      const count = pageLimit(limit)
      const start = pageStart(cursor)
      let query = db.selectFrom('client_keys').selectAll()
      if (!includeRevoked) query = query.where('revoked_at', 'is', null)
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
      return toPage(rows, count, row => ({ at: Number(row.created_at), id: row.id }), keyFromRow)
    },

    async findKey(text) {
      const found = await candidates(db, text)
      const inForce = found.filter(record => record.revokedAt === undefined)
      const [only, ...others] = inForce.length > 0 ? inForce : found
      if (!only) throw unknownKey(text)
      if (others.length > 0) throw ambiguous(text, [only, ...others])
      return only
    },

    revokeKey(id) {
      return store.durable(async tx => {
        await tx
          .updateTable('client_keys')
          .set(eb => ({ revoked_at: clock.now(), version: eb('version', '+', 1) }))
          .where('id', '=', id)
          .where('revoked_at', 'is', null)
          .execute()
        const row = await tx.selectFrom('client_keys').selectAll().where('id', '=', id).executeTakeFirst()
        if (!row) throw unknownKey(id)
        return keyFromRow(row)
      })
    },

    async names() {
      const rows = await db.selectFrom('client_keys').select(['id', 'name']).execute()
      return new Map(rows.map(({ id, name }) => [id, name]))
    },
    async touchLastUsed(batch) {
      if (batch.size > 0) await db.transaction().execute(tx => writeLastUsed(tx, batch))
    },
  }
}

/** The keys in force, newest first; expired ones too, since time alone decides about them. */
export async function readKeysInForce(db: Kysely<Tables>, limit: number): Promise<KeyRecord[]> {
  const query = db.selectFrom('client_keys').selectAll().where('revoked_at', 'is', null)
  const rows = await query.orderBy('created_at', 'desc').orderBy('id', 'desc').limit(limit).execute()
  return rows.map(keyFromRow)
}

/** Changes with every key that is made, changed or revoked, and not with its use. */
export async function readKeysStamp(db: Kysely<Tables>): Promise<string> {
  const { count, sum } = await db
    .selectFrom('client_keys')
    .select(({ fn }) => [fn.countAll().as('count'), fn.sum('version').as('sum')])
    .executeTakeFirstOrThrow()
  return `${count} ${sum}`
}

export async function readKeyByHash(db: Kysely<Tables>, hash: string): Promise<KeyRecord | undefined> {
  const row = await db.selectFrom('client_keys').selectAll().where('hash', '=', hash).executeTakeFirst()
  return row && keyFromRow(row)
}

/** For a transaction that is open already. */
export async function writeLastUsed(tx: Kysely<Tables>, batch: ReadonlyMap<string, number>): Promise<void> {
  for (const [id, at] of batch) {
    await tx
      .updateTable('client_keys')
      .set({ last_used_at: at })
      .where('id', '=', id)
      .where(eb => eb.or([eb('last_used_at', 'is', null), eb('last_used_at', '<', at)]))
      .execute()
  }
}

async function candidates(db: Kysely<Tables>, text: string): Promise<KeyRecord[]> {
  const byId = await db.selectFrom('client_keys').selectAll().where('id', '=', text).executeTakeFirst()
  if (byId) return [keyFromRow(byId)]
  const shown = text.replace(/(…|\.\.\.)$/, '')
  // The bare `sk-dragoman-` begins every key: only what says more than that can mean one.
  const isPrefix = shown.startsWith(KEY_PREFIX) && shown.length > KEY_PREFIX.length && shown.length <= SHOWN
  const rows = await db
    .selectFrom('client_keys')
    .selectAll()
    .where(eb => {
      const ways = [eb('name', '=', text), eb('hash', '=', sha256(text))]
      // Not LIKE, which takes no account of case in SQLite.
      if (isPrefix) ways.push(eb(sql<string>`substr(prefix, 1, ${sql.lit(shown.length)})`, '=', shown))
      return eb.or(ways)
    })
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .execute()
  return rows.map(keyFromRow)
}

/** @throws {GatewayError} for a key that is easily guessed, or that no header could carry */
export function checkGivenKey(key: string): void {
  if (key.length < SHORTEST_KEY) throw invalidField('key', `must have at least ${SHORTEST_KEY} characters`, 'invalid_value')
  if (!/^[\x21-\x7e]+$/.test(key)) throw invalidField('key', 'holds blanks or characters that no header carries', 'invalid_value')
}

function checkExpiry(expiresAt: number | undefined, now: number): void {
  if (expiresAt === undefined) return
  if (!Number.isSafeInteger(expiresAt) || expiresAt > 8.64e15) throw invalidField('expires_at', 'must be a time', 'invalid_value')
  if (expiresAt <= now) throw invalidField('expires_at', 'must lie in the future', 'invalid_value')
}

/** A whole key may have been given: nothing beyond its shown beginning is repeated. */
const naming = (text: string): string =>
  text.startsWith(KEY_PREFIX) && text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text.slice(0, LONGEST_NAME)

const unknownKey = (text: string): GatewayError => new GatewayError('not-found', `no key has the id, name or prefix "${naming(text)}"`)

const ambiguous = (text: string, records: readonly KeyRecord[]): GatewayError =>
  new GatewayError('conflict', `"${naming(text)}" could mean any of ${records.map(record => record.id).join(', ')}: give the id`, {
    code: 'ambiguous_key',
  })
