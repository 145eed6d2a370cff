import type { Clock } from '../core/clock.ts'
import { GatewayError } from '../core/errors.ts'
import type { CredentialPort } from './kept-credential.ts'
import { renewalFailed } from './refusals.ts'

export interface AloneOptions {
  port: Pick<CredentialPort<never>, 'acquire' | 'release'>
  clock: Clock
  /** How long to wait before each further try for the right to renew, in milliseconds; after the last one it is given up. */
  waits: readonly number[]
  /** Looks at what the others have stored; true ends the wait without `work`. */
  isDone(): Promise<boolean>
  releaseFailed(error: unknown): void
}

/** Runs `work` while no other process renews. @throws GatewayError with a verdict */
export async function whileAlone({ port, clock, waits, isDone, releaseFailed }: AloneOptions, work: () => Promise<void>): Promise<void> {
  const left = [...waits]
  while (!(await port.acquire().catch(unkept))) {
    if (await isDone().catch(unkept)) return
    const wait = left.shift()
    if (wait === undefined) throw renewalFailed(`another process has been renewing for ${Math.round(total(waits) / 1000)} s`)
    await clock.sleep(wait)
  }
  try {
    if (!(await isDone().catch(unkept))) await work()
  } finally {
    await port.release().catch(releaseFailed)
  }
}

const total = (waits: readonly number[]): number => waits.reduce((sum, wait) => sum + wait, 0)

/** A store that knows what its failure means for the account has said so. */
const unkept = (cause: unknown): never => {
  if (cause instanceof GatewayError && cause.upstream?.verdict) throw cause
  throw renewalFailed('the stored tokens cannot be reached', { cause })
}
