import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { registerAccounts } from '../../src/cli/accounts.ts'
import { registerImport } from '../../src/cli/import.ts'
import { registerKeys } from '../../src/cli/keys.ts'
import { databasePath } from '../../src/composition/database-path.ts'
import { systemClock } from '../../src/core/clock.ts'
import { sha256 } from '../../src/core/secret.ts'
import { openDatabase } from '../../src/store/database.ts'
import { createKeys, readKeyByHash } from '../../src/store/keys.ts'
import { createModels } from '../../src/store/models.ts'
import { jwtOf } from '../config/jwt.ts'
import { removeWorkplaces } from '../config/workplace.ts'
import { type JetbrainsSimulator, startJetbrains } from '../simulators/jetbrains.ts'
import { CommandLine } from './command-line.ts'

let simulator: JetbrainsSimulator

beforeAll(() => {
  simulator = startJetbrains()
})
afterAll(async () => {
  await simulator.close()
  removeWorkplaces()
})

const KEY = 'sk-a-key-of-the-older-proxy-1'

function setUp(config?: Record<string, unknown>) {
  const line = new CommandLine(simulator, config)
  /** Imports one file, written to the folder first. */
  const imported = (name: string, content: unknown, ...args: string[]) =>
    line.run(registerImport, ['import', line.place.write(`old/${name}`, content), ...args])
  const accounts = async () =>
    JSON.parse((await line.run(registerAccounts, ['accounts', 'list', '--json'])).out).data as Record<string, unknown>[]
  async function store<T>(look: (store: Awaited<ReturnType<typeof openDatabase>>) => Promise<T>): Promise<T> {
    const opened = await openDatabase({ path: databasePath((await line.place.load()).config), clock: systemClock })
    return look(opened).finally(() => opened.close())
  }
  const keyOf = (key: string) => store(({ db }) => readKeyByHash(db, sha256(key)))
  const models = () => store(opened => createModels({ store: opened, clock: systemClock }).list())
  return { line, imported, accounts, keyOf, models, store }
}

describe('accounts', () => {
  const entries = [
    { jwt: jwtOf('one') },
    { licenseId: 'LIC1', authorization: 'Bearer auth-1', jwt: jwtOf('two'), last_updated: 1751700000.1, has_quota: true },
    { licenseId: 'LIC2', authorization: 'auth-2', enabled: false },
  ]

  test('jetbrainsai.json, with each bad entry told by its place', async () => {
    const { imported, accounts, line } = setUp()
    const content = JSON.stringify([...entries, { jwt: 'no-jwt' }, { licenseId: 'LIC1', authorization: 'again' }])
    const { code, out, err } = await imported('jetbrainsai.json', content)
    expect(code).toBe(1)
    expect(out).toBe(
      `${line.place.cwd}/old/jetbrainsai.json: accounts of jetbrainsai2api\n  accounts: 3 added (jetbrains-1, jetbrains-2, jetbrains-3)\n`,
    )
    expect(err).toMatch(
      /^error: \S+jetbrainsai\.json:1:\d+: \[3\]\.jwt: is no JWT.*; left out\nerror: \S+: \[4\]\.licenseId: .*; left out\n$/,
    )
    expect((await accounts()).map(({ kind, enabled, origin }) => [kind, enabled, origin])).toEqual([
      ['static_jwt', true, 'admin'],
      ['jetbrains_license', true, 'admin'],
      ['jetbrains_license', false, 'admin'],
    ])
    expect(readFileSync(`${line.place.cwd}/old/jetbrainsai.json`, 'utf8')).toBe(content)
  })

  test('what is there already stays as it is, and is no error', async () => {
    const { imported, accounts } = setUp()
    await imported('jetbrainsai.json', entries)
    const again = await imported(
      'jetbrainsai.json',
      entries.map(entry => ({ ...entry, enabled: true })),
    )
    expect(again).toMatchObject({ code: 0, err: '' })
    expect(again.out).toContain('accounts: 3 already there, left as they are (jetbrains-1, jetbrains-2, jetbrains-3)')
    expect((await accounts()).map(({ enabled }) => enabled)).toEqual([true, true, false])
  })

  test("the Node proxy's and grazie2api's credentials", async () => {
    const { imported, accounts } = setUp()
    const node = [
      { id: 'u1', email: 'ann@example.com', refresh_token: 'refresh-1', license_id: 'LIC1', status: 'active', id_token: 'id-1' },
      { id: 'u2', email: 'ben@example.com', refresh_token: 'refresh-2', license_id: 'LIC2', status: 'suspended' },
    ]
    expect(await imported('credentials.json', node)).toMatchObject({
      code: 0,
      out: expect.stringContaining('accounts of jb-ai-proxy'),
      err: expect.stringContaining('is suspended'),
    })
    const grazie = [
      { id: 'cred-1', label: 'mine', refresh_token: 'refresh-3', license_id: 'LIC3', added_at: 1, user_email: 'x@example.com' },
    ]
    expect((await imported('grazie.json', grazie)).out).toContain('accounts: 1 added (mine)')
    expect((await accounts()).map(({ label, kind, enabled }) => [label, kind, enabled])).toEqual([
      ['jetbrains-1', 'jetbrains_oauth', true],
      ['jetbrains-2', 'jetbrains_oauth', false],
      ['mine', 'jetbrains_oauth', true],
    ])
  })

  test('join the provider of the configuration, and get another label where theirs is taken', async () => {
    const { imported, accounts } = setUp({ providers: [{ name: 'JB', provider_type: 'jetbrains' }] })
    const named = (license_id: string) => [{ id: 'c', label: 'mine', refresh_token: `refresh-${license_id}`, license_id }]
    await imported('one.json', named('LIC1'))
    expect((await imported('two.json', named('LIC2'))).out).toContain('accounts: 1 added (JB-1)')
    expect((await accounts()).map(({ provider, label }) => [provider, label])).toEqual([
      ['JB', 'JB-1'],
      ['JB', 'mine'],
    ])
  })

  test('a declared one is there already; once the configuration is gone it is taken over with its tokens', async () => {
    const account = simulator.account({ licenseId: 'LIC-DECLARED', idTokenLifetimeMs: 60_000 })
    const entry = { licenseId: account.licenseId, refresh_token: account.refreshToken, name: 'declared' }
    const { imported, accounts, line } = setUp({ jetbrains_accounts: [entry] })
    expect((await line.run(registerAccounts, ['accounts', 'check'])).code).toBe(0)
    expect((await imported('jetbrainsai.json', [entry])).out).toContain('1 already there, left as it is (declared)')
    line.configure({})
    expect(await accounts()).toEqual([])
    expect((await imported('jetbrainsai.json', [entry])).out).toContain('1 added (declared)')
    account.invalidateJwts()
    // The file's refresh token was used up long ago; the store's is the good one.
    expect(await line.run(registerAccounts, ['accounts', 'check'])).toMatchObject({ code: 0, out: expect.stringContaining('declared: ok') })
  })

  test('the file that is the configuration itself may go afterwards', async () => {
    const { line, accounts } = setUp()
    line.place.write('jetbrainsai.json', entries)
    await Bun.file(`${line.place.cwd}/dragoman.json`).delete()
    const flags = ['--data-dir', `${line.place.cwd}/data`]
    const list = async () => JSON.parse((await line.run(registerAccounts, ['accounts', 'list', '--json', ...flags])).out).data
    expect(await list()).toMatchObject([{ origin: 'config' }, { origin: 'config' }, { origin: 'config' }])
    expect((await line.run(registerImport, ['import', `${line.place.cwd}/jetbrainsai.json`, ...flags])).out).toContain('accounts: 3 added')
    await Bun.file(`${line.place.cwd}/jetbrainsai.json`).delete()
    line.configure({})
    expect(await accounts()).toMatchObject([{ origin: 'admin' }, { origin: 'admin' }, { origin: 'admin' }])
  })
})

describe('client keys', () => {
  test('go on working as they are, kept as hashes', async () => {
    const { imported, keyOf, line } = setUp()
    const { code, out } = await imported('client_api_keys.json', [KEY, 'sk-another-key-of-theirs'])
    expect(code).toBe(0)
    expect(out).toContain('client keys: 2 added (imported 1, imported 2)')
    expect(await keyOf(KEY)).toMatchObject({ name: 'imported 1', hash: sha256(KEY) })
    const database = readFileSync(databasePath((await line.place.load()).config))
    expect(database.includes(KEY)).toBe(false)
  })

  test('with descriptions; known, revoked and weak ones are told, and no key is ever shown', async () => {
    const { imported, keyOf, store } = setUp()
    const file = { [KEY]: 'laptop', 'sk-revoked-key-of-theirs': 'phone', 'sk-weak': 'old', 'sk-with blanks in it': '' }
    await imported('client_api_keys.json', { [KEY]: 'laptop', 'sk-revoked-key-of-theirs': 'phone' })
    await store(async opened => {
      const keys = createKeys({ store: opened, clock: systemClock })
      await keys.revokeKey((await keys.findKey('phone')).id)
    })
    const { code, out, err } = await imported('client_api_keys.json', file)
    expect(code).toBe(1)
    expect(out).toContain('client keys: 1 already there, left as it is (laptop)')
    expect(err.split('\n')).toEqual([
      expect.stringMatching(/: \[1\]: this key was revoked here; it stays so; left out$/),
      expect.stringMatching(/: \[2\]: key: must have at least 16 characters.*client_api_keys of the config file/),
      expect.stringMatching(/: \[3\]: key: holds blanks/),
      '',
    ])
    expect(out + err).not.toMatch(/sk-(a|revoked|weak|with)/)
    expect((await keyOf('sk-revoked-key-of-theirs'))?.revokedAt).toBeNumber()
  })

  test('are listed by a beginning that does not give them away, and revoked by name', async () => {
    const { imported, line } = setUp()
    await imported('client_api_keys.json', { 'sk-sixteen-chars': 'short' })
    const { cwd } = line.place
    const keys = (...args: string[]) =>
      line.run(
        (program, environment) => registerKeys(program, { ...environment, resolveDatabase: () => `${cwd}/data/dragoman.db` }),
        ['keys', ...args],
      )
    const { out } = await keys('list', '--json')
    expect(JSON.parse(out).data).toMatchObject([{ name: 'short', prefix: 'sk-s' }])
    expect((await keys('revoke', 'short')).out).toStartWith('revoked key_')
  })
})

describe('models', () => {
  test('public names, and mappings for callers of Anthropic', async () => {
    const { imported, models } = setUp()
    const one = await imported('models.json', { models: { 'gpt-4o': 'openai-gpt-4o', same: 'same' } })
    expect(one.out).toContain('names of models: 1 added (gpt-4o)')
    expect(one.out).toContain('for the config file, if you want them: {"jetbrains":{"models":["openai-gpt-4o","same"]}}')
    const file = { models: ['anthropic-claude-4-sonnet'], anthropic_model_mappings: { sonnet: 'anthropic-claude-4-sonnet' } }
    expect((await imported('models.json', file)).code).toBe(0)
    expect((await models()).map(({ name, dialect, target, origin }) => [name, dialect, target, origin])).toEqual([
      ['gpt-4o', 'any', { alias: 'openai-gpt-4o' }, 'import'],
      ['sonnet', 'anthropic', { alias: 'anthropic-claude-4-sonnet' }, 'import'],
    ])
    expect((await imported('models.json', file)).out).toContain('1 already there, left as it is (sonnet)')
  })

  test('a name given by hand counts for more; one that cannot be a name is told', async () => {
    const { imported, models, store } = setUp()
    await imported('models.json', { models: { fast: 'one' } })
    await store(opened =>
      createModels({ store: opened, clock: systemClock }).put([
        { name: 'fast', dialect: 'any', target: { alias: 'mine' }, origin: 'admin' },
      ]),
    )
    const { code, out, err } = await imported('models.json', { models: { fast: 'two', ['x'.repeat(201)]: 'three', good: 'four' } })
    expect(code).toBe(1)
    expect(out).toContain('names of models: 1 added (good); 1 already there, left as it is (fast)')
    expect(err).toContain('must have at most 200 characters')
    expect((await models()).map(({ name, target }) => [name, target])).toEqual([
      ['fast', { alias: 'mine' }],
      ['good', { alias: 'four' }],
    ])
  })
})

describe('config files', () => {
  test("the Go proxy's: accounts, key, and settings as hints", async () => {
    const { imported, accounts, keyOf } = setUp()
    const { code, out } = await imported('config.json', {
      jetbrains_tokens: [{ token: jwtOf('one'), name: 'Primary_JWT', description: '', priority: 2, metadata: { k: 'v' } }],
      ...{ bearer_token: KEY, load_balance_strategy: 'random', health_check_interval: 30_000_000_000, server_port: 8080, server_host: '' },
    })
    expect(code).toBe(0)
    expect(out).toContain('config of jetbrains-ai-proxy\n  accounts: 1 added (Primary_JWT)\n  client keys: 1 added (bearer_token)\n')
    expect(out).toContain('{"load_balance_strategy":"random","health_check_interval":"30s","server_port":8080}')
    expect(await accounts()).toMatchObject([{ label: 'Primary_JWT', kind: 'static_jwt', priority: 2 }])
    expect(await keyOf(KEY)).toMatchObject({ name: 'bearer_token' })
  })

  test("the Node proxy's", async () => {
    const { imported } = setUp()
    const { out, err } = await imported('config.json', {
      port: 3000,
      api_key: KEY,
      panel_password: 'p',
      grazie_agent: { name: 'a', version: '1' },
    })
    expect(out).toContain('client keys: 1 added (api_key)')
    expect(out).toContain('"server_port":3000')
    expect(err).toContain('panel_password')
  })
})

describe('Qwen sign-ins', () => {
  const own = {
    ...{ access_token: 'access-1', token_type: 'Bearer', refresh_token: 'refresh-1', resource_url: 'portal.qwen.ai' },
    expiry_date: 4_102_444_800_000,
  }

  test("the CLI's own file is used where it lies", async () => {
    const { imported, accounts, line, store } = setUp()
    const file = `${line.place.cwd}/old/oauth_creds_work.json`
    expect((await imported('oauth_creds_work.json', own, '--dry-run')).out).toContain('accounts: 1 would be added (oauth_creds_work.json)')
    expect(await imported('oauth_creds_work.json', own)).toEqual({
      code: 0,
      out: `${file}: a Qwen sign-in\n  accounts: 1 added (qwen-1)\n  the file is used where it lies: leave it there\n`,
      err: '',
    })
    expect(await accounts()).toMatchObject([{ provider: 'qwen', label: 'qwen-1', kind: 'qwen_oauth', origin: 'admin', state: 'active' }])
    expect((await imported('oauth_creds_work.json', own)).out).toContain('accounts: 1 already there, left as it is (qwen-1)')
    // Nothing of it is in the database but where it lies.
    expect(await store(({ db }) => db.selectFrom('accounts').selectAll().execute())).toHaveLength(1)
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(own)
  })

  test('one that is in use already is not taken twice', async () => {
    const { line, accounts } = setUp()
    const file = line.place.write(`${line.place.homeDir}/.qwen/oauth_creds_mine.json`, own)
    for (const args of [['--dry-run'], []]) {
      const { code, out } = await line.run(registerImport, ['import', file, ...args])
      expect([code, out]).toEqual([0, expect.stringContaining('accounts: 1 already there, left as it is (mine)')])
    }
    expect(await accounts()).toMatchObject([{ label: 'mine', origin: 'config' }])
  })

  test.each([
    ['qwen-ann@example.com.json', { type: 'qwen', email: 'ann@example.com', expired: '2026-01-01T00:00:00Z', last_refresh: '' }],
    ['oauth_creds.json', { expires_in: 21_600, scope: 'openid profile email model.completion' }],
  ])('%s of another tool is copied, and that tool warned of', async (name, more) => {
    const { imported, accounts } = setUp()
    const { access_token, refresh_token, resource_url } = own
    const content = { access_token, refresh_token, resource_url, ...more }
    const { code, out, err } = await imported(name, content)
    expect([code, out]).toEqual([0, expect.stringContaining('a Qwen sign-in\n  accounts: 1 added (qwen-1)\n')])
    expect(err).toMatch(/^warning: \S+:1:1: the tool that this file belongs to must not use the sign-in any more: /)
    expect(out + err).not.toMatch(/access-1|refresh-1/)
    expect(await accounts()).toMatchObject([{ label: 'qwen-1', kind: 'qwen_oauth' }])
    expect(await imported(name, content)).toMatchObject({ code: 0, err: '', out: expect.stringContaining('already there') })
  })

  test.each([
    ['oauth_creds.json', { ...own, refresh_token: '' }, 1, 'has no refresh_token; left out'],
    ['oauth_creds.json', { access_token: 'a' }, 1, 'refresh_token: is required; left out'],
    ['qwen-x.json', { ...own, expiry_date: undefined, resource_url: 'ftp://x y' }, 1, 'resource_url: is no host and no URL; left out'],
    ['codex-ann.json', { ...own, type: 'codex' }, 2, 'is no file of an older proxy that is known here'],
    ['oauth_creds.json', { ...own, scope: 'https://www.googleapis.com/auth/cloud-platform' }, 2, 'is no file of an older proxy'],
  ])('%s %j is refused', async (name, content, code, message) => {
    const { imported } = setUp()
    const ended = await imported(name, content)
    expect(ended.code).toBe(code)
    expect(ended.err).toContain(message)
    expect(ended.err).not.toMatch(/access-1|refresh-1/)
  })
})

describe('the command', () => {
  test('--dry-run says what would be done and does nothing', async () => {
    const { imported, line, accounts } = setUp()
    const file = { jetbrains_tokens: [{ token: jwtOf('one'), name: 'Primary' }], bearer_token: KEY }
    const dry = await imported('config.json', file, '--dry-run')
    expect(dry).toMatchObject({
      code: 0,
      out: expect.stringContaining('accounts: 1 would be added (Primary)\n  client keys: 1 would be added'),
    })
    expect(await Bun.file(`${line.place.cwd}/data/dragoman.db`).exists()).toBe(false)
    await imported('config.json', file)
    expect((await imported('config.json', file, '--dry-run')).out).toContain('1 already there, left as it is (Primary)')
    await imported('more.json', [{ jwt: jwtOf('two') }], '--dry-run')
    expect(await accounts()).toHaveLength(1)
  })

  test('--json', async () => {
    const { imported } = setUp()
    const { out, err } = await imported('jetbrainsai.json', [{ jwt: jwtOf('one') }, { jwt: 'bad' }], '--json')
    expect(JSON.parse(out)).toEqual({
      dry_run: false,
      files: [
        {
          file: expect.stringContaining('jetbrainsai.json'),
          kind: 'jetbrainsai',
          accounts: { added: ['jetbrains-1'], existing: [] },
          keys: { added: [], existing: [] },
          models: { added: [], existing: [] },
          settings: {},
          problems: [expect.objectContaining({ path: '[1].jwt', leftOut: true })],
        },
      ],
    })
    expect(err).toContain('[1].jwt')
  })

  test('does what it can of several files', async () => {
    const { line, accounts } = setUp()
    const files = [
      line.place.write('jetbrainsai.json', [{ jwt: jwtOf('one') }]),
      line.place.write('other.json', { some: 'thing' }),
      line.place.write('broken.json', '{"jetbrains_tokens": ['),
      `${line.place.cwd}/nowhere.json`,
      line.place.write('oauth_creds.json', { access_token: 'a', refresh_token: 'r' }),
    ]
    const { code, err } = await line.run(registerImport, ['import', ...files])
    expect(code).toBe(2)
    expect(err).toMatch(/other\.json: is no file of an older proxy that is known here; known are jetbrainsai\.json, client_api_keys\.json/)
    expect(err).toMatch(/broken\.json:1:\d+: /)
    expect(err).toContain('nowhere.json: does not exist')
    expect(err).toContain('oauth_creds.json:1:1: the tool that this file belongs to must not use the sign-in any more')
    expect((await accounts()).map(({ kind }) => kind)).toEqual(['static_jwt', 'qwen_oauth'])
  })

  test('an unknown file alone makes no database', async () => {
    const { imported, line } = setUp()
    expect((await imported('other.json', { some: 'thing' })).code).toBe(2)
    expect(await Bun.file(`${line.place.cwd}/data/dragoman.db`).exists()).toBe(false)
  })

  test('needs a file', async () => {
    const { line } = setUp()
    expect((await line.run(registerImport, ['import'])).code).toBe(2)
  })
})
