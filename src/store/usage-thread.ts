import type { Cancel, Clock } from '../core/clock.ts'
import type { RequestRow } from './request-row.ts'
import { requestRowText } from './request-row-text.ts'
import { RowChunks } from './row-chunks.ts'
import type { StoreLog, UsageWriter } from './usage-writer.ts'

export type ToWorker =
  | { type: 'open'; path: string }
  /** `again`: another thread has died over this batch and may have written some of it. */
  | { type: 'rows'; chunks: Uint8Array[]; used: [string, number][]; again: boolean }
  | { type: 'stop' }

export type FromWorker =
  | { type: 'opened' }
  /** The batch has been worked off; `waiting` rows are held by the thread until the database can be written. */
  | { type: 'written'; waiting: number }
  | { type: 'dropped'; count: number }
  | { type: 'log'; level: 'info' | 'warn' | 'error'; details: object; message: string }
  | { type: 'failed'; reason: string }
  | { type: 'stopped' }

export interface UsageThreadOptions {
  /** The SQLite file; it must be there already. */
  path: string
  clock: Clock
  log: StoreLog
  flushMs?: number
  /** Rows that wait at most for the thread; beyond that the oldest are dropped. */
  capacity?: number
  takeUsed?: () => ReadonlyMap<string, number>
  onDropped?: (count: number) => void
  /** Makes the thread. */
  startWorker?: () => Worker
}

/** What is sent at once; kept until the thread has worked it off. */
interface Batch {
  chunks: Uint8Array[]
  rows: number
  used: [string, number][]
  /** How many threads, with the database open, have died over it. */
  deaths: number
}

/** A thread that has died is started again, less and less often. */
const FIRST_RESTART_MS = 1000
const LONGEST_RESTART_MS = 60_000

/** A batch that so many threads have died over is at fault itself, and must not hold back the others. */
const MOST_DEATHS = 3

/** The longest that a flush waits, or a stop as a whole. */
const LONGEST_WAIT_MS = 5000

/** Where the worker's code lies: beside this file, or in a compiled program below the root, where all modules are one. */
const WORKER = new URL(import.meta.url.endsWith('/usage-thread.ts') ? './usage-worker.ts' : './store/usage-worker.ts', import.meta.url).href

/**
 * A usage writer on a thread of its own: SQLite works while it is called, and a batch of rows, or the disk, would hold up every request meanwhile. Here a row
 * is only put into words and handed over with the others of its quarter of a second. The thread is started by the first row.
 */
export function createUsageThread(options: UsageThreadOptions): UsageWriter {
  return new UsageThread(options)
}

class UsageThread implements UsageWriter {
  readonly #queue: RowChunks
  readonly #stopTimer: Cancel
  #worker: Worker | undefined
  #opened = false
  #batch: Batch | undefined
  #underWay = false
  /** Rows that the thread holds because the database cannot be written. */
  #held = 0
  #restartMs = FIRST_RESTART_MS
  #resumeAt = 0
  #stopping: Promise<void> | undefined
  #stopped = false
  #settled: (() => void)[] = []
  #onStopped: (() => void) | undefined

  constructor(private readonly options: UsageThreadOptions) {
    this.#queue = new RowChunks(options.capacity ?? 10_000)
    this.#stopTimer = options.clock.every(options.flushMs ?? 250, () => this.#send())
  }

  get pending(): number {
    return this.#queue.rows + (this.#batch?.rows ?? 0)
  }

  add(row: RequestRow): void {
    if (this.#stopped) return this.#lose(1)
    try {
      this.#queue.add(requestRowText(row))
    } catch (error) {
      this.options.log.error({ err: error, request: row.id }, 'a request record cannot be written and was dropped')
      this.#lose(1)
    }
  }

  /** Resolves when all that was added before has been written, or cannot be for now. */
  async flush(): Promise<void> {
    // One batch may be on its way without the latest rows, and one more has to take them.
    for (let round = 0; round < 2 && this.pending > 0; round++) {
      this.#send()
      if (!this.#underWay) return
      await this.#atMost(new Promise(resolve => this.#settled.push(resolve)))
    }
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  async #stop(): Promise<void> {
    this.#stopTimer()
    await this.#atMost(this.#finish())
    this.#stopped = true
    this.#worker?.terminate()
    this.#worker = undefined
    this.#reportDropped()
    const lost = this.pending + this.#held
    this.#queue.take()
    this.#batch = undefined
    this.#held = 0
    this.#settle()
    if (lost > 0) this.#lose(lost)
  }

  /** Two tries, however often it has failed: a thread may die over the last rows too. */
  async #finish(): Promise<void> {
    for (let tries = 0; tries < 2; tries++) {
      this.#resumeAt = 0
      await this.flush()
      // When keys were last used has to be written also without any rows.
      this.#send()
      if (this.#worker) await this.#endWorker()
      if (!this.#batch && this.pending === 0) return
    }
  }

  #endWorker(): Promise<void> {
    return new Promise(resolve => {
      this.#onStopped = resolve
      this.#post({ type: 'stop' })
    })
  }

  /** Never longer than the longest wait: a thread may hang as the disk does. */
  async #atMost(work: Promise<void>): Promise<void> {
    let cancel: Cancel = () => {}
    const late = new Promise<void>(resolve => {
      cancel = this.options.clock.after(LONGEST_WAIT_MS, resolve)
    })
    await Promise.race([work, late])
    cancel()
  }

  #send(): void {
    this.#reportDropped()
    if (this.#underWay || this.#stopped || this.options.clock.elapsed() < this.#resumeAt) return
    this.#batch ??= this.#nextBatch()
    if (!this.#batch || !this.#start()) return
    const { chunks, used, deaths } = this.#batch
    this.#underWay = true
    this.#post({ type: 'rows', chunks, used, again: deaths > 0 })
  }

  #nextBatch(): Batch | undefined {
    const used = [...(this.options.takeUsed?.() ?? [])]
    return this.#queue.rows === 0 && used.length === 0 ? undefined : { ...this.#queue.take(), used, deaths: 0 }
  }

  /** False where there can be no thread now. */
  #start(): boolean {
    if (this.#worker) return true
    try {
      const worker = this.options.startWorker?.() ?? new Worker(WORKER, { smol: true })
      this.#worker = worker
      worker.addEventListener('message', (event: MessageEvent<FromWorker>) => this.#heard(worker, event.data))
      worker.addEventListener('error', event => {
        // Not `event.error`: what it carries is not ours to show.
        event.preventDefault?.()
        this.#died(worker, String(event.message))
      })
      worker.addEventListener('close', () => this.#died(worker, 'it has ended'))
    } catch (error) {
      this.#died(this.#worker, String(error))
      return false
    }
    this.#post({ type: 'open', path: this.options.path })
    return true
  }

  #post(message: ToWorker): void {
    this.#worker?.postMessage(message)
  }

  #heard(worker: Worker, message: FromWorker): void {
    if (message.type === 'log') this.options.log[message.level](message.details, message.message)
    else if (message.type === 'dropped') this.options.onDropped?.(message.count)
    // What a thread says that was given up already is about rows that have been handed on.
    else if (worker !== this.#worker) return
    else if (message.type === 'opened') this.#opened = true
    else if (message.type === 'failed') this.#died(worker, message.reason)
    else if (message.type === 'written') {
      this.#batch = undefined
      this.#underWay = false
      this.#held = message.waiting
      this.#restartMs = FIRST_RESTART_MS
      this.#settle()
    } else {
      worker.terminate()
      this.#forget()
      this.#settle()
      this.#onStopped?.()
    }
  }

  #died(worker: Worker | undefined, why: string): void {
    if (worker !== this.#worker || this.#stopped) return
    const { clock, log } = this.options
    const batch = this.#batch
    const lost = this.#held
    if (batch && this.#underWay && this.#opened) batch.deaths++
    this.#forget()
    log.error({ reason: why.slice(0, 300) }, 'the thread that records usage has died; it is started again')
    worker?.terminate()
    this.#resumeAt = clock.elapsed() + this.#restartMs
    this.#restartMs = Math.min(this.#restartMs * 2, LONGEST_RESTART_MS)
    if (batch && batch.deaths >= MOST_DEATHS) {
      this.#batch = undefined
      this.#lose(batch.rows)
    }
    if (lost > 0) this.#lose(lost)
    this.#settle()
    this.#onStopped?.()
  }

  #forget(): void {
    this.#worker = undefined
    this.#opened = false
    this.#underWay = false
    this.#held = 0
  }

  #settle(): void {
    for (const resolve of this.#settled.splice(0)) resolve()
  }

  #reportDropped(): void {
    const count = this.#queue.takeDropped()
    if (count > 0) this.#lose(count)
  }

  #lose(count: number): void {
    this.options.log.warn({ lost: count }, 'request records were lost')
    this.options.onDropped?.(count)
  }
}
