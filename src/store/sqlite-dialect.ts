import type { Database, SQLQueryBindings } from 'bun:sqlite'
import { CompiledQuery, type DatabaseConnection, type Dialect, type Driver, type QueryResult } from 'kysely'
import { BunSqliteDialect } from 'kysely-bun-sqlite'

/** The `bun:sqlite` dialect, with three things of its driver done otherwise. */
export function sqliteDialect(database: Database): Dialect {
  const dialect = new BunSqliteDialect({ database })
  return {
    createAdapter: () => dialect.createAdapter(),
    createIntrospector: db => dialect.createIntrospector(db),
    createQueryCompiler: () => dialect.createQueryCompiler(),
    createDriver: () => adjust(dialect.createDriver(), database),
  }
}

function adjust(driver: Driver, database: Database): Driver {
  const acquire = driver.acquireConnection.bind(driver)
  const rollback = driver.rollbackTransaction.bind(driver)
  let connection: DatabaseConnection | undefined

  // Statements end with their query: while one is alive the database file stays open, however often it is closed.
  driver.acquireConnection = async () => {
    const own = await acquire()
    connection ??= { executeQuery: async query => execute(database, query), streamQuery: own.streamQuery.bind(own) }
    return connection
  }
  // A transaction takes the write lock at once: one that reads first and writes later would fail with SQLITE_BUSY_SNAPSHOT, whatever
  // the timeout, when another process has written in between.
  driver.beginTransaction = async used => {
    await used.executeQuery(CompiledQuery.raw('begin immediate'))
  }
  // On a full disk SQLite has rolled back by itself; a second rollback would hide that error behind its own.
  driver.rollbackTransaction = async used => {
    if (database.inTransaction) await rollback(used)
  }
  return driver
}

function execute<Row>(database: Database, { sql, parameters }: CompiledQuery): QueryResult<Row> {
  const statement = database.prepare<Row, SQLQueryBindings[]>(sql)
  try {
    // Kysely's parameters are what the tables' types allow: texts, numbers and null.
    const bindings = parameters as SQLQueryBindings[]
    if (statement.columnNames.length > 0) return { rows: statement.all(...bindings) }
    const { lastInsertRowid, changes } = statement.run(...bindings)
    return { rows: [], insertId: BigInt(lastInsertRowid), numAffectedRows: BigInt(changes) }
  } finally {
    statement.finalize()
  }
}
