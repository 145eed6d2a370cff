import type { Clock } from '../core/clock.ts'
import type { Store } from './database.ts'
import { type KeyRecord, keyState } from './key-record.ts'
import { readKeyByHash, readKeysInForce, readKeysStamp } from './keys.ts'

export interface KeyCacheOptions {
  store: Store
  clock: Clock
  /** How often other processes' changes are looked for: 500 ms, so that a revoked key is dead within 1 s. */
  pollMs?: number
  /** How many keys are held; what is beyond is asked of the database by `lookup`. 10,000 unless told. */
  capacity?: number
  /** Told when the database cannot be read; what is in memory goes on being served. */
  onError?: (error: unknown) => void
}

export type KeyLookup = { state: 'active' | 'expired' | 'revoked'; record: KeyRecord } | { state: 'unknown' }

/** The server's view of the client keys. */
export interface KeyCache {
  /** The key with this SHA-256, if it may be used now. Answers from memory. */
  find(hash: string): KeyRecord | undefined
  /**
   * For what `find` does not know, before the caller is refused: asks the database, so that a key works in the moment another
   * process has made it, and tells why one may not be used.
   */
  lookup(hash: string): Promise<KeyLookup>
  /** Remembers that the key was used now, until `takeUsed` is called. */
  markUsed(id: string): void
  /** When keys (by id) were last used, in epoch ms, since the last call. */
  takeUsed(): ReadonlyMap<string, number>
  stop(): void
}

/** Resolves when the keys are in memory. @throws what the database throws */
export async function createKeyCache({
  store,
  clock,
  pollMs = 500,
  capacity = 10_000,
  onError = () => {},
}: KeyCacheOptions): Promise<KeyCache> {
  let keys = new Map<string, KeyRecord>()
  let used = new Map<string, number>()
  let version: number | undefined
  let stamp = ''
  let loads = 0

  // Of loads that overlap the latest counts: it was begun after the change that the others may have missed.
  async function load(): Promise<void> {
    const mine = ++loads
    // Until this load succeeds every poll tries again.
    version = undefined
    const seen = store.dataVersion()
    // Read first: where a change comes between, the next poll finds another stamp than this.
    const seenStamp = await readKeysStamp(store.db)
    const records = await readKeysInForce(store.db, capacity)
    if (mine !== loads) return
    keys = new Map(records.map(record => [record.hash, record]))
    version = seen
    stamp = seenStamp
  }

  const loadOrTell = (): void => {
    load().catch(onError)
  }

  /** Other connections write all the time, keys seldom: only where those have changed are they read again. */
  async function look(): Promise<void> {
    const seen = store.dataVersion()
    if (seen === version) return
    const mine = loads
    if (version === undefined || (await readKeysStamp(store.db)) !== stamp) return load()
    if (mine === loads) version = seen
  }

  const poll = (): void => {
    look().catch(onError)
  }

  function remember(record: KeyRecord): void {
    if (keys.size >= capacity) {
      const oldest = keys.keys().next()
      if (!oldest.done) keys.delete(oldest.value)
    }
    keys.set(record.hash, record)
  }

  await load()
  const stopListening = store.onChange(loadOrTell)
  const stopPolling = clock.every(pollMs, poll)

  return {
    find(hash) {
      const record = keys.get(hash)
      return record && keyState(record, clock.now()) === 'active' ? record : undefined
    },
    async lookup(hash) {
      const before = loads
      const record = await readKeyByHash(store.db, hash)
      if (!record) return { state: 'unknown' }
      const state = keyState(record, clock.now())
      // Where keys were loaded meanwhile the record may be older than what is in memory by now.
      if (state === 'active' && before === loads) remember(record)
      return { state, record }
    },
    markUsed(id) {
      if (used.has(id) || used.size < capacity) used.set(id, clock.now())
    },
    takeUsed() {
      const taken = used
      used = new Map()
      return taken
    },
    stop() {
      stopListening()
      stopPolling()
    },
  }
}
