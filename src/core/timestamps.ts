/** Milliseconds since the epoch as people and JSON read them: `2026-11-21T15:17:00.000Z`. */
export const rfc3339 = (ms: number): string => new Date(ms).toISOString()

/** The last moment that a date can hold, in milliseconds since the epoch; `rfc3339` throws beyond it. */
export const LAST_MOMENT_MS = 8.64e15

const HTTP_DATE = /^(mon|tue|wed|thu|fri|sat|sun), \d\d (jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec) \d{4} \d\d:\d\d:\d\d gmt$/i

/** An HTTP date (RFC 9110 §5.6.7, the fixed form) as milliseconds since the epoch; undefined where it is none. */
export function parseHttpDate(text: string): number | undefined {
  const ms = HTTP_DATE.test(text.trim()) ? Date.parse(text) : Number.NaN
  return Number.isNaN(ms) ? undefined : ms
}

/** What `rfc3339` writes, with any offset, as milliseconds since the epoch; undefined where it is none. */
export function parseRfc3339(text: string): number | undefined {
  const ms = /^\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)$/i.test(text.trim()) ? Date.parse(text.trim()) : Number.NaN
  return Number.isNaN(ms) ? undefined : ms
}
