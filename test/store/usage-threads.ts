import { Database } from 'bun:sqlite'
import { afterEach } from 'bun:test'
import { join } from 'node:path'
import { openDatabase } from '../../src/store/database.ts'
import { createRequests } from '../../src/store/requests.ts'
import { createUsageThread, type UsageThreadOptions } from '../../src/store/usage-thread.ts'
import type { UsageWriter } from '../../src/store/usage-writer.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { recordingLog, requestRow } from './request-rows.ts'
import { temporaryFolders } from './temporary-folders.ts'

/** Call at the top of a test file: writers made by it are stopped after each test, and its folders removed. */
export function usageThreads() {
  const folder = temporaryFolders()
  const started: UsageWriter[] = []
  afterEach(async () => {
    for (const writer of started.splice(0)) await writer.stop()
  })
  return {
    folder,
    started,
    setUp: (options?: Partial<UsageThreadOptions>, startAs?: (() => Worker)[]) => setUp(folder, started, options, startAs),
  }
}

export const realWorker = () => new Worker(new URL('../../src/store/usage-worker.ts', import.meta.url).href, { smol: true })

/** A thread that does what `answer` says to every message. */
const madeUp = (answer: string) => () =>
  new Worker(URL.createObjectURL(new Blob([`self.onmessage = ({ data }) => { ${answer} }`], { type: 'application/javascript' })))

export const DIES = madeUp(`if (data.type === 'open') postMessage({ type: 'opened' }); else process.exit(1)`)
export const HANGS = madeUp('')
export const UNLOADABLE = () => new Worker('file:///nowhere/at/all.ts')

async function setUp(
  folder: () => string,
  started: UsageWriter[],
  options: Partial<UsageThreadOptions> = {},
  startAs: (() => Worker)[] = [realWorker],
) {
  // The thread has the system's clock, and deletes what is old.
  const clock = new FakeClock(Date.now())
  const path = join(folder(), 'dragoman.db')
  const store = await openDatabase({ path, clock })
  const log = recordingLog()
  const dropped: number[] = []
  const workers: Worker[] = []
  const startWorker = () => {
    const start = startAs[Math.min(workers.length, startAs.length - 1)] ?? realWorker
    const worker = start()
    workers.push(worker)
    return worker
  }
  const writer = createUsageThread({ path, clock, log, onDropped: count => dropped.push(count), startWorker, ...options })
  started.push(writer)
  const requests = createRequests({ store })
  let next = 0
  return {
    ...{ clock, path, store, log, dropped, workers, writer, requests },
    add: (count: number) => {
      for (let i = 0; i < count; i++) writer.add(requestRow({ id: `req_${String(next++).padStart(5, '0')}`, at: clock.now() }))
    },
    stored: async () => (await requests.recentRequests({ limit: 1000 })).data.map(row => row.id),
    total: async () => (await requests.usage({ groupBy: [] }))[0]?.requests,
    errors: () => log.lines.filter(({ level }) => level === 'error').length,
  }
}

export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const giveUp = performance.now() + 8000
  while (!(await holds())) {
    if (performance.now() > giveUp) throw new Error('it never came to be')
    await new Promise(resolve => setTimeout(resolve, 2))
  }
}

/** A process that keeps the write lock. */
export function intruder(path: string) {
  const other = new Database(path)
  other.run('begin immediate')
  return {
    leave() {
      other.run('commit')
      other.close()
    },
  }
}
