import type { SimulatedClock } from '../clock.ts'
import type { QwenRules } from './rules.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const MINUTE_MS = 60_000

/** How often somebody may call in a day and in a minute. */
export class Allowance {
  #times: number[] = []
  #day = 0
  #used = 0

  constructor(
    private readonly clock: SimulatedClock,
    private readonly rules: QwenRules,
    private readonly perDay: () => number,
  ) {}

  /** Calls since the last reset. */
  get used(): number {
    const day = Math.floor((this.clock.now() - this.rules.resetHour * HOUR_MS) / DAY_MS)
    if (day !== this.#day) this.#used = 0
    this.#day = day
    return this.#used
  }

  get exhausted(): boolean {
    return this.used >= this.perDay()
  }

  /** Whether as many calls as a minute may have were made in the last one. */
  get throttled(): boolean {
    const since = this.clock.now() - MINUTE_MS
    this.#times = this.#times.filter(time => time > since)
    return this.#times.length >= this.rules.callsPerMinute
  }

  take(): void {
    this.#used = this.used + 1
    this.#times.push(this.clock.now())
  }

  /** The day's calls are gone. */
  exhaust(): void {
    this.#used = Math.max(this.used, this.perDay())
  }
}
