import { Account, type AccountSpec, type StateListener } from './account.ts'

/** An account that is wanted; its credential is made only where it is not the one at hand. */
export type WantedAccount = Omit<AccountSpec, 'credential'> & { makeCredential(): AccountSpec['credential'] }

/** The accounts that exist, by id: what is known of one's health outlives a reload of the config that names it. */
export class AccountRegistry {
  #accounts = new Map<string, Account>()

  /**
   * @param onState hears of every change of an account's state
   * @param onMade is shown every account that has just come into being
   */
  constructor(
    private readonly onState: StateListener = () => {},
    private readonly onMade: (account: Account) => void = () => {},
  ) {}

  get all(): Account[] {
    return [...this.#accounts.values()]
  }

  find(id: string): Account | undefined {
    return this.#accounts.get(id)
  }

  /** The accounts of a new configuration, each the known one where its credential is still the same; those no longer named are forgotten. */
  replace(wanted: readonly WantedAccount[]): ReadonlyMap<string, Account> {
    const next = new Map<string, Account>()
    // Of two with one id the later one counts, and only its credential is made.
    for (const { makeCredential, ...spec } of new Map(wanted.map(one => [one.id, one])).values()) {
      const known = this.#accounts.get(spec.id)
      const isKnown = known?.fingerprint === spec.fingerprint
      const account = isKnown ? known : new Account({ ...spec, credential: makeCredential() }, this.onState)
      if (!isKnown) this.onMade(account)
      account.label = spec.label
      account.priority = spec.priority ?? 1
      account.enabled = spec.enabled ?? true
      next.set(spec.id, account)
    }
    this.#accounts = next
    return next
  }
}
