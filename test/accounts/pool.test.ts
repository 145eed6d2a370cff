import { describe, expect, test } from 'bun:test'
import type { Account } from '../../src/accounts/account.ts'
import { Pool, type Strategy } from '../../src/accounts/pool.ts'
import { usedShare } from '../../src/accounts/quota.ts'
import type { Random } from '../../src/core/random.ts'
import { paperAccount, quotaOf } from './paper-accounts.ts'

const half: Random = { float: () => 0.5 }

/** The same numbers in every run (mulberry32). */
function seeded(seed: number): Random {
  let state = seed
  return {
    float() {
      state = (state + 0x6d2b79f5) | 0
      let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
      mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
    },
  }
}

const accounts = (...names: string[]): Account[] => names.map(name => paperAccount(name))

/** The labels of so many choices among `fit`, each account held for as long as `hold` says. */
function choices(pool: Pool, count: number, fit: readonly Account[] = pool.accounts, random: Random = half, hold = false): string[] {
  return Array.from({ length: count }, () => {
    const account = pool.choose(fit, random)
    if (account && hold) account.inFlight++
    return account?.label ?? 'none'
  })
}

function shares(labels: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const label of labels) counts[label] = (counts[label] ?? 0) + 1
  return counts
}

describe('any strategy', () => {
  test.each<Strategy>(['round_robin', 'random', 'least_used', 'least_busy', 'lowest_latency'])(
    '%s: none of none, and the only one',
    strategy => {
      const pool = new Pool(accounts('a', 'b'), strategy)
      expect(pool.choose([], half)).toBeUndefined()
      expect(choices(pool, 2, pool.accounts.slice(1))).toEqual(['b', 'b'])
      expect(pool.accounts.map(({ uses }) => uses)).toEqual([0, 2])
    },
  )

  test.each<Strategy>(['round_robin', 'random', 'least_used', 'least_busy', 'lowest_latency'])(
    '%s: lower priority numbers first',
    strategy => {
      const pool = new Pool(
        [paperAccount('late', { priority: 2 }), paperAccount('a', { priority: 1 }), paperAccount('b', { priority: 1 })],
        strategy,
      )
      const counts = shares(choices(pool, 400, pool.accounts, seeded(1)))
      expect(counts.late).toBeUndefined()
      expect((counts.a ?? 0) + (counts.b ?? 0)).toBe(400)
      expect(Math.min(counts.a ?? 0, counts.b ?? 0)).toBeGreaterThan(100)
      expect(choices(pool, 3, pool.accounts.slice(0, 1))).toEqual(['late', 'late', 'late'])
    },
  )

  test('round robin unless told', () => expect(new Pool([]).strategy).toBe('round_robin'))
})

describe('round robin', () => {
  test('is exact', () => {
    const pool = new Pool(accounts('a', 'b', 'c'))
    expect(choices(pool, 7)).toEqual(['a', 'b', 'c', 'a', 'b', 'c', 'a'])
    expect(shares(choices(pool, 9999))).toEqual({ a: 3333, b: 3333, c: 3333 })
  })

  test('is exact over those that are fit, and one that comes back gets no double share', () => {
    const pool = new Pool(accounts('a', 'b', 'c', 'd'))
    choices(pool, 6)
    const without = pool.accounts.filter(({ label }) => label !== 'b')
    expect(shares(choices(pool, 3000, without))).toEqual({ a: 1000, c: 1000, d: 1000 })
    const after = choices(pool, 4000)
    expect(shares(after)).toEqual({ a: 1000, b: 1000, c: 1000, d: 1000 })
    // Not even in a row: every four choices are one of each.
    for (let start = 0; start < after.length; start += 4) expect(new Set(after.slice(start, start + 4)).size).toBe(4)
  })

  test('goes on across a reload that makes the pool anew', () => {
    const [a, b, c] = accounts('a', 'b', 'c') as [Account, Account, Account]
    expect(choices(new Pool([a, b, c]), 4)).toEqual(['a', 'b', 'c', 'a'])
    expect(choices(new Pool([a, b, c]), 3)).toEqual(['b', 'c', 'a'])
  })

  test('is a rotation among equals of one priority each', () => {
    const pool = new Pool([paperAccount('a'), paperAccount('b'), paperAccount('x', { priority: 5 }), paperAccount('y', { priority: 5 })])
    choices(pool, 5)
    const late = pool.accounts.slice(2)
    expect(choices(pool, 4, late)).toEqual(['x', 'y', 'x', 'y'])
  })
})

describe('random', () => {
  test('is even (χ², four degrees of freedom, p = 0.001)', () => {
    const pool = new Pool(accounts('a', 'b', 'c', 'd', 'e'), 'random')
    const labels = choices(pool, 30_000, pool.accounts, seeded(42))
    const counts = Object.values(shares(labels))
    expect(counts).toHaveLength(5)
    expect(counts.reduce((sum, count) => sum + (count - 6000) ** 2 / 6000, 0)).toBeLessThan(18.47)
    // No rotation either: the next is the same as the one before in a fifth of all cases.
    const repeats = labels.filter((label, index) => label === labels[index - 1]).length
    expect(repeats).toBeWithin(5600, 6400)
  })

  test('takes the whole range of the chance, and nothing beyond', () => {
    const pool = new Pool(accounts('a', 'b', 'c'), 'random')
    const of = (value: number) => pool.choose(pool.accounts, { float: () => value })?.label
    expect([0, 0.33, 0.34, 0.66, 0.67, 0.9999999, 1].map(of)).toEqual(['a', 'a', 'b', 'b', 'c', 'c', 'c'])
  })
})

describe('least used', () => {
  const withQuota = (...left: number[]): Account[] =>
    left.map((available, index) => {
      const account = paperAccount(`a${index}`)
      account.quota = quotaOf(available)
      return account
    })

  test('of a quota: the one with the most left of it', () => {
    const pool = new Pool(withQuota(20, 90, 50), 'least_used')
    expect(choices(pool, 3)).toEqual(['a1', 'a1', 'a1'])
  })

  test('is about shares of it, not amounts', () => {
    const [big, small] = withQuota(50, 60) as [Account, Account]
    big.quota = { used: 5000, limit: 10_000, available: 5000, at: 0 }
    expect(choices(new Pool([big, small], 'least_used'), 1)).toEqual(['a1'])
  })

  test('shares a burst that comes before the quotas are told anew', () => {
    const pool = new Pool(withQuota(80.4, 80.2, 80.3), 'least_used')
    expect(shares(choices(pool, 3000, pool.accounts, half, true))).toEqual({ a0: 1000, a1: 1000, a2: 1000 })
  })

  test('where quotas are alike, the one with the fewest requests under way', () => {
    const pool = new Pool(withQuota(80, 80), 'least_used')
    const [busy] = pool.accounts as [Account]
    busy.inFlight = 2
    expect(choices(pool, 2)).toEqual(['a1', 'a1'])
  })

  test('one after the other, in turn where quotas are alike', () => {
    const pool = new Pool(withQuota(80, 80, 80), 'least_used')
    expect(shares(choices(pool, 300))).toEqual({ a0: 100, a1: 100, a2: 100 })
  })

  test('without quotas: the one that was chosen least', () => {
    const [a, b] = accounts('a', 'b') as [Account, Account]
    const pool = new Pool([a, b], 'least_used')
    choices(pool, 3, [a])
    expect(choices(pool, 5)).toEqual(['b', 'b', 'b', 'a', 'b'])
    expect(shares(choices(pool, 1000))).toEqual({ a: 500, b: 500 })
  })

  test('one that says nothing of its quota is not taken for unused beside those that do', () => {
    const [told] = withQuota(10) as [Account]
    const pool = new Pool([told, paperAccount('silent')], 'least_used')
    expect(shares(choices(pool, 1000))).toEqual({ a0: 500, silent: 500 })
  })

  test('counts what an account served without being chosen', () => {
    const [a, b] = accounts('a', 'b') as [Account, Account]
    const pool = new Pool([a, b], 'least_used')
    for (let turn = 0; turn < 4; turn++) expect(pool.kept(a)).toBe(a)
    expect(choices(pool, 5)).toEqual(['b', 'b', 'b', 'b', 'a'])
  })

  test('a newcomer begins where the least used stands', () => {
    const [a, b] = accounts('a', 'b') as [Account, Account]
    choices(new Pool([a, b], 'least_used'), 2000)
    const newcomer = paperAccount('new')
    const pool = new Pool([a, b, newcomer], 'least_used')
    expect(newcomer.uses).toBe(1000)
    expect(shares(choices(pool, 300))).toEqual({ a: 100, b: 100, new: 100 })
  })
})

test('an account that was kept has not had its turn', () => {
  const [a, b] = accounts('a', 'b') as [Account, Account]
  const pool = new Pool([a, b])
  pool.kept(a)
  expect(choices(pool, 2)).toEqual(['a', 'b'])
})

describe('least busy', () => {
  test('is the one with the fewest requests in flight; in turn where they are alike', () => {
    const [a, b, c] = accounts('a', 'b', 'c') as [Account, Account, Account]
    const pool = new Pool([a, b, c], 'least_busy')
    a.inFlight = 2
    c.inFlight = 1
    expect(choices(pool, 4, pool.accounts, half, true)).toEqual(['b', 'c', 'b', 'a'])
    a.inFlight = b.inFlight = c.inFlight = 0
    expect(shares(choices(pool, 999))).toEqual({ a: 333, b: 333, c: 333 })
  })
})

describe('lowest latency', () => {
  test('is the fastest; those within ten milliseconds share', () => {
    const [a, b, c] = accounts('a', 'b', 'c') as [Account, Account, Account]
    const pool = new Pool([a, b, c], 'lowest_latency')
    a.latencyMs = 203
    b.latencyMs = 900
    c.latencyMs = 199
    expect(shares(choices(pool, 100))).toEqual({ a: 50, c: 50 })
  })

  test('tries one that nobody has tried yet, and does not bet a burst on it', () => {
    const [a, b] = accounts('a', 'b') as [Account, Account]
    const pool = new Pool([a, b, paperAccount('new')], 'lowest_latency')
    a.latencyMs = b.latencyMs = 100
    expect(choices(pool, 5, pool.accounts, half, true)).toEqual(['new', 'a', 'b', 'a', 'b'])
  })

  test('a burst upon untried accounts only is shared', () => {
    const pool = new Pool(accounts('a', 'b', 'c'), 'lowest_latency')
    expect(shares(choices(pool, 300, pool.accounts, half, true))).toEqual({ a: 100, b: 100, c: 100 })
  })
})

test.each([
  [100, 100, 0],
  [25, 100, 0.75],
  [0, 100, 1],
  [150, 100, 0],
  [0, 0, 1],
])('of a quota with %p left of %p the used share is %p', (available, limit, share) =>
  expect(usedShare({ used: 0, limit, available, at: 0 })).toBe(share),
)
