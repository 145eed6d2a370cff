/** Numbers that look random and are the same for the same seed (the "mulberry32" generator). */
export class Chance {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** From 0, below 1. */
  float(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = this.#state
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }

  /** A whole number from 0, below `limit`. */
  below(limit: number): number {
    return Math.floor(this.float() * limit)
  }

  happens(part: number): boolean {
    return this.float() < part
  }

  /** @throws where there is nothing to choose from. */
  pick<T>(values: readonly T[]): T {
    if (values.length === 0) throw new Error('nothing to choose from')
    return values[this.below(values.length)] as T
  }
}

/** The chances of one request of a run: its own, so that it comes out the same whatever was sent before it. */
export const chanceOf = (seed: number, index: number): Chance => new Chance(Math.imul(seed, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b))
