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

/** Numbers are drawn in blocks: one call into the system's generator serves many identifiers. */
const block = new Uint16Array(2048)
let next = block.length

/** Two characters at a time, for half the work: every pair there is. */
const PAIRS = Array.from({ length: 62 * 62 }, (_, index) => `${ALPHABET[Math.floor(index / 62)]}${ALPHABET[index % 62]}`)

/** The largest multiple of the number of pairs that a draw can reach: what is beyond is drawn again, so that each is as likely. */
const FAIR = Math.floor(65_536 / PAIRS.length) * PAIRS.length

/** `length` characters of [0-9A-Za-z], each uniform. */
export function randomText(length: number): string {
  let text = ''
  while (text.length < length) {
    if (next === block.length) {
      crypto.getRandomValues(block)
      next = 0
    }
    const drawn = block[next++] as number
    if (drawn < FAIR) text += PAIRS[drawn % PAIRS.length]
  }
  return text.length > length ? text.slice(0, length) : text
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
