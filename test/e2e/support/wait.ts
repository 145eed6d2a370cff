/**
 * Asks `probe` until it gives something other than undefined or false; for states that nobody announces. @throws when `deadlineMs` have gone by, with the
 * last error of the probe, or `what`.
 */
export async function eventually<T>(
  what: string,
  probe: () => T | undefined | false | Promise<T | undefined | false>,
  deadlineMs = 5000,
): Promise<T> {
  const end = performance.now() + deadlineMs
  let last: unknown
  for (;;) {
    try {
      const value = await probe()
      if (value !== undefined && value !== false) return value
    } catch (error) {
      last = error
    }
    if (performance.now() >= end) throw last ?? new Error(`not within ${deadlineMs} ms: ${what}`)
    await Bun.sleep(10)
  }
}

/** The result, and how long it took in milliseconds. */
export async function timed<T>(work: Promise<T>): Promise<{ value: T; ms: number }> {
  const start = performance.now()
  const value = await work
  return { value, ms: performance.now() - start }
}
