const LF = 0x0a
const CR = 0x0d

/**
 * Cuts a byte stream behind its last complete frame. Frames end in a blank line, which is ASCII, so what comes out is whole characters
 * whatever the network did, and can be decoded and parsed at once. Each byte is looked at a bounded number of times, however long a frame is.
 */
export class FrameCutter {
  #held: Uint8Array[] = []
  #heldBytes = 0

  /** @param limit the most bytes one frame may have before it is called broken. */
  constructor(private readonly limit: number) {}

  /** The complete frames that `chunk` finishes, as bytes; undefined where it finishes none. @throws {RangeError} past the limit. */
  push(chunk: Uint8Array): Uint8Array | undefined {
    const end = this.#lastBoundary(chunk)
    if (end === -1) {
      this.#hold(chunk)
      return undefined
    }
    const complete = this.#heldBytes === 0 && end === chunk.length ? chunk : this.#join(chunk.subarray(0, end))
    if (end < chunk.length) this.#hold(chunk.subarray(end))
    return complete
  }

  /** What is left when the stream has ended: a frame without its blank line, or nothing. */
  end(): Uint8Array | undefined {
    return this.#heldBytes === 0 ? undefined : this.#join(new Uint8Array(0))
  }

  /** Index behind the last blank line that ends within `chunk`; −1 where there is none. */
  #lastBoundary(chunk: Uint8Array): number {
    for (let at = chunk.length - 1; at >= 0; at--) {
      const byte = chunk[at]
      if (byte !== LF && byte !== CR) continue
      if (this.#endsBlankLine(chunk, at)) return at + 1
    }
    return -1
  }

  #endsBlankLine(chunk: Uint8Array, at: number): boolean {
    let before = at - 1
    if (chunk[at] === LF && this.#byte(chunk, before) === CR) before--
    const previous = this.#byte(chunk, before)
    return previous === LF || previous === CR
  }

  /** The byte at `index` of the chunk, or counted back into what is held (at most the last three are ever asked for). */
  #byte(chunk: Uint8Array, index: number): number | undefined {
    if (index >= 0) return chunk[index]
    let back = -index
    for (let piece = this.#held.length - 1; piece >= 0; piece--) {
      const bytes = this.#held[piece] as Uint8Array
      if (back <= bytes.length) return bytes[bytes.length - back]
      back -= bytes.length
    }
    return undefined
  }

  #hold(bytes: Uint8Array): void {
    this.#heldBytes += bytes.length
    if (this.#heldBytes > this.limit) throw new RangeError(`a stream frame is longer than ${this.limit} bytes`)
    this.#held.push(bytes)
  }

  #join(last: Uint8Array): Uint8Array {
    const whole = new Uint8Array(this.#heldBytes + last.length)
    let offset = 0
    for (const piece of this.#held) {
      whole.set(piece, offset)
      offset += piece.length
    }
    whole.set(last, offset)
    this.#held = []
    this.#heldBytes = 0
    return whole
  }
}
