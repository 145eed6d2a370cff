import type { Random } from '../core/random.ts'
import type { Account } from './account.ts'
import { usedShare } from './quota.ts'

/** How one of several fit accounts is chosen. */
export type Strategy = 'round_robin' | 'random' | 'least_used' | 'least_busy' | 'lowest_latency'

/** What is compared, the smallest first; where all is alike the one chosen longest ago comes next. */
type Order = (account: Account) => readonly number[]

/**
 * Shares of a quota are told apart by the hundredth: they change with each answer, and a burst that came before the answers would all go to one account.
 */
const quotaUsed = (account: Account): readonly number[] => [
  account.quota ? Math.floor(usedShare(account.quota) * 100) : 0,
  account.inFlight,
  account.turn,
]

/** Without quotas the one that was chosen least; one that says nothing of its quota would look unused beside those that do. */
const leastChosen = (account: Account): readonly number[] => [account.uses, account.turn]

/** One that nobody has tried yet comes first: else it never would. While it is being tried it comes last, that a burst does not bet on it. */
const untried = (inFlight: number): number => (inFlight === 0 ? -1 : Number.MAX_SAFE_INTEGER)

const ORDERS: Readonly<Record<Exclude<Strategy, 'random' | 'least_used'>, Order>> = {
  round_robin: ({ turn }) => [turn],
  least_busy: ({ inFlight, turn }) => [inFlight, turn],
  lowest_latency: ({ latencyMs, inFlight, turn }) => [
    latencyMs === undefined ? untried(inFlight) : Math.round(latencyMs / 10),
    inFlight,
    turn,
  ],
}

/** The accounts of one provider, and whose turn it is. */
export class Pool {
  #choices: number

  constructor(
    readonly accounts: readonly Account[],
    readonly strategy: Strategy = 'round_robin',
  ) {
    this.#choices = Math.max(0, ...accounts.map(({ turn }) => turn))
    const known = accounts.filter(({ uses }) => uses > 0)
    const least = known.length > 0 ? Math.min(...known.map(({ uses }) => uses)) : 0
    for (const account of accounts) account.uses = Math.max(account.uses, least)
  }

  /** One of `fit`, of the lowest priority number among them; undefined where there is none. */
  choose(fit: readonly Account[], random: Random): Account | undefined {
    if (fit.length < 2) return fit[0] && this.#taken(fit[0])
    const first = Math.min(...fit.map(({ priority }) => priority))
    const equals = fit.filter(({ priority }) => priority === first)
    const { strategy } = this
    const chosen =
      strategy === 'random'
        ? equals[Math.min(Math.floor(random.float() * equals.length), equals.length - 1)]
        : least(equals, this.#order(equals))
    return chosen && this.#taken(chosen)
  }

  /** One was used without being chosen, which is not its turn. */
  kept(account: Account): Account {
    account.uses++
    return account
  }

  #order(accounts: readonly Account[]): Order {
    if (this.strategy === 'random') return ORDERS.round_robin
    if (this.strategy !== 'least_used') return ORDERS[this.strategy]
    return accounts.every(({ quota }) => quota !== undefined) ? quotaUsed : leastChosen
  }

  #taken(account: Account): Account {
    account.turn = ++this.#choices
    account.uses++
    return account
  }
}

function least(accounts: readonly Account[], order: Order): Account | undefined {
  let [best] = accounts
  let bestKey = best && order(best)
  for (const account of accounts.slice(1)) {
    const key = order(account)
    if (bestKey && compare(key, bestKey) >= 0) continue
    best = account
    bestKey = key
  }
  return best
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (const [place, value] of a.entries()) {
    const difference = value - (b[place] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}
