import { Database } from 'bun:sqlite'
import { chmodSync, closeSync, existsSync, fsyncSync, mkdirSync, openSync, statSync, writeSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { isDamage, StoreError } from './store-error.ts'

export const IN_MEMORY = ':memory:'

/** Long while opening, when nothing else runs yet; short afterwards, because SQLite waits by blocking the whole process. */
const OPENING_TIMEOUT_MS = 5000
const RUNNING_TIMEOUT_MS = 100

const markerOf = (path: string): string => `${path}.initialized`

/**
 * Opens the SQLite file at `path`, made with mode 0600 where there is none, and refuses what would look like a fresh installation
 * without being one: a marker beside the file says that a database was there (runtime-security §1 row 24).
 * @throws {StoreError} `missing`, `empty`, `damaged`, `foreign`, `permissions`
 */
export function openSqliteFile(path: string, create: boolean): Database {
  if (path === IN_MEMORY) return prepare(new Database(path), path)
  // The marker is read first: where another process is just setting up, the file it stands for is complete.
  const marked = existsSync(markerOf(path))
  makeFile(path, create, marked)
  restrict(path)
  if (marked && statSync(path).size === 0) throw emptied(path)
  const sqlite = new Database(path, { readwrite: true, create: false })
  try {
    sqlite.run(`pragma busy_timeout = ${OPENING_TIMEOUT_MS}`)
    const tables = tableNames(sqlite)
    if (tables.length === 0 && marked) throw emptied(path)
    if (tables.length > 0 && !tables.includes('dragoman_schema')) {
      throw new StoreError('foreign', `${path} is another program's database (it has no table of Dragoman's): it was left untouched`)
    }
    return prepare(sqlite, path)
  } catch (error) {
    sqlite.close()
    throw isDamage(error) ? damaged(path, error instanceof Error ? error.message : String(error), error) : error
  }
}

/** To be called once the schema stands: from now on an empty or missing file is an accident. */
export function markInitialized(path: string): void {
  if (path === IN_MEMORY || existsSync(markerOf(path))) return
  const file = openSync(markerOf(path), 'a', 0o600)
  try {
    writeSync(file, `${basename(path)} was set up. While this file is here, an empty or missing database is an error and no new start.\n`)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

/** Ends the long wait for locks that opening allowed. */
export function finishOpening(sqlite: Database): void {
  sqlite.run(`pragma busy_timeout = ${RUNNING_TIMEOUT_MS}`)
}

function makeFile(path: string, create: boolean, marked: boolean): void {
  if (existsSync(path)) return
  if (marked) {
    throw new StoreError(
      'missing',
      `${path} is missing, but was set up before: restore it from a backup, or delete ${markerOf(path)} to begin anew without any key`,
    )
  }
  if (!create) throw new StoreError('missing', `there is no database at ${path}`)
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  // SQLite gives its -wal and -shm files the mode of the file they belong to.
  closeSync(openSync(path, 'a', 0o600))
}

function restrict(path: string): void {
  if (process.platform === 'win32' || (statSync(path).mode & 0o077) === 0) return
  try {
    chmodSync(path, 0o600)
  } catch (cause) {
    throw new StoreError('permissions', `${path} can be read by other users and belongs to another one: give it mode 0600`, { cause })
  }
}

function prepare(sqlite: Database, path: string): Database {
  sqlite.run(`pragma busy_timeout = ${OPENING_TIMEOUT_MS}`)
  sqlite.run('pragma journal_mode = wal')
  sqlite.run('pragma synchronous = normal')
  sqlite.run('pragma foreign_keys = on')
  sqlite.run('pragma temp_store = memory')
  sqlite.run('pragma trusted_schema = off')
  sqlite.run('pragma cell_size_check = on')
  sqlite.run('pragma secure_delete = on')
  sqlite.run(`pragma journal_size_limit = ${64 * 1024 * 1024}`)
  const [first] = sqlite.query<{ quick_check: string }, []>('pragma quick_check(1)').all()
  if (first?.quick_check !== 'ok') throw damaged(path, first?.quick_check ?? 'quick_check gave no answer')
  return sqlite
}

const tableNames = (sqlite: Database): string[] =>
  sqlite
    .query<{ name: string }, []>("select name from sqlite_master where type = 'table' and name not like 'sqlite_%'")
    .all()
    .map(row => row.name)

const emptied = (path: string): StoreError =>
  new StoreError(
    'empty',
    `${path} is empty, but was set up before: restore it from a backup, or delete it and ${markerOf(path)} to begin anew`,
  )

const damaged = (path: string, finding: string, cause?: unknown): StoreError =>
  new StoreError('damaged', `${path} is damaged (${finding}): restore it from a backup`, { cause })
