import type { JsonObject } from '../core/json.ts'
import { type ObservedState, stateFromText, stateToText } from './account-record.ts'
import type { Store } from './database.ts'

/** What was seen of an account. An absent field leaves what is kept as it is, null forgets it. */
export interface Observation {
  id: string
  state?: ObservedState | null
  quota?: JsonObject | null
}

/**
 * Keeps what was seen, in one transaction that need not be on the disk when it ends. No account's version changes by it. A state that is older than
 * the one kept changes nothing: several processes may watch one account.
 */
export async function saveObserved({ db }: Store, observations: readonly Observation[]): Promise<void> {
  if (observations.length === 0) return
  await db.transaction().execute(async tx => {
    for (const { id, state, quota } of observations) {
      const row = await tx.selectFrom('accounts').select('state').where('id', '=', id).executeTakeFirst()
      if (!row) continue
      const kept = stateFromText(row.state)
      const isLate = state !== undefined && state !== null && kept !== undefined && kept.at > state.at
      const set = {
        ...(state === undefined || isLate ? {} : { state: state === null ? null : stateToText(state) }),
        ...(quota === undefined ? {} : { quota: quota === null ? null : JSON.stringify(quota) }),
      }
      if (Object.keys(set).length > 0) await tx.updateTable('accounts').set(set).where('id', '=', id).execute()
    }
  })
}
