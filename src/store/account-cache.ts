import type { Clock } from '../core/clock.ts'
import type { AccountRecord } from './account-record.ts'
import type { Accounts } from './accounts.ts'
import type { Store } from './database.ts'

export interface AccountCacheOptions {
  store: Store
  accounts: Accounts
  clock: Clock
  /** How often other processes' changes are looked for; 500 ms unless told. */
  pollMs?: number
  /** Told all accounts whenever one was made, changed or removed after the first load, here or in another process. */
  onChange: (records: readonly AccountRecord[]) => void
  /** Told when the database cannot be read, and of what `onChange` throws; what was known stays. */
  onError?: (error: unknown) => void
}

/** The server's view of the stored accounts. */
export interface AccountCache {
  /** As they were last read, oldest first. */
  readonly records: readonly AccountRecord[]
  /** Resolves when what was in the store at the call is in memory, and `onChange` has heard of it. */
  refresh(): Promise<void>
  stop(): void
}

/** Resolves when the accounts are in memory. @throws what the database throws */
export async function createAccountCache(options: AccountCacheOptions): Promise<AccountCache> {
  const { store, accounts, clock, pollMs = 500, onChange, onError = () => {} } = options
  let records: readonly AccountRecord[] = []
  let version: number | undefined
  let stamp: string | undefined
  let running: Promise<void> | undefined
  let again = false
  let stopped = false

  async function look(): Promise<void> {
    // Until this has succeeded every poll tries again.
    version = undefined
    const seen = store.dataVersion()
    // Read first: where a change comes between, the next look finds another stamp than this.
    const seenStamp = await accounts.readStamp()
    if (seenStamp !== stamp) {
      const read = await accounts.listAll()
      if (stopped) return
      const isFirst = stamp === undefined
      records = read
      stamp = seenStamp
      if (!isFirst) tell()
    }
    version = seen
  }

  function tell(): void {
    try {
      onChange(records)
    } catch (error) {
      onError(error)
    }
  }

  /** One look at a time: opening many credentials takes a while, and each look that is begun shall end. */
  async function lookUntilStill(): Promise<void> {
    do {
      again = false
      await look()
    } while (again && !stopped)
  }

  function lookSoon(): void {
    again = true
    if (running === undefined) start().catch(report)
  }

  function start(): Promise<void> {
    const started = lookUntilStill().finally(() => {
      running = undefined
      // Asked for in the moment between the last look and this.
      if (again && !stopped) lookSoon()
    })
    running = started
    return started
  }

  function report(error: unknown): void {
    if (!stopped) onError(error)
  }

  function poll(): void {
    try {
      if (store.dataVersion() !== version) lookSoon()
    } catch (error) {
      onError(error)
    }
  }

  const stopListening = store.onChange(lookSoon)
  const stopPolling = clock.every(pollMs, poll)
  const stop = (): void => {
    stopped = true
    stopListening()
    stopPolling()
  }

  try {
    await start()
  } catch (error) {
    stop()
    throw error
  }

  return {
    get records() {
      return records
    },
    refresh() {
      again = true
      return running ?? start()
    },
    stop,
  }
}
