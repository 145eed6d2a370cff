import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { openDatabase } from '../../src/store/database.ts'
import { createRequests } from '../../src/store/requests.ts'
import type { FromWorker } from '../../src/store/usage-thread.ts'
import { DIES, intruder, realWorker, UNLOADABLE, until, usageThreads } from './usage-threads.ts'

const { folder, setUp } = usageThreads()

describe('a thread that dies', () => {
  test('while it writes: another takes over after a second, and counts nothing twice', async () => {
    const { clock, writer, add, stored, total, workers, errors } = await setUp()
    add(50)
    const flushed = writer.flush()
    workers[0]?.terminate()
    await flushed
    expect(errors()).toBe(1)
    add(5)
    await writer.flush()
    clock.advance(999)
    expect(workers).toHaveLength(1)
    clock.advance(251)
    await writer.flush()
    expect(workers).toHaveLength(2)
    expect(await stored()).toHaveLength(55)
    expect(await total()).toBe(55)
  })

  test('after it has written and before it could say so: the rows count once', async () => {
    const silent = (): Worker => {
      const worker = realWorker()
      const listen = worker.addEventListener.bind(worker)
      const listenOtherwise = (type: string, hear: (event: Event) => void) =>
        listen(type, (event: Event) => {
          if ((event as MessageEvent<FromWorker>).data?.type === 'written') worker.terminate()
          else hear(event)
        })
      return Object.assign(worker, { addEventListener: listenOtherwise })
    }
    const { clock, writer, add, total, workers } = await setUp({}, [silent, realWorker])
    add(250)
    await writer.flush()
    expect(await total()).toBe(250)
    expect(writer.pending).toBe(250)
    add(10)
    clock.advance(1000)
    await writer.flush()
    expect(workers).toHaveLength(2)
    expect(writer.pending).toBe(0)
    expect(await total()).toBe(260)
  })

  test('over the same batch again and again: the batch is given up, and said to be', async () => {
    const { clock, writer, add, stored, dropped } = await setUp({}, [DIES, DIES, DIES, realWorker])
    add(3)
    await writer.flush()
    add(2)
    for (let seconds = 1; dropped.length === 0; seconds *= 2) {
      clock.advance(seconds * 1000)
      await writer.flush()
    }
    expect(dropped).toEqual([3])
    clock.advance(60_000)
    await writer.flush()
    expect(await stored()).toEqual(['req_00004', 'req_00003'])
  })

  test('because it cannot be loaded: the rows wait, and it is tried less and less often', async () => {
    const { clock, writer, add, stored, workers, errors, dropped } = await setUp({}, [
      ...Array.from({ length: 5 }, () => UNLOADABLE),
      realWorker,
    ])
    add(3)
    const starts: number[] = []
    while (workers.length < 6) {
      const before = workers.length
      clock.advance(250)
      if (workers.length === before) continue
      starts.push(clock.elapsed())
      if (workers.length < 6) await until(() => errors() === workers.length)
    }
    expect(starts).toEqual([250, 1250, 3250, 7250, 15_250, 31_250])
    await writer.flush()
    expect(await stored()).toHaveLength(3)
    expect(dropped).toEqual([])
  })

  test('because there can be none: a flush ends at once all the same', async () => {
    const refuses = () => {
      throw new Error('no more threads')
    }
    const { writer, add, dropped, log } = await setUp({}, [refuses])
    add(2)
    await writer.flush()
    await writer.flush()
    expect(log.lines.map(({ details }) => details)).toEqual([{ reason: 'Error: no more threads' }])
    await writer.stop()
    expect(dropped).toEqual([2])
  })

  test('because the database cannot be opened: the reason is said, and the rows wait until it can', async () => {
    const path = join(folder(), 'later.db')
    const { clock, writer, add, log } = await setUp({ path })
    add(4)
    await writer.flush()
    expect(log.lines.at(-1)).toMatchObject({ level: 'error', details: { reason: expect.stringContaining('there is no database at') } })
    for (let seconds = 1; seconds < 16; seconds *= 2) {
      clock.advance(seconds * 1000)
      await writer.flush()
    }
    const store = await openDatabase({ path, clock })
    clock.advance(60_000)
    await writer.flush()
    expect(await createRequests({ store }).usage({ groupBy: [] })).toMatchObject([{ requests: 4 }])
  })
})

describe('a database that is locked', () => {
  test('keeps a flush no longer than it must, and gets the rows afterwards, once', async () => {
    const { path, writer, add, total, dropped } = await setUp()
    const other = intruder(path)
    add(3)
    await writer.flush()
    expect(await total()).toBe(0)
    other.leave()
    await until(async () => (await total()) === 3)
    expect(dropped).toEqual([])
  })

  test('to the very end: what could not be written is reported', async () => {
    const { path, writer, add, dropped } = await setUp()
    const other = intruder(path)
    add(3)
    await writer.stop()
    other.leave()
    expect(dropped).toEqual([3])
  })

  test('when the thread dies: what it held is reported', async () => {
    const { path, writer, add, dropped, workers, errors } = await setUp()
    const other = intruder(path)
    add(3)
    await writer.flush()
    workers[0]?.terminate()
    await until(() => errors() > 1)
    other.leave()
    expect(dropped).toEqual([3])
  })
})
