/** When a quota begins anew by the calendar of UTC+8 (Alibaba's): at the next midnight, or at the next Monday's first. */
export type QuotaReset = 'day-utc8' | 'week-utc8'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const OFFSET_MS = 8 * HOUR_MS

/** The epoch was a Thursday. */
const DAYS_BEFORE_MONDAY = 4

/** The next such moment after `now`, both in milliseconds since the epoch. */
export function nextReset(reset: QuotaReset, now: number): number {
  const tomorrow = Math.floor((now + OFFSET_MS) / DAY_MS) + 1
  const day = reset === 'day-utc8' ? tomorrow : tomorrow + ((DAYS_BEFORE_MONDAY - (tomorrow % 7) + 7) % 7)
  return day * DAY_MS - OFFSET_MS
}
