import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { SimulatedAccount } from '../simulators/jetbrains/account.ts'
import { type JetbrainsSimulator, startJetbrains } from '../simulators/jetbrains.ts'
import { CHAT, expectAnswer, post } from './support/client-routes.ts'
import { command, newFolder, type RunningGateway, run, startGateway } from './support/gateway.ts'
import { jetbrainsAt } from './support/jetbrains.ts'
import { eventually } from './support/wait.ts'

const MODEL = 'google-chat-gemini-pro-2.5'

// Each test starts several processes, one after the other.
setDefaultTimeout(30_000)

let sim: JetbrainsSimulator
let account: SimulatedAccount
let gateway: RunningGateway

beforeAll(async () => {
  sim = startJetbrains()
  account = sim.account({ licenseId: 'LIC1' })
  gateway = await startGateway({ config: { jetbrains: jetbrainsAt(sim) } })
})
afterAll(async () => {
  await gateway.stop()
  await sim.close()
})

/** A sign-in that has come to where the browser is waited for. */
async function beginLogin(args: string[], env: Record<string, string> = {}, cwd = gateway.folder) {
  const child = Bun.spawn([...command, 'login', 'jetbrains', ...args], {
    ...{ cwd, env: { PATH: process.env.PATH, HOME: cwd, ...env }, stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' },
  })
  let err = ''
  const ended = Promise.withResolvers<void>()
  const address = Promise.withResolvers<string>()
  const read = async () => {
    const decoder = new TextDecoder()
    for await (const chunk of child.stderr) {
      err += decoder.decode(chunk, { stream: true })
      const [url] = /http:\/\/127\.0\.0\.1:\d+\/oauth\/login\S+/.exec(err) ?? []
      if (url !== undefined && err.endsWith('\n')) address.resolve(url)
    }
    address.reject(new Error(`no address: ${err}`))
    ended.resolve()
  }
  void read()
  const result = async () => {
    const [out, code] = await Promise.all([new Response(child.stdout).text(), child.exited, ended.promise])
    return { out, err, code }
  }
  return { url: await address.promise, interrupt: () => child.kill('SIGINT'), result }
}

test('a sign-in in the browser makes an account that the running server serves with', async () => {
  const login = await beginLogin(['--license', 'LIC1', '--label', 'mine', '--no-browser', '--data-dir', gateway.dataDir])
  const page = await fetch(login.url)
  expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('Signed in')])
  const { code, out, err } = await login.result()
  expect(code).toBe(0)
  expect(out).toMatch(/^signed in: new account mine \(acct_\w+\)\nmine: ok \(0\/10 credits used/)
  expect(err).toContain('Ctrl-C gives up')
  await eventually('it serves', async () => (await post(gateway.url, CHAT, CHAT.body(MODEL))).status === 200, 2000)
  const answer = await post(gateway.url, CHAT, CHAT.body(MODEL))
  await expectAnswer(answer, CHAT)
  expect(answer.headers.get('x-dragoman-account')).toBe('mine')
})

test('signing in again heals the account of a running server', async () => {
  account.revoke()
  expect((await post(gateway.url, CHAT, CHAT.body(MODEL))).status).not.toBe(200)
  const login = await beginLogin(['--license', 'LIC1', '--no-browser', '--data-dir', gateway.dataDir])
  await fetch(login.url)
  expect((await login.result()).out).toStartWith('signed in again: account mine (')
  await eventually('it serves', async () => (await post(gateway.url, CHAT, CHAT.body(MODEL))).status === 200, 2000)
})

test('Ctrl-C ends it cleanly, and nothing listens any more', async () => {
  const login = await beginLogin(['--license', 'LIC1', '--no-browser', '--data-dir', gateway.dataDir])
  login.interrupt()
  expect(await login.result()).toMatchObject({ code: 1, out: '', err: expect.stringMatching(/error: cancelled\n$/) })
  const redirect = new URL(login.url).searchParams.get('redirect_uri') ?? ''
  expect(fetch(redirect)).rejects.toThrow()
})

test('the browser is opened where that is not forbidden', async () => {
  const folder = newFolder()
  const opened = join(folder, 'opened')
  for (const name of ['xdg-open', 'open']) await Bun.write(join(folder, name), `#!/bin/sh\nprintf %s "$1" > "${opened}"\n`)
  await Bun.$`chmod +x ${join(folder, 'xdg-open')} ${join(folder, 'open')}`.quiet()
  const path = `${folder}:${process.env.PATH}`
  const login = await beginLogin(['--license', 'LIC1', '--data-dir', gateway.dataDir], { PATH: path })
  const url = await eventually('it is opened', async () => (await Bun.file(opened).exists()) && (await Bun.file(opened).text()))
  expect(url).toBe(login.url)
  login.interrupt()
  expect((await login.result()).code).toBe(1)
  rmSync(folder, { recursive: true, force: true })
})

test('without a terminal the licence must be given', async () => {
  const { code, stderr } = await run(['login', 'jetbrains', '--no-browser'], { cwd: gateway.folder })
  expect(code).toBe(2)
  expect(stderr).toContain('give it with --license ID')
})
