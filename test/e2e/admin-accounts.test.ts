import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { Json } from '../checkers/json.ts'
import { admin, adminList } from './support/admin.ts'
import { CHAT, expectError, post } from './support/client-routes.ts'
import { byJwt, startJetbrainsStage } from './support/jetbrains.ts'
import { ManagedAccounts, MODEL } from './support/managed-accounts.ts'

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/

const managed = await ManagedAccounts.start()
const { openai, call, add, get, change, check, removeAll, servedBy, account, staticJwt, oauth } = managed
afterAll(managed.stop)

describe('an account that is added while the server runs', () => {
  test('serves the next request, and is shown with all there is to know', async () => {
    await expectError(await post(managed.url, CHAT, CHAT.body(MODEL)), CHAT, 404)
    const made = await add({ label: 'Primary', credential: oauth('ONE') })
    expect(made).toEqual({
      ...{ id: expect.stringMatching(/^acct_[0-9a-f]{16}$/), provider: 'jetbrains', label: 'Primary', kind: 'jetbrains_oauth' },
      ...{ state: 'active', reason: null, until: null, priority: 1, enabled: true, quota: null, token_expires_at: null },
      ...{ in_flight: 0, served: 0, origin: 'admin', version: 1 },
    })
    expect(await servedBy()).toBe('Primary')
    const checked = await check('Primary')
    expect(checked).toMatchObject({ served: 1, state: 'active', check: { ok: true, message: null } })
    expect(checked.token_expires_at).toMatch(TIME)
    expect(checked.quota).toEqual({
      used: account('ONE').used,
      limit: 1_000_000,
      available: 1_000_000 - account('ONE').used,
      resets_at: new Date(account('ONE').quota.until).toISOString(),
    })
  })

  test.each([
    ['static_jwt', () => staticJwt('TWO')],
    [
      'jetbrains_license',
      () => ({ kind: 'jetbrains_license', licenseId: 'TWO', authorization: `Bearer ${account('TWO').authorization()}` }),
    ],
    ['jetbrains_oauth', () => oauth('TWO')],
  ])('may be of kind %s', async (kind, credential) => {
    await removeAll()
    const { id, label } = await add({ credential: credential() })
    expect([label, (await get(String(id))).kind]).toEqual(['jetbrains-1', kind])
    expect(await servedBy()).toBe('jetbrains-1')
  })

  test('may be a further key of any provider', async () => {
    const own = await call('POST', '/admin/accounts', { provider: 'OpenAI', credential: { kind: 'api_key', api_key: openai.key } })
    expect(own).toMatchObject({ status: 409, json: { error: { message: expect.stringContaining('OpenAI-1'), code: 'account_exists' } } })
    const made = await add({ provider: 'OpenAI', label: 'spare key', credential: { kind: 'api_key', api_key: 'sk-spare-0123456789' } })
    expect(await get('spare key')).toEqual(made)
    const served = async () => (await post(managed.url, CHAT, CHAT.body('gpt-4-turbo'))).headers.get('x-dragoman-attempts')
    // The simulator knows only the other key: this one is tried, and found wanting.
    expect([await served(), await served()].sort()).toEqual(['1', '2'])
    expect((await get('spare key')).state).toBe('needs_sign_in')
    expect((await call('POST', '/admin/accounts/spare%20key/check')).json).toMatchObject({ error: { code: 'not_checkable' } })
  })

  test('waits where its provider is switched off, and says so', async () => {
    const made = await add({ provider: 'Off', credential: { kind: 'api_key', api_key: 'sk-waiting-0123456789' } })
    expect(made).toMatchObject({ state: 'disabled', reason: "provider 'Off' is switched off", enabled: true })
    expect((await call('POST', `/admin/accounts/${made.id}/check`)).json).toMatchObject({ error: { code: 'account_unused' } })
    expect((await call('DELETE', `/admin/accounts/${made.id}`)).status).toBe(204)
  })
})

describe('a change', () => {
  let id: string
  let first: Json
  let second: Json
  beforeAll(async () => {
    await removeAll()
    first = staticJwt('ONE')
    id = String((await add({ label: 'first', credential: first })).id)
    second = staticJwt('TWO')
    await add({ label: 'second', priority: 2, credential: second })
  })

  test('of priority, label and enabled is in effect with the next request', async () => {
    expect(await servedBy()).toBe('first')
    expect((await change('first', { priority: 3 })).json).toMatchObject({ id, priority: 3, label: 'first', version: 2 })
    expect(await servedBy()).toBe('second')
    expect((await change(id, { label: 'renamed', priority: 1 })).json).toMatchObject({ priority: 1, label: 'renamed', version: 3 })
    expect(await servedBy()).toBe('renamed')
    const off = await change('renamed', { enabled: false })
    expect(off.json).toMatchObject({ enabled: false, state: 'disabled', reason: 'switched off' })
    expect(await servedBy()).toBe('second')
    expect((await call('PUT', '/admin/accounts/renamed', { enabled: true })).json).toMatchObject({
      enabled: true,
      state: 'active',
      priority: 1,
    })
    expect(await servedBy()).toBe('renamed')
  })

  test('of the credential brings back an account whose own was refused', async () => {
    account('ONE').revoke()
    expect(await servedBy()).toBe('second')
    expect(await get(id)).toMatchObject({ state: 'needs_sign_in', kind: 'static_jwt' })
    // Also the same once more is tried anew.
    expect((await change(id, { credential: first })).json).toMatchObject({ state: 'active', reason: null })
    expect(await servedBy()).toBe('second')
    expect(await get(id)).toMatchObject({ state: 'needs_sign_in' })
    const { status, json } = await change(id, { credential: staticJwt('THREE') })
    expect([status, json.state, json.served]).toEqual([200, 'active', 0])
    expect(await servedBy()).toBe('renamed')
    // The kind may change too, and need not be said where it does not.
    expect((await change(id, { credential: oauth('THREE') })).json).toMatchObject({ id, kind: 'jetbrains_oauth' })
    expect((await change(id, { credential: { refresh_token: account('THREE').refreshToken } })).status).toBe(200)
    expect(await servedBy()).toBe('renamed')
    expect((await change(id, { credential: second })).json).toMatchObject({ error: { code: 'account_exists' } })
  })

  test('with a version that is late is a 409, by body or by header', async () => {
    const { version } = await get(id)
    const late = { status: 409, json: { error: { param: 'version', code: 'version_conflict' } } }
    expect(await change(id, { priority: 5, version: Number(version) - 1 })).toMatchObject(late)
    expect(await change(id, { priority: 5 }, { 'if-match': `"${Number(version) - 1}"` })).toMatchObject(late)
    expect(await call('DELETE', `/admin/accounts/${id}`, undefined, { 'if-match': '0' })).toMatchObject(late)
    expect(await get(id)).toMatchObject({ priority: 1, version })
    expect(await change(id, { priority: 1, enabled: true }, { 'if-match': `W/"${version}"` })).toMatchObject({ status: 200 })
    expect(await change(id, { priority: 4, version: Number(version) })).toMatchObject({
      status: 200,
      json: { version: Number(version) + 1 },
    })
    expect(await change(id, { priority: 1 }, { 'if-match': 'new' })).toMatchObject({ status: 400, json: { error: { param: 'if-match' } } })
    expect(await change(id, { priority: 1 }, { 'if-match': '*' })).toMatchObject({ status: 200 })
  })

  test('may be a whole object that was read before', async () => {
    const read = await get(id)
    expect(await call('PUT', `/admin/accounts/${id}`, { ...read, label: 'put' })).toMatchObject({ status: 200, json: { label: 'put' } })
    expect(await change('put', { label: 'renamed' })).toMatchObject({ status: 200 })
  })

  test.each([
    ['the state', { state: 'active' }, 'state'],
    ['the provider', { provider: 'OpenAI' }, 'provider'],
    ['the id', { id: 'acct_2' }, 'id'],
    ['a priority that is no number', { priority: '1' }, 'priority'],
    ['an empty label', { label: '' }, 'label'],
    ['a misspelt field', { priorty: 1 }, 'priorty'],
    ['a credential of another provider', { credential: { kind: 'api_key', api_key: 'sk-1' } }, 'credential.kind'],
    ['a version that is none', { version: 'new' }, 'version'],
  ])('of %s that cannot be is refused', async (_, body, param) => {
    const before = await get(id)
    expect(await change(id, body)).toMatchObject({ status: 400, json: { error: { param } } })
    expect(await get(id)).toEqual(before)
  })

  test('of what the config declares is refused', async () => {
    const refused = { status: 409, json: { error: { code: 'declared_in_config' } } }
    expect(await change('OpenAI-1', { priority: 2 })).toMatchObject(refused)
    expect(await call('DELETE', '/admin/accounts/OpenAI-1')).toMatchObject(refused)
  })

  test('that takes the account away leaves its place to the others', async () => {
    expect((await call('DELETE', '/admin/accounts/renamed')).status).toBe(204)
    expect((await call('GET', `/admin/accounts/${id}`)).status).toBe(404)
    expect(await servedBy()).toBe('second')
    expect((await call('DELETE', '/admin/accounts/second')).status).toBe(204)
    await expectError(await post(managed.url, CHAT, CHAT.body(MODEL)), CHAT, 404)
  })
})

describe('a check', () => {
  beforeAll(async () => {
    await removeAll()
    await add({ label: 'x', credential: oauth('TWO') })
  })

  test('finds an expired JWT, and a new one makes it good', async () => {
    const made = await add({ label: 'old', credential: { kind: 'static_jwt', jwt: account('THREE').jwt({ expired: true }) } })
    const checked = await check('old')
    expect(checked).toMatchObject({ state: 'needs_sign_in', check: { ok: false, message: expect.stringContaining('expired') } })
    expect(checked).toMatchObject({ until: null, reason: expect.stringContaining('expired') })
    expect(Date.parse(String(checked.token_expires_at))).toBeLessThan(Date.now())
    expect((await change(String(made.id), { credential: staticJwt('THREE') })).json).toMatchObject({ state: 'active', reason: null })
    expect(await check('old')).toMatchObject({ state: 'active', check: { ok: true } })
    expect((await call('DELETE', '/admin/accounts/old')).status).toBe(204)
  })

  test('brings back an account whose licence was suspended', async () => {
    account('TWO').suspend()
    const error = await expectError(await post(managed.url, CHAT, CHAT.body(MODEL)), CHAT, 429)
    expect(error.message).toContain('suspended')
    expect(await get('x')).toMatchObject({ state: 'suspended', until: null, reason: expect.stringContaining('477') })
    account('TWO').reinstate()
    await expectError(await post(managed.url, CHAT, CHAT.body(MODEL)), CHAT, 503)
    const before = Number((await get('x')).version)
    const checked = await check('x')
    expect(checked).toMatchObject({ state: 'active', reason: null })
    // The version that was told is the one to write with.
    expect(Number(checked.version)).toBeGreaterThan(before)
    expect((await change('x', { priority: 1, version: Number(checked.version) })).status).toBe(200)
    expect(await servedBy()).toBe('x')
  })

  test('finds a quota used up, and refilled', async () => {
    const two = account('TWO')
    two.exhaust()
    expect(await check('x')).toMatchObject({
      ...{ state: 'exhausted', until: new Date(two.quota.until).toISOString(), check: { ok: true } },
      quota: { used: 1_000_000, available: 0 },
    })
    await expectError(await post(managed.url, CHAT, CHAT.body(MODEL)), CHAT, 503)
    two.refill()
    expect(await check('x')).toMatchObject({ state: 'active', quota: { used: 0, available: 1_000_000 } })
    expect(await servedBy()).toBe('x')
  })

  test('of an upstream that fails says so', async () => {
    managed.stage.sim.scriptQuota({ status: 500 })
    expect(await check('x')).toMatchObject({ check: { ok: false, message: expect.stringContaining('500') } })
    expect(await check('x')).toMatchObject({ state: 'active', check: { ok: true } })
  })
})

test('accounts of the config are listed and can be checked', async () => {
  const declared = await startJetbrainsStage({ accounts: [{ licenseId: 'CFG' }], entry: one => byJwt(one, { priority: 4 }) })
  try {
    const { data } = await adminList(declared.gateway.url, '/admin/accounts')
    expect(data).toMatchObject([{ label: 'cfg', origin: 'config', kind: 'static_jwt', priority: 4, provider: 'jetbrains' }])
    const checked = await admin(declared.gateway.url, '/admin/accounts/cfg/check', { method: 'POST' })
    expect(await checked.json()).toMatchObject({ state: 'active', quota: { limit: 1_000_000 } })
  } finally {
    await declared.stop()
  }
})
