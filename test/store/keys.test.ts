import { describe, expect, test } from 'bun:test'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { sha256 } from '../../src/core/secret.ts'
import { openDatabase } from '../../src/store/database.ts'
import { keyState, keyToJson } from '../../src/store/key-record.ts'
import { createKeys } from '../../src/store/keys.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { temporaryFolders } from './temporary-folders.ts'

const folder = temporaryFolders()

async function setUp(path = ':memory:') {
  const clock = new FakeClock()
  const store = await openDatabase({ path, clock })
  return { clock, store, keys: createKeys({ store, clock }) }
}

describe('createKey', () => {
  test('gives the key once and keeps its hash and beginning', async () => {
    const { keys, clock } = await setUp()
    const models = { allow: ['gpt-4o'], deny: ['o3'] }
    const { record, key } = await keys.createKey({ name: 'ci', expiresAt: clock.now() + 1000, models })
    expect(key).toMatch(/^sk-dragoman-[0-9A-Za-z]{43}$/)
    expect(record).toEqual({
      id: expect.stringMatching(/^key_[0-9A-Za-z]{24}$/),
      name: 'ci',
      prefix: key.slice(0, 16),
      hash: sha256(key),
      createdAt: clock.now(),
      expiresAt: clock.now() + 1000,
      lastUsedAt: undefined,
      revokedAt: undefined,
      models: { allow: ['gpt-4o'], deny: ['o3'] },
      version: 1,
    })
    expect(await keys.findKey(record.id)).toEqual(record)
  })

  test('no file holds the key', async () => {
    const dir = folder()
    const { keys, store } = await setUp(join(dir, 'dragoman.db'))
    const { key } = await keys.createKey({ name: 'ci' })
    for (const name of readdirSync(dir)) expect(readFileSync(join(dir, name)).includes(key.slice(16))).toBe(false)
    await store.close()
  })

  test.each([
    ['name', { name: '  ' }],
    ['name', { name: 'a\u001b[31m' }],
    ['name', { name: 'a\nb' }],
    ['name', { name: 'x'.repeat(201) }],
    ['expires_at', { name: 'a', expiresAt: 5 }],
    ['expires_at', { name: 'a', expiresAt: Number.NaN }],
  ])('names the field at fault: %s', async (param, wanted) => {
    const { keys } = await setUp()
    await expect(keys.createKey(wanted)).rejects.toMatchObject({ kind: 'invalid-request', param })
    expect((await keys.listKeys()).data).toEqual([])
  })
})

describe('importKey', () => {
  const key = 'sk-given-0123456789-abcdefghijklmnopqrstuvwxyz'

  test('keeps a key that clients have already, as a hash', async () => {
    const { keys, clock } = await setUp()
    const { record, isNew } = await keys.importKey({ name: 'old', key })
    expect(isNew).toBe(true)
    expect(record).toMatchObject({ name: 'old', hash: sha256(key), prefix: key.slice(0, 11), createdAt: clock.now(), version: 1 })
    expect(await keys.findKey(key)).toEqual(record)
  })

  test('a short one is not given away by its beginning', async () => {
    const { keys } = await setUp()
    expect((await keys.importKey({ name: 'short', key: 'sixteen-letters!' })).record.prefix).toBe('sixt')
  })

  test('one that is known stays as it is, a revoked one revoked', async () => {
    const { keys } = await setUp()
    const { record } = await keys.importKey({ name: 'old', key })
    const revoked = await keys.revokeKey(record.id)
    expect(await keys.importKey({ name: 'new', key })).toEqual({ record: revoked, isNew: false })
    const own = await keys.createKey({ name: 'own' })
    expect(await keys.importKey({ name: 'again', key: own.key })).toEqual({ record: own.record, isNew: false })
  })

  test.each([
    ['key', { name: 'a', key: 'sk-only-15-long' }],
    ['key', { name: 'a', key: 'holds blanks and is long' }],
    ['key', { name: 'a', key: 'kein-schlüssel-für-kopfzeilen' }],
    ['name', { name: '', key }],
  ])('names the field at fault: %s', async (param, given) => {
    const { keys } = await setUp()
    const thrown = await keys.importKey(given).catch(error => error)
    expect(thrown).toMatchObject({ kind: 'invalid-request', param })
    expect(thrown.message).not.toContain(given.key)
  })
})

describe('listKeys', () => {
  test('pages through, newest first, equal times included', async () => {
    const { keys, clock } = await setUp()
    for (let i = 0; i < 7; i++) {
      await keys.createKey({ name: `k${i}` })
      if (i % 3 === 2) clock.advance(1000)
    }
    const seen: string[] = []
    let cursor: string | undefined
    do {
      const page = await keys.listKeys({ limit: 2, cursor })
      expect(page.data.length).toBeLessThanOrEqual(2)
      seen.push(...page.data.map(record => record.name))
      cursor = page.next ?? undefined
    } while (cursor)
    expect(seen).toHaveLength(7)
    expect(new Set(seen).size).toBe(7)
    expect(seen[0]).toBe('k6')
    expect(new Set(seen.slice(4))).toEqual(new Set(['k0', 'k1', 'k2']))
  })

  test('leaves revoked keys out unless asked', async () => {
    const { keys } = await setUp()
    const { record } = await keys.createKey({ name: 'gone' })
    await keys.revokeKey(record.id)
    expect((await keys.listKeys()).data).toEqual([])
    expect((await keys.listKeys({ includeRevoked: true })).data.map(one => one.name)).toEqual(['gone'])
  })

  test.each([[{ limit: 0 }], [{ limit: 1001 }], [{ limit: 1.5 }], [{ cursor: 'nonsense' }], [{ cursor: '' }]])(
    'refuses %p',
    async options => {
      const { keys } = await setUp()
      await expect(keys.listKeys(options)).rejects.toMatchObject({ kind: 'invalid-request', param: Object.keys(options)[0] })
    },
  )
})

describe('findKey', () => {
  test('by id, name, shown prefix with and without its dots, less of it, and the whole key', async () => {
    const { keys } = await setUp()
    await keys.createKey({ name: 'other' })
    const { record, key } = await keys.createKey({ name: 'ci' })
    for (const text of [record.id, 'ci', record.prefix, `${record.prefix}…`, `${record.prefix}...`, key]) {
      expect((await keys.findKey(text)).id).toBe(record.id)
    }
  })

  test('an ambiguous name lists the ids', async () => {
    const { keys } = await setUp()
    const one = await keys.createKey({ name: 'ci' })
    const two = await keys.createKey({ name: 'ci' })
    const error = await keys.findKey('ci').catch((reason: unknown) => reason)
    expect(error).toMatchObject({ kind: 'conflict', code: 'ambiguous_key' })
    expect(String(error)).toContain(one.record.id)
    expect(String(error)).toContain(two.record.id)
    await keys.revokeKey(one.record.id)
    expect((await keys.findKey('ci')).id).toBe(two.record.id)
  })

  test('what every key begins with, or a part of a name, means none', async () => {
    const { keys } = await setUp()
    const { key } = await keys.createKey({ name: 'ci' })
    for (const text of ['sk-dragoman-', 'sk', '', 'c', '%', key.slice(0, 30)]) {
      await expect(keys.findKey(text)).rejects.toMatchObject({ kind: 'not-found' })
    }
  })

  test('takes account of case', async () => {
    const { keys } = await setUp()
    const { record } = await keys.createKey({ name: 'ci' })
    const swapped = record.prefix.replace(/[a-zA-Z](?=[^a-zA-Z]*$)/, letter =>
      letter === letter.toUpperCase() ? letter.toLowerCase() : letter.toUpperCase(),
    )
    if (swapped.startsWith('sk-dragoman-')) await expect(keys.findKey(swapped)).rejects.toMatchObject({ kind: 'not-found' })
  })

  test('an unknown whole key is not repeated', async () => {
    const { keys } = await setUp()
    const error = await keys.findKey(`sk-dragoman-${'s3cret'.repeat(8)}`).catch((reason: unknown) => reason)
    expect(String(error)).not.toContain('s3crets3cret')
  })
})

test('a revoked key keeps the time of its first revocation', async () => {
  const { keys, clock } = await setUp()
  const { record } = await keys.createKey({ name: 'ci' })
  const revoked = await keys.revokeKey(record.id)
  expect(revoked).toMatchObject({ revokedAt: clock.now(), version: 2 })
  clock.advance(1000)
  expect(await keys.revokeKey(record.id)).toEqual(revoked)
  await expect(keys.revokeKey('key_none')).rejects.toMatchObject({ kind: 'not-found' })
})

test('last-used times only move forward', async () => {
  const { keys } = await setUp()
  const { record } = await keys.createKey({ name: 'ci' })
  await keys.touchLastUsed(
    new Map([
      [record.id, 2000],
      ['key_gone', 1],
    ]),
  )
  await keys.touchLastUsed(new Map([[record.id, 1000]]))
  expect(await keys.findKey(record.id)).toMatchObject({ lastUsedAt: 2000, version: 1 })
})

test('the management object has times in RFC 3339 and no hash', async () => {
  const { keys, clock } = await setUp()
  const { record } = await keys.createKey({ name: 'ci', expiresAt: clock.now() + 60_000 })
  expect(keyToJson(record)).toEqual({
    id: record.id,
    name: 'ci',
    prefix: record.prefix,
    created_at: '2026-01-01T00:00:00.000Z',
    expires_at: '2026-01-01T00:01:00.000Z',
    last_used_at: null,
    revoked_at: null,
    models: { allow: [], deny: [] },
    version: 1,
  })
  expect(keyState(record, clock.now())).toBe('active')
  expect(keyState(record, clock.now() + 60_000)).toBe('expired')
  expect(keyState({ ...record, revokedAt: 1 }, clock.now())).toBe('revoked')
})
