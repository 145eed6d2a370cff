import { Database } from 'bun:sqlite'
import { describe, expect, test } from 'bun:test'
import { Kysely, sql } from 'kysely'
import { sha256 } from '../../src/core/secret.ts'
import { type Migration, migrate } from '../../src/store/migrate.ts'
import { migrations } from '../../src/store/migrations/index.ts'
import { sqliteDialect } from '../../src/store/sqlite-dialect.ts'
import type { Tables } from '../../src/store/tables.ts'
import { FakeClock } from '../support/fake-clock.ts'

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
    expect(sums).toEqual([['0001-start', '091e6eac59199de5']])
  })
})
