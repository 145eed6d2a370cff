import type { GatewayError } from '../core/errors.ts'
import { type Member, Roster } from '../core/roster.ts'

export interface OpenStream extends Member {
  /** Ends it in its own dialect. */
  interrupt(error: GatewayError): void
}

/** The streams that are being sent now, so that a stop can end them in their own dialect. */
export class OpenStreams {
  readonly #streams = new Roster<OpenStream>()
  #whenEmpty: (() => void)[] = []

  get count(): number {
    return this.#streams.size
  }

  add(stream: OpenStream): void {
    this.#streams.add(stream)
  }

  /** The stream has ended. */
  delete(stream: OpenStream): void {
    if (!this.#streams.delete(stream) || this.#streams.size > 0) return
    for (const resolve of this.#whenEmpty.splice(0)) resolve()
  }

  interruptAll(error: GatewayError): void {
    this.#streams.each(stream => stream.interrupt(error))
  }

  /** Resolves when no stream is open. */
  drained(): Promise<void> {
    return this.#streams.size === 0 ? Promise.resolve() : new Promise(resolve => this.#whenEmpty.push(resolve))
  }
}
