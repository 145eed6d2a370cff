/** First in, first out, never more than `capacity` items: the oldest give way and are counted. */
export class BoundedQueue<T> {
  #items: T[] = []
  #first = 0
  #dropped = 0

  constructor(readonly capacity: number) {}

  get size(): number {
    return this.#items.length - this.#first
  }

  push(item: T): void {
    this.#items.push(item)
    if (this.size <= this.capacity) return
    this.#first++
    this.#dropped++
    // What was taken off the front is given back once it is as long as the queue itself.
    if (this.#first > this.capacity) this.#compact()
  }

  /** The oldest `count` items, no longer in the queue. */
  take(count: number): T[] {
    const taken = this.#items.slice(this.#first, this.#first + count)
    this.#first += taken.length
    this.#compact()
    return taken
  }

  /** Puts items back in front that `take` gave out. */
  restore(items: readonly T[]): void {
    this.#items = [...items, ...this.#items.slice(this.#first)]
    this.#first = 0
    const tooMany = this.size - this.capacity
    if (tooMany <= 0) return
    this.#items = this.#items.slice(tooMany)
    this.#dropped += tooMany
  }

  /** How many items have given way since the last call. */
  takeDropped(): number {
    const dropped = this.#dropped
    this.#dropped = 0
    return dropped
  }

  #compact(): void {
    this.#items = this.#items.slice(this.#first)
    this.#first = 0
  }
}
