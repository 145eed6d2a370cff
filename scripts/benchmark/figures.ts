/** What a server did under load. */
export interface Rate {
  name: string
  /** Requests or streams a second, the best of the rounds. */
  rate: number
  /** Microseconds of processor time for a request, the least of the rounds. */
  cpu: number
}

/** One measured number, and what it is to be. */
export interface Figure {
  name: string
  /** Several where a measure was taken at several sizes. */
  value: number | number[]
  unit: string
  atLeast?: number
  atMost?: number
}

export interface Figures {
  rates?: Rate[]
  figures?: Figure[]
  /** What the reader must know to judge them, in sentences. */
  remarks?: string[]
}

/** What a measure needs. */
export interface Scene {
  /** For files of a measure; removed at the end. */
  folder: string
  binary: string
  rounds: number
  /** Of one round under load. */
  seconds: number
  /** An nginx that answers from files. */
  files: string
  /** An nginx in front of it. */
  proxy: { url: string; pid: number }
  /** An upstream that sends tokens one by one. */
  tokens: string
  say(text: string): void
}

export interface Measure {
  name: string
  about: string
  run(scene: Scene): Promise<Figures>
}

export function percentile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN
}
