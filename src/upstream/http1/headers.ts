/** An answer's headers, by name in lower case; what came more than once is joined by a comma. `Headers` is one too. */
export interface ResponseHeaders {
  get(name: string): string | null
  [Symbol.iterator](): Iterator<[string, string]>
}

/** Less than a `Headers` by far, and made for every answer. */
export class HeaderList implements ResponseHeaders {
  readonly #values = new Map<string, string>()

  add(name: string, value: string): void {
    const before = this.#values.get(name)
    this.#values.set(name, before === undefined ? value : `${before}, ${value}`)
  }

  get(name: string): string | null {
    return this.#values.get(name) ?? null
  }

  [Symbol.iterator](): Iterator<[string, string]> {
    return this.#values.entries()
  }
}
