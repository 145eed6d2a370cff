import type { Clock } from '../core/clock.ts'
import type { Store } from './database.ts'
import type { ModelRecord, Models } from './models.ts'

export interface ModelCacheOptions {
  store: Store
  models: Models
  clock: Clock
  /** How often other processes' changes are looked for; 500 ms unless told. */
  pollMs?: number
  /** Told whenever the stored names have changed after the first load, here or in another process. */
  onChange: () => void
  /** Told when the database cannot be read; what was known stays. */
  onError?: (error: unknown) => void
}

/** The server's view of the stored names of models. */
export interface ModelCache {
  /** As they were last read. */
  readonly records: readonly ModelRecord[]
  stop(): void
}

/** Resolves when the names are in memory. @throws what the database throws */
export async function createModelCache(options: ModelCacheOptions): Promise<ModelCache> {
  const { store, models, clock, pollMs = 500, onChange, onError = () => {} } = options
  let records: readonly ModelRecord[] = []
  let text = ''
  let version: number | undefined
  let loads = 0

  // Of loads that overlap the latest counts: it was begun after the change that the others may have missed.
  async function load(): Promise<boolean> {
    const mine = ++loads
    version = undefined
    const seen = store.dataVersion()
    // The table is small: all of it tells best whether anything is different.
    const read = await models.list()
    if (mine !== loads) return false
    version = seen
    const readText = JSON.stringify(read)
    if (readText === text) return false
    records = read
    text = readText
    return true
  }

  const look = (): void => {
    load().then(isOther => {
      if (isOther) onChange()
    }, onError)
  }

  const poll = (): void => {
    try {
      if (store.dataVersion() !== version) look()
    } catch (error) {
      onError(error)
    }
  }

  await load()
  const stopListening = store.onChange(look)
  const stopPolling = clock.every(pollMs, poll)
  return {
    get records() {
      return records
    },
    stop() {
      // A load that is under way is forgotten.
      loads++
      stopListening()
      stopPolling()
    },
  }
}
