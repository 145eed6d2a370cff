import { Database } from 'bun:sqlite'
import { afterAll, afterEach, beforeEach, expect, test } from 'bun:test'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { type JetbrainsSimulator, startJetbrains } from '../simulators/jetbrains.ts'
import { admin, adminList } from './support/admin.ts'
import { CHAT, expectAnswer, post } from './support/client-routes.ts'
import { newFolder, type RunningGateway, startGateway } from './support/gateway.ts'
import { byJwt, jetbrainsAt } from './support/jetbrains.ts'
import { eventually } from './support/wait.ts'

const MODEL = 'google-chat-gemini-pro-2.5'

const folders: string[] = []
let folder: string
let sim: JetbrainsSimulator
let gateway: RunningGateway

beforeEach(() => {
  folder = newFolder()
  folders.push(folder)
  sim = startJetbrains({ accounts: [] })
})
afterEach(async () => {
  await gateway.stop()
  await sim.close()
})
afterAll(() => {
  for (const path of folders) rmSync(path, { recursive: true, force: true })
})

const start = async (accounts: object[]): Promise<void> => {
  // The check at the start finds nothing out: what is known of the accounts can only have been kept.
  sim.scriptQuota(...accounts.map(() => ({ status: 500 })), { status: 500 })
  const config = { jetbrains: jetbrainsAt(sim), jetbrains_accounts: accounts, health_check_interval: '1d' }
  gateway = await startGateway({ folder, config })
}

const states = async (): Promise<Record<string, unknown>> => {
  const { data } = await adminList(gateway.url, '/admin/accounts')
  return Object.fromEntries(data.map(({ label, state, reason, until, quota }) => [label, { state, reason, until, quota }]))
}

const stored = (): unknown[] => {
  const database = new Database(join(gateway.dataDir, 'dragoman.db'), { readonly: true })
  try {
    const rows = database.query('select state from accounts where state is not null').all() as { state: string }[]
    return rows.map(({ state }) => (JSON.parse(state) as { state: string }).state).sort()
  } finally {
    database.close()
  }
}

test.each(['SIGKILL', 'SIGTERM'] as const)('what was known of accounts outlives %s, whoever made them', async signal => {
  const [suspended, exhausted, good] = ['SUS', 'EXH', 'GOOD'].map(licenseId => sim.account({ licenseId }))
  if (!suspended || !exhausted || !good) throw new Error('three were made')
  const declared = [byJwt(suspended), byJwt(good, { priority: 2 })]
  await start(declared)
  const added = { label: 'exh', credential: { kind: 'static_jwt', jwt: exhausted.jwt() } }
  expect((await admin(gateway.url, '/admin/accounts', { method: 'POST', body: JSON.stringify(added) })).status).toBe(201)
  suspended.suspend()
  exhausted.exhaust()
  const response = await post(gateway.url, CHAT, CHAT.body(MODEL))
  await expectAnswer(response.clone() as Response, CHAT)
  expect(response.headers.get('x-dragoman-attempts')).toBe('3')
  const before = await states()
  expect(before).toMatchObject({
    sus: { state: 'suspended', until: null },
    exh: { state: 'exhausted', until: expect.any(String) },
    good: { state: 'active' },
  })

  if (signal === 'SIGKILL') await eventually('the states are in the database', () => stored().join() === 'exhausted,suspended')
  gateway.signal(signal)
  await gateway.exited
  const asked = sim.counts.chat
  await start(declared)
  expect(await states()).toMatchObject({
    sus: { state: 'suspended', reason: (before.sus as { reason: string }).reason, until: null },
    exh: before.exh as object,
    good: { state: 'active' },
  })
  const after = await post(gateway.url, CHAT, CHAT.body(MODEL))
  await expectAnswer(after.clone() as Response, CHAT)
  expect([after.headers.get('x-dragoman-account'), after.headers.get('x-dragoman-attempts')]).toEqual(['good', '1'])
  expect(sim.counts.chat - asked).toBe(1)
})

test('a credential that was given anew starts clean after a restart, too', async () => {
  const account = sim.account({ licenseId: 'ONE' })
  await start([])
  const body = JSON.stringify({ label: 'one', credential: { kind: 'static_jwt', jwt: account.jwt({ expired: true }) } })
  expect((await admin(gateway.url, '/admin/accounts', { method: 'POST', body })).status).toBe(201)
  await admin(gateway.url, '/admin/accounts/one/check', { method: 'POST' })
  expect(await states()).toMatchObject({ one: { state: 'needs_sign_in' } })
  const change = JSON.stringify({ credential: { jwt: account.jwt() } })
  expect((await admin(gateway.url, '/admin/accounts/one', { method: 'PATCH', body: change })).status).toBe(200)
  await gateway.stop()
  await start([])
  expect(await states()).toMatchObject({ one: { state: 'active' } })
  await expectAnswer(await post(gateway.url, CHAT, CHAT.body(MODEL)), CHAT)
})
