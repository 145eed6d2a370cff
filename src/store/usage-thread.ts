import type { Cancel, Clock } from '../core/clock.ts'
import type { RequestRow } from './request-row.ts'
import { requestRowText } from './request-row-text.ts'
import { RowChunks } from './row-chunks.ts'
import type { StoreLog, UsageWriter } from './usage-writer.ts'

export type ToWorker =
  | { type: 'open'; path: string }
  | { type: 'rows'; batch: number; chunks: Uint8Array[]; used: [string, number][] }
  | { type: 'stop' }

export type FromWorker =
  | { type: 'written'; batch: number }
  | { type: 'dropped'; count: number }
  | { type: 'log'; level: 'info' | 'warn' | 'error'; details: object; message: string }
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
}

interface Batch {
  chunks: Uint8Array[]
  rows: number
}

/** A thread that has died is started again, less and less often. */
const FIRST_RESTART_MS = 1000
const LONGEST_RESTART_MS = 60_000

/** The longest that a stop waits for what is not written yet. */
const STOP_MS = 10_000

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
  #inFlight: Batch | undefined
  #batch = 0
  #restartMs = FIRST_RESTART_MS
  #resumeAt = 0
  #stopping = false
  #written: (() => void)[] = []
  #onStopped: (() => void) | undefined

  constructor(private readonly options: UsageThreadOptions) {
    this.#queue = new RowChunks(options.capacity ?? 10_000)
    this.#stopTimer = options.clock.every(options.flushMs ?? 250, () => this.#send())
  }

  get pending(): number {
    return this.#queue.rows + (this.#inFlight?.rows ?? 0)
  }

  add(row: RequestRow): void {
    this.#queue.add(requestRowText(row))
  }

  /** Resolves when all that was added before has been written, or could not be. */
  async flush(): Promise<void> {
    // One batch may be on its way without the latest rows, and one more has to take them.
    for (let round = 0; round < 2 && this.pending > 0; round++) {
      const written = new Promise<void>(resolve => this.#written.push(resolve))
      this.#send()
      await written
    }
  }

  async stop(): Promise<void> {
    if (this.#stopping) return
    this.#stopTimer()
    const { clock } = this.options
    const late = clock.sleep(STOP_MS)
    await Promise.race([this.flush(), late])
    this.#send()
    this.#stopping = true
    const worker = this.#worker
    if (!worker) return
    const stopped = new Promise<void>(resolve => {
      this.#onStopped = resolve
    })
    this.#post({ type: 'stop' })
    await Promise.race([stopped, late])
    worker.terminate()
  }

  #send(): void {
    this.#reportDropped()
    if (this.#inFlight || this.options.clock.elapsed() < this.#resumeAt) return
    const used = [...(this.options.takeUsed?.() ?? [])]
    if (this.#queue.rows === 0 && used.length === 0) return this.#tellWritten()
    this.#inFlight = this.#queue.take()
    this.#start()
    this.#post({ type: 'rows', batch: ++this.#batch, chunks: this.#inFlight.chunks, used })
  }

  #start(): void {
    if (this.#worker) return
    const worker = new Worker(WORKER, { smol: true })
    worker.addEventListener('message', (event: MessageEvent<FromWorker>) => this.#heard(event.data))
    worker.addEventListener('error', event => {
      // Not `event.error`: what it carries is not ours to show.
      event.preventDefault?.()
      this.#died(worker, event.message)
    })
    worker.addEventListener('close', () => this.#died(worker, 'it has ended'))
    this.#worker = worker
    this.#post({ type: 'open', path: this.options.path })
  }

  #post(message: ToWorker): void {
    this.#worker?.postMessage(message)
  }

  #heard(message: FromWorker): void {
    if (message.type === 'written') {
      this.#inFlight = undefined
      this.#restartMs = FIRST_RESTART_MS
      this.#tellWritten()
    } else if (message.type === 'dropped') this.#dropped(message.count)
    else if (message.type === 'log') this.options.log[message.level](message.details, message.message)
    else this.#onStopped?.()
  }

  #died(worker: Worker, why: string): void {
    if (worker !== this.#worker || this.#stopping) return
    const { clock, log } = this.options
    this.#worker = undefined
    log.error({ reason: why.slice(0, 300) }, 'the thread that records usage has died; it is started again')
    worker.terminate()
    this.#resumeAt = clock.elapsed() + this.#restartMs
    this.#restartMs = Math.min(this.#restartMs * 2, LONGEST_RESTART_MS)
    if (this.#inFlight) this.#queue.restore(this.#inFlight)
    this.#inFlight = undefined
    this.#tellWritten()
  }

  #tellWritten(): void {
    for (const resolve of this.#written.splice(0)) resolve()
  }

  #reportDropped(): void {
    const count = this.#queue.takeDropped()
    if (count > 0) this.#dropped(count)
  }

  #dropped(count: number): void {
    this.options.log.warn({ lost: count }, 'request records were lost')
    this.options.onDropped?.(count)
  }
}
