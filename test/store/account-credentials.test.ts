import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { systemClock } from '../../src/core/clock.ts'
import type { DeclaredAccount } from '../../src/store/account-adoption.ts'
import { processMark, startToken } from '../../src/store/process-identity.ts'
import { accountStore, accountStoreOn, newAccount } from './account-stores.ts'
import { temporaryFolders } from './temporary-folders.ts'

const folder = temporaryFolders()

const CREDENTIAL = newAccount().credential
const ROTATED = { ...CREDENTIAL, refresh_token: 'rt-very-secret-2' }

describe('saveCredential', () => {
  test('keeps the new one as a new version', async () => {
    const { accounts } = await accountStore()
    const { id } = await accounts.create(newAccount())
    expect(await accounts.saveCredential(id, ROTATED)).toBe(2)
    expect(await accounts.get(id)).toMatchObject({ credential: ROTATED, version: 2 })
  })

  test('leaves what was observed', async () => {
    const { accounts } = await accountStore()
    const { id } = await accounts.create(newAccount())
    await accounts.saveObserved([{ id, quota: { used: '3' } }])
    await accounts.saveCredential(id, ROTATED)
    expect((await accounts.get(id)).quota).toEqual({ used: '3' })
  })

  test('is refused where the account has another version than expected', async () => {
    const { accounts } = await accountStore()
    const { id } = await accounts.create(newAccount())
    await accounts.update(id, { priority: 2 })
    const late = accounts.saveCredential(id, ROTATED, { expectedVersion: 1 })
    await expect(late).rejects.toMatchObject({ kind: 'conflict', code: 'version_conflict' })
    expect((await accounts.get(id)).credential).toEqual(CREDENTIAL)
    expect(await accounts.saveCredential(id, ROTATED, { expectedVersion: 2 })).toBe(3)
  })

  test('made from the one that is kept it gets past other changes, but not over a new sign-in', async () => {
    const { accounts } = await accountStore()
    const { id } = await accounts.create(newAccount())
    await accounts.update(id, { priority: 2 })
    expect(await accounts.saveCredential(id, ROTATED, { madeFrom: CREDENTIAL })).toBe(3)
    await accounts.update(id, { credential: { refresh_token: 'of another sign-in' } })
    const late = accounts.saveCredential(id, CREDENTIAL, { madeFrom: ROTATED })
    await expect(late).rejects.toMatchObject({ code: 'version_conflict' })
    expect((await accounts.get(id)).credential).toEqual({ refresh_token: 'of another sign-in' })
  })

  test('fields without a value make no other credential', async () => {
    const { accounts } = await accountStore()
    const made = await accounts.create(newAccount({ credential: { ...CREDENTIAL, jwt: undefined } }))
    expect(Object.keys(made.credential)).toEqual(Object.keys(CREDENTIAL))
    expect(await accounts.saveCredential(made.id, ROTATED, { madeFrom: { jwt: undefined, ...CREDENTIAL } })).toBe(2)
  })

  test('a sign-in during the save wins, whichever comes first', async () => {
    const { accounts } = await accountStore()
    const { id } = await accounts.create(newAccount())
    const signIn = { refresh_token: 'of another sign-in' }
    await Promise.allSettled([accounts.saveCredential(id, ROTATED, { madeFrom: CREDENTIAL }), accounts.update(id, { credential: signIn })])
    expect((await accounts.get(id)).credential).toEqual(signIn)
  })

  test('errors hold nothing of a credential', async () => {
    const { accounts, store } = await accountStore()
    const { id } = await accounts.create(newAccount())
    const said: string[] = []
    const note = (error: unknown) => said.push(Bun.inspect(error))
    await accounts.saveCredential(id, ROTATED, { expectedVersion: 9 }).catch(note)
    await accounts.saveCredential(id, CREDENTIAL, { madeFrom: ROTATED }).catch(note)
    await accounts.create(newAccount({ label: 'JetBrains-1' })).catch(note)
    await store.db.updateTable('accounts').set({ credential: 'e30.A.B.C.D' }).execute()
    await accounts.get(id).catch(note)
    expect(said).toHaveLength(4)
    expect(said.filter(text => text.includes('rt-very-secret'))).toEqual([])
  })

  test('a killed process leaves a whole credential that can be opened, no older than the last one it told of', async () => {
    const path = join(folder(), 'dragoman.db')
    const { accounts, store } = await accountStore({ path })
    const { id } = await accounts.create(newAccount({ credential: { serial: 0, token: '' } }))
    for (let round = 0; round < 4; round++) {
      const command = [process.execPath, join(import.meta.dir, 'save-child.ts'), path, id]
      const child = Bun.spawn(command, { stdout: 'pipe', stderr: 'inherit' })
      let told = ''
      for await (const chunk of child.stdout) {
        told += new TextDecoder().decode(chunk)
        if (told.split('\n').length > 5 + 7 * round && !child.killed) child.kill('SIGKILL')
      }
      const last = Number(told.trimEnd().split('\n').at(-1))
      expect(last).toBeGreaterThan(0)
      const { credential, version } = await accounts.get(id)
      const serial = Number(credential.serial)
      expect([last, last + 1]).toContain(serial)
      expect(credential.token).toBe(`${serial}-`.repeat(2000))
      expect(version).toBe(serial + 1)
    }
    await store.close()
  })
})

describe('the lease for renewing', () => {
  async function twoProcesses() {
    const path = join(folder(), 'dragoman.db')
    const one = await accountStore({ path })
    const two = await accountStore({ path, clock: one.clock })
    const { id } = await one.accounts.create(newAccount())
    return { clock: one.clock, one: one.accounts, two: two.accounts, id }
  }

  test('is for one at a time, who may prolong it', async () => {
    const { one, two, id, clock } = await twoProcesses()
    expect(await one.acquireRenewal(id, 'one', clock.now() + 1000)).toBe(true)
    expect(await two.acquireRenewal(id, 'two', clock.now() + 1000)).toBe(false)
    expect(await one.acquireRenewal(id, 'one', clock.now() + 2000)).toBe(true)
    clock.advance(1500)
    expect(await two.acquireRenewal(id, 'two', clock.now() + 1000)).toBe(false)
    await two.releaseRenewal(id, 'two')
    expect(await two.acquireRenewal(id, 'two', clock.now() + 1000)).toBe(false)
    await one.releaseRenewal(id, 'one')
    expect(await two.acquireRenewal(id, 'two', clock.now() + 1000)).toBe(true)
  })

  test('ends by itself, since its holder may have died', async () => {
    const { one, two, id, clock } = await twoProcesses()
    await one.acquireRenewal(id, 'one', clock.now() + 1000)
    clock.advance(999)
    expect(await two.acquireRenewal(id, 'two', clock.now() + 1000)).toBe(false)
    clock.advance(1)
    expect(await two.acquireRenewal(id, 'two', clock.now() + 1000)).toBe(true)
    expect(await one.acquireRenewal(id, 'one', clock.now() + 1000)).toBe(false)
  })

  test('of a process that was killed is nobody’s; of a living one, and of one elsewhere, it holds', async () => {
    const { one, two, id, clock } = await twoProcesses()
    const child = Bun.spawn([process.execPath, '-e', 'await Bun.stdin.text()'], { stdin: 'pipe' })
    const mark = processMark().replace(` ${process.pid} ${startToken(process.pid)}`, ` ${child.pid} ${startToken(child.pid)}`)
    const take = () => two.acquireRenewal(id, `${processMark()} two`, clock.now() + 1000)
    await one.acquireRenewal(id, `${mark} one`, clock.now() + 60_000)
    expect(await take()).toBe(false)
    child.kill('SIGKILL')
    await child.exited
    expect(await take()).toBe(true)
    await two.releaseRenewal(id, `${processMark()} two`)
    await one.acquireRenewal(id, `elsewhere ${child.pid} token one`, clock.now() + 60_000)
    expect(await take()).toBe(false)
  })

  test('goes to exactly one of many who ask at once', async () => {
    const path = join(folder(), 'dragoman.db')
    const { accounts: one } = await accountStoreOn(systemClock, path)
    const { accounts: two } = await accountStoreOn(systemClock, path)
    const { id } = await one.create(newAccount())
    const until = systemClock.now() + 60_000
    const asks = Array.from({ length: 6 }, (_, i) => (i % 2 ? one : two).acquireRenewal(id, `owner ${i}`, until))
    expect((await Promise.all(asks)).filter(Boolean)).toHaveLength(1)
  })

  test('is no change of the account, and there is none for an unknown one', async () => {
    const { one, id, clock } = await twoProcesses()
    const stamp = await one.readStamp()
    await one.acquireRenewal(id, 'one', clock.now() + 1000)
    expect(await one.readStamp()).toBe(stamp)
    expect((await one.get(id)).version).toBe(1)
    expect(await one.acquireRenewal('acc_none', 'one', clock.now() + 1000)).toBe(false)
  })
})

describe('adopt', () => {
  const declared = (more: Partial<DeclaredAccount> = {}): DeclaredAccount => ({
    ...{ id: 'cfg_1', provider: 'JetBrains', kind: 'jetbrains_oauth', priority: 1, enabled: true },
    ...{ credential: CREDENTIAL, fingerprint: 'aa' },
    ...more,
  })

  test('makes the account, and gives back what was renewed since', async () => {
    const { accounts, clock } = await accountStore()
    const made = await accounts.adopt(declared())
    expect(made).toMatchObject({
      id: 'cfg_1',
      label: 'JetBrains-1',
      origin: 'config',
      fingerprint: 'aa',
      version: 1,
      credential: CREDENTIAL,
    })
    await accounts.saveCredential('cfg_1', ROTATED)
    clock.advance(1000)
    const again = await accounts.adopt(declared())
    expect(again).toMatchObject({ label: 'JetBrains-1', credential: ROTATED, version: 2, updatedAt: made.updatedAt })
  })

  test('a changed declaration replaces the credential and what was seen of it', async () => {
    const { accounts } = await accountStore()
    await accounts.adopt(declared())
    await accounts.saveCredential('cfg_1', ROTATED)
    await accounts.saveObserved([{ id: 'cfg_1', state: { state: 'needs_sign_in', reason: 'refused', at: 1 }, quota: { used: '1' } }])
    const changed = await accounts.adopt(declared({ credential: { jwt: 'new' }, kind: 'static_jwt', fingerprint: 'bb' }))
    expect(changed).toMatchObject({ credential: { jwt: 'new' }, kind: 'static_jwt', fingerprint: 'bb', state: undefined, quota: undefined })
    expect(await accounts.get('cfg_1')).toEqual(changed)
  })

  test('a sign-in outlives the next start, as long as the declaration is the same', async () => {
    const { accounts } = await accountStore()
    await accounts.adopt(declared())
    await accounts.update('cfg_1', { credential: { refresh_token: 'of a sign-in' } })
    expect((await accounts.adopt(declared())).credential).toEqual({ refresh_token: 'of a sign-in' })
    expect((await accounts.adopt(declared({ fingerprint: 'bb' }))).credential).toEqual(CREDENTIAL)
  })

  test('label, priority and whether it is enabled follow the declaration and leave the credential', async () => {
    const { accounts } = await accountStore()
    await accounts.adopt(declared({ label: 'Primary' }))
    await accounts.saveCredential('cfg_1', ROTATED)
    await accounts.saveObserved([{ id: 'cfg_1', quota: { used: '1' } }])
    const changed = await accounts.adopt(declared({ label: 'First', priority: 2, enabled: false }))
    expect(changed).toMatchObject({ label: 'First', priority: 2, enabled: false, credential: ROTATED, quota: { used: '1' }, version: 3 })
    expect((await accounts.adopt(declared({ priority: 2, enabled: false }))).label).toBe('First')
  })

  test('declared accounts may exchange their labels, but not take one that was given otherwise', async () => {
    const { accounts } = await accountStore()
    await accounts.create(newAccount({ label: 'theirs' }))
    await accounts.adopt(declared({ id: 'cfg_1', label: 'a' }))
    await accounts.adopt(declared({ id: 'cfg_2', label: 'b' }))
    await accounts.adopt(declared({ id: 'cfg_1', label: 'b' }))
    await accounts.adopt(declared({ id: 'cfg_2', label: 'a' }))
    expect([(await accounts.get('cfg_1')).label, (await accounts.get('cfg_2')).label]).toEqual(['b', 'a'])
    for (const id of ['cfg_1', 'cfg_3']) {
      await expect(accounts.adopt(declared({ id, label: 'theirs' }))).rejects.toMatchObject({ code: 'label_taken' })
    }
    expect(await accounts.listAll()).toHaveLength(3)
  })

  test('a kept credential that cannot be opened makes way, and is reported', async () => {
    const { accounts, store, errors } = await accountStore()
    await accounts.adopt(declared())
    await store.db.updateTable('accounts').set({ credential: 'damaged' }).execute()
    expect(await accounts.adopt(declared())).toMatchObject({ credential: CREDENTIAL, version: 2 })
    expect(errors).toEqual([expect.objectContaining({ kind: 'sealed' })])
    expect((await accounts.get('cfg_1')).credential).toEqual(CREDENTIAL)
  })

  test("another's account is not taken over", async () => {
    const { accounts } = await accountStore()
    const { id } = await accounts.create(newAccount())
    await expect(accounts.adopt(declared({ id }))).rejects.toMatchObject({ kind: 'conflict', code: 'account_exists' })
    expect((await accounts.get(id)).origin).toBe('admin')
  })

  test('two processes that adopt at once agree', async () => {
    const path = join(folder(), 'dragoman.db')
    const [one, two] = [await accountStoreOn(systemClock, path), await accountStoreOn(systemClock, path)]
    const made = await Promise.all([one.accounts.adopt(declared()), two.accounts.adopt(declared()), one.accounts.adopt(declared())])
    expect(new Set(made.map(record => JSON.stringify(record))).size).toBe(1)
  })
})
