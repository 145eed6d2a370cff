/** An answer's headers, by name in lower case; what came more than once is joined by a comma. `Headers` is one too. */
export interface ResponseHeaders {
  get(name: string): string | null
  forEach(see: (value: string, name: string) => void): void
  [Symbol.iterator](): Iterator<[string, string]>
}

/** Less than a `Headers` by far, and made for every answer: a dozen names are found sooner by looking than by hashing. */
export class HeaderList implements ResponseHeaders {
  readonly #names: string[] = []
  readonly #values: string[] = []

  add(name: string, value: string): void {
    const at = this.#names.indexOf(name)
    if (at === -1) {
      this.#names.push(name)
      this.#values.push(value)
    } else this.#values[at] += `, ${value}`
  }

  get(name: string): string | null {
    const at = this.#names.indexOf(name)
    return at === -1 ? null : (this.#values[at] as string)
  }

  *[Symbol.iterator](): Iterator<[string, string]> {
    for (const [index, name] of this.#names.entries()) yield [name, this.#values[index] as string]
  }

  /** Faster than iterating. */
  forEach(see: (value: string, name: string) => void): void {
    for (let index = 0; index < this.#names.length; index++) see(this.#values[index] as string, this.#names[index] as string)
  }
}
