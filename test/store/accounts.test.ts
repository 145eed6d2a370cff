import { describe, expect, test } from 'bun:test'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { sha256 } from '../../src/core/secret.ts'
import type { AccountSummary } from '../../src/store/account-record.ts'
import { accountStore, newAccount } from './account-stores.ts'
import { temporaryFolders } from './temporary-folders.ts'

const folder = temporaryFolders()

const CREDENTIAL = newAccount().credential

describe('create', () => {
  test('keeps what was given and fills in the rest', async () => {
    const { accounts, clock } = await accountStore()
    const made = await accounts.create(newAccount())
    expect(made).toEqual({
      id: expect.stringMatching(/^acc_[0-9A-Za-z]{24}$/),
      provider: 'JetBrains',
      label: 'JetBrains-1',
      kind: 'jetbrains_oauth',
      origin: 'admin',
      priority: 1,
      enabled: true,
      fingerprint: sha256(JSON.stringify(CREDENTIAL)),
      state: undefined,
      quota: undefined,
      createdAt: clock.now(),
      updatedAt: clock.now(),
      version: 1,
      credential: CREDENTIAL,
    })
    expect(await accounts.get(made.id)).toEqual(made)
    const given = newAccount({ id: 'cfg_1', label: 'Second', priority: 3, enabled: false, origin: 'config', fingerprint: 'ff' })
    expect(await accounts.create(given)).toMatchObject(given)
    expect(await accounts.get('cfg_1')).toMatchObject(given)
  })

  test('no file holds the credential', async () => {
    const dir = folder()
    const { accounts, store } = await accountStore({ path: join(dir, 'dragoman.db') })
    const { id } = await accounts.create(newAccount())
    await accounts.saveCredential(id, { refresh_token: 'rt-very-secret-2' })
    for (const name of readdirSync(dir)) expect(readFileSync(join(dir, name)).includes('rt-very-secret')).toBe(false)
    await store.close()
  })

  test('labels count up per provider and fill gaps', async () => {
    const { accounts } = await accountStore()
    const first = await accounts.create(newAccount())
    await accounts.create(newAccount({ label: 'JetBrains-3' }))
    expect((await accounts.create(newAccount())).label).toBe('JetBrains-2')
    expect((await accounts.create(newAccount())).label).toBe('JetBrains-4')
    expect((await accounts.create(newAccount({ provider: 'Qwen' }))).label).toBe('Qwen-1')
    await accounts.remove(first.id)
    expect((await accounts.create(newAccount())).label).toBe('JetBrains-1')
  })

  test('a label or an id is taken once', async () => {
    const { accounts } = await accountStore()
    const { id } = await accounts.create(newAccount({ label: 'Primary' }))
    const taken = accounts.create(newAccount({ label: 'Primary' }))
    await expect(taken).rejects.toMatchObject({
      kind: 'conflict',
      code: 'label_taken',
      param: 'label',
      message: expect.stringContaining(id),
    })
    await expect(accounts.create(newAccount({ id }))).rejects.toMatchObject({ kind: 'conflict', code: 'account_exists' })
    expect((await accounts.create(newAccount({ label: 'Primary', provider: 'Qwen' }))).label).toBe('Primary')
    expect(await accounts.listAll()).toHaveLength(2)
  })

  test.each([
    ['provider', newAccount({ provider: '' })],
    ['label', newAccount({ label: ' ' })],
    ['label', newAccount({ label: 'a\u001b[31m' })],
    ['label', newAccount({ label: 'x'.repeat(201) })],
    ['credential.kind', newAccount({ kind: 'password' as 'api_key' })],
    ['priority', newAccount({ priority: 1.5 })],
    ['priority', newAccount({ priority: 2 ** 31 })],
    ['credential', newAccount({ credential: {} })],
  ])('names the field at fault: %s', async (param, wanted) => {
    const { accounts } = await accountStore()
    await expect(accounts.create(wanted)).rejects.toMatchObject({ kind: 'invalid-request', param })
    expect(await accounts.listAll()).toEqual([])
  })
})

describe('reading', () => {
  test('pages through, newest first, of one provider where it is named', async () => {
    const { accounts, clock } = await accountStore()
    for (let i = 0; i < 5; i++) {
      await accounts.create(newAccount({ label: `a${i}`, provider: i === 2 ? 'Qwen' : 'JetBrains' }))
      clock.advance(1000)
    }
    const seen: AccountSummary[] = []
    let cursor: string | undefined
    do {
      const page = await accounts.list({ limit: 2, cursor })
      expect(page.data.length).toBeLessThanOrEqual(2)
      seen.push(...page.data)
      cursor = page.next ?? undefined
    } while (cursor)
    expect(seen.map(({ label }) => label)).toEqual(['a4', 'a3', 'a2', 'a1', 'a0'])
    expect(seen.some(one => 'credential' in one)).toBe(false)
    expect((await accounts.list({ provider: 'Qwen' })).data.map(({ label }) => label)).toEqual(['a2'])
    expect((await accounts.listAll()).map(({ label }) => label)).toEqual(['a0', 'a1', 'a2', 'a3', 'a4'])
    await expect(accounts.list({ limit: 0 })).rejects.toMatchObject({ param: 'limit' })
  })

  test('finds by id and label; a label of several providers lists the ids', async () => {
    const { accounts } = await accountStore()
    const one = await accounts.create(newAccount({ label: 'mine' }))
    const two = await accounts.create(newAccount({ label: 'mine', provider: 'Qwen' }))
    const other = await accounts.create(newAccount({ label: 'other' }))
    expect((await accounts.find(one.id)).id).toBe(one.id)
    expect((await accounts.find('other')).id).toBe(other.id)
    const error = await accounts.find('mine').catch((reason: unknown) => reason)
    expect(error).toMatchObject({ kind: 'conflict', code: 'ambiguous_account' })
    for (const { id } of [one, two]) expect(String(error)).toContain(id)
    for (const text of ['', 'min', '%', 'acc_none']) await expect(accounts.find(text)).rejects.toMatchObject({ kind: 'not-found' })
  })

  test('a token given in place of a label is not repeated', async () => {
    const { accounts } = await accountStore()
    const error = await accounts.find(`eyJ${'s3cret'.repeat(20)}`).catch((reason: unknown) => reason)
    expect(String(error)).toContain('…cret"')
    expect(String(error)).not.toContain('s3crets3cret')
  })

  test('an account whose credential cannot be opened is reported, and the others are served', async () => {
    const { accounts, store, errors } = await accountStore()
    const one = await accounts.create(newAccount())
    const two = await accounts.create(newAccount())
    // Of another row: good in itself, but not in this place.
    const { credential } = await store.db.selectFrom('accounts').select('credential').where('id', '=', one.id).executeTakeFirstOrThrow()
    await store.db.updateTable('accounts').set({ credential }).where('id', '=', two.id).execute()
    expect(await accounts.listAll()).toEqual([one])
    expect(errors).toEqual([expect.objectContaining({ kind: 'sealed', message: expect.stringContaining(`"JetBrains-2" (${two.id})`) })])
    await expect(accounts.get(two.id)).rejects.toMatchObject({ kind: 'sealed' })
    expect((await accounts.find('JetBrains-2')).id).toBe(two.id)
    await accounts.update(two.id, { credential: { jwt: 'new' } })
    expect((await accounts.get(two.id)).credential).toEqual({ jwt: 'new' })
  })
})

describe('update', () => {
  test('changes what is named, as a new version', async () => {
    const { accounts, clock } = await accountStore()
    const made = await accounts.create(newAccount())
    clock.advance(1000)
    const changed = await accounts.update(made.id, { label: 'Primary', priority: 2, enabled: false })
    const { credential, ...rest } = made
    expect(changed).toEqual({ ...rest, label: 'Primary', priority: 2, enabled: false, updatedAt: clock.now(), version: 2 })
    expect(await accounts.get(made.id)).toEqual({ ...changed, credential })
  })

  test('that changes nothing is no new version', async () => {
    const { accounts } = await accountStore()
    const { id } = await accounts.create(newAccount())
    expect((await accounts.update(id, { label: 'JetBrains-1', priority: 1, enabled: true })).version).toBe(1)
    expect((await accounts.update(id, {})).version).toBe(1)
  })

  test('a late one is refused and changes nothing', async () => {
    const { accounts } = await accountStore()
    const { id } = await accounts.create(newAccount())
    await accounts.update(id, { priority: 2 }, 1)
    await expect(accounts.update(id, { priority: 3 }, 1)).rejects.toMatchObject({ kind: 'conflict', code: 'version_conflict' })
    expect(await accounts.get(id)).toMatchObject({ priority: 2, version: 2 })
    expect(await accounts.update(id, { priority: 4 })).toMatchObject({ priority: 4, version: 3 })
  })

  test('of several at once that carry a version one gets through', async () => {
    const { accounts } = await accountStore()
    const { id } = await accounts.create(newAccount())
    const tries = await Promise.allSettled([2, 3, 4].map(priority => accounts.update(id, { priority }, 1)))
    expect(tries.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected', 'rejected'])
    expect((await accounts.get(id)).version).toBe(2)
  })

  test("another's label is refused, one's own is not", async () => {
    const { accounts } = await accountStore()
    await accounts.create(newAccount({ label: 'a' }))
    const { id } = await accounts.create(newAccount({ label: 'b' }))
    await expect(accounts.update(id, { label: 'a' })).rejects.toMatchObject({ code: 'label_taken' })
    expect((await accounts.update(id, { label: 'b', priority: 5 })).priority).toBe(5)
  })

  test('a new credential forgets what was seen of the old one', async () => {
    const { accounts } = await accountStore()
    const { id } = await accounts.create(newAccount())
    await accounts.saveObserved([{ id, state: { state: 'needs_sign_in', reason: 'refused', at: 5 }, quota: { used: '9' } }])
    await accounts.update(id, { priority: 2 })
    expect(await accounts.get(id)).toMatchObject({ state: { state: 'needs_sign_in' }, quota: { used: '9' } })
    const renewed = await accounts.update(id, { credential: { refresh_token: 'new' } })
    expect([renewed.state, renewed.quota]).toEqual([undefined, undefined])
  })

  test('only a credential that is given has another fingerprint', async () => {
    const { accounts } = await accountStore()
    const { id, fingerprint } = await accounts.create(newAccount())
    await accounts.saveCredential(id, { refresh_token: 'renewed' })
    expect((await accounts.update(id, { priority: 2 })).fingerprint).toBe(fingerprint)
    const given = { refresh_token: 'given' }
    expect((await accounts.update(id, { credential: given })).fingerprint).toBe(sha256(JSON.stringify(given)))
  })

  test('a new credential may be of another kind', async () => {
    const { accounts } = await accountStore()
    const { id, fingerprint } = await accounts.create(newAccount())
    const changed = await accounts.update(id, { kind: 'static_jwt', credential: { jwt: 'new' } })
    expect(changed).toMatchObject({ kind: 'static_jwt', version: 2 })
    expect(changed.fingerprint).not.toBe(fingerprint)
    expect(await accounts.get(id)).toMatchObject({ kind: 'static_jwt', credential: { jwt: 'new' } })
  })

  test('a removal that is late leaves the account', async () => {
    const { accounts } = await accountStore()
    const { id } = await accounts.create(newAccount())
    await accounts.update(id, { priority: 2 })
    await expect(accounts.remove(id, 1)).rejects.toMatchObject({ kind: 'conflict', code: 'version_conflict', param: 'version' })
    expect(await accounts.get(id)).toMatchObject({ version: 2 })
    await accounts.remove(id, 2)
    await expect(accounts.get(id)).rejects.toMatchObject({ kind: 'not-found' })
  })

  test('and remove name an account that is not there', async () => {
    const { accounts } = await accountStore()
    const { id } = await accounts.create(newAccount())
    await accounts.remove(id)
    const gone = { kind: 'not-found' }
    await expect(accounts.remove(id)).rejects.toMatchObject(gone)
    await expect(accounts.update(id, { priority: 2 })).rejects.toMatchObject(gone)
    await expect(accounts.get(id)).rejects.toMatchObject(gone)
    await expect(accounts.saveCredential(id, { jwt: 'x' })).rejects.toMatchObject(gone)
    await expect(accounts.saveCredential(id, { jwt: 'x' }, { madeFrom: CREDENTIAL })).rejects.toMatchObject(gone)
  })
})

describe('takeOver', () => {
  test('makes a declared account one of the management commands, with the tokens that it has by now', async () => {
    const { accounts } = await accountStore()
    const credential = { refresh_token: 'declared', licenseId: 'LIC1' }
    const declared = {
      id: 'acct_1',
      provider: 'JetBrains',
      kind: 'jetbrains_oauth',
      priority: 1,
      enabled: true,
      credential,
      fingerprint: 'f',
    } as const
    await accounts.adopt(declared)
    await accounts.saveCredential('acct_1', { ...credential, refresh_token: 'rotated' })
    const stamp = await accounts.readStamp()
    expect(await accounts.takeOver('acct_1')).toMatchObject({ id: 'acct_1', origin: 'admin', label: 'JetBrains-1' })
    expect((await accounts.get('acct_1')).credential.refresh_token).toBe('rotated')
    expect(await accounts.readStamp()).not.toBe(stamp)
    await expect(accounts.adopt(declared)).rejects.toMatchObject({ code: 'account_exists' })
    const after = await accounts.get('acct_1')
    await accounts.takeOver('acct_1')
    expect(await accounts.get('acct_1')).toEqual(after)
    await expect(accounts.takeOver('nobody')).rejects.toMatchObject({ kind: 'not-found' })
  })
})

describe('observations', () => {
  test('are kept without a new version, and left, replaced or forgotten one by one', async () => {
    const { accounts, clock } = await accountStore()
    const { id } = await accounts.create(newAccount())
    const before = await accounts.readStamp()
    const state = { state: 'exhausted', reason: 'quota used up', until: clock.now() + 1000, at: clock.now() } as const
    await accounts.saveObserved([
      { id, state, quota: { used: '10', limit: '10' } },
      { id: 'acc_gone', state },
    ])
    expect(await accounts.get(id)).toMatchObject({ state, quota: { used: '10', limit: '10' }, version: 1 })
    await accounts.saveObserved([{ id, quota: { used: '1' } }])
    expect(await accounts.get(id)).toMatchObject({ state, quota: { used: '1' } })
    await accounts.saveObserved([{ id, state: null }])
    expect(await accounts.get(id)).toMatchObject({ state: undefined, quota: { used: '1' } })
    await accounts.saveObserved([{ id, quota: null }])
    expect((await accounts.get(id)).quota).toBeUndefined()
    await accounts.saveObserved([])
    expect(await accounts.readStamp()).toBe(before)
  })

  test('an older state changes nothing, a quota all the same', async () => {
    const { accounts } = await accountStore()
    const { id } = await accounts.create(newAccount())
    await accounts.saveObserved([{ id, state: { state: 'active', reason: '', at: 20 } }])
    await accounts.saveObserved([{ id, state: { state: 'suspended', reason: 'old news', at: 10 }, quota: { used: '2' } }])
    expect(await accounts.get(id)).toMatchObject({ state: { state: 'active', at: 20 }, quota: { used: '2' } })
  })

  test('that cannot be read count as none', async () => {
    const { accounts, store } = await accountStore()
    const { id } = await accounts.create(newAccount())
    for (const text of ['', '[]', '{"state":"merry","at":1}', '{"state":"active"}']) {
      await store.db.updateTable('accounts').set({ state: text, quota: 'nonsense' }).execute()
      expect(await accounts.get(id)).toMatchObject({ state: undefined, quota: undefined })
    }
  })
})
