import { Database } from 'bun:sqlite'
import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { sql } from 'kysely'
import { openDatabase } from '../../src/store/database.ts'
import { createKeys } from '../../src/store/keys.ts'
import { createRequests } from '../../src/store/requests.ts'
import { createUsageWriter, type UsageWriterOptions } from '../../src/store/usage-writer.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { failingSums, storeWith } from './held-queries.ts'
import { recordingLog, requestRow } from './request-rows.ts'
import { temporaryFolders } from './temporary-folders.ts'

const folder = temporaryFolders()

async function setUp(options: Partial<UsageWriterOptions> = {}) {
  const clock = new FakeClock()
  const path = join(folder(), 'dragoman.db')
  const store = await openDatabase({ path, clock })
  const log = recordingLog()
  const dropped: number[] = []
  const writer = createUsageWriter({ store, clock, log, onDropped: count => dropped.push(count), ...options })
  const requests = createRequests({ store })
  let next = 0
  return {
    clock,
    path,
    store,
    log,
    dropped,
    writer,
    requests,
    add: (count: number) => {
      for (let i = 0; i < count; i++) writer.add(requestRow({ id: `req_${String(next++).padStart(5, '0')}`, at: clock.now() }))
    },
    stored: async () => (await requests.recentRequests({ limit: 1000 })).data.map(row => row.id),
    total: async () => (await requests.usage({ groupBy: [] }))[0]?.requests,
  }
}

/** A process that keeps the write lock. */
function intruder(path: string) {
  const other = new Database(path)
  other.run('begin immediate')
  return {
    leave() {
      other.run('commit')
      other.close()
    },
  }
}

test('writes what came in every 250 ms', async () => {
  const { clock, writer, add, stored, total } = await setUp()
  add(3)
  clock.advance(249)
  expect(await stored()).toEqual([])
  clock.advance(1)
  await writer.flush()
  expect(await stored()).toEqual(['req_00002', 'req_00001', 'req_00000'])
  expect(await total()).toBe(3)
})

test('more than a batch is written in the same flush', async () => {
  const { writer, add, stored, total } = await setUp({ batch: 10 })
  add(35)
  await writer.flush()
  expect(await stored()).toHaveLength(35)
  expect(await total()).toBe(35)
  expect(writer.pending).toBe(0)
})

test('a batch beyond what SQLite can bind is cut', async () => {
  const { writer, add, total } = await setUp({ batch: 5000 })
  add(3000)
  await writer.flush()
  expect(await total()).toBe(3000)
})

test('beyond its capacity the oldest are dropped, and it is said once per flush', async () => {
  const { writer, add, stored, dropped, log } = await setUp({ capacity: 5 })
  add(12)
  expect(dropped).toEqual([])
  await writer.flush()
  await writer.flush()
  expect(dropped).toEqual([7])
  expect(log.lines).toEqual([{ level: 'warn', message: 'request records were lost', details: { lost: 7 } }])
  expect(await stored()).toEqual(['req_00011', 'req_00010', 'req_00009', 'req_00008', 'req_00007'])
})

test('rows that come in during a flush are not lost', async () => {
  const { writer, add, total } = await setUp({ batch: 2 })
  add(5)
  const flushing = writer.flush()
  add(4)
  await flushing
  await writer.flush()
  expect(await total()).toBe(9)
})

describe('a database that cannot be written', () => {
  test('locked: the rows wait, and are written once', async () => {
    const { clock, path, writer, add, stored, total, dropped, log } = await setUp()
    const other = intruder(path)
    add(3)
    await writer.flush()
    expect(writer.pending).toBe(3)
    add(2)
    other.leave()
    await clock.tick(250)
    await writer.flush()
    expect(await stored()).toHaveLength(5)
    expect(await total()).toBe(5)
    expect(dropped).toEqual([])
    expect(log.lines.map(line => line.message)).toEqual(['usage cannot be recorded; it waits in memory', 'usage is being recorded again'])
  })

  test('full: nothing of the batch is kept, then all of it', async () => {
    const { store, writer, add, total, log } = await setUp({ batch: 500 })
    const pages = await sql<{ page_count: number }>`pragma page_count`.execute(store.db)
    await sql`${sql.raw(`pragma max_page_count = ${pages.rows[0]?.page_count}`)}`.execute(store.db)
    add(800)
    await writer.flush()
    expect(writer.pending).toBe(800)
    expect(await total()).toBe(0)
    expect(log.lines[0]?.details).toMatchObject({ err: { code: 'SQLITE_FULL' } })
    await sql`pragma max_page_count = 1000000`.execute(store.db)
    await writer.flush()
    expect(await total()).toBe(800)
  })

  test('what waits is bounded too', async () => {
    const { path, writer, add, stored, dropped } = await setUp({ capacity: 4 })
    const other = intruder(path)
    add(4)
    await writer.flush()
    add(3)
    await writer.flush()
    other.leave()
    await writer.flush()
    expect(dropped).toEqual([3])
    expect(await stored()).toEqual(['req_00006', 'req_00005', 'req_00004', 'req_00003'])
  })

  test('it is tried less and less often', async () => {
    const { clock, path, writer, add, log } = await setUp()
    const other = intruder(path)
    add(1)
    let tries = 0
    log.error = () => {}
    const { flush } = writer
    writer.flush = () => {
      tries++
      return flush.call(writer)
    }
    for (let i = 0; i < 16; i++) {
      await clock.tick(250)
      await new Promise(resolve => setImmediate(resolve))
    }
    other.leave()
    expect(tries).toBeGreaterThan(2)
    expect(tries).toBeLessThan(8)
  })

  test('at the end it is tried again, and what stays is reported', async () => {
    const { path, writer, add, dropped, log, clock } = await setUp()
    const other = intruder(path)
    add(3)
    await writer.stop()
    other.leave()
    expect(dropped).toEqual([3])
    expect(log.lines.at(-1)).toMatchObject({ level: 'warn', details: { lost: 3 } })
    expect(clock.waiting).toBe(0)
  })
})

test('a row that cannot be written at all does not hold back the others', async () => {
  const { clock, writer, add, stored, dropped, log } = await setUp()
  const circular: { self?: unknown } = {}
  circular.self = circular
  add(1)
  writer.add({ ...requestRow({ id: 'req_bad', at: clock.now() }), notes: [circular as never] })
  writer.add(requestRow({ id: 'req_none', at: clock.now(), route: undefined as never }))
  add(1)
  await writer.flush()
  expect(await stored()).toEqual(['req_00001', 'req_00000'])
  expect(dropped).toEqual([2])
  expect(log.lines.filter(line => line.level === 'error').map(line => line.details)).toMatchObject([
    { request: 'req_bad' },
    { request: 'req_none' },
  ])
})

test('a row that the database refuses does not hold back the others', async () => {
  const { clock, writer, add, stored, total, dropped } = await setUp()
  add(2)
  writer.add(requestRow({ id: null as never, at: clock.now() }))
  writer.add(requestRow({ id: 'req_odd', at: clock.now(), model: {} as never }))
  add(1)
  await writer.flush()
  expect(await stored()).toEqual(['req_00002', 'req_00001', 'req_00000'])
  expect(await total()).toBe(3)
  expect(dropped).toEqual([2])
})

test('a failure while rows are written singly counts none of them twice', async () => {
  const { clock, log, store, requests } = await setUp()
  const dropped: number[] = []
  // The batch fails at the refused row, before any sums: then the first row writes its own, and the last one would.
  const writer = createUsageWriter({ store: storeWith(store, failingSums(2)), clock, log, onDropped: count => dropped.push(count) })
  for (const id of ['req_a', null as never, 'req_b']) writer.add(requestRow({ id, at: clock.now() }))
  await writer.flush()
  expect(writer.pending).toBe(1)
  await writer.flush()
  expect(await requests.usage({ groupBy: [] })).toMatchObject([{ requests: 2 }])
  expect(dropped).toEqual([1])
})

test('stop writes what is waiting, and takes nothing more', async () => {
  const { clock, writer, add, total } = await setUp()
  add(7)
  await writer.stop()
  expect(await total()).toBe(7)
  expect(clock.waiting).toBe(0)
  add(1)
  expect(writer.pending).toBe(0)
  await writer.stop()
})

test('last-used times go with the rows, also after a failure', async () => {
  let used = new Map<string, number>()
  const take = () => {
    const taken = used
    used = new Map()
    return taken
  }
  const { clock, path, store, writer } = await setUp({ takeUsed: take })
  const keys = createKeys({ store, clock })
  const { record } = await keys.createKey({ name: 'ci' })
  used.set(record.id, 5000)
  const other = intruder(path)
  await writer.flush()
  other.leave()
  await writer.flush()
  expect((await keys.findKey('ci')).lastUsedAt).toBe(5000)
})

test('old rows go, now and then, and the sums stay', async () => {
  const { clock, store, writer, add, total } = await setUp({ flushMs: 3_600_000, retention: { maxRows: 1500, maxAgeMs: 1_000_000 } })
  const count = async () => {
    const row = await store.db
      .selectFrom('requests')
      .select(eb => eb.fn.countAll<number>().as('rows'))
      .executeTakeFirst()
    return row?.rows
  }
  await writer.flush()
  add(5000)
  clock.advance(59_999)
  await writer.flush()
  expect(await count()).toBe(5000)
  clock.advance(1)
  await writer.flush()
  expect(await count()).toBe(4000)
  for (let i = 0; i < 3; i++) await writer.flush()
  expect(await count()).toBe(1500)
  clock.advance(1_000_000)
  for (let i = 0; i < 2; i++) await writer.flush()
  expect(await count()).toBe(0)
  expect(await total()).toBe(5000)
})
