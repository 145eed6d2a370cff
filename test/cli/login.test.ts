import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { registerAccounts } from '../../src/cli/accounts.ts'
import { registerLogin } from '../../src/cli/login.ts'
import type { LoginEnvironment } from '../../src/cli/login-environment.ts'
import { systemClock } from '../../src/core/clock.ts'
import { removeWorkplaces } from '../config/workplace.ts'
import type { SimulatedAccount } from '../simulators/jetbrains/account.ts'
import { type JetbrainsSimulator, startJetbrains } from '../simulators/jetbrains.ts'
import { CommandLine } from './command-line.ts'

let simulator: JetbrainsSimulator
let licences = 0
let page: Promise<Response> | undefined

beforeAll(() => {
  simulator = startJetbrains()
})
beforeEach(() => {
  page = undefined
})
afterEach(() => {
  simulator.signIn = {}
})
afterAll(async () => {
  await simulator.close()
  removeWorkplaces()
})

/** Somebody with a licence, who is signed in at the browser. */
function person() {
  const account = simulator.account({ licenseId: `LIC${++licences}` })
  simulator.signIn = { ...simulator.signIn, account }
  return account
}

/** A browser that goes wherever it is sent. */
const browser: Partial<LoginEnvironment> = {
  openBrowser(url) {
    page = fetch(url)
  },
  listening: { readLine: async () => undefined, ask: async () => undefined },
}

const login = (line: CommandLine, args: string[] = [], more: Partial<LoginEnvironment> = {}) =>
  line.run(registerLogin, ['login', 'jetbrains', ...args], { ...browser, ...more })

const accounts = (line: CommandLine, ...args: string[]) => line.run(registerAccounts, ['accounts', ...args])

const listed = async (line: CommandLine) => JSON.parse((await accounts(line, 'list', '--json')).out).data as Record<string, unknown>[]

describe('login jetbrains', () => {
  test('explains itself, signs in, and keeps the account', async () => {
    const line = new CommandLine(simulator)
    const { licenseId, email } = person()
    const { code, out, err } = await login(line, ['--license', licenseId, '--label', 'mine'])
    expect(code).toBe(0)
    expect(err).toMatch(
      /your own browser[\s\S]*licences page[\s\S]*Sign in here \(your browser should open by itself\)[\s\S]*http:\/\/127\.0\.0\.1:\d+\/oauth\/login\?/,
    )
    expect(err).toContain('terms may forbid')
    expect(out).toMatch(/^signed in: new account mine \(acct_[0-9a-f]{16}\)\nmine: ok \(0\/10 credits used, resets \S+Z\)\n$/)
    expect(out + err).not.toContain(email)
    expect(await listed(line)).toMatchObject([{ label: 'mine', kind: 'jetbrains_oauth', state: 'active', origin: 'admin' }])
    const shown = await page
    expect(shown?.status).toBe(200)
    expect(await shown?.text()).toContain('as the account mine')
    expect(shown?.headers.get('referrer-policy')).toBe('no-referrer')
    expect((await accounts(line, 'check')).code).toBe(0)
  })

  test('asks for the licence on a terminal', async () => {
    const line = new CommandLine(simulator)
    const { licenseId } = person()
    const asked: string[] = []
    const ask = async (question: string) => {
      asked.push(question)
      return ` ${licenseId}\n`
    }
    const { code, out } = await login(line, ['--json'], { listening: { readLine: async () => undefined, ask } })
    expect(code).toBe(0)
    expect(asked).toEqual(['Licence id: '])
    expect(JSON.parse(out)).toMatchObject({ label: 'jetbrains-1', kind: 'jetbrains_oauth' })
  })

  test('gives the existing account of a licence new tokens, whatever it had before', async () => {
    const one = person()
    const line = new CommandLine(simulator)
    await accounts(line, 'add', '--license', one.licenseId, '--authorization', one.authorization(), '--label', 'mine')
    one.revoke()
    expect((await accounts(line, 'check')).out).toContain('mine: needs sign in: ')
    const { code, out } = await login(line, ['--license', one.licenseId])
    expect(code).toBe(0)
    expect(out).toStartWith('signed in again: account mine (')
    expect(await listed(line)).toMatchObject([{ label: 'mine', kind: 'jetbrains_oauth', state: 'active' }])
  })

  test.each([
    ['refresh_token', (one: SimulatedAccount) => one.refreshToken],
    ['authorization', (one: SimulatedAccount) => one.authorization()],
  ])('gives an account declared with its %s new tokens, and the configuration does not put its own back', async (name, secretOf) => {
    const one = person()
    const declared = { name: 'declared', licenseId: one.licenseId, [name]: secretOf(one) }
    const line = new CommandLine(simulator, { jetbrains_accounts: [declared] })
    one.revoke()
    expect((await accounts(line, 'check')).code).toBe(1)
    expect((await login(line, ['--license', one.licenseId])).out).toStartWith('signed in again: account declared (')
    one.invalidateJwts()
    expect((await accounts(line, 'check')).out).toContain('declared: ok')
  })

  test('takes up the account that the configuration no longer names', async () => {
    const one = person()
    const line = new CommandLine(simulator, { jetbrains_accounts: [{ licenseId: one.licenseId, refresh_token: one.refreshToken }] })
    await accounts(line, 'list')
    line.configure({})
    expect(await login(line, ['--license', one.licenseId])).toMatchObject({
      code: 0,
      out: expect.stringContaining('signed in: new account'),
    })
    expect(await listed(line)).toMatchObject([{ kind: 'jetbrains_oauth', origin: 'admin', state: 'active' }])
  })

  test('fails in words where it was declined, and keeps nothing', async () => {
    const line = new CommandLine(simulator)
    const { licenseId } = person()
    simulator.signIn = { ...simulator.signIn, deny: true }
    const { code, out, err } = await login(line, ['--license', licenseId])
    expect({ code, out }).toEqual({ code: 1, out: '' })
    expect(err).toEndWith('error: the sign-in was declined in the browser\n')
    const shown = await page
    expect([shown?.status, await shown?.text()]).toEqual([400, expect.stringContaining('declined in the browser. Go back to the terminal')])
    expect(await listed(line)).toEqual([])
  })

  test("says that a licence is not the account's", async () => {
    const line = new CommandLine(simulator)
    person()
    const { code, err } = await login(line, ['--license', 'SOMEBODY-ELSES'])
    expect(code).toBe(1)
    expect(await (await page)?.text()).toContain('is it one of its own? Go back to the terminal')
    expect(err).toEndWith('error: JetBrains refused the licence SOMEBODY-ELSES for this account: is it one of its own?\n')
    expect(await listed(line)).toEqual([])
  })

  test('is not ended by what other pages send, and takes one answer only', async () => {
    const line = new CommandLine(simulator)
    const { licenseId } = person()
    const statuses: number[] = []
    const visit = async (url: string) => {
      const redirect = new URL(url).searchParams.get('redirect_uri') ?? ''
      const strange = await fetch(`${redirect}/?code=theirs&state=guessed%3Cb%3E`)
      expect(await strange.text()).not.toContain('<b>')
      statuses.push(strange.status, (await fetch(`${redirect}/favicon.ico`)).status, (await fetch(redirect, { method: 'POST' })).status)
      const back = (await fetch(url, { redirect: 'manual' })).headers.get('location') ?? ''
      simulator.scriptAccess({ delayHeadersMs: 100 })
      const first = fetch(back)
      await simulator.received(simulator.requests.length + 1)
      statuses.push((await fetch(back)).status, (await first).status)
    }
    let visited: Promise<void> | undefined
    const openBrowser = (url: string) => {
      visited = visit(url)
    }
    expect((await login(line, ['--license', licenseId], { openBrowser })).code).toBe(0)
    await visited
    expect(statuses).toEqual([400, 404, 404, 410, 200])
  })

  test('ends when the operator has had enough, and when nobody comes', async () => {
    const line = new CommandLine(simulator)
    let stopped = false
    const interrupted = await login(line, ['--license', 'LIC', '--no-browser'], {
      onInterrupt(interrupt) {
        queueMicrotask(interrupt)
        return () => {
          stopped = true
        }
      },
    })
    expect(interrupted).toMatchObject({ code: 1, out: '', err: expect.stringMatching(/error: cancelled\n$/) })
    expect(stopped).toBe(true)
    const after = (ms: number, run: () => void) => systemClock.after(ms === 300_000 ? 20 : ms, run)
    const late = await login(line, ['--license', 'LIC', '--no-browser'], { clock: { ...systemClock, after } })
    expect(late).toMatchObject({ code: 1, err: expect.stringMatching(/error: nobody has signed in within 5 minutes\n$/) })
  })

  test.each([
    [[], '--license ID'],
    [['--license', 'two words'], '--license'],
    [['--license', 'L', '--provider', 'nobody'], 'provider'],
    [['--license', 'L', '--port', '70000'], '--port'],
    [['--license', 'L', 'stray'], 'too many arguments'],
  ])('%j is wrong usage', async (args, named) => {
    const { code, out, err } = await login(new CommandLine(simulator), args)
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toContain(named)
  })

  test('says that its port is taken', async () => {
    const taken = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: () => new Response() })
    const { code, err } = await login(new CommandLine(simulator), ['--license', 'L', '--port', String(taken.port)])
    const { port } = taken
    await taken.stop(true)
    expect(code).toBe(1)
    expect(err).toContain(`port ${port} is taken: choose another with --port`)
  })
})
