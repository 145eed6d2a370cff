import type { JsonValue } from '../../core/json.ts'
import type { JsoncDocument } from '../jsonc.ts'
import type { Path, Problem } from '../problem.ts'

/** A place in a file, with list positions in brackets: `[1].jwt`, `models[2]`. */
export const placeText = (path: Path): string =>
  path
    .map(step => (typeof step === 'number' ? `[${step}]` : `.${step}`))
    .join('')
    .replace(/^\./, '')

/** What was found wrong in one file of an older proxy. Nothing repeats a value, or a key that may be a secret. */
export class Findings {
  readonly problems: Problem[] = []

  constructor(
    private readonly file: string,
    private readonly document: JsoncDocument,
  ) {}

  /** The entry around `path` is left out. `shown` stands for a path that holds a secret. */
  leftOut(path: Path, message: string, shown = placeText(path)): void {
    this.problems.push({ ...this.#at(path, shown, message), leftOut: true })
  }

  /** What changes nothing, or only says that something has no equivalent here. */
  note(path: Path, message: string, suggestion?: string): void {
    this.problems.push({ ...this.#at(path, placeText(path), message), ...(suggestion !== undefined && { suggestion }) })
  }

  #at(path: Path, shown: string, message: string): Problem {
    return { file: this.file, ...this.document.locate(path), path: shown, message }
  }
}

/** The text at `key`, undefined where there is none; `bad` hears of anything else that stands there. */
export function textOf(value: JsonValue | undefined, bad: () => void): string | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value === 'string') return value
  bad()
  return undefined
}
