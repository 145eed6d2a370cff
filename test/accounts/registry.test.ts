import { expect, test } from 'bun:test'
import { Account } from '../../src/accounts/account.ts'
import { Pool } from '../../src/accounts/pool.ts'
import { AccountRegistry } from '../../src/accounts/registry.ts'

const wanted = (id: string, label = `${id}-1`) => ({ id, provider: 'p', label, credential: { kind: 'none' as const } })

test('an account outlives a reload that names it again', () => {
  const registry = new AccountRegistry()
  const first = registry.replace([wanted('a'), wanted('b')])
  const second = registry.replace([wanted('a'), wanted('c')])
  expect(second.get('a')).toBe(first.get('a') as Account)
  expect(registry.all.map(({ id }) => id)).toEqual(['a', 'c'])
  expect(registry.replace([wanted('b')]).get('b')).not.toBe(first.get('b') as Account)
})

test('accounts are handed out in turn, each once', () => {
  const accounts = ['a', 'b', 'c'].map(id => new Account(id, 'p', id, { kind: 'none' }))
  const pool = new Pool(accounts)
  const orders = Array.from({ length: 4 }, () =>
    pool
      .inTurn()
      .map(({ id }) => id)
      .join(''),
  )
  expect(orders).toEqual(['abc', 'bca', 'cab', 'abc'])
  expect(new Pool([]).inTurn()).toEqual([])
})
