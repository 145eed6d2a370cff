import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import type { KyselyPlugin } from 'kysely'
import { openDatabase } from '../../src/store/database.ts'
import { createKeyCache, type KeyCacheOptions } from '../../src/store/key-cache.ts'
import { createKeys } from '../../src/store/keys.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { CountedKeyLoads, HeldAnswers, storeWith } from './held-queries.ts'
import { temporaryFolders } from './temporary-folders.ts'

const folder = temporaryFolders()

/** The server with its cache, and a managing command on a connection of its own. */
async function setUp(options: Partial<KeyCacheOptions> = {}) {
  const clock = new FakeClock()
  const path = join(folder(), 'dragoman.db')
  const store = await openDatabase({ path, clock })
  const other = await openDatabase({ path, clock })
  return {
    clock,
    store,
    own: createKeys({ store, clock }),
    foreign: createKeys({ store: other, clock }),
    cache: await createKeyCache({ store, clock, ...options }),
  }
}

/** Reads are promises: lets those that were begun end. */
const settle = async () => {
  for (let i = 0; i < 5; i++) await new Promise(resolve => setImmediate(resolve))
}

describe('another process', () => {
  test('its revocation is seen with the next poll, within half a second', async () => {
    const { clock, foreign, cache } = await setUp()
    const { record } = await foreign.createKey({ name: 'ci' })
    clock.advance(500)
    await settle()
    expect(cache.find(record.hash)).toEqual(record)
    await foreign.revokeKey(record.id)
    clock.advance(499)
    await settle()
    expect(cache.find(record.hash)).toBeDefined()
    clock.advance(1)
    await settle()
    expect(cache.find(record.hash)).toBeUndefined()
    expect(await cache.lookup(record.hash)).toMatchObject({ state: 'revoked' })
  })

  test('its new key works at once', async () => {
    const { foreign, cache } = await setUp()
    const { record } = await foreign.createKey({ name: 'ci' })
    expect(cache.find(record.hash)).toBeUndefined()
    expect(await cache.lookup(record.hash)).toEqual({ state: 'active', record })
    expect(cache.find(record.hash)).toEqual(record)
  })

  test('a key that was looked up before is dropped with its revocation', async () => {
    const { clock, foreign, cache } = await setUp()
    const { record } = await foreign.createKey({ name: 'ci' })
    await cache.lookup(record.hash)
    await foreign.revokeKey(record.id)
    clock.advance(500)
    await settle()
    expect(cache.find(record.hash)).toBeUndefined()
  })
})

describe('commits that are about something else', () => {
  async function counted() {
    const clock = new FakeClock()
    const path = join(folder(), 'dragoman.db')
    const store = await openDatabase({ path, clock })
    const other = await openDatabase({ path, clock })
    const foreign = createKeys({ store: other, clock })
    const reads = new CountedKeyLoads()
    const cache = await createKeyCache({ store: storeWith(store, reads), clock })
    const poll = async () => {
      clock.advance(500)
      await settle()
    }
    return { clock, other, foreign, reads, cache, poll }
  }

  test('do not have the keys read again, and neither does their use', async () => {
    const { other, foreign, reads, poll } = await counted()
    const { record } = await foreign.createKey({ name: 'ci' })
    await poll()
    expect(reads.loads).toBe(2)
    for (let round = 0; round < 5; round++) {
      await other.db
        .insertInto('settings')
        .values({ name: `n${round}`, value: '', updated_at: 0 })
        .execute()
      await foreign.touchLastUsed(new Map([[record.id, round + 1]]))
      await poll()
    }
    expect(reads.loads).toBe(2)
  })

  test('hide no change of a key: a new one and a revocation between them are seen with the next poll', async () => {
    const { other, foreign, reads, cache, poll } = await counted()
    const write = (name: string) => other.db.insertInto('settings').values({ name, value: '', updated_at: 0 }).execute()
    const { record: old } = await foreign.createKey({ name: 'old' })
    await poll()
    await write('before')
    const { record: young } = await foreign.createKey({ name: 'young' })
    await foreign.revokeKey(old.id)
    await write('after')
    await poll()
    expect([cache.find(old.hash), cache.find(young.hash)]).toEqual([undefined, young])
    await write('later')
    await foreign.revokeKey(young.id)
    await poll()
    expect(cache.find(young.hash)).toBeUndefined()
    expect(reads.loads).toBe(4)
  })
})

test("this process's own changes need no poll", async () => {
  const { own, cache } = await setUp()
  const { record } = await own.createKey({ name: 'ci' })
  await settle()
  expect(cache.find(record.hash)).toEqual(record)
  await own.revokeKey(record.id)
  await settle()
  expect(cache.find(record.hash)).toBeUndefined()
})

test('a revocation during a lookup wins', async () => {
  const { own, cache } = await setUp()
  const { record } = await own.createKey({ name: 'ci' })
  await settle()
  const looked = cache.lookup(record.hash)
  await Promise.all([looked, own.revokeKey(record.id)])
  await settle()
  expect(cache.find(record.hash)).toBeUndefined()
})

describe('answers that come in another order than they were asked for', () => {
  async function held() {
    const clock = new FakeClock()
    const store = await openDatabase({ path: ':memory:', clock })
    const answers = new HeldAnswers()
    const keys = createKeys({ store, clock })
    const { record } = await keys.createKey({ name: 'ci' })
    return { answers, keys, record, cache: await createKeyCache({ store: storeWith(store, answers), clock }) }
  }

  test('an old lookup does not bring back a revoked key', async () => {
    const { answers, keys, record, cache } = await held()
    const release = answers.hold()
    const looked = cache.lookup(record.hash)
    await settle()
    answers.pass()
    await keys.revokeKey(record.id)
    await settle()
    release()
    await looked
    expect(cache.find(record.hash)).toBeUndefined()
  })

  test('an old load does not bring back a revoked key', async () => {
    const { answers, keys, record, cache } = await held()
    const release = answers.hold()
    await keys.createKey({ name: 'another' })
    await settle()
    answers.pass()
    await keys.revokeKey(record.id)
    await settle()
    release()
    await settle()
    expect(cache.find(record.hash)).toBeUndefined()
  })
})

test('an expired key is refused on time, without a poll', async () => {
  const { clock, own, cache } = await setUp()
  const { record } = await own.createKey({ name: 'ci', expiresAt: clock.now() + 100 })
  await settle()
  clock.advance(99)
  expect(cache.find(record.hash)).toBeDefined()
  clock.advance(1)
  expect(cache.find(record.hash)).toBeUndefined()
  expect(await cache.lookup(record.hash)).toMatchObject({ state: 'expired', record: { id: record.id } })
})

test('an unknown key is unknown', async () => {
  const { cache } = await setUp()
  expect(await cache.lookup('0'.repeat(64))).toEqual({ state: 'unknown' })
})

test('more keys than it holds all work', async () => {
  const { own, cache } = await setUp({ capacity: 2 })
  const hashes: string[] = []
  for (let i = 0; i < 5; i++) hashes.push((await own.createKey({ name: `k${i}` })).record.hash)
  await settle()
  const states = await Promise.all(hashes.map(async hash => (await cache.lookup(hash)).state))
  expect(states).toEqual(['active', 'active', 'active', 'active', 'active'])
  expect(hashes.filter(hash => cache.find(hash))).toHaveLength(2)
})

test('last-used times are gathered once each and bounded', async () => {
  const { clock, cache } = await setUp({ capacity: 2 })
  cache.markUsed('a')
  clock.advance(10)
  for (const id of ['a', 'b', 'c']) cache.markUsed(id)
  expect([...cache.takeUsed()]).toEqual([
    ['a', clock.now()],
    ['b', clock.now()],
  ])
  expect(cache.takeUsed().size).toBe(0)
})

test('a database that is gone is reported, and what was known is still served', async () => {
  const errors: unknown[] = []
  const { clock, store, own, cache } = await setUp({ onError: error => errors.push(error) })
  const { record } = await own.createKey({ name: 'ci' })
  await settle()
  await store.close()
  clock.advance(500)
  await settle()
  expect(errors).toHaveLength(1)
  expect(cache.find(record.hash)).toEqual(record)
})

test('stop ends the polling', async () => {
  const { clock, cache } = await setUp()
  cache.stop()
  expect(clock.waiting).toBe(0)
})

test('a load that failed is tried again with the next poll', async () => {
  const clock = new FakeClock()
  const store = await openDatabase({ path: join(folder(), 'dragoman.db'), clock })
  const errors: unknown[] = []
  let fails = false
  const failing: KyselyPlugin = {
    transformQuery: ({ node }) => node,
    transformResult: ({ result }) => (fails ? Promise.reject(new Error('disk I/O error')) : Promise.resolve(result)),
  }
  const cache = await createKeyCache({ store: storeWith(store, failing), clock, onError: error => errors.push(error) })
  fails = true
  const { record } = await createKeys({ store, clock }).createKey({ name: 'ci' })
  await settle()
  expect([errors.length, cache.find(record.hash)]).toEqual([1, undefined])
  fails = false
  clock.advance(500)
  await settle()
  expect(cache.find(record.hash)).toEqual(record)
  expect(errors).toHaveLength(1)
})
