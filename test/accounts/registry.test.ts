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

test('only what is new is made, and shown; of two with one id the later one', () => {
  const made: string[] = []
  const shown: string[] = []
  const registry = new AccountRegistry(
    () => {},
    ({ label }) => shown.push(label),
  )
  const counted = (id: string, fingerprint: string, label: string) => ({
    ...wanted(id, fingerprint, label),
    makeCredential() {
      made.push(label)
      return { kind: 'none' as const }
    },
  })
  const both = [counted('a', 'x', 'own'), counted('b', 'b', 'b'), counted('a', 'y', 'stored')]
  const first = registry.replace(both)
  expect([made, shown]).toEqual([
    ['stored', 'b'],
    ['stored', 'b'],
  ])
  expect(registry.replace(both).get('a')).toBe(first.get('a') as Account)
  expect([made.length, shown.length]).toEqual([2, 2])
  expect(registry.find('a')?.label).toBe('stored')
  expect(registry.find('c')).toBeUndefined()
})

test('changes of any account’s state are heard', () => {
  const heard: string[] = []
  const registry = new AccountRegistry((account, before, after) =>
    heard.push(`${account.id}: ${before?.state ?? 'active'} → ${after?.state ?? 'active'}`),
  )
  const account = registry.replace([wanted('a')]).get('a') as Account
  account.health.exhausted(0, undefined)
  account.health.clear()
  expect(heard).toEqual(['a: active → exhausted', 'a: exhausted → active'])
})
