import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import type { KyselyPlugin } from 'kysely'
import { type AccountCacheOptions, createAccountCache } from '../../src/store/account-cache.ts'
import type { AccountRecord } from '../../src/store/account-record.ts'
import { createAccounts } from '../../src/store/accounts.ts'
import { accountStore, newAccount } from './account-stores.ts'
import { storeWith } from './held-queries.ts'
import { temporaryFolders } from './temporary-folders.ts'

const folder = temporaryFolders()

/** What the listener was told, and the promise of the next time. */
function changes() {
  const told: (readonly AccountRecord[])[] = []
  let next = Promise.withResolvers<readonly AccountRecord[]>()
  return {
    told,
    onChange(records: readonly AccountRecord[]) {
      told.push(records)
      next.resolve(records)
    },
    /** What is told once `cause` has run. */
    async after(cause: () => unknown): Promise<readonly AccountRecord[]> {
      next = Promise.withResolvers()
      await cause()
      return next.promise
    },
  }
}

/** The server with its cache, and a managing command on a connection of its own. */
async function setUp(options: Partial<AccountCacheOptions> = {}) {
  const path = join(folder(), 'dragoman.db')
  const own = await accountStore({ path })
  const foreign = await accountStore({ path, clock: own.clock })
  const first = await own.accounts.create(newAccount())
  const seen = changes()
  const { store, accounts, clock } = own
  let loads = 0
  const counted = {
    ...accounts,
    listAll() {
      loads++
      return accounts.listAll()
    },
  }
  const cache = await createAccountCache({ store, accounts: counted, clock, onChange: seen.onChange, ...options })
  return {
    clock,
    store,
    errors: own.errors,
    own: accounts,
    foreign: foreign.accounts,
    other: foreign.store,
    first,
    seen,
    cache,
    loads: () => loads,
  }
}

/** Reads that load nothing are few promises: lets those that were begun end. */
const settle = async () => {
  for (let i = 0; i < 20; i++) await new Promise(resolve => setImmediate(resolve))
}

test('has all accounts when it is there, with their credentials, and tells nobody of it', async () => {
  const { cache, first, seen } = await setUp()
  expect(cache.records).toEqual([first])
  expect(seen.told).toEqual([])
})

describe('another process', () => {
  test('what it makes, changes and removes is seen with the next poll', async () => {
    const { clock, foreign, first, seen, cache } = await setUp()
    const made = await foreign.create(newAccount())
    expect(await seen.after(() => clock.advance(500))).toEqual([first, made].sort((a, b) => (a.id < b.id ? -1 : 1)))
    await foreign.saveCredential(first.id, { jwt: 'renewed' })
    const records = await seen.after(() => clock.advance(500))
    expect(records.find(({ id }) => id === first.id)).toMatchObject({ credential: { jwt: 'renewed' }, version: 2 })
    await foreign.remove(first.id)
    expect(await seen.after(() => clock.advance(500))).toEqual([made])
    expect(cache.records).toEqual([made])
    expect(seen.told).toHaveLength(3)
  })

  test('is not looked for before its time', async () => {
    const { clock, foreign, seen } = await setUp()
    await foreign.create(newAccount())
    clock.advance(499)
    await settle()
    expect(seen.told).toEqual([])
    expect(await seen.after(() => clock.advance(1))).toHaveLength(2)
  })

  test('an account in place of another one is no less a change', async () => {
    const { clock, foreign, first, seen } = await setUp()
    clock.advance(10)
    await foreign.remove(first.id)
    await foreign.create(newAccount({ id: first.id, credential: { jwt: 'another' } }))
    expect(await seen.after(() => clock.advance(500))).toEqual([expect.objectContaining({ id: first.id, credential: { jwt: 'another' } })])
  })

  test('what it observes, leases, or writes elsewhere has nothing read again', async () => {
    const { clock, foreign, other, first, seen, loads } = await setUp()
    for (let round = 0; round < 3; round++) {
      await other.db
        .insertInto('settings')
        .values({ name: `n${round}`, value: '', updated_at: 0 })
        .execute()
      await foreign.saveObserved([{ id: first.id, quota: { used: `${round}` } }])
      await foreign.acquireRenewal(first.id, 'other', clock.now() + 1)
      clock.advance(500)
      await settle()
    }
    expect([loads(), seen.told]).toEqual([1, []])
  })
})

test("this process's own changes need no poll", async () => {
  const { own, first, seen } = await setUp()
  expect(await seen.after(() => own.update(first.id, { enabled: false }))).toEqual([
    expect.objectContaining({ enabled: false, version: 2 }),
  ])
})

test('many changes at once end with what is true, in few loads', async () => {
  const { own, first, seen, cache, loads } = await setUp()
  const saves = Array.from({ length: 30 }, (_, serial) => own.saveCredential(first.id, { serial }))
  await Promise.all(saves)
  while (cache.records[0]?.version !== 31) await seen.after(() => {})
  expect(cache.records).toEqual([await own.get(first.id)])
  expect(loads()).toBeLessThanOrEqual(31)
})

test('an account that cannot be opened is reported, the others go on', async () => {
  const { clock, foreign, other, first, seen, errors } = await setUp()
  const made = await foreign.create(newAccount())
  await other.db.updateTable('accounts').set({ credential: 'damaged' }).where('id', '=', first.id).execute()
  expect(await seen.after(() => clock.advance(500))).toEqual([made])
  expect(errors).toEqual([expect.objectContaining({ kind: 'sealed', message: expect.stringContaining(first.id) })])
})

test('a database that cannot be read is reported, what was known stays, and it is tried again', async () => {
  const { clock, store, sealer, accounts } = await accountStore({ path: join(folder(), 'dragoman.db') })
  const first = await accounts.create(newAccount())
  let fails = false
  const failing: KyselyPlugin = {
    transformQuery: ({ node }) => node,
    transformResult: ({ result }) => (fails ? Promise.reject(new Error('disk I/O error')) : Promise.resolve(result)),
  }
  const errors: unknown[] = []
  const onError = (error: unknown) => errors.push(error)
  const read = createAccounts({ store: storeWith(store, failing), sealer, clock, onError })
  const seen = changes()
  const cache = await createAccountCache({ store, accounts: read, clock, onChange: seen.onChange, onError })
  fails = true
  await accounts.update(first.id, { priority: 2 })
  await settle()
  expect([errors.length, cache.records]).toEqual([1, [first]])
  fails = false
  expect(await seen.after(() => clock.advance(500))).toEqual([expect.objectContaining({ priority: 2 })])
  expect(errors).toHaveLength(1)
})

test('a first load that fails is an error and leaves nothing running', async () => {
  const { clock, store, accounts } = await accountStore()
  const failing = { ...accounts, listAll: () => Promise.reject(new Error('disk I/O error')) }
  await expect(createAccountCache({ store, accounts: failing, clock, onChange() {} })).rejects.toThrow('disk I/O error')
  expect(clock.waiting).toBe(0)
})

test('a listener that throws is reported', async () => {
  const told = Promise.withResolvers<unknown>()
  const onChange = () => {
    throw new Error('no such provider')
  }
  const { own, first, cache } = await setUp({ onChange, onError: told.resolve })
  await own.update(first.id, { priority: 2 })
  expect(String(await told.promise)).toContain('no such provider')
  expect(cache.records).toMatchObject([{ priority: 2 }])
})

test('a closed database is reported by the poll', async () => {
  const errors: unknown[] = []
  const { clock, store, cache, first } = await setUp({ onError: error => errors.push(error) })
  await store.close()
  clock.advance(500)
  await settle()
  expect([errors.length, cache.records]).toEqual([1, [first]])
})

test('stop ends the polling, and what was under way tells nobody', async () => {
  const { clock, own, first, seen, cache } = await setUp()
  await own.update(first.id, { priority: 2 })
  cache.stop()
  await settle()
  expect([clock.waiting, seen.told, cache.records]).toEqual([0, [], [first]])
})
