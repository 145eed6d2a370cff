/** The one circuit-breaker rule: at least this many requests, and at least half of them failed, within the window. */
const LEAST_REQUESTS = 3
const WINDOW_S = 30

/** Outcomes of the last 30 seconds, in one-second buckets. */
export class FailureRate {
  readonly #second = new Int32Array(WINDOW_S).fill(-1)
  readonly #total = new Uint32Array(WINDOW_S)
  readonly #failed = new Uint32Array(WINDOW_S)

  add(failed: boolean, nowMs: number): void {
    const second = Math.floor(nowMs / 1000) % 2_000_000_000
    const bucket = second % WINDOW_S
    if (this.#second[bucket] !== second) {
      this.#second[bucket] = second
      this.#total[bucket] = 0
      this.#failed[bucket] = 0
    }
    this.#total[bucket] = (this.#total[bucket] as number) + 1
    if (failed) this.#failed[bucket] = (this.#failed[bucket] as number) + 1
  }

  tripped(nowMs: number): boolean {
    const oldest = (Math.floor(nowMs / 1000) % 2_000_000_000) - WINDOW_S
    let total = 0
    let failed = 0
    for (let bucket = 0; bucket < WINDOW_S; bucket++) {
      if ((this.#second[bucket] as number) <= oldest) continue
      total += this.#total[bucket] as number
      failed += this.#failed[bucket] as number
    }
    return total >= LEAST_REQUESTS && failed * 2 >= total
  }

  clear(): void {
    this.#second.fill(-1)
  }
}
