/** One call of an upstream, as it is recorded. */
export interface AttemptRecord {
  provider: string
  account: string
  model: string
  /** `ok`, or what happened in a word or two. */
  outcome: string
  status?: number
  ms: number
}

/** A target that was passed by, and why. */
export interface SkipRecord {
  provider: string
  account: string
  state: string
  reason: string
  until?: number
}

/** What was tried for a request and what was not: for its record, and for the error that ends it. */
export interface Trail {
  attempts: AttemptRecord[]
  skipped: SkipRecord[]
}
