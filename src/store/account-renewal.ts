import type { Clock } from '../core/clock.ts'
import type { Store } from './database.ts'
import { hasEnded } from './process-identity.ts'

/**
 * Of several processes that want to make an account's token anew, one may: the one that holds its lease.
 * @param owner begins with the mark of its process (`processMark`), so that nobody waits for one that was killed
 * @param until epoch ms; afterwards another process may take it, since its holder may have died elsewhere
 * @returns whether `owner` has the lease now; false, too, where there is no such account
 */
export async function acquireRenewal(store: Store, clock: Clock, id: string, owner: string, until: number): Promise<boolean> {
  return store.durable(async tx => {
    const row = await tx.selectFrom('accounts').select(['renewing_by', 'renewing_until']).where('id', '=', id).executeTakeFirst()
    if (!row) return false
    const { renewing_by: holder, renewing_until: end } = row
    if (holder !== null && holder !== owner && end !== null && end > clock.now() && !hasEnded(holder)) return false
    await tx.updateTable('accounts').set({ renewing_by: owner, renewing_until: until }).where('id', '=', id).execute()
    return true
  })
}

/** Lets the next one in; another owner's lease stays. */
export async function releaseRenewal(store: Store, id: string, owner: string): Promise<void> {
  const none = { renewing_by: null, renewing_until: null }
  await store.durable(tx => tx.updateTable('accounts').set(none).where('id', '=', id).where('renewing_by', '=', owner).execute())
}
