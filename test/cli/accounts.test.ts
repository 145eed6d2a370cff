import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type AccountsEnvironment, registerAccounts } from '../../src/cli/accounts.ts'
import { systemClock } from '../../src/core/clock.ts'
import { removeWorkplaces } from '../config/workplace.ts'
import { type JetbrainsSimulator, startJetbrains } from '../simulators/jetbrains.ts'
import { CommandLine } from './command-line.ts'

const MINUTE_MS = 60_000

let simulator: JetbrainsSimulator
let licences = 0

beforeAll(() => {
  simulator = startJetbrains()
})
afterAll(async () => {
  await simulator.close()
  removeWorkplaces()
})

/** An account of the service that no other test has. */
const account = () => simulator.account({ licenseId: `LIC${++licences}` })

const saying = (line?: string): Partial<AccountsEnvironment> => ({
  listening: { readLine: async () => line, ask: async () => undefined },
})

function commandLine(config?: Record<string, unknown>) {
  const line = new CommandLine(simulator, config)
  const accounts = (...args: string[]) => line.run(registerAccounts, ['accounts', ...args], saying())
  const piped = (text: string, ...args: string[]) => line.run(registerAccounts, ['accounts', ...args], saying(text))
  const listed = async () => JSON.parse((await accounts('list', '--json')).out).data as Record<string, unknown>[]
  return { line, accounts, piped, listed }
}

describe('accounts add', () => {
  test('keeps every kind of credential, and says what it is called', async () => {
    const { accounts, piped, listed, line } = commandLine({
      providers: [{ name: 'OpenAI', provider_type: 'openai', base_url: 'https://api.example.com/v1' }],
    })
    const [one, two, three] = [account(), account(), account()]
    const added = await accounts('add', '--jwt', one.jwt())
    expect(added).toEqual({ code: 0, out: expect.stringMatching(/^added jetbrains-1 \(acct_[0-9a-f]{16}\)\n$/), err: '' })
    expect(
      (await piped(`${two.authorization()}\n`, 'add', '--license', two.licenseId, '--authorization', '-', '--label', 'work')).code,
    ).toBe(0)
    const file = line.place.write('token.txt', `${three.refreshToken}\n`)
    const third = await accounts('add', '--license', three.licenseId, '--refresh-token', `@${file}`, '--priority', '2', '--json')
    expect(JSON.parse(third.out)).toMatchObject({ label: 'jetbrains-2', kind: 'jetbrains_oauth', priority: 2, origin: 'admin' })
    expect((await accounts('add', '--api-key', 'sk-someone-else', '--provider', 'OpenAI')).out).toStartWith('added OpenAI-')
    const kinds = (await listed()).map(({ label, kind, origin }) => [label, kind, origin])
    expect(kinds).toContainEqual(['jetbrains-1', 'static_jwt', 'admin'])
    expect(kinds).toContainEqual(['work', 'jetbrains_license', 'admin'])
    expect(kinds).toContainEqual(['jetbrains-2', 'jetbrains_oauth', 'admin'])
    expect(kinds.filter(([, kind]) => kind === 'api_key')).not.toEqual([])
  })

  test('keeps Qwen sign-ins, by their tokens or in a file', async () => {
    const { accounts, piped, listed, line } = commandLine()
    const refresh = line.place.write('refresh.txt', 'refresh-1\n')
    const byValue = ['--access-token', '-', '--refresh-token', `@${refresh}`, '--resource-url', 'portal.qwen.ai']
    expect((await piped('access-1\n', 'add', ...byValue)).out).toMatch(/^added qwen-1 \(acct_/)
    const content = { access_token: 'a', refresh_token: 'r', token_type: 'Bearer', expiry_date: 4_102_444_800_000 }
    const file = line.place.write('oauth_creds_2.json', content)
    expect((await accounts('add', '--qwen-file', file, '--label', 'shared', '--check')).out).toMatch(
      /^added shared \(acct_\w+\)\nshared: ok \(its token is good; whether requests are served, the next one will tell\)\n$/,
    )
    expect(await accounts('add', '--qwen-file', file)).toMatchObject({ code: 1, err: expect.stringContaining('there already: shared') })
    line.place.write(`${line.place.homeDir}/.qwen/oauth_creds.json`, { ...content, refresh_token: 'r2' })
    expect((await listed()).map(({ label, kind, origin }) => [label, kind, origin])).toEqual([
      ['qwen-1', 'qwen_oauth', 'admin'],
      ['qwen-2', 'qwen_oauth', 'config'],
      ['shared', 'qwen_oauth', 'admin'],
    ])
    const { code, err } = await accounts('remove', 'qwen-2')
    expect([code, err]).toEqual([1, expect.stringContaining('is a credentials file that is used in place')])
  })

  test('checks at once where asked, and fails where the account is unfit', async () => {
    const { accounts } = commandLine()
    const [good, bad] = [account(), account()]
    const added = await accounts('add', '--license', good.licenseId, '--refresh-token', good.refreshToken, '--check')
    expect(added).toMatchObject({ code: 0, err: '' })
    expect(added.out).toMatch(/\njetbrains-1: ok \(0\/10 credits used, resets \S+Z\)\n$/)
    bad.exhaust()
    const unfit = await accounts('add', '--jwt', bad.jwt(), '--check')
    expect(unfit.code).toBe(1)
    expect(unfit.out).toMatch(/\njetbrains-2: exhausted: quota exhausted.* \(until \S+Z\)\n$/)
  })

  test('never shows a secret', async () => {
    const { accounts } = commandLine()
    const { licenseId, refreshToken } = account()
    const bad = await accounts('add', '--license', licenseId, '--refresh-token', `${refreshToken} and more`)
    expect(bad.code).toBe(2)
    const said = [
      await accounts('add', '--license', licenseId, '--refresh-token', refreshToken, '--json', '--check'),
      await accounts('list', '--json'),
    ]
    for (const { out, err } of [bad, ...said]) expect(out + err).not.toContain(refreshToken)
  })

  test('refuses an account that is there already', async () => {
    const { accounts } = commandLine()
    const { licenseId, refreshToken } = account()
    const args = ['add', '--license', licenseId, '--refresh-token', refreshToken]
    expect((await accounts(...args)).code).toBe(0)
    const again = await accounts(...args)
    expect(again.code).toBe(1)
    expect(again.err).toContain('jetbrains-1')
  })

  test.each([
    [[], '--qwen-file, --access-token, --jwt, --authorization, --refresh-token, --api-key'],
    [['--access-token', 'a'], '--access-token: needs --refresh-token'],
    [['--access-token', 'a', '--refresh-token', 'r', '--license', 'L'], '--license: cannot be given with --access-token'],
    [['--access-token', '-', '--refresh-token', '-'], 'the standard input is read for --refresh-token'],
    [['--access-token', 'a', '--refresh-token', 'r', '--resource-url', 'ftp://x'], 'credential.resource_url: is no host'],
    [['--refresh-token', 'r', '--resource-url', 'h', '--license', 'L'], '--resource-url: cannot be given with --refresh-token'],
    [['--qwen-file', '/no/such/file'], 'credential.file: file is gone'],
    [['--qwen-file', '/'], 'is no file'],
    [['--jwt', 'a.b.c', '--api-key', 'k'], '--api-key: cannot be given with --jwt'],
    [['--refresh-token', 'r'], '--refresh-token: needs --license'],
    [['--license', 'L', '--api-key', 'k'], '--license: cannot be given with --api-key'],
    [['--jwt', 'no token'], 'jwt'],
    [['--jwt', '-'], '--jwt: the standard input holds nothing'],
    [['--jwt', '@/no/such/file'], '--jwt: /no/such/file cannot be read (ENOENT)'],
    [['--api-key', 'k'], 'provider: is required'],
    [['--api-key', 'k', '--provider', 'nobody'], 'provider'],
    [['--priority', 'first', '--jwt', 'a.b.c'], '--priority'],
    [['--label', 'x', 'stray'], 'too many arguments'],
  ])('%j is wrong usage', async (args, named) => {
    const { accounts } = commandLine()
    const { code, out, err } = await accounts('add', ...args)
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toContain(named)
  })

  test('--help shows how secrets are given', async () => {
    const { code, out } = await commandLine().accounts('add', '--help')
    expect(code).toBe(0)
    expect(out).toContain('dragoman accounts add --jwt @token.txt')
  })
})

describe('accounts list', () => {
  test('shows the declared and the stored ones, as they were last seen', async () => {
    const [declared, stored] = [account(), account()]
    const { accounts } = commandLine({
      jetbrains_accounts: [{ name: 'declared', licenseId: declared.licenseId, refresh_token: declared.refreshToken }],
    })
    await accounts('add', '--jwt', stored.jwt(), '--priority', '3')
    stored.exhaust()
    expect((await accounts('check')).code).toBe(1)
    const { code, out, err } = await accounts('list')
    expect({ code, err }).toEqual({ code: 0, err: '' })
    const [head, ...rows] = out.trimEnd().split('\n')
    expect(head).toMatch(/^LABEL +PROVIDER +KIND +ORIGIN +PRIORITY +STATE +UNTIL +QUOTA +TOKEN EXPIRES +REASON$/)
    expect(rows).toEqual([
      expect.stringMatching(/^declared +jetbrains +jetbrains_oauth +config +1 +active +- +0\/10 +\d{4}-\S+Z +-$/),
      expect.stringMatching(/^jetbrains-\d +jetbrains +static_jwt +admin +3 +exhausted +\d{4}-\S+Z +10\/10 +\d{4}-\S+Z +quota exhausted/),
    ])
  })

  test('says that there is none, and makes no data dir by mistake', async () => {
    const { accounts } = commandLine()
    const none = await accounts('list')
    expect(none.code).toBe(1)
    expect(none.err).toContain('there is no database at')
    await accounts('add', '--jwt', account().jwt())
    await accounts('remove', 'jetbrains-1')
    expect(await accounts('list')).toEqual({ code: 0, out: '', err: expect.stringContaining('dragoman login jetbrains') })
  })

  test('says once what is left out of the configuration', async () => {
    const token = account().jwt()
    const { accounts } = commandLine({ jetbrains_tokens: [{ token }, { token: 'no-token' }] })
    const { code, out, err } = await accounts('list')
    expect(code).toBe(0)
    expect(out).toContain('jetbrains-1')
    expect(err.match(/jetbrains_tokens\.1/g)).toHaveLength(1)
    expect(err).not.toContain('no-token')
  })

  test('does not go on with a configuration that is wrong', async () => {
    const { accounts, line } = commandLine()
    line.configure({ sever_port: 1 })
    const { code, err } = await accounts('list')
    expect(code).toBe(1)
    expect(err).toContain('sever_port')
  })
})

describe('accounts check', () => {
  test('asks for quota only, renews tokens first, and keeps the rotated ones', async () => {
    const { accounts } = commandLine()
    const one = account()
    await accounts('add', '--license', one.licenseId, '--refresh-token', one.refreshToken)
    const before = { ...simulator.counts }
    expect((await accounts('check')).out).toStartWith('jetbrains-1: ok')
    const after = simulator.counts
    expect(after.oauth - before.oauth).toBe(1)
    expect([after.quota - before.quota, after.chat - before.chat]).toEqual([1, 0])
    one.invalidateJwts()
    // The refresh token has been rotated: only the kept one works now.
    expect((await accounts('check')).out).toStartWith('jetbrains-1: ok')
  })

  test('waits for a renewal that goes on behind it: the rotated token must not be lost', async () => {
    const service = startJetbrains()
    try {
      const { clock } = service
      const times = { jwtLifetimeMs: 20 * MINUTE_MS, idTokenLifetimeMs: MINUTE_MS }
      const { licenseId, refreshToken } = service.account({ licenseId: 'LIC1', ...times })
      const line = new CommandLine(service)
      const accounts = (...args: string[]) =>
        line.run(registerAccounts, ['accounts', ...args], { clock: { ...systemClock, now: () => clock.now() } })
      await accounts('add', '--license', licenseId, '--refresh-token', refreshToken, '--check')
      // Eight minutes are left: the old token is used while a new one is fetched.
      clock.advance(12 * MINUTE_MS)
      const before = { ...service.counts }
      service.scriptOauth({ delayHeadersMs: 150 })
      expect((await accounts('check')).code).toBe(0)
      expect(service.counts).toMatchObject({ oauth: before.oauth + 1, provideAccess: before.provideAccess + 1 })
      clock.advance(30 * MINUTE_MS)
      expect(await accounts('check')).toMatchObject({ code: 0, out: expect.stringContaining(': ok'), err: '' })
    } finally {
      await service.close()
    }
  })

  test('brings back what is well again, and tells what is not', async () => {
    const { accounts, listed } = commandLine()
    const [one, two] = [account(), account()]
    for (const each of [one, two]) await accounts('add', '--jwt', each.jwt(), '--label', each.licenseId)
    simulator.scriptQuota({ status: 477, message: 'License suspension', forKey: one.licenseId })
    const unfit = await accounts('check')
    expect(unfit.code).toBe(1)
    expect(unfit.out).toContain(`${one.licenseId}: suspended: `)
    expect(unfit.out).toContain(`${two.licenseId}: ok`)
    expect((await listed()).map(({ state }) => state)).toEqual(['suspended', 'active'])
    expect((await accounts('check', one.licenseId)).code).toBe(0)
    expect((await listed()).map(({ state }) => state)).toEqual(['active', 'active'])
  })

  test('a service that is away is a failure, but no verdict', async () => {
    const { accounts, listed } = commandLine()
    await accounts('add', '--jwt', account().jwt())
    simulator.scriptQuota({ status: 503 })
    const { code, out } = await accounts('check', '--json')
    expect(code).toBe(1)
    expect(JSON.parse(out).data[0]).toMatchObject({ state: 'active', check: { ok: false, message: expect.stringContaining('503') } })
    expect((await listed())[0]?.state).toBe('active')
  })

  test('an unknown name', async () => {
    const { accounts } = commandLine()
    await accounts('add', '--jwt', account().jwt())
    const { code, err } = await accounts('check', 'nobody')
    expect(code).toBe(1)
    expect(err).toContain("'nobody'")
  })
})

describe('accounts remove', () => {
  test('by label and by id', async () => {
    const { accounts, listed } = commandLine()
    await accounts('add', '--jwt', account().jwt(), '--label', 'one')
    const { id } = JSON.parse((await accounts('add', '--jwt', account().jwt(), '--json')).out) as { id: string }
    expect(await accounts('remove', 'one')).toMatchObject({ code: 0, out: expect.stringMatching(/^removed one \(acct_/) })
    expect((await accounts('remove', id)).code).toBe(0)
    expect(await listed()).toEqual([])
    expect(await accounts('remove', id)).toMatchObject({ code: 1, err: expect.stringContaining(id) })
  })

  test('a declared one stands in the configuration', async () => {
    const { accounts } = commandLine({ jetbrains_tokens: [{ token: account().jwt(), name: 'declared' }] })
    const { code, err } = await accounts('remove', 'declared')
    expect(code).toBe(1)
    expect(err).toContain('stands in the configuration')
  })

  test('one whose credential cannot be opened any more', async () => {
    const { accounts, line } = commandLine({ secret_key: 'the first secret key of all' })
    await accounts('add', '--jwt', account().jwt(), '--label', 'locked')
    line.configure({ secret_key: 'another secret key than that' })
    const { code, err } = await accounts('remove', 'locked')
    expect(code).toBe(1)
    expect(err).toContain('secret_key')
  })
})
