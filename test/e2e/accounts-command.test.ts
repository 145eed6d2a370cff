import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Json, objectsOf } from '../checkers/json.ts'
import type { SimulatedAccount } from '../simulators/jetbrains/account.ts'
import { type JetbrainsSimulator, startJetbrains } from '../simulators/jetbrains.ts'
import { adminList } from './support/admin.ts'
import { CHAT, expectAnswer, post } from './support/client-routes.ts'
import { command, newFolder, type RunningGateway, run, startGateway } from './support/gateway.ts'
import { jetbrainsAt } from './support/jetbrains.ts'
import { eventually, timed } from './support/wait.ts'

const MODEL = 'google-chat-gemini-pro-2.5'

// Each test starts several processes, one after the other.
setDefaultTimeout(30_000)

let sim: JetbrainsSimulator
let gateway: RunningGateway
let licences = 0

beforeAll(async () => {
  sim = startJetbrains()
  gateway = await startGateway({ config: { jetbrains: jetbrainsAt(sim), health_check_interval: '5m' } })
})
afterAll(async () => {
  await gateway.stop()
  await sim.close()
})

const newAccount = (): SimulatedAccount => sim.account({ licenseId: `LIC${++licences}` })

const accounts = (...args: string[]) => run(['accounts', ...args, '--data-dir', gateway.dataDir], { cwd: gateway.folder })

/** The same with `text` on its standard input. */
async function piped(text: string, ...args: string[]) {
  const child = Bun.spawn([...command, 'accounts', ...args, '--data-dir', gateway.dataDir], {
    ...{ cwd: gateway.folder, env: { PATH: process.env.PATH, HOME: gateway.folder } },
    ...{ stdin: new Blob([text]), stdout: 'pipe', stderr: 'pipe' },
  })
  const [stdout, stderr, code] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text(), child.exited])
  return { stdout, stderr, code }
}

const served = async (): Promise<Json[]> => (await adminList(gateway.url, '/admin/accounts')).data

/** Accounts of earlier tests may take a moment to be gone. */
const servesAlone = (label: string) =>
  eventually(
    `${label} serves, and nobody else`,
    async () => (await served()).map(account => account.label).join() === label && (await status()) === 200,
    5000,
  )

const status = async (): Promise<number> => (await post(gateway.url, CHAT, CHAT.body(MODEL))).status

describe('accounts of a running server', () => {
  test('one that is added serves within two seconds, and one that is removed does no more', async () => {
    const account = newAccount()
    expect(await status()).not.toBe(200)
    const added = await piped(`${account.refreshToken}\n`, 'add', '--license', account.licenseId, '--refresh-token', '-', '--label', 'mine')
    expect(added).toMatchObject({ code: 0, stderr: '', stdout: expect.stringMatching(/^added mine \(acct_/) })
    const { ms } = await timed(eventually('the account serves', async () => (await status()) === 200, 2000))
    console.log(`      served ${ms.toFixed(0)} ms after the command's end`)
    const answer = await post(gateway.url, CHAT, CHAT.body(MODEL))
    await expectAnswer(answer, CHAT)
    expect(answer.headers.get('x-dragoman-account')).toBe('mine')
    expect((await accounts('remove', 'mine')).code).toBe(0)
    await eventually('it is gone', async () => (await served()).length === 0, 2000)
    expect(await status()).not.toBe(200)
  })

  test('are listed as the server lists them, and their secrets lie sealed', async () => {
    const [one, two] = [newAccount(), newAccount()]
    await accounts('add', '--jwt', one.jwt(), '--label', 'one')
    await accounts('add', '--license', two.licenseId, '--refresh-token', two.refreshToken, '--label', 'two', '--check')
    const list = await accounts('list', '--json')
    expect(list).toMatchObject({ code: 0, stderr: '' })
    const shown = objectsOf((JSON.parse(list.stdout) as Json).data)
    await eventually('the server has both', async () => (await served()).length === 2, 2000)
    expect(shown.map(({ id, label, kind }) => [id, label, kind])).toEqual((await served()).map(({ id, label, kind }) => [id, label, kind]))
    expect((await accounts('list')).stdout).toMatch(/^LABEL .*\none .* active .*\ntwo .* active .* 0\/10 /)
    const database =
      readFileSync(join(gateway.dataDir, 'dragoman.db'), 'latin1') + readFileSync(join(gateway.dataDir, 'dragoman.db-wal'), 'latin1')
    expect(database).not.toContain(two.refreshToken)
    expect(database).not.toContain(one.jwt().split('.')[1] ?? '')
    for (const label of ['one', 'two']) await accounts('remove', label)
  })

  test('a check brings back what the server had given up, without a restart', async () => {
    const account = newAccount()
    await accounts('add', '--jwt', account.jwt(), '--label', 'lost')
    await servesAlone('lost')
    account.suspend()
    expect(await status()).not.toBe(200)
    expect((await served())[0]?.state).toBe('suspended')
    account.reinstate()
    expect(await status()).toBe(503)
    await eventually('the store knows', async () => (await accounts('list')).stdout.includes('suspended'), 10_000)
    expect(await accounts('check', 'lost')).toMatchObject({ code: 0, stdout: expect.stringMatching(/^lost: ok/) })
    await eventually('it serves again', async () => (await status()) === 200, 2000)
    await accounts('remove', 'lost')
  })

  test('one refresh at a time, whoever needs it: the command and the server share the lease', async () => {
    const account = sim.account({ licenseId: `LIC${++licences}`, idTokenLifetimeMs: 60_000 })
    await accounts('add', '--license', account.licenseId, '--refresh-token', account.refreshToken, '--label', 'shared')
    await servesAlone('shared')
    for (let round = 0; round < 2; round++) {
      account.invalidateJwts()
      const [checked, ...statuses] = await Promise.all([accounts('check', 'shared'), status(), status()])
      expect(checked.stdout).toStartWith('shared: ok')
      expect(statuses).toEqual([200, 200])
    }
    await accounts('remove', 'shared')
  })
})

describe('without a server', () => {
  test('the command ends by itself, with its exit code', async () => {
    const folder = newFolder()
    await Bun.write(join(folder, 'dragoman.json'), JSON.stringify({ jetbrains: jetbrainsAt(sim), data_dir: 'data' }))
    const own = (...args: string[]) => run(['accounts', ...args], { cwd: folder })
    const { ms } = await timed(own('add', '--jwt', newAccount().jwt(), '--check'))
    expect(ms).toBeLessThan(10_000)
    sim.scriptQuota({ status: 500 })
    expect(await own('check')).toMatchObject({ code: 1, stdout: expect.stringContaining('jetbrains-1: failed: ') })
    expect(await own('add')).toMatchObject({ code: 2, stdout: '' })
    expect((await own('--help')).stdout).toContain('add, list, check and remove accounts')
  })
})
