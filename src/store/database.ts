import type { Database } from 'bun:sqlite'
import { Kysely, sql, type Transaction } from 'kysely'
import type { Cancel, Clock } from '../core/clock.ts'
import { migrate } from './migrate.ts'
import { migrations } from './migrations/index.ts'
import { sqliteDialect } from './sqlite-dialect.ts'
import { finishOpening, markInitialized, openSqliteFile } from './sqlite-file.ts'
import { isBusy } from './store-error.ts'
import type { Tables } from './tables.ts'

/** The database's file name inside a data dir. */
export const DATABASE_FILE = 'dragoman.db'

export interface OpenOptions {
  /** The SQLite file, or `:memory:`. */
  path: string
  clock: Clock
  /** False: a database that is not there is an error (`missing`). True by default. */
  create?: boolean
}

export interface Store {
  readonly db: Kysely<Tables>
  /** A number that changes when another process has committed; this process's own commits leave it as it is. */
  dataVersion(): number
  /**
   * Runs `work` in a transaction that is on the disk, not only in the system's cache, when the promise resolves: for keys and
   * credentials. Waits up to 5 s while another process writes, without blocking this one, so `work` may run more than once.
   * Inside, wait for nothing but the database.
   */
  durable<T>(work: (tx: Transaction<Tables>) => Promise<T>): Promise<T>
  /** Calls `listener` after each durable commit of this process. */
  onChange(listener: () => void): Cancel
  close(): Promise<void>
}

const BUSY_RETRY_MS = 50
const BUSY_LIMIT_MS = 5000

/**
 * Opens the database, checks it and brings its schema up to date.
 * @throws {StoreError} where the file is damaged, emptied, another program's or newer than this version
 */
export async function openDatabase({ path, clock, create = true }: OpenOptions): Promise<Store> {
  const sqlite = openSqliteFile(path, create)
  const db = new Kysely<Tables>({ dialect: sqliteDialect(sqlite) })
  try {
    await migrate(db, migrations, clock)
    markInitialized(path)
    finishOpening(sqlite)
  } catch (error) {
    await db.destroy()
    sqlite.close()
    throw error
  }
  return new SqliteStore(db, sqlite, clock)
}

class SqliteStore implements Store {
  readonly #listeners = new Set<() => void>()
  readonly #version

  constructor(
    readonly db: Kysely<Tables>,
    readonly sqlite: Database,
    readonly clock: Clock,
  ) {
    this.#version = sqlite.query<{ data_version: number }, []>('pragma data_version')
  }

  dataVersion(): number {
    const row = this.#version.get()
    if (!row) throw new Error('the database gave no data version')
    return row.data_version
  }

  async durable<T>(work: (tx: Transaction<Tables>) => Promise<T>): Promise<T> {
    const giveUp = this.clock.elapsed() + BUSY_LIMIT_MS
    for (;;) {
      try {
        const result = await this.#synced(work)
        for (const listener of this.#listeners) listener()
        return result
      } catch (error) {
        if (!isBusy(error) || this.clock.elapsed() >= giveUp) throw error
        await this.clock.sleep(BUSY_RETRY_MS)
      }
    }
  }

  onChange(listener: () => void): Cancel {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  async close(): Promise<void> {
    this.#listeners.clear()
    this.#version.finalize()
    await this.db.destroy()
    this.sqlite.close()
  }

  /** The setting cannot be changed inside a transaction; the connection is ours alone from before until after it. */
  #synced<T>(work: (tx: Transaction<Tables>) => Promise<T>): Promise<T> {
    return this.db.connection().execute(async connection => {
      await sql`pragma synchronous = full`.execute(connection)
      try {
        return await connection.transaction().execute(work)
      } finally {
        await sql`pragma synchronous = normal`.execute(connection)
      }
    })
  }
}
