import type { Cancel, Clock } from '../../core/clock.ts'
import { type Encoding, encodingOf } from './encodings.ts'
import { type Piece, type PieceQueue, TextCount } from './text-count.ts'
import type { TokenCount, TokenCounter } from './token-counter.ts'

export type ToCounter = { texts: { encoding: Encoding; text: string }[] }

/** In the order of the texts. */
export type FromCounter = { counts: number[] }

export interface CountingThreadOptions {
  clock: Clock
  log: { warn(details: object, message: string): void }
  /** Characters that wait at most for the thread; what comes beyond is estimated. */
  capacity?: number
  /** The longest that `settled` waits. */
  patienceMs?: number
  /** After so long without work the thread is ended, and its memory given back. */
  idleMs?: number
  /** Makes the thread. */
  startWorker?: () => Worker
}

/** Some megabytes, and about half a second's work. */
const CAPACITY = 8_000_000

const PATIENCE_MS = 250
const IDLE_MS = 5 * 60_000

/** Characters that go over at once. */
const BATCH = 65_536

/** A thread that is so long about a batch, or about loading its vocabulary, will not come back. */
const LONGEST_BATCH_MS = 15_000

/** A thread that has died is started again, less and less often. */
const FIRST_RESTART_MS = 1000
const LONGEST_RESTART_MS = 60_000

/** Where the worker's code lies: beside this file, or in a compiled program below the root, where all modules are one. */
const WORKER = new URL(
  import.meta.url.endsWith('/counting-thread.ts') ? './counting-worker.ts' : './operations/token-counting/counting-worker.ts',
  import.meta.url,
).href

const nothing: Cancel = () => {}

/**
 * Counts with a tokenizer on a thread of its own: it works for milliseconds on a long prompt, and for most of a second on its vocabulary. The thread is started by
 * the first text and ended after a while without any. Whenever it cannot count (too much waits, it has died, it is slow) the estimate by rules stands.
 */
export class CountingThread implements TokenCounter {
  readonly #clock: Clock
  #worker: Worker | undefined
  /** In the order they came. */
  readonly #queue = new Map<Piece, Encoding>()
  /** Characters in the queue and under way. */
  #characters = 0
  #underWay: Piece[] | undefined
  #scheduled = false
  #restartMs = FIRST_RESTART_MS
  #resumeAt = 0
  #stopped = false
  /** Of the worker's death by slowness, while it works; of its end by idleness, while it does not. */
  #timer = nothing

  constructor(private readonly options: CountingThreadOptions) {
    this.#clock = options.clock
  }

  /** Whether there is a thread now. */
  get running(): boolean {
    return this.#worker !== undefined
  }

  open(model: string): TokenCount {
    const encoding = encodingOf(model)
    const queue: PieceQueue = {
      take: piece => this.#take(piece, encoding),
      withdraw: pieces => this.#withdraw(pieces),
      patience: () => this.#patience(),
    }
    return new TextCount(queue)
  }

  /** For good: what waits, and what comes later, is estimated. */
  stop(): void {
    this.#stopped = true
    this.#end()
  }

  #take(piece: Piece, encoding: Encoding): void {
    const { length } = piece.text
    const refused = this.#stopped || this.#clock.elapsed() < this.#resumeAt
    if (refused || this.#characters + length > (this.options.capacity ?? CAPACITY)) return piece.done()
    this.#queue.set(piece, encoding)
    this.#characters += length
    if (this.#scheduled || this.#underWay) return
    // What is added in one go, such as a request's texts, goes over in one message.
    this.#scheduled = true
    queueMicrotask(() => {
      this.#scheduled = false
      this.#send()
    })
  }

  #withdraw(pieces: readonly Piece[]): void {
    for (const piece of pieces) if (this.#queue.delete(piece)) this.#characters -= piece.text.length
  }

  #patience(): { over: Promise<void>; cancel: Cancel } {
    let cancel = nothing
    const over = new Promise<void>(resolve => {
      cancel = this.#clock.after(this.options.patienceMs ?? PATIENCE_MS, resolve)
    })
    return { over, cancel }
  }

  #send(): void {
    if (this.#underWay || this.#queue.size === 0 || !this.#start()) return
    const pieces: Piece[] = []
    const texts: ToCounter['texts'] = []
    let characters = 0
    for (const [piece, encoding] of this.#queue) {
      if (characters > 0 && characters + piece.text.length > BATCH) break
      characters += piece.text.length
      this.#queue.delete(piece)
      pieces.push(piece)
      texts.push({ encoding, text: piece.text })
    }
    this.#underWay = pieces
    this.#wait(LONGEST_BATCH_MS, () => this.#died(this.#worker, 'it did not answer'))
    this.#worker?.postMessage({ texts } satisfies ToCounter)
  }

  #wait(ms: number, run: () => void): void {
    this.#timer()
    this.#timer = this.#clock.after(ms, run)
  }

  /** False where there can be no thread now. */
  #start(): boolean {
    if (this.#worker) return true
    try {
      const worker = this.options.startWorker?.() ?? new Worker(WORKER, { smol: true, ref: false })
      this.#worker = worker
      worker.addEventListener('message', (event: MessageEvent<FromCounter>) => this.#heard(worker, event.data))
      worker.addEventListener('error', event => {
        event.preventDefault?.()
        this.#died(worker, String(event.message))
      })
      worker.addEventListener('close', () => this.#died(worker, 'it has ended'))
      return true
    } catch (error) {
      this.#died(this.#worker, String(error))
      return false
    }
  }

  #heard(worker: Worker, { counts }: FromCounter): void {
    const pieces = this.#underWay
    if (worker !== this.#worker || !pieces) return
    this.#underWay = undefined
    this.#restartMs = FIRST_RESTART_MS
    this.#wait(this.options.idleMs ?? IDLE_MS, () => this.#end())
    for (const [index, piece] of pieces.entries()) {
      this.#characters -= piece.text.length
      piece.done(counts[index])
    }
    this.#send()
  }

  #died(worker: Worker | undefined, why: string): void {
    if (worker !== this.#worker || this.#stopped) return
    this.options.log.warn(
      { reason: why.slice(0, 300) },
      'the thread that counts tokens has died: they are estimated until it is started again',
    )
    this.#resumeAt = this.#clock.elapsed() + this.#restartMs
    this.#restartMs = Math.min(this.#restartMs * 2, LONGEST_RESTART_MS)
    this.#end()
  }

  /** Ends the thread. What it has not counted is estimated: a text that it died over must not go to the next. */
  #end(): void {
    this.#timer()
    const worker = this.#worker
    const pieces = [...(this.#underWay ?? []), ...this.#queue.keys()]
    this.#worker = undefined
    this.#underWay = undefined
    this.#queue.clear()
    this.#characters = 0
    worker?.terminate()
    for (const piece of pieces) piece.done()
  }
}
