import type { Account } from '../accounts/account.ts'
import type { Unavailable } from '../accounts/health.ts'
import type { Quota } from '../accounts/quota.ts'
import type { WantedAccount } from '../accounts/registry.ts'
import type { Config } from '../config/schema.ts'
import type { Clock } from '../core/clock.ts'
import { asGatewayError } from '../core/errors.ts'
import type { JsonObject } from '../core/json.ts'
import type { Observation } from '../store/account-observations.ts'
import type { AccountRecord } from '../store/account-record.ts'
import type { Accounts } from '../store/accounts.ts'
import type { CredentialMaker } from './credential-makers.ts'
import { declaredAccounts } from './declared-accounts.ts'

export interface AccountKeeperOptions {
  accounts: Accounts
  clock: Clock
  /** What makes an account's credential; undefined where nothing can, which it has told then. */
  makerOf(record: AccountRecord): CredentialMaker | undefined
  warn(message: string): void
}

/**
 * Accounts between store and service: the config's are kept in the store too, since their tokens change, and what is seen of any of them outlives the process.
 */
export class AccountKeeper {
  readonly #seen = new Map<string, Observation>()
  readonly #records = new Map<string, AccountRecord>()
  readonly #versions = new Map<string, number>()

  constructor(private readonly options: AccountKeeperOptions) {}

  /** The config's accounts, with the credentials that they have by now. One that cannot be kept is told and left out. */
  async adopt(config: Config): Promise<AccountRecord[]> {
    const adopted: AccountRecord[] = []
    for (const declared of declaredAccounts(config)) {
      try {
        adopted.push(await this.options.accounts.adopt(declared))
      } catch (thrown) {
        const error = asGatewayError(thrown)
        if (error.kind === 'internal') throw thrown
        const isStored = error.code === 'account_exists'
        const what = isStored ? 'is in the database too, and what stands there counts' : `is left out: ${error.message}`
        this.options.warn(`account '${declared.label ?? declared.id}' of ${declared.provider} ${what}`)
      }
    }
    return adopted
  }

  /** The accounts to serve with: the adopted ones, then those made by the management commands. */
  wanted(adopted: readonly AccountRecord[], stored: readonly AccountRecord[]): WantedAccount[] {
    // Of the adopted ones the store may know more by now.
    const newest = new Map(stored.map(record => [record.id, record]))
    const records = [...adopted.map(record => newest.get(record.id) ?? record), ...stored.filter(({ origin }) => origin === 'admin')]
    this.#records.clear()
    return records.flatMap(record => {
      const makeCredential = this.options.makerOf(record)
      if (!makeCredential) return []
      this.#records.set(record.id, record)
      const { id, provider, label, kind, priority, enabled } = record
      return [
        {
          id,
          provider,
          label,
          kind,
          priority,
          enabled,
          fingerprint: record.fingerprint,
          makeCredential,
        },
      ]
    })
  }

  record(id: string): AccountRecord | undefined {
    return this.#records.get(id)
  }

  /** What was known of an account when it was last served. */
  restore(account: Account): void {
    // What waits to be written was seen with the credential before.
    this.#seen.delete(account.id)
    const record = this.#records.get(account.id)
    const { state, quota } = record ?? {}
    if (state && state.state !== 'active' && (state.until === undefined || state.until > this.options.clock.now()))
      account.health.restore(state)
    account.quota = quota && quotaOf(quota)
  }

  /** Another process has looked into accounts that are out here: what it found good is. */
  catchUp(accounts: readonly Account[]): void {
    const now = this.options.clock.now()
    for (const account of accounts) {
      const version = this.#records.get(account.id)?.version
      const known = this.#versions.get(account.id)
      if (version !== undefined) this.#versions.set(account.id, version)
      if (version === undefined || known === undefined || version === known || !account.summary(now)) continue
      const state = this.#records.get(account.id)?.state
      // What has been seen here may be newer, and not in the store yet.
      const seenAt = this.#seen.get(account.id)?.state?.at ?? 0
      if (state?.state === 'active' && state.at >= seenAt) account.health.clear()
    }
  }

  /** An account's state or quota has changed; written with the next `flush`. */
  observe(account: Account, state: Unavailable | undefined): void {
    const at = this.options.clock.now()
    const seen = state
      ? { state: state.state as Exclude<Unavailable['state'], 'disabled'>, reason: state.reason, until: state.until, at }
      : { state: 'active' as const, reason: '', at }
    this.#seen.set(account.id, { id: account.id, state: seen, quota: account.quota ? { ...account.quota } : undefined })
  }

  async flush(): Promise<void> {
    const seen = [...this.#seen.values()]
    const kept = seen.filter(({ id }) => this.#records.has(id))
    if (kept.length > 0) await this.options.accounts.saveObserved(kept)
    // What has been seen since is newer.
    for (const observation of seen) if (this.#seen.get(observation.id) === observation) this.#seen.delete(observation.id)
  }
}

/** What is not a quota in the store counts as none: the next probe tells. */
function quotaOf({ used, limit, available, resetsAt, at }: JsonObject): Quota | undefined {
  if (typeof used !== 'number' || typeof limit !== 'number' || typeof available !== 'number' || typeof at !== 'number') return undefined
  return { used, limit, available, at, ...(typeof resetsAt === 'number' && { resetsAt }) }
}
