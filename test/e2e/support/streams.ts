/** Reads a stream piece by piece, so that a test can look at it while it is going on. */
export class StreamReader {
  text = ''
  ended = false
  /** Milliseconds from the beginning at which each piece came. */
  readonly times: number[] = []
  readonly #reader
  readonly #decoder = new TextDecoder()
  readonly #start = performance.now()

  constructor(response: Response) {
    if (!response.body) throw new Error('there is no body')
    this.#reader = response.body.getReader()
  }

  /** Reads on until what has come matches. @throws where the stream ends without it. */
  async until(pattern: RegExp): Promise<void> {
    while (!pattern.test(this.text)) {
      if (!(await this.#next())) throw new Error(`the stream ended without ${pattern}:\n${this.text}`)
    }
  }

  /** Everything, once it has ended. */
  async rest(): Promise<string> {
    while (await this.#next());
    return this.text
  }

  async #next(): Promise<boolean> {
    const { done, value } = await this.#reader.read()
    if (done) {
      this.ended = true
      return false
    }
    this.times.push(performance.now() - this.#start)
    this.text += this.#decoder.decode(value, { stream: true })
    return true
  }
}
