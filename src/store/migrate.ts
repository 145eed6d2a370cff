import type { Compilable, Kysely } from 'kysely'
import type { Clock } from '../core/clock.ts'
import { sha256 } from '../core/secret.ts'
import { StoreError } from './store-error.ts'
import type { Tables } from './tables.ts'

/** One step of the schema: statements without a condition, so that their text can be checksummed before they run. */
export interface Migration {
  name: string
  statements(db: Kysely<Tables>): readonly Compilable[]
}

interface Applied {
  position: number
  name: string
  checksum: string
}

const checksumOf = (migration: Migration, db: Kysely<Tables>): string =>
  sha256(
    migration
      .statements(db)
      .map(statement => statement.compile().sql)
      .join(';\n'),
  )

/**
 * Brings the schema up to date, each migration in a transaction of its own together with the record of it: a killed process
 * leaves either all of a step or nothing. A process that runs the same migrations at the same time waits and finds them done.
 * @returns the names of those that were run
 * @throws {StoreError} `newer`, `diverged`
 */
export async function migrate(db: Kysely<Tables>, migrations: readonly Migration[], clock: Clock): Promise<string[]> {
  const ran: string[] = []
  if (!(await hasSchemaTable(db))) await createSchemaTable(db)
  const known = await readApplied(db)
  check(known, migrations, db)
  for (const [position, migration] of migrations.entries()) {
    if (position < known.length) continue
    const applied = await db.transaction().execute(async tx => {
      const before = await readApplied(tx)
      check(before, migrations, tx)
      if (before.length > position) return false
      for (const statement of migration.statements(tx)) await tx.executeQuery(statement.compile())
      const record = { position, name: migration.name, checksum: checksumOf(migration, tx), applied_at: clock.now() }
      await tx.insertInto('dragoman_schema').values(record).execute()
      return true
    })
    if (applied) ran.push(migration.name)
  }
  return ran
}

async function hasSchemaTable(db: Kysely<Tables>): Promise<boolean> {
  const tables = await db.introspection.getTables()
  return tables.some(table => table.name === 'dragoman_schema')
}

const createSchemaTable = (db: Kysely<Tables>): Promise<unknown> =>
  db.schema
    .createTable('dragoman_schema')
    .ifNotExists()
    .addColumn('position', 'integer', column => column.primaryKey().notNull())
    .addColumn('name', 'text', column => column.notNull())
    .addColumn('checksum', 'text', column => column.notNull())
    .addColumn('applied_at', 'bigint', column => column.notNull())
    .execute()

const readApplied = (db: Kysely<Tables>): Promise<Applied[]> =>
  db.selectFrom('dragoman_schema').select(['position', 'name', 'checksum']).orderBy('position').execute()

/** What ran before must be a beginning of what this version knows. */
function check(applied: readonly Applied[], migrations: readonly Migration[], db: Kysely<Tables>): void {
  for (const [position, record] of applied.entries()) {
    const migration = migrations[position]
    if (!migration) {
      throw new StoreError(
        'newer',
        `a newer version of Dragoman wrote the database (it has the migration "${record.name}"): use that one, or restore a backup`,
      )
    }
    if (migration.name !== record.name || checksumOf(migration, db) !== record.checksum) {
      throw new StoreError(
        'diverged',
        `the database was set up differently: its step "${record.name}" is not this version's "${migration.name}"`,
      )
    }
  }
}
