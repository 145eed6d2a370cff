import type { KeyRing, KeyVerdict } from '../http/auth.ts'
import type { Caller } from '../operations/call.ts'
import { fits } from '../routing/provider.ts'
import type { KeyCache } from '../store/key-cache.ts'
import type { KeyRecord } from '../store/key-record.ts'
import type { State } from './state.ts'

function callerOf({ id, name, models }: KeyRecord): Caller {
  const { allow = [], deny = [] } = models ?? {}
  const denies = (model: string): boolean => deny.some(pattern => fits(model, pattern))
  return {
    ...{ id, name, denies },
    allows: model => !denies(model) && (allow.length === 0 || allow.some(pattern => fits(model, pattern))),
  }
}

/** The config's keys, the stored ones and the admin key, as one. */
export function createKeyRing(state: () => State, cache: KeyCache): KeyRing {
  const client = (record: KeyRecord): KeyVerdict => {
    cache.markUsed(record.id)
    return { kind: 'client', caller: callerOf(record) }
  }
  return {
    find(hash) {
      const { declaredKeys, adminKeyHash } = state()
      const declared = declaredKeys.get(hash)
      if (declared) return { kind: 'client', caller: declared }
      if (hash === adminKeyHash) return { kind: 'admin' }
      const stored = cache.find(hash)
      return stored && client(stored)
    },
    async lookup(hash) {
      const found = await cache.lookup(hash)
      if (found.state === 'active') return client(found.record)
      return { kind: found.state }
    },
  }
}
