import { createHash } from 'node:crypto'

/** Proofs for thinking blocks, verified when they come back: a signature belongs to one text, redacted data to nothing else. */
export class Seals {
  #scripted = new Map<string, string>()
  #redacted = new Set<string>()

  /** The signature of a thinking text; a scripted one is remembered as genuine. */
  sign(text: string, scripted?: string): string {
    if (scripted === undefined) return `sig_${createHash('sha256').update(`thinking:${text}`).digest('base64')}`
    this.#scripted.set(scripted, text)
    return scripted
  }

  verifies(text: string, signature: string): boolean {
    return this.sign(text) === signature || this.#scripted.get(signature) === text
  }

  redact(data: string): string {
    this.#redacted.add(data)
    return data
  }

  issued(data: string): boolean {
    return this.#redacted.has(data)
  }
}
