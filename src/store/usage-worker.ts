import { constants, setPriority } from 'node:os'
import { systemClock } from '../core/clock.ts'
import { openDatabase } from './database.ts'
import type { RequestRow } from './request-row.ts'
import { rowsOf } from './row-chunks.ts'
import type { FromWorker, ToWorker } from './usage-thread.ts'
import { createUsageWriter, type StoreLog, type UsageWriter } from './usage-writer.ts'

/*
 * The thread that writes usage. Its messages come one after the other and are worked off in that order; each batch is answered when it has been written, as
 * far as the database lets it.
 */

// Of this thread alone, where the system knows such a thing: whoever waits for an answer comes first.
try {
  if (process.platform === 'linux') setPriority(0, constants.priority.PRIORITY_BELOW_NORMAL)
} catch {
  // A container may forbid it; then it is as important as the rest.
}

const tell = (message: FromWorker): void => postMessage(message)

/** An error cannot go between threads with all it carries; a log only shows what it says. */
const plain = (details: object): object =>
  Object.fromEntries(Object.entries(details).map(([name, value]) => [name, value instanceof Error ? String(value) : value]))

const log: StoreLog = {
  info: (details, message) => tell({ type: 'log', level: 'info', details: plain(details), message }),
  warn: (details, message) => tell({ type: 'log', level: 'warn', details: plain(details), message }),
  error: (details, message) => tell({ type: 'log', level: 'error', details: plain(details), message }),
}

let used = new Map<string, number>()

function takeUsed(): ReadonlyMap<string, number> {
  const taken = used
  used = new Map()
  return taken
}

async function open(path: string): Promise<{ writer: UsageWriter; close(): Promise<void> }> {
  const store = await openDatabase({ path, clock: systemClock, create: false })
  const onDropped = (count: number) => tell({ type: 'dropped', count })
  const writer = createUsageWriter({ store, clock: systemClock, log, takeUsed, onDropped })
  return {
    writer,
    async close() {
      await writer.stop()
      await store.close()
    },
  }
}

let opened: ReturnType<typeof open> | undefined

async function take(message: ToWorker): Promise<void> {
  if (message.type === 'open') {
    opened = open(message.path)
    await opened
    return
  }
  const { writer, close } = await (opened ?? Promise.reject(new Error('no database was named')))
  if (message.type === 'stop') {
    await close()
    tell({ type: 'stopped' })
    return
  }
  for (const [id, at] of message.used) used.set(id, at)
  for (const row of rowsOf(message.chunks)) writer.add(JSON.parse(row) as RequestRow)
  await writer.flush()
  tell({ type: 'written', batch: message.batch })
}

let turn: Promise<void> = Promise.resolve()

self.addEventListener('message', (event: MessageEvent<ToWorker>) => {
  turn = turn.then(() => take(event.data))
})
