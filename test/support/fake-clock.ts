import type { Cancel, Clock } from '../../src/core/clock.ts'

interface Timer {
  at: number
  every?: number
  run: () => void
}

/** A clock that stands still until it is moved. `now()` and `elapsed()` move together. */
export class FakeClock implements Clock {
  readonly #timers = new Set<Timer>()
  readonly #start: number
  #now: number

  constructor(start: number = Date.UTC(2026, 0, 1)) {
    this.#start = start
    this.#now = start
  }

  now(): number {
    return this.#now
  }

  elapsed(): number {
    return this.#now - this.#start
  }

  after(ms: number, run: () => void): Cancel {
    return this.#add({ at: this.#now + Math.max(ms, 0), run })
  }

  every(ms: number, run: () => void): Cancel {
    return this.#add({ at: this.#now + ms, every: Math.max(ms, 1), run })
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason)
      const abort = () => {
        cancel()
        reject(signal?.reason)
      }
      const cancel = this.after(ms, () => {
        signal?.removeEventListener('abort', abort)
        resolve()
      })
      signal?.addEventListener('abort', abort, { once: true })
    })
  }

  /** How many timers and sleeps are waiting. */
  get waiting(): number {
    return this.#timers.size
  }

  /** Moves the time on and runs what falls due, in order, each at its own time. */
  advance(ms: number): void {
    const end = this.#now + ms
    for (let timer = this.#nextBefore(end); timer; timer = this.#nextBefore(end)) {
      this.#now = timer.at
      if (timer.every === undefined) this.#timers.delete(timer)
      else timer.at += timer.every
      timer.run()
    }
    this.#now = end
  }

  /** As `advance`, then lets promises that have become ready run on. */
  async tick(ms: number): Promise<void> {
    this.advance(ms)
    await new Promise(resolve => setImmediate(resolve))
  }

  #add(timer: Timer): Cancel {
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  #nextBefore(end: number): Timer | undefined {
    let next: Timer | undefined
    for (const timer of this.#timers) if (timer.at <= end && (!next || timer.at < next.at)) next = timer
    return next
  }
}
