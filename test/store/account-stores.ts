import type { Clock } from '../../src/core/clock.ts'
import { createAccounts, type NewAccount } from '../../src/store/accounts.ts'
import { openDatabase } from '../../src/store/database.ts'
import { openSealer } from '../../src/store/sealing.ts'
import { FakeClock } from '../support/fake-clock.ts'

export const SECRET = 'a secret key for tests'

/** A store of accounts on a clock that stands still, and what it reported. */
export const accountStore = ({ path = ':memory:', clock = new FakeClock() } = {}) => accountStoreOn(clock, path)

/** The same on any clock: where several connections write at once they wait for each other by the clock. */
export async function accountStoreOn<C extends Clock>(clock: C, path: string) {
  const store = await openDatabase({ path, clock })
  const sealer = await openSealer({ store, secret: SECRET, clock })
  const errors: unknown[] = []
  const accounts = createAccounts({ store, sealer, clock, onError: error => errors.push(error) })
  return { clock, store, sealer, accounts, errors }
}

export const newAccount = (more: Partial<NewAccount> = {}): NewAccount => ({
  provider: 'JetBrains',
  kind: 'jetbrains_oauth',
  credential: { refresh_token: 'rt-very-secret-1', licenseId: 'LIC1' },
  ...more,
})
