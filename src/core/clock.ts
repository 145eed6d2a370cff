/** Stops what it belongs to; safe to call more than once. */
export type Cancel = () => void

/** Time as a dependency, so that everything that waits can be tested without waiting. Milliseconds throughout. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number
  /** A monotonic reading in milliseconds with a fraction, for measuring latency. */
  elapsed(): number
  after(ms: number, run: () => void): Cancel
  every(ms: number, run: () => void): Cancel
  /** Resolves after `ms`, or rejects with the signal's reason when it aborts first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

/** `setTimeout` fires at once beyond 2^31−1 ms; no timer of ours needs to be longer than a day. */
const LONGEST_TIMER_MS = 24 * 60 * 60 * 1000

const bounded = (ms: number): number => Math.min(Math.max(ms, 0), LONGEST_TIMER_MS)

export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  after(ms, run) {
    const timer = setTimeout(run, bounded(ms))
    return () => clearTimeout(timer)
  },
  every(ms, run) {
    const timer = setInterval(run, bounded(ms))
    return () => clearInterval(timer)
  },
  sleep(ms, signal) {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason)
      const onAbort = () => {
        clearTimeout(timer)
        reject(signal?.reason)
      }
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', onAbort)
        resolve()
      }, bounded(ms))
      signal?.addEventListener('abort', onAbort, { once: true })
    })
  },
}
