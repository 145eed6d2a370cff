import { describe, expect, test } from 'bun:test'
import { readJetbrainsCredential } from '../../src/accounts/jetbrains/credential.ts'
import { credentialPort } from '../../src/composition/credential-port.ts'
import { accountStore, newAccount } from '../store/account-stores.ts'

async function scene() {
  const { accounts, clock } = await accountStore()
  const { id } = await accounts.create(newAccount())
  const saved: object[] = []
  return {
    accounts,
    clock,
    id,
    saved,
    port: credentialPort({ accounts, clock }, id, readJetbrainsCredential, credential => saved.push(credential)),
  }
}

const FIRST = { refresh_token: 'rt-very-secret-1', licenseId: 'LIC1' }
const SECOND = { refresh_token: 'rt-very-secret-2', licenseId: 'LIC1' }

describe('a credential in the store', () => {
  test('is read, replaced and told of', async () => {
    const { port, accounts, id, saved } = await scene()
    expect(await port.load()).toEqual(FIRST)
    await port.save(SECOND)
    expect((await accounts.get(id)).credential).toEqual(SECOND)
    expect(saved).toEqual([SECOND])
    // What was just saved is what the next one is made from.
    await port.save({ ...SECOND, refresh_token: 'rt-very-secret-3' })
    expect(saved).toHaveLength(2)
  })

  test('that an operator has given meanwhile is not overwritten', async () => {
    const { port, accounts, id, saved } = await scene()
    await port.load()
    await accounts.update(id, { credential: { refresh_token: 'rt-of-the-operator', licenseId: 'LIC1' } })
    await expect(port.save(SECOND)).rejects.toMatchObject({ kind: 'conflict' })
    expect(saved).toEqual([])
    expect(await port.load()).toEqual({ refresh_token: 'rt-of-the-operator', licenseId: 'LIC1' })
    await port.save(SECOND)
    expect((await accounts.get(id)).credential).toEqual(SECOND)
  })

  test('that was removed meanwhile is none', async () => {
    const { port, accounts, id } = await scene()
    await accounts.remove(id)
    expect(await port.load()).toBeUndefined()
  })

  test('that cannot be read is an error', async () => {
    const { clock, accounts } = await scene()
    const failing = { ...accounts, get: () => Promise.reject(new Error('disk')) }
    await expect(credentialPort({ accounts: failing, clock }, 'x', readJetbrainsCredential).load()).rejects.toThrow('disk')
  })
})

test('one at a time may renew: this process as often as it likes, until it lets go', async () => {
  const { port, accounts, id, clock } = await scene()
  expect(await port.acquire()).toBe(true)
  expect(await accounts.acquireRenewal(id, 'another process', clock.now() + 1000)).toBe(false)
  await port.release()
  expect(await accounts.acquireRenewal(id, 'another process', clock.now() + 1000)).toBe(true)
  expect(await port.acquire()).toBe(false)
})
