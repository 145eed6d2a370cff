/** What may wait for a reader before the sender has to wait too. */
const MOST_UNREAD = 256 * 1024

/** What a piece keeps alive: the bytes that it came among, and itself. */
const weightOf = (bytes: Uint8Array): number => bytes.buffer.byteLength + 256

/** Pieces of a body that nobody has asked for yet. */
export class Unread {
  #pieces: Uint8Array[] = []
  #weight = 0

  get tooMuch(): boolean {
    return this.#weight > MOST_UNREAD
  }

  add(bytes: Uint8Array): void {
    this.#pieces.push(bytes)
    this.#weight += weightOf(bytes)
  }

  next(): Uint8Array | undefined {
    const bytes = this.#pieces.shift()
    if (bytes) this.#weight -= weightOf(bytes)
    return bytes
  }

  /** All of them; none is left. */
  clear(): Uint8Array[] {
    const pieces = this.#pieces
    this.#pieces = []
    this.#weight = 0
    return pieces
  }
}
