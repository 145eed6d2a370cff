/** Keys and list positions from the top: `['providers', 0, 'base_url']`. */
export type Path = readonly (string | number)[]

/** As people write it: `providers.0.base_url`. */
export const pathText = (path: Path): string => path.join('.')

/** Something wrong in what the operator configured. No message repeats a value that may be secret. */
export interface Problem {
  /** The file, or undefined for flags and the environment; `source` names those. */
  file?: string
  /** From 1. */
  line?: number
  column?: number
  source?: string
  path: string
  message: string
  suggestion?: string
  /** The list entry at `path` was left out and the rest is served. */
  leftOut?: boolean
}

/** `file:line:col: path: message (suggestion)`, without the parts that are unknown. */
export function problemText(problem: Problem): string {
  const place = problem.file ?? problem.source
  const position = problem.line === undefined ? '' : `:${problem.line}:${problem.column ?? 1}`
  const subject = [place === undefined ? '' : place + position, problem.path].filter(part => part !== '').join(': ')
  const suggestion = problem.suggestion === undefined ? '' : ` (${problem.suggestion})`
  return `${subject === '' ? '' : `${subject}: `}${problem.message}${problem.leftOut ? '; left out' : ''}${suggestion}`
}
