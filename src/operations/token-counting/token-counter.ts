/** Counts texts in the tokens of a model's vocabulary, or about so. Nothing here waits, and nothing works for long. */
export interface TokenCounter {
  open(model: string): TokenCount
}

/** The tokens of one or more texts, which may come in pieces. */
export interface TokenCount {
  /** More of the text. Cheap, however small the piece. */
  add(text: string): void
  /** The text is whole: what is added next is another one. */
  cut(): void
  /** So far: what has been counted, and an estimate of the rest. */
  readonly tokens: number
  /** Whether `tokens` is a count of all that was added, with nothing estimated. */
  readonly exact: boolean
  /** As `tokens`, once all that was added has been counted or after a short while; `cut` is implied. Never rejects. */
  settled(): Promise<number>
  /** Nobody is interested any more: what still waits is not counted. */
  close(): void
}
