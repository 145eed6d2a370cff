const DURATIONS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
] as const

const SIZES = [
  ['GB', 1024 ** 3],
  ['MB', 1024 ** 2],
  ['KB', 1024],
] as const

const exact = (amount: number, units: readonly (readonly [string, number])[]): string | undefined => {
  const unit = amount > 0 ? units.find(([, factor]) => amount % factor === 0) : undefined
  return unit && `${amount / unit[1]}${unit[0]}`
}

/** Milliseconds in the file's form, exactly: `parseDuration` gives the same number back. */
export const formatDuration = (ms: number): string => exact(ms, DURATIONS) ?? `${ms}ms`

/** Bytes in the file's form, exactly: `parseSize` gives the same number back. */
export const formatSize = (bytes: number): string => exact(bytes, SIZES) ?? `${bytes}B`
