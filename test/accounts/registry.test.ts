import { expect, test } from 'bun:test'
import type { Account } from '../../src/accounts/account.ts'
import { AccountRegistry } from '../../src/accounts/registry.ts'

const wanted = (id: string, fingerprint = id, label = `${id}-1`) => ({
  ...{ id, provider: 'p', label, kind: 'none', fingerprint },
  makeCredential: () => ({ kind: 'none' as const }),
})

test('an account outlives a reload that names it again', () => {
  const registry = new AccountRegistry()
  const first = registry.replace([wanted('a'), wanted('b')])
  const second = registry.replace([wanted('a'), wanted('c')])
  expect(second.get('a')).toBe(first.get('a') as Account)
  expect(registry.all.map(({ id }) => id)).toEqual(['a', 'c'])
  expect(registry.replace([wanted('b')]).get('b')).not.toBe(first.get('b') as Account)
})

test('one with another credential is another account; label and priority change in place', () => {
  const registry = new AccountRegistry()
  const first = registry.replace([wanted('a')]).get('a') as Account
  const renamed = registry.replace([{ ...wanted('a', 'a', 'Primary'), priority: 3, enabled: false }]).get('a') as Account
  expect(renamed).toBe(first)
  expect([renamed.label, renamed.priority, renamed.enabled]).toEqual(['Primary', 3, false])
  expect(registry.replace([wanted('a', 'changed')]).get('a')).not.toBe(first)
})
