import type { Cancel, Clock } from '../core/clock.ts'
import { type Member, Roster } from '../core/roster.ts'

/** How late a limit may be noticed, and a client's leaving in the first moments of a call. */
const TICK_MS = 20

export interface Watched extends Member {
  /** @param now on the clock of `elapsed` */
  check(now: number): void
}

/** One timer looks after all exchanges: one for each, set and taken back, would cost more than most of what a call does. It rests while there are none. */
export class Watch {
  readonly #watched = new Roster<Watched>()
  #stop: Cancel | undefined

  constructor(private readonly clock: Clock) {}

  add(one: Watched): void {
    this.#watched.add(one)
    this.#stop ??= this.clock.every(TICK_MS, () => this.#tick())
  }

  delete(one: Watched): void {
    this.#watched.delete(one)
  }

  #tick(): void {
    const now = this.clock.elapsed()
    this.#watched.each(one => one.check(now))
    if (this.#watched.size > 0) return
    this.#stop?.()
    this.#stop = undefined
  }
}
