/** Identifiers as a dependency: `next('req_')` gives `req_` and 24 unguessable characters. */
export interface IdGenerator {
  next(prefix: string): string
}

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const LENGTH = 24

/** Bytes are drawn in blocks: one call into the system's generator serves many identifiers. */
class RandomBytes {
  readonly #block = new Uint8Array(4096)
  #next = this.#block.length

  take(): number {
    if (this.#next === this.#block.length) {
      crypto.getRandomValues(this.#block)
      this.#next = 0
    }
    return this.#block[this.#next++] as number
  }
}

const bytes = new RandomBytes()

/** `length` characters of [0-9A-Za-z], each uniform: bytes past the largest multiple of 62 are drawn again. */
export function randomText(length: number): string {
  let text = ''
  while (text.length < length) {
    const byte = bytes.take()
    if (byte < 248) text += ALPHABET[byte % 62]
  }
  return text
}

export const systemIds: IdGenerator = { next: prefix => prefix + randomText(LENGTH) }
