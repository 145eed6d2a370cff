/**
 * Identifiers as a dependency: `next('req_')` gives `req_` and 24 characters of [0-9A-Za-z]. Those made later sort later, to the millisecond, so that
 * a database adds them at the end of its index; 95 bits of each are random. They are names, not secrets: those come from `randomText`.
 */
export interface IdGenerator {
  next(prefix: string): string
}

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** Eight characters count milliseconds until the year 8900; sixteen are random. */
const TIME_LENGTH = 8
const RANDOM_LENGTH = 16

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

/** Milliseconds since the epoch as eight characters whose order is the order of time. */
function timeText(now: number): string {
  let text = ''
  for (let rest = now; text.length < TIME_LENGTH; rest = Math.floor(rest / 62)) text = (ALPHABET[rest % 62] as string) + text
  return text
}

let last = { now: 0, text: timeText(0) }

export const systemIds: IdGenerator = {
  next(prefix) {
    const now = Date.now()
    if (now !== last.now) last = { now, text: timeText(now) }
    return prefix + last.text + randomText(RANDOM_LENGTH)
  },
}
