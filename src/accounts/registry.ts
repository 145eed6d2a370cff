import { Account, type Credential } from './account.ts'

/** The accounts that exist, by id: what is known of one's health outlives a reload of the config that names it. */
export class AccountRegistry {
  #accounts = new Map<string, Account>()

  get all(): Account[] {
    return [...this.#accounts.values()]
  }

  /** The accounts of a new configuration, each the known one where there is one; those no longer named are forgotten. */
  replace(wanted: readonly { id: string; provider: string; label: string; credential: Credential }[]): ReadonlyMap<string, Account> {
    const next = new Map<string, Account>()
    for (const { id, provider, label, credential } of wanted) {
      const known = this.#accounts.get(id)
      next.set(id, known?.label === label ? known : new Account(id, provider, label, credential))
    }
    this.#accounts = next
    return next
  }
}
