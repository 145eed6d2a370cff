import type { Clock } from '../core/clock.ts'
import { BoundedQueue } from './bounded-queue.ts'
import type { Store } from './database.ts'
import { writeLastUsed } from './keys.ts'
import { type RequestRow, requestToColumns } from './request-row.ts'
import { insertRequests, type Retention, sweepRequests } from './requests.ts'
import { isRowFault } from './store-error.ts'
import type { RequestsTable } from './tables.ts'

/** The part of a logger that the store needs; pino's fits. */
export interface StoreLog {
  info(details: object, message: string): void
  warn(details: object, message: string): void
  error(details: object, message: string): void
}

export interface UsageWriterOptions {
  store: Store
  clock: Clock
  log: StoreLog
  flushMs?: number
  /** Rows per transaction: 500 hold the process up for some 7 ms. At most 1000, for SQLite's limit of bound values. */
  batch?: number
  /** Rows that wait at most; beyond that the oldest are dropped. */
  capacity?: number
  retention?: Partial<Retention>
  /** When keys were last used, from the key cache (`takeUsed`); written with the rows. */
  takeUsed?: () => ReadonlyMap<string, number>
  /** Told once per flush how many rows were lost since the last one. */
  onDropped?: (count: number) => void
}

export interface UsageWriter {
  /** Takes the row in; never throws, never waits. */
  add(row: RequestRow): void
  /** Writes what is waiting, as far as the database lets it. Never rejects. */
  flush(): Promise<void>
  /** Writes what is waiting and ends; what cannot be written even now is reported as lost. */
  stop(): Promise<void>
  /** Rows that wait. */
  readonly pending: number
}

const DAY_MS = 24 * 60 * 60 * 1000
const SWEEP_EVERY_MS = 60_000
const SWEEP_BATCH = 1000
const LARGEST_BATCH = 1000
/** While the database is away we try less and less often: each try on a locked file holds the process up. */
const LONGEST_PAUSE_MS = 5000

export const createUsageWriter = (options: UsageWriterOptions): UsageWriter => new WriteBehind(options)

class WriteBehind implements UsageWriter {
  readonly #store: Store
  readonly #clock: Clock
  readonly #log: StoreLog
  readonly #options: UsageWriterOptions
  readonly #flushMs: number
  readonly #batch: number
  readonly #retention: Retention
  readonly #queue: BoundedQueue<RequestRow>
  readonly #stopTimer: () => void
  #used = new Map<string, number>()
  #lost = 0
  #failures = 0
  #resumeAt = 0
  #nextSweep = 0
  #stopped = false
  #running: Promise<void> | undefined

  constructor(options: UsageWriterOptions) {
    const { store, clock, log, flushMs = 250, batch = 100, capacity = 10_000, retention } = options
    this.#options = options
    this.#store = store
    this.#clock = clock
    this.#log = log
    this.#flushMs = flushMs
    this.#batch = Math.min(batch, LARGEST_BATCH)
    this.#retention = { maxRows: 100_000, maxAgeMs: 30 * DAY_MS, ...retention }
    this.#queue = new BoundedQueue(capacity)
    this.#stopTimer = clock.every(flushMs, () => {
      if (!this.#running && clock.elapsed() >= this.#resumeAt) void this.flush()
    })
  }

  get pending(): number {
    return this.#queue.size
  }

  add(row: RequestRow): void {
    if (this.#stopped) this.#lost++
    else this.#queue.push(row)
  }

  async flush(): Promise<void> {
    while (this.#running !== undefined) await this.#running
    this.#running = this.#flush().finally(() => {
      this.#running = undefined
    })
    await this.#running
  }

  async stop(): Promise<void> {
    if (this.#stopped) return
    this.#stopTimer()
    await this.flush()
    if (this.#queue.size > 0) await this.flush()
    this.#stopped = true
    this.#lost += this.#queue.take(this.#queue.size).length
    this.#reportLost()
  }

  async #flush(): Promise<void> {
    try {
      await this.#writeAll()
      await this.#sweep()
      if (this.#failures > 0) this.#log.info({ failures: this.#failures }, 'usage is being recorded again')
      this.#failures = 0
      this.#resumeAt = 0
    } catch (error) {
      this.#pause(error)
    }
    this.#reportLost()
  }

  /** In batches, each with the daily sums in one transaction; between them the process gets to do other things. */
  async #writeAll(): Promise<void> {
    for (const [id, at] of this.#options.takeUsed?.() ?? []) this.#used.set(id, at)
    while (this.#queue.size > 0 || this.#used.size > 0) {
      const rows = this.#queue.take(this.#batch)
      const used = this.#used
      const settled = new Set<string>()
      this.#used = new Map()
      try {
        await this.#write(rows, used, settled)
      } catch (error) {
        this.#queue.restore(rows.filter(row => !settled.has(row.id)))
        this.#used = new Map([...used, ...this.#used])
        throw error
      }
      if (this.#queue.size > 0) await new Promise(resolve => setImmediate(resolve))
    }
  }

  /** `settled` gets the ids of rows that were written or refused although the call as a whole fails. */
  async #write(rows: readonly RequestRow[], used: ReadonlyMap<string, number>, settled: Set<string>): Promise<void> {
    const columns = rows.flatMap(row => this.#columns(row, settled))
    try {
      await this.#insert(columns, used)
    } catch (error) {
      if (!isRowFault(error)) throw error
      await this.#writeSingly(columns, used, settled)
    }
  }

  /** One row that the database will never take must not hold back the others. */
  async #writeSingly(rows: readonly RequestsTable[], used: ReadonlyMap<string, number>, settled: Set<string>): Promise<void> {
    await this.#insert([], used)
    for (const row of rows) {
      try {
        await this.#insert([row], new Map())
      } catch (error) {
        if (!isRowFault(error)) throw error
        this.#refuse(row.id, error)
      }
      settled.add(row.id)
    }
  }

  #insert(rows: readonly RequestsTable[], used: ReadonlyMap<string, number>): Promise<void> {
    return this.#store.db.transaction().execute(async tx => {
      await insertRequests(tx, rows)
      await writeLastUsed(tx, used)
    })
  }

  #columns(row: RequestRow, settled: Set<string>): RequestsTable[] {
    try {
      return [requestToColumns(row)]
    } catch (error) {
      this.#refuse(row.id, error)
      settled.add(row.id)
      return []
    }
  }

  #refuse(id: string, error: unknown): void {
    this.#lost++
    this.#log.error({ err: error, request: id }, 'a request record cannot be written and was dropped')
  }

  async #sweep(): Promise<void> {
    if (this.#clock.elapsed() < this.#nextSweep) return
    const deleted = await sweepRequests(this.#store.db, this.#retention, this.#clock.now(), SWEEP_BATCH)
    this.#nextSweep = this.#clock.elapsed() + (deleted < SWEEP_BATCH ? SWEEP_EVERY_MS : 0)
  }

  #pause(error: unknown): void {
    if (this.#failures++ === 0) this.#log.error({ err: error, waiting: this.#queue.size }, 'usage cannot be recorded; it waits in memory')
    this.#resumeAt = this.#clock.elapsed() + Math.min(this.#flushMs * 2 ** (this.#failures - 1), LONGEST_PAUSE_MS)
  }

  #reportLost(): void {
    const lost = this.#lost + this.#queue.takeDropped()
    if (lost === 0) return
    this.#lost = 0
    this.#log.warn({ lost }, 'request records were lost')
    try {
      this.#options.onDropped?.(lost)
    } catch (error) {
      this.#log.error({ err: error }, 'the listener for lost request records failed')
    }
  }
}
