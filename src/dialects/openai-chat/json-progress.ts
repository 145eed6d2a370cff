const SPACE = /\s/

/** Follows a JSON text as it grows, each character looked at once: whether its object has closed, and what it would take to close it. */
export class JsonProgress {
  /** The closing characters that are due, innermost last. */
  readonly #due: string[] = []
  #began = false
  #inString = false
  #escaped = false
  /** The last character that is no space. */
  #last = ''

  /** The object that the text began with has closed. */
  isWhole = false

  /** Takes the next piece. @returns how much of it belongs to the object: the index behind its end, or the whole length */
  take(piece: string): number {
    for (let at = 0; at < piece.length; at++) {
      if (this.isWhole) return at
      this.#character(piece.charAt(at))
    }
    return piece.length
  }

  /**
   * What is missing where a text ends with nothing but its closing brackets left out; undefined where it is whole, or where more could be missing: a string that
   * is open, a number that could go on, a member without its value.
   */
  get missing(): string | undefined {
    if (this.isWhole || this.#inString || this.#due.length === 0) return undefined
    return /["}\]el]/.test(this.#last) ? [...this.#due].reverse().join('') : undefined
  }

  #character(character: string): void {
    if (this.#inString) {
      if (this.#escaped) this.#escaped = false
      else if (character === '\\') this.#escaped = true
      else if (character === '"') {
        this.#inString = false
        this.#last = character
      }
      return
    }
    if (SPACE.test(character)) return
    this.#last = character
    if (character === '"') this.#inString = true
    else if (character === '{' || character === '[') this.#due.push(character === '{' ? '}' : ']')
    else if (character === this.#due.at(-1)) this.#due.pop()
    this.isWhole = this.#due.length === 0 && this.#began
    this.#began ||= this.#due.length > 0
  }
}
