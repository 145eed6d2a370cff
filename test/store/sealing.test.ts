import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { openDatabase, type Store } from '../../src/store/database.ts'
import { createSealer, deriveKey, openSealer, SEAL_LABEL } from '../../src/store/sealing.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { temporaryFolders } from './temporary-folders.ts'

const folder = temporaryFolders()
const clock = new FakeClock()
const SECRET = 'correct horse battery staple'
const OTHER = 'another horse'
const PLACE = 'accounts/acc_1'

const memory = () => openDatabase({ path: ':memory:', clock })

/** A row of which only the table's being empty or not matters here. */
const addAccount = (store: Store) =>
  store.db
    .insertInto('accounts')
    .values({
      ...{
        id: 'acc_1',
        provider: 'p',
        label: 'p-1',
        kind: 'api_key',
        origin: 'admin',
        priority: 1,
        enabled: 1,
        credential: 'x',
        fingerprint: 'x',
      },
      ...{ created_at: 0, updated_at: 0, version: 1 },
    })
    .execute()

describe('deriveKey', () => {
  test('is HKDF-SHA256 with the label as its info', async () => {
    const input = await crypto.subtle.importKey('raw', new TextEncoder().encode(SECRET), 'HKDF', false, ['deriveBits'])
    const parameters = { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(), info: new TextEncoder().encode(SEAL_LABEL) }
    const expected = new Uint8Array(await crypto.subtle.deriveBits(parameters, input, 256))
    expect(deriveKey(SECRET, SEAL_LABEL)).toEqual(expected)
  })

  test('gives each label and each secret a key of its own', () => {
    const keys = [deriveKey(SECRET, SEAL_LABEL), deriveKey(SECRET, 'dragoman:sign'), deriveKey(OTHER, SEAL_LABEL)]
    expect(new Set(keys.map(key => Buffer.from(key).toString('hex'))).size).toBe(3)
  })

  test('an empty secret is none', () => {
    for (const secret of ['', '  \n']) expect(() => deriveKey(secret, SEAL_LABEL)).toThrow('secret_key is empty')
  })
})

describe('a sealed value', () => {
  test('opens with its key at its place, and looks different each time', async () => {
    const sealer = createSealer(SECRET)
    const text = '{"refresh_token":"жетон \\u0000 🗝"}'
    const sealed = await sealer.seal(text, PLACE)
    expect(await sealer.open(sealed, PLACE)).toBe(text)
    expect(await createSealer(SECRET).open(sealed, PLACE)).toBe(text)
    expect(await sealer.seal(text, PLACE)).not.toBe(sealed)
    const [header = '', encryptedKey] = sealed.split('.')
    expect(JSON.parse(Buffer.from(header, 'base64url').toString())).toEqual({ alg: 'dir', enc: 'A256GCM', context: PLACE })
    expect(encryptedKey).toBe('')
  })

  test('does not open with another key, at another place, or changed anywhere', async () => {
    const sealer = createSealer(SECRET)
    const sealed = await sealer.seal('hunter2', PLACE)
    await expect(createSealer(OTHER).open(sealed, PLACE)).rejects.toMatchObject({ kind: 'sealed' })
    await expect(sealer.open(sealed, 'accounts/acc_2')).rejects.toMatchObject({ kind: 'sealed' })
    const header = Buffer.from(JSON.stringify({ alg: 'dir', enc: 'A256GCM', context: 'accounts/acc_2' })).toString('base64url')
    const moved = [header, ...sealed.split('.').slice(1)].join('.')
    await expect(sealer.open(moved, 'accounts/acc_2')).rejects.toMatchObject({ kind: 'sealed' })
    const parts = sealed.split('.')
    for (const index of [2, 3, 4]) {
      const part = parts[index] ?? ''
      const changed = parts.with(index, (part.startsWith('A') ? 'B' : 'A') + part.slice(1)).join('.')
      await expect(sealer.open(changed, PLACE)).rejects.toMatchObject({ kind: 'sealed' })
    }
    for (const nonsense of ['', 'hunter2', '....', parts.slice(0, 4).join('.')]) {
      await expect(sealer.open(nonsense, PLACE)).rejects.toMatchObject({ kind: 'sealed' })
    }
  })

  test('is opened by no weaker way than it was sealed', async () => {
    const header = Buffer.from(JSON.stringify({ alg: 'dir', enc: 'A128GCM', context: PLACE })).toString('base64url')
    const [, ...rest] = (await createSealer(SECRET).seal('hunter2', PLACE)).split('.')
    await expect(createSealer(SECRET).open([header, ...rest].join('.'), PLACE)).rejects.toMatchObject({ kind: 'sealed' })
  })
})

describe('openSealer', () => {
  test('knows its database again', async () => {
    const path = join(folder(), 'dragoman.db')
    const first = await openDatabase({ path, clock })
    const sealed = await (await openSealer({ store: first, secret: SECRET, clock })).seal('hunter2', PLACE)
    await first.close()
    const second = await openDatabase({ path, clock })
    expect(await (await openSealer({ store: second, secret: SECRET, clock })).open(sealed, PLACE)).toBe('hunter2')
    expect(await second.db.selectFrom('settings').select(['name', 'updated_at']).execute()).toEqual([
      { name: 'secret_key_check', updated_at: clock.now() },
    ])
    await second.close()
  })

  test('another key is refused with words that help, and changes nothing', async () => {
    const store = await memory()
    await openSealer({ store, secret: SECRET })
    const before = await store.db.selectFrom('settings').selectAll().execute()
    const error = await openSealer({ store, secret: OTHER }).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ name: 'StoreError', kind: 'wrong-key' })
    expect(String(error)).toContain('secret_key in the config file, SECRET_KEY in the environment, or the file secret.key')
    for (const secret of [SECRET, OTHER]) expect(String(error)).not.toContain(secret)
    expect(await store.db.selectFrom('settings').selectAll().execute()).toEqual(before)
    await openSealer({ store, secret: SECRET })
  })

  test('a server may change the key as long as nothing is sealed', async () => {
    const store = await memory()
    await openSealer({ store, secret: SECRET })
    await openSealer({ store, secret: OTHER, replaceUnused: true })
    await expect(openSealer({ store, secret: SECRET })).rejects.toMatchObject({ kind: 'wrong-key' })
    await addAccount(store)
    await expect(openSealer({ store, secret: SECRET, replaceUnused: true })).rejects.toMatchObject({ kind: 'wrong-key' })
    await openSealer({ store, secret: OTHER, replaceUnused: true })
  })

  test('none is made while something is sealed with one that is missing', async () => {
    const store = await memory()
    let made = 0
    const makeSecret = () => {
      made++
      return SECRET
    }
    await openSealer({ store, secret: undefined, makeSecret })
    expect(made).toBe(1)
    await addAccount(store)
    const again = openSealer({ store, secret: undefined, makeSecret, replaceUnused: true })
    await expect(again).rejects.toMatchObject({ kind: 'wrong-key' })
    expect(made).toBe(1)
  })

  test('of two keys at once one wins', async () => {
    const store = await memory()
    const opened = await Promise.allSettled([SECRET, OTHER].map(secret => openSealer({ store, secret, replaceUnused: true })))
    expect(opened.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
  })
})
