import type { Path } from './problem.ts'
import type { Places } from './read.ts'

/** `error` refuses the configuration, `entry` leaves out the list entry at fault, `warning` changes nothing. */
export type Severity = 'error' | 'entry' | 'warning'

export interface CheckContext {
  places: Places
  /** Whether a value was set, by its path in what was configured. */
  isSet(path: Path): boolean
  hasStoredKeys: boolean
  report(severity: Severity, path: Path, message: string, suggestion?: string): void
}

/** Drops the items of `list` that `fault` finds something wrong with. */
export function sieve<T>(
  list: T[],
  key: string,
  context: CheckContext,
  fault: (item: T, at: Path) => readonly [Path, string, string?][],
): T[] {
  return list.filter((item, index) => {
    const at = (typeof item === 'object' && item !== null ? context.places.get(item) : undefined) ?? [key, index]
    const faults = fault(item, at)
    for (const [path, message, suggestion] of faults) context.report('entry', path, message, suggestion)
    return faults.length === 0
  })
}
