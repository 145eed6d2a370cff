import type { Clock } from '../core/clock.ts'
import type { JsonValue } from '../core/json.ts'
import type { Store } from './database.ts'

/** Small values that belong to the data dir, by name; no secrets, which have files of their own. */
export interface Settings {
  get(name: string): Promise<JsonValue | undefined>
  set(name: string, value: JsonValue): Promise<void>
  remove(name: string): Promise<void>
}

export function createSettings({ store, clock }: { store: Store; clock: Clock }): Settings {
  return {
    async get(name) {
      const row = await store.db.selectFrom('settings').select('value').where('name', '=', name).executeTakeFirst()
      return row && (JSON.parse(row.value) as JsonValue)
    },
    async set(name, value) {
      const row = { name, value: JSON.stringify(value), updated_at: clock.now() }
      const { name: _, ...changes } = row
      await store.durable(tx =>
        tx
          .insertInto('settings')
          .values(row)
          .onConflict(on => on.column('name').doUpdateSet(changes))
          .execute(),
      )
    },
    async remove(name) {
      await store.durable(tx => tx.deleteFrom('settings').where('name', '=', name).execute())
    },
  }
}
