import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { registerAccounts } from '../../src/cli/accounts.ts'
import { registerLogin } from '../../src/cli/login.ts'
import type { LoginEnvironment } from '../../src/cli/login-environment.ts'
import { QWEN_PLANS } from '../../src/routing/model-data.ts'
import { removeWorkplaces } from '../config/workplace.ts'
import { DEFAULT_RULES } from '../simulators/qwen/rules.ts'
import { type QwenSimulator, startQwen } from '../simulators/qwen.ts'
import { CommandLine } from './command-line.ts'

let sim: QwenSimulator
let people = 0

beforeAll(() => {
  sim = startQwen()
})
afterEach(() => {
  Object.assign(sim.rules, { mode: 'normal', clientId: DEFAULT_RULES.clientId })
})
afterAll(async () => {
  await sim.close()
  removeWorkplaces()
})

/** A home folder, and the command in it. Polls come every 20 ms. */
function setUp(settings: object = {}) {
  sim.rules.interval = 0.02
  const line = new CommandLine({ url: sim.url, loginUrl: sim.url }, { qwen: { oauth_url: sim.url, ...settings } })
  const home = join(line.place.homeDir, '.qwen')
  const name = `person-${++people}`
  const person = sim.user(name)
  const approve = (): void => sim.approve(undefined, name)
  const login = (args: string[] = [], more: Partial<LoginEnvironment> = {}) =>
    line.run(registerLogin, ['login', 'qwen', ...args], { openBrowser: approve, ...more })
  const file = (account?: string): string => join(home, account === undefined ? 'oauth_creds.json' : `oauth_creds_${account}.json`)
  const kept = (account?: string) => JSON.parse(readFileSync(file(account), 'utf8')) as Record<string, unknown>
  return { line, home, person, login, approve, file, kept }
}

const begun = (): number => sim.counts.device

describe('login qwen', () => {
  test('says first what works without, then signs in and shares the sign-in with the CLI', async () => {
    const { login, file, kept, person, line } = setUp()
    const opened: string[] = []
    const { code, out, err } = await login([], {
      openBrowser(url) {
        opened.push(url)
        sim.approve(undefined, person.name)
      },
    })
    expect(code).toBe(0)
    const [code_] = sim.codes.slice(-1)
    const page = `${sim.url}/authorize?user_code=${code_?.userCode}&client=qwen-code`
    for (const { title, keyEnv, plan } of QWEN_PLANS) {
      expect(err).toContain(`${title} (regions: `)
      expect(err).toContain(keyEnv)
      expect(err).toContain(`{ "name": "Qwen", "provider_type": "qwen", "plan": "${plan}", "region": "singapore", "api_key": "sk-`)
    }
    expect(err.indexOf('closed by Qwen on 2026-04-15')).toBeLessThan(err.indexOf(page))
    expect(err).toContain(`compare the code:  ${code_?.userCode}\n\n  ${page}\n\n█████`)
    expect(opened).toEqual([page])
    expect(out).toMatch(/^signed in: account qwen-1 \(\S+\/\.qwen\/oauth_creds\.json\), token until \d{4}-\S+Z\n$/)
    const { accessToken, refreshToken } = person.latest
    expect(kept()).toEqual({
      ...{ access_token: accessToken, refresh_token: refreshToken, token_type: 'Bearer', resource_url: sim.url },
      expiry_date: expect.any(Number),
    })
    expect(Object.keys(kept())).toEqual(['access_token', 'refresh_token', 'token_type', 'resource_url', 'expiry_date'])
    expect(statSync(file()).mode & 0o777).toBe(0o600)
    expect(out + err).not.toMatch(new RegExp(`${accessToken}|${refreshToken}`))
    expect((await line.run(registerAccounts, ['accounts', 'check'])).out).toBe(
      'qwen-1: ok (its token is good; whether requests are served, the next one will tell)\n',
    )
  })

  test('keeps further accounts beside it, and prints JSON', async () => {
    const { login, file, kept, person } = setUp()
    const { code, out } = await login(['--account', 'work', '--json', '--no-browser'], {
      openBrowser: () => expect.unreachable(),
      stderr: text => void (/Waiting/.test(text) && sim.approve(undefined, person.name)),
    })
    expect(code).toBe(0)
    expect(JSON.parse(out)).toEqual({
      ...{ provider: 'qwen', label: 'work', kind: 'qwen_oauth', file: file('work'), resource_url: sim.url },
      ...{ token_expires_at: new Date(Number(kept('work').expiry_date)).toISOString(), is_new: true },
    })
    expect(existsSync(file())).toBe(false)
  })

  test('leaves a sign-in that works as it is, unless told otherwise', async () => {
    const { login, file, kept, person } = setUp()
    const written = sim.writeCredentials(file(), person)
    const before = begun()
    const { code, out, err } = await login()
    expect([code, out]).toEqual([0, expect.stringMatching(/^already signed in: account qwen-1 \(.*token until/)])
    expect(err).toEndWith('--force signs in anew\n')
    expect(kept()).toEqual(written)
    expect(JSON.parse((await login(['--json'])).out)).toMatchObject({ label: 'qwen-1', is_new: false })
    expect(begun()).toBe(before)
    expect((await login(['--force'])).out).toStartWith('signed in: account qwen-1')
    expect(kept().refresh_token).toBe(person.latest.refreshToken)
    expect(kept().refresh_token).not.toBe(written.refresh_token)
  })

  test('renews a token that has run out, and signs in where that is refused', async () => {
    const { login, file, kept, person } = setUp()
    sim.writeCredentials(file(), person, -1000)
    expect((await login()).out).toStartWith('already signed in')
    expect(kept().access_token).toBe(person.latest.accessToken)
    sim.writeCredentials(file(), person, -1000)
    person.revoke()
    const { code, out, err } = await login()
    expect([code, out]).toEqual([0, expect.stringMatching(/^signed in/)])
    expect(err).toContain('The sign-in that is there cannot be used: sign in again: the refresh token was refused (400 invalid_request')
  })

  test.each([
    ['declined', () => sim.deny(), 'error: the sign-in was declined in the browser\n'],
    ['run out', () => sim.expire(), 'error: the code has expired before anybody approved it; begin anew\n'],
  ])('ends where it was %s', async (_, act, message) => {
    const { login, file } = setUp()
    const { code, out, err } = await login([], { openBrowser: act })
    expect({ code, out }).toEqual({ code: 1, out: '' })
    expect(err).toEndWith(message)
    expect(existsSync(file())).toBe(false)
  })

  test("survives a gateway's error pages and says so once", async () => {
    const { login } = setUp()
    const polls = sim.counts.poll
    sim.rules.mode = 'broken-idp'
    const { code, err } = await login([], {
      openBrowser() {
        const polled = setInterval(() => {
          if (sim.counts.poll < polls + 3) return
          clearInterval(polled)
          sim.rules.mode = 'normal'
          sim.approve()
        }, 5)
      },
    })
    expect(code).toBe(0)
    expect(err.match(/warning: Qwen answered 504 without a token; asking on/g)).toHaveLength(1)
  })

  test('ends when the operator has had enough', async () => {
    const { login, file } = setUp()
    let interrupt = () => {}
    let stopped = 0
    const { code, out, err } = await login([], {
      openBrowser: () => interrupt(),
      onInterrupt(run) {
        interrupt = run
        return () => void stopped++
      },
    })
    expect({ code, out, stopped }).toEqual({ code: 1, out: '', stopped: 1 })
    expect(err).toEndWith('error: cancelled\n')
    expect(existsSync(file())).toBe(false)
  })

  test('says that the configuration names other files', async () => {
    const { login, file } = setUp({ credentials: ['~/elsewhere.json'] })
    const { code, out, err } = await login()
    expect([code, out]).toEqual([0, expect.stringMatching(/^signed in \(/)])
    expect(err).toContain(`warning: qwen.credentials of the configuration does not name ${file()}`)
  })

  test("takes the older proxies' variables", async () => {
    const { line, approve } = setUp()
    sim.rules.clientId = 'client-of-mine'
    const env = { QWEN_HOME: join(line.place.cwd, 'qwen-home'), QWEN_CLIENT_ID: 'client-of-mine', QWEN_SCOPE: 'openid' }
    const { code, out } = await line.run(registerLogin, ['login', 'qwen', '--json'], {
      openBrowser: approve,
      load: flags => line.place.load({ flags, env, hasStoredKeys: true }),
    })
    expect([code, JSON.parse(out).file]).toEqual([0, join(env.QWEN_HOME, 'oauth_creds.json')])
    expect(sim.codes.at(-1)?.scope).toBe('openid')
  })

  test('says why no sign-in can be begun, and where it could not be kept', async () => {
    const { login, line, home } = setUp()
    sim.rules.clientId = 'another'
    expect(await login()).toMatchObject({
      code: 1,
      err: expect.stringMatching(/no sign-in could be begun at Qwen: it answered 401 invalid_client/),
    })
    line.place.write(`${line.place.homeDir}/.blocked`, 'a file')
    const before = begun()
    line.configure({ qwen: { oauth_url: sim.url, home: `${line.place.homeDir}/.blocked` } })
    const { code, err } = await login()
    expect([code, begun()]).toEqual([1, before])
    expect(err).toMatch(/error: \S+\.blocked cannot be written \(E\w+\): choose another folder with QWEN_HOME\n$/)
    expect(existsSync(join(home, 'oauth_creds.json'))).toBe(false)
  })

  test.each([[['--account', 'ann@example.com']], [['--account', '../x']], [['--account', '']], [['stray']]])(
    '%j is wrong usage',
    async args => {
      const { login } = setUp()
      const before = begun()
      expect(await login(args)).toMatchObject({ code: 2, out: '' })
      expect(begun()).toBe(before)
    },
  )
})
