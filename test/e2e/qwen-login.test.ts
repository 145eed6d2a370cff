import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { type QwenSimulator, startQwen } from '../simulators/qwen.ts'
import { CHAT, expectAnswer, post } from './support/client-routes.ts'
import { command, newFolder, type RunningGateway, run, startGateway } from './support/gateway.ts'
import { accountOf, credentialsFile, readCredentials, signIn } from './support/qwen.ts'
import { eventually } from './support/wait.ts'

// Each test starts several processes, and files are looked at every few seconds.
setDefaultTimeout(40_000)

/** A server finds a file that is new to it, or another sign-in in one that it knows, within so long. */
const FOUND_MS = 12_000

let sim: QwenSimulator
let home: string
let gateway: RunningGateway

beforeAll(async () => {
  sim = startQwen({ rules: { callsPerMinute: 100_000, interval: 0.05 }, users: ['ann', 'ben', 'cleo'] })
  home = newFolder()
  gateway = await startGateway({ folder: home, config: { qwen: { oauth_url: sim.url } } })
})
afterAll(async () => {
  await gateway.stop()
  await sim.close()
  rmSync(home, { recursive: true, force: true })
})

const chat = () => post(gateway.url, CHAT, CHAT.body('coder-model'))

const serves = (label: string) =>
  eventually(`${label} serves`, async () => (await chat()).headers.get('x-dragoman-account') === label, FOUND_MS)

/** A sign-in that has come to where somebody is waited for. */
async function beginLogin(args: string[], env: Record<string, string> = {}, cwd = home) {
  const child = Bun.spawn([...command, 'login', 'qwen', ...args], {
    ...{ cwd, env: { PATH: process.env.PATH, HOME: cwd, ...env }, stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' },
  })
  let err = ''
  const ended = Promise.withResolvers<void>()
  const waiting = Promise.withResolvers<void>()
  const read = async () => {
    const decoder = new TextDecoder()
    for await (const chunk of child.stderr) {
      err += decoder.decode(chunk, { stream: true })
      if (err.includes('Ctrl-C gives up')) waiting.resolve()
    }
    waiting.reject(new Error(`nobody is waited for: ${err}`))
    ended.resolve()
  }
  void read()
  const result = async () => {
    const [out, code] = await Promise.all([new Response(child.stdout).text(), child.exited, ended.promise])
    return { out, err, code }
  }
  await waiting.promise
  return { interrupt: () => child.kill('SIGINT'), result }
}

test('a sign-in on the command line makes an account that the running server finds by itself', async () => {
  expect((await chat()).status).toBe(404)
  const login = await beginLogin(['--no-browser'])
  sim.approve(undefined, 'ann')
  const { code, out, err } = await login.result()
  expect(code).toBe(0)
  expect(out).toMatch(/^signed in: account qwen-1 \(\S+oauth_creds\.json\), token until /)
  // A code as large as the address needs, with its quiet zone.
  const drawn = err.split('\n').filter(line => /^█[█▀▄ ]+█$/.test(line))
  expect(drawn.length).toBeGreaterThan(15)
  expect(new Set(drawn.map(line => line.length)).size).toBe(1)
  expect(statSync(credentialsFile(home)).mode & 0o777).toBe(0o600)
  await serves('qwen-1')
  await expectAnswer(await chat(), CHAT)
})

test('signing in again heals the account that was refused', async () => {
  const ann = sim.user('ann')
  ann.revoke()
  expect((await chat()).status).not.toBe(200)
  expect(await accountOf(gateway, 'qwen-1')).toMatchObject({ state: 'needs_sign_in' })
  const login = await beginLogin(['--no-browser', '--force'])
  sim.approve(undefined, 'ann')
  expect((await login.result()).code).toBe(0)
  await eventually('it is back', async () => (await accountOf(gateway, 'qwen-1')).state === 'active', FOUND_MS)
  expect((await chat()).status).toBe(200)
})

test('a further account lies beside it, under its own name', async () => {
  const login = await beginLogin(['--no-browser', '--account', 'ben', '--json'])
  sim.approve(undefined, 'ben')
  const { code, out } = await login.result()
  expect([code, JSON.parse(out)]).toEqual([0, expect.objectContaining({ label: 'ben', kind: 'qwen_oauth', is_new: true })])
  expect(readCredentials(credentialsFile(home, 'ben')).refresh_token).toBe(sim.user('ben').latest.refreshToken)
  await serves('ben')
  await serves('qwen-1')
})

test('Ctrl-C ends it cleanly, and a declined sign-in in words', async () => {
  const login = await beginLogin(['--no-browser', '--account', 'nobody'])
  login.interrupt()
  expect(await login.result()).toMatchObject({ code: 1, out: '', err: expect.stringMatching(/error: cancelled\n$/) })
  const declined = await beginLogin(['--no-browser', '--account', 'nobody'])
  sim.deny()
  expect(await declined.result()).toMatchObject({ code: 1, out: '', err: expect.stringMatching(/declined in the browser\n$/) })
  expect(await Bun.file(credentialsFile(home, 'nobody')).exists()).toBe(false)
})

test('the browser is opened where that is not forbidden, and the variables of older proxies hold', async () => {
  const folder = newFolder()
  const opened = join(folder, 'opened')
  for (const name of ['xdg-open', 'open']) await Bun.write(join(folder, name), `#!/bin/sh\nprintf %s "$1" > "${opened}"\n`)
  await Bun.$`chmod +x ${join(folder, 'xdg-open')} ${join(folder, 'open')}`.quiet()
  const env = {
    PATH: `${folder}:${process.env.PATH}`,
    ...{ QWEN_HOME: join(folder, 'qwen'), QWEN_DEVICE_CODE_ENDPOINT: `${sim.url}/api/v1/oauth2/device/code` },
    QWEN_TOKEN_ENDPOINT: `${sim.url}/api/v1/oauth2/token`,
  }
  const login = await beginLogin([], env, folder)
  const url = await eventually('it is opened', async () => (await Bun.file(opened).exists()) && (await Bun.file(opened).text()))
  expect(url).toBe(`${sim.url}/authorize?user_code=${sim.codes.at(-1)?.userCode}&client=qwen-code`)
  sim.approve(undefined, 'cleo')
  expect((await login.result()).out).toContain(`account qwen-1 (${folder}/qwen/oauth_creds.json)`)
  const served = await startGateway({ env })
  expect((await post(served.url, CHAT, CHAT.body('coder-model'))).headers.get('x-dragoman-account')).toBe('qwen-1')
  await served.stop()
  rmSync(folder, { recursive: true, force: true })
})

test('an imported file is used where it lies, and one of another tool is copied', async () => {
  const folder = newFolder()
  const served = await startGateway({ folder, config: { qwen: { oauth_url: sim.url, credentials: [] } } })
  const file = join(folder, 'of-the-cli', 'oauth_creds.json')
  const dora = signIn(sim, 'dora', file, -1000)
  const elsewhere = join(folder, 'qwen-elsa.json')
  const { accessToken, refreshToken } = sim.user('elsa').signIn(-1000)
  const content = {
    access_token: accessToken,
    refresh_token: refreshToken,
    resource_url: sim.url,
    type: 'qwen',
    expired: '2026-01-01T00:00:00Z',
  }
  await Bun.write(elsewhere, JSON.stringify(content))
  const { code, stdout, stderr } = await run(['import', file, elsewhere, '--data-dir', served.dataDir], { cwd: folder })
  expect([code, stdout]).toEqual([0, expect.stringMatching(/added \(qwen-1\)\n {2}the file is used where it lies[\s\S]*added \(qwen-2\)/)])
  expect(stderr).toMatch(/^warning: \S+qwen-elsa\.json:1:1: the tool that this file belongs to must not use/)
  const ask = async () => (await post(served.url, CHAT, CHAT.body('coder-model'))).headers.get('x-dragoman-account')
  const seen = new Set<string | null>()
  await eventually('both serve', async () => seen.add(await ask()) && seen.has('qwen-1') && seen.has('qwen-2'))
  expect(readCredentials(file)).toMatchObject({ access_token: dora.latest.accessToken, refresh_token: dora.latest.refreshToken })
  expect(JSON.parse(await Bun.file(elsewhere).text())).toEqual(content)
  await served.stop()
  rmSync(folder, { recursive: true, force: true })
})
