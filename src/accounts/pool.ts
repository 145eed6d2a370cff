import type { Account } from './account.ts'

/** The accounts of one provider, handed out in turn. */
export class Pool {
  #next = 0

  constructor(readonly accounts: readonly Account[]) {}

  /** Every account once, beginning with the one whose turn it is (`round_robin`). */
  inTurn(): Account[] {
    const { length } = this.accounts
    if (length < 2) return [...this.accounts]
    const first = this.#next++ % length
    return [...this.accounts.slice(first), ...this.accounts.slice(0, first)]
  }
}
