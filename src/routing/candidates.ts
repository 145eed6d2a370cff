import type { Account } from '../accounts/account.ts'
import type { Affinity } from '../accounts/affinity.ts'
import type { Random } from '../core/random.ts'
import type { Target } from './provider.ts'
import type { Trail } from './trail.ts'

/** A conversation that may have a prompt cache to lose. */
export interface Conversation {
  affinity: Affinity
  /** The same for every turn; asked for only where there is something to choose. */
  key(): string
  /** Whether there were turns before this one: a first one follows the strategy exactly. */
  goesOn: boolean
}

/** The accounts of one target, one after the other: each once, the unfit ones told to the trail. */
export class Candidates {
  /** Tried, or passed by because they were not fit. */
  readonly #seen: Account[] = []
  #tried = false
  #conversation: string | undefined

  constructor(
    readonly target: Target,
    private readonly trail: Trail,
    private readonly random: Random,
    private readonly conversation: Conversation | undefined,
  ) {}

  next(now: number): Account | undefined {
    const { pool } = this.target.provider
    const fit = pool.accounts.filter(account => !this.#seen.includes(account) && this.#isFit(account, now))
    const account = this.#preferred(fit, now) ?? pool.choose(fit, this.random)
    if (account) {
      this.#seen.push(account)
      this.#tried = true
    }
    return account
  }

  /** The account has served the conversation: its next turn should find the cache there. */
  served(account: Account, now: number): void {
    const { conversation } = this
    if (conversation && this.target.provider.pool.accounts.length > 1)
      conversation.affinity.remember(this.#key(conversation), account.id, now)
  }

  #preferred(fit: readonly Account[], now: number): Account | undefined {
    const { conversation } = this
    if (!conversation?.goesOn || fit.length < 2 || this.#tried) return undefined
    const id = conversation.affinity.find(this.#key(conversation), now)
    const holder = id === undefined ? undefined : fit.find(account => account.id === id)
    return holder && this.target.provider.pool.kept(holder)
  }

  #key(conversation: Conversation): string {
    this.#conversation ??= `${this.target.provider.name} ${this.target.model} ${conversation.key()}`
    return this.#conversation
  }

  #isFit(account: Account, now: number): boolean {
    if (isFit(this.target, account, this.trail, now)) return true
    this.#seen.push(account)
    return false
  }
}

/** Whether the account may be tried now; where not, the trail says why. */
export function isFit({ provider, model }: Target, account: Account, trail: Trail, now: number): boolean {
  const full = provider.maxConcurrent !== undefined && account.inFlight >= provider.maxConcurrent
  const reason = full
    ? { state: 'active', reason: `at its limit of ${provider.maxConcurrent} requests at once`, until: undefined }
    : account.unavailable(model, now)
  if (!reason) return true
  skip({ provider, model }, account, reason, trail)
  return false
}

export function skip(
  { provider }: Target,
  account: Account,
  { state, reason, until }: { state: string; reason: string; until?: number },
  trail: Trail,
): void {
  trail.skipped.push({ provider: provider.name, account: account.label, state, reason, until })
}
