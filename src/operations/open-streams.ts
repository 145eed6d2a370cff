import type { GatewayError } from '../core/errors.ts'

/** The streams that are being sent now, so that a stop can end them in their own dialect. */
export class OpenStreams {
  readonly #interrupts = new Set<(error: GatewayError) => void>()
  #whenEmpty: (() => void)[] = []

  get count(): number {
    return this.#interrupts.size
  }

  /** Registers a stream; the result is to be called when it has ended. */
  add(interrupt: (error: GatewayError) => void): () => void {
    this.#interrupts.add(interrupt)
    return () => {
      this.#interrupts.delete(interrupt)
      if (this.#interrupts.size > 0) return
      for (const resolve of this.#whenEmpty.splice(0)) resolve()
    }
  }

  interruptAll(error: GatewayError): void {
    for (const interrupt of [...this.#interrupts]) interrupt(error)
  }

  /** Resolves when no stream is open. */
  drained(): Promise<void> {
    return this.#interrupts.size === 0 ? Promise.resolve() : new Promise(resolve => this.#whenEmpty.push(resolve))
  }
}
