import type { Clock } from '../core/clock.ts'
import type { Store } from './database.ts'

/**
 * Of several processes that want to make an account's token anew, one may: the one that holds its lease.
 * @param until epoch ms; afterwards another process may take it, since its holder may have died
 * @returns whether `owner` has the lease now; false, too, where there is no such account
 */
export async function acquireRenewal(store: Store, clock: Clock, id: string, owner: string, until: number): Promise<boolean> {
  const { numUpdatedRows } = await store.durable(tx =>
    tx
      .updateTable('accounts')
      .set({ renewing_by: owner, renewing_until: until })
      .where('id', '=', id)
      .where(eb => eb.or([eb('renewing_until', 'is', null), eb('renewing_until', '<=', clock.now()), eb('renewing_by', '=', owner)]))
      .executeTakeFirst(),
  )
  return numUpdatedRows > 0n
}

/** Lets the next one in; another owner's lease stays. */
export async function releaseRenewal(store: Store, id: string, owner: string): Promise<void> {
  const none = { renewing_by: null, renewing_until: null }
  await store.durable(tx => tx.updateTable('accounts').set(none).where('id', '=', id).where('renewing_by', '=', owner).execute())
}
