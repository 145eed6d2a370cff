import { HttpError } from './http-error.ts'

/** An answer's headers, by name in lower case; what came more than once is joined by a comma. `Headers` is one too. */
export interface ResponseHeaders {
  get(name: string): string | null
  /** The names, in lower case. */
  keys(): Iterable<string>
  [Symbol.iterator](): Iterator<[string, string]>
}

const TOKEN = /^[!#$%&'*+\-.^_`|~\da-z]+$/i
const COLON = 0x3a

const SPACE = 0x20

/** Far more than any server sends; whoever goes through all headers may take the square of it. */
const MOST_LINES = 1000

/** Names as they were written, and in lower case: servers use few, and always the same. */
const names = new Map<string, string>()
const MOST_NAMES = 1000

/** Empty for what is no name: nobody asks for such a header, and nobody is told of it. */
function nameOf(written: string): string {
  const known = names.get(written)
  if (known !== undefined) return known
  const name = TOKEN.test(written) ? written.toLowerCase() : ''
  if (names.size >= MOST_NAMES) names.clear()
  names.set(written, name)
  return name
}

/**
 * The header lines of a head as they came. Made for every answer, of which hardly more than the length is ever asked: a line is only taken apart when a name of its
 * length is looked for.
 */
export class HeaderList implements ResponseHeaders {
  /** Where each line starts, its colon stands, and it ends: three numbers a line. */
  readonly #lines: number[] = []

  /** @param start where the first header's line begins. @throws HttpError where a line is none */
  constructor(
    private readonly text: string,
    start: number,
  ) {
    for (let at = start; at < text.length; ) {
      let end = text.indexOf('\n', at)
      if (end === -1) end = text.length
      const colon = text.indexOf(':', at)
      if (colon <= at || colon >= end) throw new HttpError('a header line has no name')
      // Blanks around a name (a folded line is one) are read by some and passed over by others: that is how the end of an answer is disputed.
      if (text.charCodeAt(at) <= SPACE || text.charCodeAt(colon - 1) <= SPACE)
        throw new HttpError('a header line has blanks around its name')
      this.#lines.push(at, colon, end)
      at = end + 1
    }
    if (this.#lines.length > 3 * MOST_LINES) throw new HttpError('there are too many headers')
  }

  get(name: string): string | null {
    const { text } = this
    const lines = this.#lines
    let value: string | null = null
    for (let index = 0; index < lines.length; index += 3) {
      const start = lines[index] as number
      // Most names differ in length, or in their first letter, which is one bit from its capital.
      if (text.charCodeAt(start + name.length) !== COLON || (text.charCodeAt(start) | 0x20) !== (name.charCodeAt(0) | 0x20)) continue
      const colon = lines[index + 1] as number
      if (colon - start !== name.length || nameOf(text.slice(start, colon)) !== name) continue
      const found = text.slice(colon + 1, lines[index + 2]).trim()
      value = value === null ? found : `${value}, ${found}`
    }
    return value
  }

  keys(): string[] {
    const keys: string[] = []
    for (let index = 0; index < this.#lines.length; index += 3) {
      const name = nameOf(this.text.slice(this.#lines[index], this.#lines[index + 1]))
      if (name !== '' && !keys.includes(name)) keys.push(name)
    }
    return keys
  }

  *[Symbol.iterator](): Iterator<[string, string]> {
    for (const name of this.keys()) yield [name, this.get(name) ?? '']
  }
}
