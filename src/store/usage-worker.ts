import { constants, setPriority } from 'node:os'
import { systemClock } from '../core/clock.ts'
import { openDatabase, type Store } from './database.ts'
import type { RequestRow } from './request-row.ts'
import { knownRequests } from './requests.ts'
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

interface Opened {
  store: Store
  writer: UsageWriter
}

const dropped = (count: number): void => tell({ type: 'dropped', count })

async function open(path: string): Promise<Opened> {
  const store = await openDatabase({ path, clock: systemClock, create: false })
  return { store, writer: createUsageWriter({ store, clock: systemClock, log, takeUsed, onDropped: dropped }) }
}

/** A row that cannot be read must not hold back the others. */
function readRow(text: string): RequestRow[] {
  try {
    return [JSON.parse(text) as RequestRow]
  } catch (error) {
    log.error({ err: error }, 'a request record cannot be read and was dropped')
    dropped(1)
    return []
  }
}

/** Without those that a thread before this one has written: they would count twice in the sums. */
async function notYetWritten({ store }: Opened, rows: readonly RequestRow[]): Promise<RequestRow[]> {
  const known = await knownRequests(
    store,
    rows.map(({ id }) => id),
  )
  return rows.filter(({ id }) => !known.has(id))
}

let opened: Promise<Opened> | undefined

async function take(message: ToWorker): Promise<void> {
  if (message.type === 'open') {
    opened = open(message.path)
    await opened
    return tell({ type: 'opened' })
  }
  const database = await (opened ?? Promise.reject(new Error('no database was named')))
  const { store, writer } = database
  if (message.type === 'stop') {
    await writer.stop()
    await store.close()
    return tell({ type: 'stopped' })
  }
  for (const [id, at] of message.used) used.set(id, at)
  const rows = [...rowsOf(message.chunks)].flatMap(readRow)
  for (const row of message.again ? await notYetWritten(database, rows) : rows) writer.add(row)
  await writer.flush()
  tell({ type: 'written', waiting: writer.pending })
}

let turn: Promise<void> = Promise.resolve()

self.addEventListener('message', (event: MessageEvent<ToWorker>) => {
  turn = turn.then(() => take(event.data)).catch(error => tell({ type: 'failed', reason: String(error) }))
})
