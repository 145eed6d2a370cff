const DAY_MS = 86_400_000
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']

/** Days from 1970-01-01 to a date of the Gregorian calendar; March is taken as the first month, so that leap days end a year. */
function daysOf(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year
  const era = Math.floor(y / 400)
  const yearOfEra = y - era * 400
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1
  return era * 146_097 + yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear - 719_468
}

function dateOf(days: number): { year: number; month: number; day: number } {
  const shifted = days + 719_468
  const era = Math.floor(shifted / 146_097)
  const dayOfEra = shifted - era * 146_097
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  )
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153)
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
  const day = dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day }
}

/** An HTTP date (RFC 9110 §5.6.7, the fixed form) as milliseconds since the epoch; undefined where it is none. */
export function parseHttpDate(text: string): number | undefined {
  const match = /^[a-z]{3}, (\d\d) ([a-z]{3}) (\d{4}) (\d\d):(\d\d):(\d\d) gmt$/i.exec(text.trim())
  if (!match) return undefined
  const [day, , year, hours, minutes, seconds] = match.slice(1).map(Number) as [number, number, number, number, number, number]
  const month = MONTHS.indexOf((match[2] as string).toLowerCase()) + 1
  return month === 0 ? undefined : daysOf(year, month, day) * DAY_MS + ((hours * 60 + minutes) * 60 + seconds) * 1000
}

/** Milliseconds since the epoch as an RFC 3339 time in UTC, without a global that could also read the clock. */
export function formatTime(ms: number): string {
  const days = Math.floor(ms / DAY_MS)
  const rest = Math.floor(ms - days * DAY_MS)
  const { year, month, day } = dateOf(days)
  const two = (value: number): string => String(value).padStart(2, '0')
  const clock = [rest / 3_600_000, (rest / 60_000) % 60, (rest / 1000) % 60].map(value => two(Math.floor(value))).join(':')
  return `${String(year).padStart(4, '0')}-${two(month)}-${two(day)}T${clock}.${String(rest % 1000).padStart(3, '0')}Z`
}
