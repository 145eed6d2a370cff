const QUOTE = 0x22
const BACKSLASH = 0x5c

/**
 * A frame that was found to be legal, and to carry nothing but a piece of text, without that piece. Of a long stream nearly every frame differs from the one
 * before it in that piece only, so comparing the rest as text says all that parsing would, for a hundredth of the cost.
 */
export class FramePattern {
  /** Where the piece of the last match stands: the inside of a JSON string. */
  start = 0
  end = 0

  constructor(
    /** Of the frame's text, up to and with the quote that opens the piece. */
    private readonly head: string,
    /** From the quote that closes it; to the frame's end, or to the padding. */
    private readonly rest: string,
    /** Behind the padding (another string, whose text means nothing), where there is any. */
    private readonly tail?: string,
  ) {}

  /** Where the frame at `at` ends, if it is one of these; else −1. */
  match(text: string, at: number): number {
    if (!text.startsWith(this.head, at)) return -1
    const start = at + this.head.length
    const end = endOfInside(text, start)
    if (end === -1 || !text.startsWith(this.rest, end)) return -1
    let next = end + this.rest.length
    if (this.tail !== undefined) {
      next = endOfInside(text, next)
      if (next === -1 || !text.startsWith(this.tail, next)) return -1
      next += this.tail.length
    }
    this.start = start
    this.end = end
    return next
  }
}

/** Index of the quote that ends the JSON string whose inside begins at `start`; −1 where the text is no such string. */
export function endOfInside(text: string, start: number): number {
  let at = start
  for (;;) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) return at
    if (code === BACKSLASH) {
      const length = escapeLength(text, at)
      if (length === 0) return -1
      at += length
    } else if (code >= 0x20) at++
    else return -1
  }
}

function escapeLength(text: string, at: number): number {
  const letter = text.charAt(at + 1)
  if (letter === 'u') return /^[0-9a-fA-F]{4}$/.test(text.slice(at + 2, at + 6)) ? 6 : 0
  return letter !== '' && '"\\/bfnrt'.includes(letter) ? 2 : 0
}
