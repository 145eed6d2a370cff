import type { Account } from '../../accounts/account.ts'
import type { Lease } from '../../routing/attempt.ts'
import type { Leaving } from '../../upstream/client.ts'

/** Calls of one request that are under way at once. */
const MOST_AT_ONCE = 4

/**
 * Runs all `jobs` on the lease's account, some at once as far as its provider's limit goes, and gives their results in order. The first failure ends the others and is thrown
 * when they are over.
 */
export async function sideBySide<Job, Result>(
  jobs: readonly Job[],
  { account, target }: Lease,
  client: Leaving,
  run: (job: Job, client: Leaving) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = []
  const failures: unknown[] = []
  const stop = new AbortController()
  const leaving = { signal: AbortSignal.any([client.signal, stop.signal]) }
  const queue = jobs.entries()
  const work = async (): Promise<void> => {
    for (const [index, job] of queue) {
      if (failures.length > 0) return
      try {
        results[index] = await run(job, leaving)
      } catch (error) {
        failures.push(error)
        stop.abort()
      }
    }
  }
  // The lease itself stands for the first of them.
  const workers = [work()]
  while (workers.length < Math.min(MOST_AT_ONCE, jobs.length) && hasRoom(account, target.provider.maxConcurrent)) {
    account.inFlight++
    workers.push(work().finally(() => account.inFlight--))
  }
  await Promise.all(workers)
  if (failures.length > 0) throw failures[0]
  return results
}

const hasRoom = ({ inFlight }: Account, most = Number.POSITIVE_INFINITY): boolean => inFlight < most
