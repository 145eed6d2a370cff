import { Database } from 'bun:sqlite'
import { describe, expect, test } from 'bun:test'
import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { sql } from 'kysely'
import { openDatabase } from '../../src/store/database.ts'
import { migrations } from '../../src/store/migrations/index.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { temporaryFolders } from './temporary-folders.ts'

const folder = temporaryFolders()
const clock = new FakeClock()
const open = (path: string, create?: boolean) => openDatabase({ path, clock, create })

async function setUp(): Promise<string> {
  const path = join(folder(), 'data', 'dragoman.db')
  await (await open(path)).close()
  return path
}

const setting = (name: string) => ({ name, value: '1', updated_at: 0 })

describe('openDatabase', () => {
  test('makes files that nobody else can read, whatever the umask', async () => {
    const path = join(folder(), 'data', 'dragoman.db')
    const store = await open(path)
    await store.db.insertInto('settings').values(setting('a')).execute()
    const modes = readdirSync(join(path, '..')).map(name => [name, statSync(join(path, '..', name)).mode & 0o777])
    expect(Object.fromEntries(modes)).toEqual({
      'dragoman.db': 0o600,
      'dragoman.db-wal': 0o600,
      'dragoman.db-shm': 0o600,
      'dragoman.db.initialized': 0o600,
    })
    expect(statSync(join(path, '..')).mode & 0o777).toBe(0o700)
    await store.close()
  })

  test('tightens the mode of a file that others can read', async () => {
    const path = await setUp()
    const copy = join(folder(), 'copy.db')
    writeFileSync(copy, readFileSync(path), { mode: 0o644 })
    await (await open(copy)).close()
    expect(statSync(copy).mode & 0o777).toBe(0o600)
  })

  test('keeps what was written, and two processes may open it at once', async () => {
    const path = await setUp()
    const one = await open(path)
    const two = await open(path)
    const before = one.dataVersion()
    await two.db.insertInto('settings').values(setting('a')).execute()
    expect(one.dataVersion()).not.toBe(before)
    expect(await one.db.selectFrom('settings').select('name').execute()).toEqual([{ name: 'a' }])
    await Promise.all([one.close(), two.close()])
  })

  test('processes that set it up at once all succeed', async () => {
    const path = join(folder(), 'dragoman.db')
    const start = () => Bun.spawn([process.execPath, join(import.meta.dir, 'open-child.ts'), path], { stdout: 'pipe', stderr: 'pipe' })
    const children = [start(), start(), start()]
    const text = (stream: ReadableStream<Uint8Array<ArrayBuffer>>) => new Response(stream).text()
    const said = await Promise.all(children.map(async child => (await text(child.stdout)) + (await text(child.stderr))))
    expect(said).toEqual(['opened\n', 'opened\n', 'opened\n'])
    const store = await open(path)
    expect(await store.db.selectFrom('dragoman_schema').select('name').execute()).toHaveLength(migrations.length)
    await store.close()
  })

  test('leaves one whole file when it is closed', async () => {
    const path = await setUp()
    const store = await open(path)
    await store.db.insertInto('settings').values(setting('a')).execute()
    await store.close()
    expect(readdirSync(join(path, '..')).sort()).toEqual(['dragoman.db', 'dragoman.db.initialized'])
  })

  test('sets what SQLite leaves off', async () => {
    const store = await open(await setUp())
    const pragma = async (name: string) => {
      const { rows } = await sql<Record<string, unknown>>`${sql.raw(`pragma ${name}`)}`.execute(store.db)
      return Object.values(rows[0] ?? {})[0]
    }
    const names = ['journal_mode', 'synchronous', 'foreign_keys', 'temp_store', 'trusted_schema', 'secure_delete', 'busy_timeout']
    expect(await Promise.all(names.map(pragma))).toEqual(['wal', 1, 1, 2, 0, 1, 100])
    await store.close()
  })

  test('a memory database has the same schema', async () => {
    const store = await open(':memory:')
    await store.db.insertInto('settings').values(setting('a')).execute()
    expect(await store.db.selectFrom('settings').select('name').execute()).toEqual([{ name: 'a' }])
    await store.close()
  })

  test('create: false makes nothing', async () => {
    const path = join(folder(), 'data', 'dragoman.db')
    await expect(open(path, false)).rejects.toMatchObject({ kind: 'missing' })
    expect(existsSync(join(path, '..'))).toBe(false)
  })
})

describe('refusals', () => {
  test('an emptied file is no new start, and is not touched', async () => {
    const path = await setUp()
    truncateSync(path)
    await expect(open(path)).rejects.toMatchObject({ kind: 'empty', message: expect.stringContaining(path) })
    expect(statSync(path).size).toBe(0)
  })

  test('a file without tables is no new start', async () => {
    const path = await setUp()
    rmSync(path)
    const bare = new Database(path)
    bare.run('pragma user_version = 1')
    bare.close()
    await expect(open(path)).rejects.toMatchObject({ kind: 'empty' })
  })

  test('a vanished file is no new start, until the marker is gone too', async () => {
    const path = await setUp()
    rmSync(path)
    await expect(open(path)).rejects.toMatchObject({ kind: 'missing', message: expect.stringContaining('.initialized') })
    expect(existsSync(path)).toBe(false)
    rmSync(`${path}.initialized`)
    await (await open(path)).close()
  })

  test('a text file', async () => {
    const path = join(folder(), 'dragoman.db')
    writeFileSync(path, 'this is not a database, but long enough to be looked at as one'.repeat(40))
    await expect(open(path)).rejects.toMatchObject({ kind: 'damaged' })
  })

  test('overwritten pages', async () => {
    const path = await setUp()
    const store = await open(path)
    for (let i = 0; i < 200; i++)
      await store.db
        .insertInto('settings')
        .values({ ...setting(`n${i}`), value: 'x'.repeat(200) })
        .execute()
    await store.close()
    const file = openSync(path, 'r+')
    for (let page = 8; page < 12; page++) writeSync(file, Buffer.alloc(4096, 0xa5), 0, 4096, page * 4096)
    closeSync(file)
    await expect(open(path)).rejects.toMatchObject({ kind: 'damaged', message: expect.stringContaining('restore it from a backup') })
  })

  test("another program's database is left as it is", async () => {
    const path = join(folder(), 'dragoman.db')
    const other = new Database(path)
    other.run('create table providers (id integer primary key)')
    other.close()
    const before = readFileSync(path)
    await expect(open(path)).rejects.toMatchObject({ kind: 'foreign' })
    expect(readFileSync(path)).toEqual(before)
  })

  test('a newer schema', async () => {
    const path = await setUp()
    const store = await open(path)
    await store.db.insertInto('dragoman_schema').values({ position: 99, name: '0099-later', checksum: 'x', applied_at: 0 }).execute()
    await store.close()
    await expect(open(path)).rejects.toMatchObject({ kind: 'newer', message: expect.stringContaining('0099-later') })
  })
})

describe('durable', () => {
  test('rolls back as a whole and tells nobody', async () => {
    const store = await open(':memory:')
    let told = 0
    store.onChange(() => told++)
    const failing = store.durable(async tx => {
      await tx.insertInto('settings').values(setting('a')).execute()
      throw new Error('no')
    })
    await expect(failing).rejects.toThrow('no')
    expect(await store.db.selectFrom('settings').selectAll().execute()).toEqual([])
    expect(told).toBe(0)
    await store.durable(tx => tx.insertInto('settings').values(setting('a')).execute())
    expect(told).toBe(1)
    await store.close()
  })

  test('is synced fully, and only it', async () => {
    const store = await open(await setUp())
    const synchronous = sql<{ synchronous: number }>`pragma synchronous`
    const inside = await store.durable(tx => synchronous.execute(tx))
    const after = await synchronous.execute(store.db)
    expect([inside.rows[0]?.synchronous, after.rows[0]?.synchronous]).toEqual([2, 1])
    await store.close()
  })

  test('waits for another writer without blocking', async () => {
    const path = await setUp()
    const waiting = new FakeClock()
    const store = await openDatabase({ path, clock: waiting })
    const other = new Database(path)
    other.run('begin immediate')
    const written = store.durable(tx => tx.insertInto('settings').values(setting('a')).execute())
    while (waiting.waiting === 0) await new Promise(resolve => setImmediate(resolve))
    other.run('commit')
    other.close()
    await waiting.tick(50)
    await written
    expect(await store.db.selectFrom('settings').select('name').execute()).toEqual([{ name: 'a' }])
    await store.close()
  })
})

test('where SQLite rolls back by itself, its own error is the one that is seen', async () => {
  const store = await open(':memory:')
  const failing = store.db.transaction().execute(async tx => {
    await tx.insertInto('settings').values(setting('a')).execute()
    await sql`insert or rollback into settings values ('a', '1', 0)`.execute(tx)
  })
  await expect(failing).rejects.toMatchObject({ code: 'SQLITE_CONSTRAINT_PRIMARYKEY' })
  await store.close()
})

test('what was acknowledged outlives kill -9', async () => {
  const path = await setUp()
  const child = Bun.spawn([process.execPath, join(import.meta.dir, 'write-child.ts'), path], { stdout: 'pipe', stderr: 'inherit' })
  let said = ''
  for await (const chunk of child.stdout) {
    said += new TextDecoder().decode(chunk)
    if (said.split('\n').length > 40) break
  }
  child.kill('SIGKILL')
  await child.exited
  const acknowledged = said.split('\n').slice(0, -1)
  const store = await open(path)
  const kept = new Set((await store.db.selectFrom('settings').select('name').execute()).map(row => row.name))
  expect(acknowledged.length).toBeGreaterThanOrEqual(40)
  expect(acknowledged.filter(name => !kept.has(name))).toEqual([])
  await store.close()
})

test('a reader inside a transaction does not lose its right to write', async () => {
  const path = await setUp()
  const store = await open(path)
  const other = new Database(path)
  const outcome: string[] = []
  await store.db.transaction().execute(async tx => {
    await tx.selectFrom('settings').selectAll().execute()
    try {
      other.run("insert into settings values ('theirs', '1', 0)")
    } catch (error) {
      outcome.push(String(error))
    }
    await tx.insertInto('settings').values(setting('ours')).execute()
  })
  other.close()
  expect(outcome).toEqual([expect.stringContaining('database is locked')])
  expect(await store.db.selectFrom('settings').select('name').execute()).toEqual([{ name: 'ours' }])
  await store.close()
})
