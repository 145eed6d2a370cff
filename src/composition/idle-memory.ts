import type { Cancel, Clock } from '../core/clock.ts'

const LOOK_MS = 1000

/** Fewer requests than this leave nothing behind that is worth a pause. */
const WORTHWHILE = 200

export interface IdleMemoryOptions {
  clock: Clock
  /** Requests so far. */
  served(): number
  /** Whether nothing is being served now. */
  isIdle(): boolean
  /** Collects garbage and gives memory back to the system; holds the process up for some milliseconds. */
  collect(): void
}

/**
 * Gives back what a busy time took: the collector runs when memory is asked for, so after the last request of a rush nobody would run it for hours. Once each
 * time that nothing has happened for a moment after many requests.
 */
export function releaseMemoryWhenIdle({ clock, served, isIdle, collect }: IdleMemoryOptions): Cancel {
  let collectedAt = 0
  let seen = 0
  return clock.every(LOOK_MS, () => {
    const now = served()
    const quiet = now === seen && isIdle()
    seen = now
    if (!quiet || now - collectedAt < WORTHWHILE) return
    collectedAt = now
    collect()
  })
}
