/** The service's own time: a base, which by default is real time, and an offset. Milliseconds since the epoch. */
export class SimulatedClock {
  #offset = 0

  constructor(private readonly base: () => number = Date.now) {}

  now(): number {
    return this.base() + this.#offset
  }

  /** Moves this service's time on (back with a negative number), and nobody else's. */
  advance(ms: number): void {
    this.#offset += ms
  }

  /** Makes it that time now. */
  set(ms: number): void {
    this.#offset = ms - this.base()
  }
}
