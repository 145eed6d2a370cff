import { Database } from 'bun:sqlite'
import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { Kysely, sql } from 'kysely'
import { sha256 } from '../../src/core/secret.ts'
import { openDatabase } from '../../src/store/database.ts'
import { createKeys } from '../../src/store/keys.ts'
import { type Migration, migrate } from '../../src/store/migrate.ts'
import { migrations } from '../../src/store/migrations/index.ts'
import { sqliteDialect } from '../../src/store/sqlite-dialect.ts'
import type { Tables } from '../../src/store/tables.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { temporaryFolders } from './temporary-folders.ts'

const folder = temporaryFolders()
const clock = new FakeClock()
const open = () => {
  const database = new Database(':memory:')
  return { database, db: new Kysely<Tables>({ dialect: sqliteDialect(database) }) }
}
const step = (name: string, ...statements: string[]): Migration => ({
  name,
  statements: db => statements.map(text => ({ compile: () => sql.raw(text).compile(db) })),
})
const tables = (database: Database) =>
  database
    .query<{ name: string }, []>("select name from sqlite_master where type = 'table'")
    .all()
    .map(row => row.name)

describe('migrate', () => {
  test('runs each once, in order', async () => {
    const { db } = open()
    const one = step('0001-a', 'create table a (x integer)')
    const two = step('0002-b', 'alter table a add column y integer', 'insert into a values (1, 2)')
    expect(await migrate(db, [one], clock)).toEqual(['0001-a'])
    expect(await migrate(db, [one, two], clock)).toEqual(['0002-b'])
    expect(await migrate(db, [one, two], clock)).toEqual([])
    expect((await sql`select * from a`.execute(db)).rows).toEqual([{ x: 1, y: 2 }])
  })

  test('a step that fails leaves nothing of itself, and what went before stays', async () => {
    const { db, database } = open()
    const good = step('0001-a', 'create table a (x integer)')
    const bad = step('0002-b', 'create table b (x integer)', 'insert into nowhere values (1)')
    await expect(migrate(db, [good, bad], clock)).rejects.toThrow('nowhere')
    expect(tables(database)).toEqual(['dragoman_schema', 'a'])
    expect(await migrate(db, [good, step('0002-b', 'create table b (x integer)')], clock)).toEqual(['0002-b'])
  })

  test('a step that was changed after it ran is refused', async () => {
    const { db } = open()
    await migrate(db, [step('0001-a', 'create table a (x integer)')], clock)
    const changed = migrate(db, [step('0001-a', 'create table a (x text)')], clock)
    await expect(changed).rejects.toMatchObject({ kind: 'diverged' })
    const renamed = migrate(db, [step('0001-z', 'create table a (x integer)')], clock)
    await expect(renamed).rejects.toMatchObject({ kind: 'diverged' })
  })

  // A change here means that databases in use are refused: add a migration instead. (So may a new Kysely: then keep its old text.)
  test('released migrations keep their text', () => {
    const { db } = open()
    const textOf = (migration: Migration) => migration.statements(db).map(statement => statement.compile().sql)
    const sums = migrations.map(migration => [migration.name, sha256(textOf(migration).join(';\n')).slice(0, 16)])
    expect(sums).toEqual([
      ['0001-start', '091e6eac59199de5'],
      ['0002-accounts', '861375a7685056a8'],
    ])
  })

  test('a database of the first release keeps what it holds and gets the rest', async () => {
    const path = join(folder(), 'dragoman.db')
    const database = new Database(path)
    const db = new Kysely<Tables>({ dialect: sqliteDialect(database) })
    await migrate(db, migrations.slice(0, 1), clock)
    await db.insertInto('settings').values({ name: 'kept', value: '1', updated_at: 7 }).execute()
    database.close()
    const store = await openDatabase({ path, clock })
    const { record } = await createKeys({ store, clock }).createKey({ name: 'ci' })
    expect(await store.db.selectFrom('settings').selectAll().execute()).toEqual([{ name: 'kept', value: '1', updated_at: 7 }])
    expect(await store.db.selectFrom('client_keys').select('id').execute()).toEqual([{ id: record.id }])
    for (const table of ['accounts', 'models'] as const) expect(await store.db.selectFrom(table).selectAll().execute()).toEqual([])
    expect((await store.db.selectFrom('dragoman_schema').select('name').orderBy('position').execute()).map(({ name }) => name)).toEqual([
      '0001-start',
      '0002-accounts',
    ])
    await store.close()
  })
})
