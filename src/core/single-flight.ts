/** One run of a piece of work at a time: who asks while it runs gets the outcome of that run, a failure as well. */
export class SingleFlight<T> {
  #running: Promise<T> | undefined

  get isRunning(): boolean {
    return this.#running !== undefined
  }

  /** Resolves when nothing runs (any more), whatever came of it. */
  async settled(): Promise<void> {
    await this.#running?.catch(() => {})
  }

  run(work: () => Promise<T>): Promise<T> {
    if (this.#running !== undefined) return this.#running
    const running = work().finally(() => {
      this.#running = undefined
    })
    this.#running = running
    return running
  }
}
