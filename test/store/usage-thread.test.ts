import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { systemClock } from '../../src/core/clock.ts'
import { openDatabase } from '../../src/store/database.ts'
import { createKeyCache } from '../../src/store/key-cache.ts'
import { createKeys } from '../../src/store/keys.ts'
import { createRequests } from '../../src/store/requests.ts'
import { createUsageThread } from '../../src/store/usage-thread.ts'
import { recordingLog, requestRow } from './request-rows.ts'
import { DIES, HANGS, realWorker, UNLOADABLE, until, usageThreads } from './usage-threads.ts'

const { folder, started, setUp } = usageThreads()

describe('rows', () => {
  test('are written with the beat, by a thread that the first of them starts', async () => {
    const { clock, add, stored, workers } = await setUp()
    clock.advance(1000)
    expect(workers).toHaveLength(0)
    add(3)
    clock.advance(249)
    expect(workers).toHaveLength(0)
    clock.advance(1)
    await until(async () => (await stored()).length === 3)
    expect(await stored()).toEqual(['req_00002', 'req_00001', 'req_00000'])
    expect(workers).toHaveLength(1)
  })

  test('are there when a flush has ended, those too that came while another was on its way', async () => {
    const { writer, add, total } = await setUp()
    add(500)
    const first = writer.flush()
    add(200)
    await writer.flush()
    expect(await total()).toBe(700)
    expect(writer.pending).toBe(0)
    await first
    await writer.flush()
  })

  test('arrive as they were, whatever their names hold', async () => {
    const { clock, writer, requests } = await setUp()
    const names = ['"quoted" \\', 'two\nlines\r\n', '\u2028 \0', '\ud800 alone', '\ufeffmark', 'ärger 日本 🎈', '"; drop table requests']
    for (const [index, model] of names.entries())
      writer.add(requestRow({ id: `req_${index}`, at: clock.now() + index, model, costUsd: undefined }))
    writer.add(requestRow({ id: 'req_long', at: clock.now() + 100, model: '長'.repeat(1_000_000), error: undefined, costUsd: undefined }))
    await writer.flush()
    const [long, ...others] = (await requests.recentRequests({ limit: 100 })).data
    expect(others.reverse().map(({ model }) => model)).toEqual(names.map(name => name.toWellFormed()))
    expect(long?.model).toHaveLength(256)
  })

  test('that cannot be said or read are lost, and said to be; the others are not', async () => {
    const { clock, writer, add, stored, dropped } = await setUp()
    const at = clock.now()
    const circular: { self?: unknown } = {}
    circular.self = circular
    add(1)
    writer.add(requestRow({ id: 'req_"', at, costUsd: undefined, latencyMs: 1 }))
    writer.add(requestRow({ id: 'req_circle', at, notes: [circular as never] }))
    writer.add(requestRow({ id: 'req_nan', at, latencyMs: Number.NaN, firstTokenMs: Number.POSITIVE_INFINITY, costUsd: undefined }))
    add(1)
    await writer.flush()
    expect((await stored()).sort()).toEqual(['req_00000', 'req_00001', 'req_nan'])
    expect(dropped).toEqual([1, 1])
  })

  test('beyond what may wait are dropped, the oldest first, and it is said', async () => {
    const { clock, writer, dropped, requests } = await setUp({ capacity: 4 })
    // Each fills a piece of memory by itself.
    for (let index = 0; index < 7; index++) writer.add(requestRow({ id: `req_${index}`, at: clock.now(), model: 'x'.repeat(300_000) }))
    expect(writer.pending).toBe(4)
    clock.advance(250)
    await writer.flush()
    expect(dropped).toEqual([3])
    expect((await requests.recentRequests({ limit: 10 })).data.map(({ id }) => id)).toEqual(['req_6', 'req_5', 'req_4', 'req_3'])
  })

  test('do not pile up in a thread that is slow: one batch is under way, the rest waits here', async () => {
    const { clock, writer, add } = await setUp({ capacity: 100 }, [HANGS])
    for (let round = 0; round < 200; round++) {
      add(100)
      clock.advance(250)
    }
    // The first batch, and what one piece of memory holds.
    expect(writer.pending).toBeLessThan(100 + 1000)
    const stopped = writer.stop()
    clock.advance(5000)
    await stopped
  })
})

describe('a stop', () => {
  test('writes what is waiting, ends the thread and its timers, and takes nothing more', async () => {
    const { clock, writer, add, total, dropped, workers } = await setUp()
    add(700)
    await Promise.all([writer.stop(), writer.stop()])
    expect(await total()).toBe(700)
    expect(clock.waiting).toBe(0)
    expect(dropped).toEqual([])
    add(1)
    expect([writer.pending, dropped]).toEqual([0, [1]])
    await writer.flush()
    expect(workers).toHaveLength(1)
  })

  test('of one that never wrote starts no thread', async () => {
    const { clock, writer, workers } = await setUp()
    await writer.stop()
    expect([workers.length, clock.waiting]).toEqual([0, 0])
  })

  test.each([
    ['cannot be loaded', UNLOADABLE],
    ['dies', DIES],
  ])('while the thread %s ends at once, and says what is lost', async (_, start) => {
    const { clock, writer, add, dropped } = await setUp({}, [start])
    add(3)
    await writer.stop()
    expect(dropped).toEqual([3])
    expect(clock.waiting).toBe(0)
  })

  test('tries once more what has failed before', async () => {
    const { writer, add, total, dropped } = await setUp({}, [UNLOADABLE, realWorker])
    add(3)
    await writer.flush()
    await writer.stop()
    expect(await total()).toBe(3)
    expect(dropped).toEqual([])
  })

  test('waits 5 s and no longer for a thread that hangs, as a flush does', async () => {
    const { clock, writer, add, dropped } = await setUp({}, [HANGS])
    add(3)
    const flushed = writer.flush()
    clock.advance(4999)
    expect(await Promise.race([flushed.then(() => 'ended'), new Promise(resolve => setImmediate(resolve, 'waits'))])).toBe('waits')
    const stopped = writer.stop()
    clock.advance(5000)
    await stopped
    await flushed
    expect(dropped).toEqual([3])
    expect(clock.waiting).toBe(0)
  })
})

describe('keys', () => {
  test('have the time of their last use written without any rows, and after a thread has died', async () => {
    let used = new Map<string, number>()
    const takeUsed = () => {
      const taken = used
      used = new Map()
      return taken
    }
    const { clock, store, writer } = await setUp({ takeUsed }, [DIES, realWorker])
    const keys = createKeys({ store, clock })
    const { record } = await keys.createKey({ name: 'ci' })
    used.set(record.id, 5000)
    clock.advance(250)
    await writer.stop()
    expect((await keys.findKey('ci')).lastUsedAt).toBe(5000)
  })

  test('revoked by another process are dead within a second while the thread commits all the time', async () => {
    const path = join(folder(), 'dragoman.db')
    const store = await openDatabase({ path, clock: systemClock })
    const other = await openDatabase({ path, clock: systemClock })
    const writer = createUsageThread({ path, clock: systemClock, log: recordingLog(), flushMs: 2 })
    started.push(writer)
    const foreign = createKeys({ store: other, clock: systemClock })
    const { record } = await foreign.createKey({ name: 'ci' })
    const cache = await createKeyCache({ store, clock: systemClock })
    let next = 0
    const load = setInterval(() => {
      for (let i = 0; i < 5; i++) writer.add(requestRow({ id: `req_${next++}`, at: Date.now() }))
    }, 1)
    try {
      await writer.flush()
      expect(cache.find(record.hash)).toBeDefined()
      await foreign.revokeKey(record.id)
      const revoked = performance.now()
      await until(() => cache.find(record.hash) === undefined)
      expect(performance.now() - revoked).toBeLessThan(1000)
    } finally {
      clearInterval(load)
      cache.stop()
      await writer.stop()
    }
    expect(await createRequests({ store }).usage({ groupBy: [] })).toMatchObject([{ requests: next }])
  })
})
