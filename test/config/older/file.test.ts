import { describe, expect, test } from 'bun:test'
import { readOlderFile } from '../../../src/config/older/file.ts'
import { recognise } from '../../../src/config/older/file-kind.ts'
import { problemText } from '../../../src/config/problem.ts'
import { jwtOf } from '../jwt.ts'

const read = (name: string, content: unknown) =>
  readOlderFile(`/old/${name}`, typeof content === 'string' ? content : JSON.stringify(content))

const said = (name: string, content: unknown) => read(name, content).problems.map(problem => problemText(problem).replace(/^\/old\//, ''))

describe('which file is which', () => {
  const account = { licenseId: 'LIC1', authorization: 'a' }
  test.each([
    ['jetbrainsai.json', [account], 'jetbrainsai'],
    ['jetbrainsai.json', [], 'jetbrainsai'],
    ['jetbrainsai.example.json', [account], 'jetbrainsai'],
    ['accounts.json', [{ jwt: 'x' }], 'jetbrainsai'],
    ['client_api_keys.json', ['anything'], 'client_api_keys'],
    ['keys.json', ['sk-one', 'sk-two'], 'client_api_keys'],
    ['keys.json', { 'sk-one': 'laptop' }, 'client_api_keys'],
    ['models.json', ['some-model'], 'models'],
    ['models.json', { models: { a: 'b' } }, 'models'],
    ['list.json', ['anthropic-claude-4-sonnet', 'openai-gpt-4o'], 'models'],
    ['list.json', { models: ['a'], anthropic_model_mappings: {} }, 'models'],
    ['config.json', { jetbrains_tokens: [], server_port: 1 }, 'go_config'],
    ['credentials.json', [{ id: 'u1', email: 'a@b.example', refresh_token: 'r', license_id: 'L', status: 'active' }], 'node_credentials'],
    ['config.json', { port: 3000, api_key: 'k', panel_password: 'p' }, 'node_config'],
    ['credentials.json', [{ id: 'cred-1', label: 'x', refresh_token: 'r', license_id: 'L', user_email: '' }], 'grazie_credentials'],
    ['oauth_creds.json', {}, 'qwen'],
    ['oauth_creds_work.json', {}, 'qwen'],
    ['creds.json', { access_token: 'a', refresh_token: 'r', resource_url: 'portal.qwen.ai' }, 'qwen'],
    // Ours, or nothing that is known.
    ['dragoman.json', { models: { fast: 'gpt-4o-mini' } }, undefined],
    ['dragoman.json', { server_port: 1, grazie_agent: {} }, undefined],
    ['dragoman.json', { models: ['gpt-4o'] }, undefined],
    ['dragoman.json', {}, undefined],
    ['list.json', [], undefined],
    ['list.json', [1], undefined],
    ['list.json', ['apples', 'pears'], undefined],
    ['models.json', { object: 'list', data: [{ id: 'gpt-4o' }] }, undefined],
    ['x.json', 'text', undefined],
    ['x.json', null, undefined],
  ] as const)('%s %j', (name, json, kind) => {
    expect(recognise(name, JSON.parse(JSON.stringify(json)))).toBe(kind)
  })
})

describe('jetbrainsai.json', () => {
  test('as the Python proxy writes it, and as its forks do', () => {
    const older = read('jetbrainsai.json', [
      { jwt: jwtOf('a') },
      {
        ...{ licenseId: 'LIC1', authorization: 'auth-1', jwt: jwtOf('b'), last_updated: 1751700000.1, has_quota: false },
        last_quota_check: 0,
      },
      { licenseId: 'LIC2', authorization: 'Bearer auth-2', jwt: null, last_updated: null, enabled: false },
      { licenseId: 'LIC3', authorization: 'auth-3', jwt: '', expiry_time: '2026-01-01T00:00:00Z', priority: 2 },
      { licenseId: 'LIC4', refresh_token: 'refresh-4', id_token: 'id-4', name: 'mine', description: 'for people' },
    ])
    expect(older).toMatchObject({ kind: 'jetbrainsai', isReadable: true, problems: [] })
    expect(older.accounts).toEqual([
      { jwt: jwtOf('a'), priority: 1, enabled: true, at: [0] },
      { licenseId: 'LIC1', authorization: 'auth-1', jwt: jwtOf('b'), priority: 1, enabled: true, at: [1] },
      { licenseId: 'LIC2', authorization: 'auth-2', priority: 1, enabled: false, at: [2] },
      { licenseId: 'LIC3', authorization: 'auth-3', priority: 2, enabled: true, at: [3] },
      {
        ...{ licenseId: 'LIC4', refresh_token: 'refresh-4', id_token: 'id-4', name: 'mine', description: 'for people' },
        ...{ priority: 1, enabled: true, at: [4] },
      },
    ])
  })

  test('bad entries are left out by place and reason, and the rest is kept', () => {
    const text = `[
  "a string",
  { "jwt": "not-a-jwt-at-all" },
  { "licenseId": "LIC1", "authorization": "auth-1" },
  { "licenseId": "LIC1", "authorization": "auth-2" },
  { "licenseId": "LIC2" },
  { "authorization": "auth-3" },
  { "licenseId": "LIC3", "authorization": 5 },
  { "jwt": "${jwtOf('a')}" },
  { "jwt": "${jwtOf('a')}" },
  {},
  null,
  { "jwt": "your-jwt-here-1" },
  { "licenseId": "Oxxxx", "authorization": "eyJhbGcxxx" }
]`
    const older = read('jetbrainsai.json', text)
    expect(older.accounts.map(({ at }) => at)).toEqual([[2], [7]])
    expect(older.problems.every(({ leftOut }) => leftOut)).toBe(true)
    expect(said('jetbrainsai.json', text)).toEqual([
      'jetbrainsai.json:2:3: [0]: must be an object; left out',
      'jetbrainsai.json:3:12: [1].jwt: is no JWT: three parts in base64url, the second of which is a JSON object; left out',
      'jetbrainsai.json:5:18: [3].licenseId: the same licence stands at [2]; left out',
      'jetbrainsai.json:6:3: [4]: has a licence, but nothing to use it with: "authorization", "refresh_token" or "jwt" is missing; left out',
      'jetbrainsai.json:7:3: [5]: "licenseId" is missing, without which "authorization" gives no JWT; left out',
      'jetbrainsai.json:8:43: [6].authorization: must be a string; left out',
      'jetbrainsai.json:10:12: [8].jwt: the same token stands at [7]; left out',
      'jetbrainsai.json:11:3: [9]: has nothing to sign in with: no "jwt", no "licenseId"; left out',
      'jetbrainsai.json:12:3: [10]: must be an object; left out',
      'jetbrainsai.json:13:12: [11].jwt: is a placeholder; left out',
      'jetbrainsai.json:14:18: [12].licenseId: is a placeholder; left out',
    ])
  })

  test('what has no equivalent, or was not filled in, is told without losing the account', () => {
    const entry = {
      ...{ licenseId: 'LIC1', authorization: 'auth-1', jwt: 'your-jwt-here', grazieAgent: '{}', jwtRefreshUrl: 'https://x.example' },
      ...{ extraRefreshBody: {}, colour: 'blue', enabled: 'yes', priority: 'high', name: 'me@mail.example' },
    }
    const { accounts, problems } = read('jetbrainsai.json', [entry])
    expect(accounts).toEqual([{ licenseId: 'LIC1', authorization: 'auth-1', priority: 1, enabled: true, at: [0] }])
    expect(problems.map(({ path, leftOut }) => [path, leftOut])).toEqual(
      ['grazieAgent', 'jwtRefreshUrl', 'extraRefreshBody', 'colour', 'enabled', 'priority', 'name', 'jwt'].map(key => [
        `[0].${key}`,
        undefined,
      ]),
    )
    expect(problems[0]?.suggestion).toContain('jetbrains.headers')
  })

  test.each(['e30', 'W10', 'bnVsbA', '!!', ''])('a token whose second part is %j', payload => {
    const isObject = payload === 'e30'
    expect(read('jetbrainsai.json', [{ jwt: `eyJhbGciOiJIUzI1NiJ9.${payload}.c2ln` }]).accounts).toHaveLength(isObject ? 1 : 0)
  })

  test('another shape, and no JSON at all', () => {
    expect(read('jetbrainsai.json', { jwt: 'x' })).toMatchObject({ kind: 'jetbrainsai', isReadable: false, accounts: [] })
    expect(said('jetbrainsai.json', { jwt: 'x' })).toEqual(['jetbrainsai.json:1:1: must be a list of accounts'])
    expect(said('jetbrainsai.json', '[{"jwt": }]')).toEqual(['jetbrainsai.json:1:10: malformed JSON: a value is expected'])
    expect(said('strange.json', { a: 1 })).toEqual(['strange.json:1:1: is no file of an older proxy that is known here'])
    expect(read('strange.json', '')).toMatchObject({ kind: undefined, isReadable: false })
  })
})

describe('client_api_keys.json', () => {
  test('a list, and an object of keys and what they are for', () => {
    expect(read('client_api_keys.json', ['sk-one', 'anything']).clientKeys).toEqual([
      { key: 'sk-one', at: [0] },
      { key: 'anything', at: [1] },
    ])
    expect(read('client_api_keys.json', { 'sk-one': 'laptop', 'sk-two': '', 'sk-three': null }).clientKeys).toEqual([
      { name: 'laptop', key: 'sk-one', at: ['sk-one'] },
      { key: 'sk-two', at: ['sk-two'] },
      { key: 'sk-three', at: ['sk-three'] },
    ])
  })

  test('bad ones are left out, and none is shown', () => {
    const list = ['sk-canary-5d41402a', 'sk-canary-5d41402a', 7, ' ', 'sk-your-custom-key-here']
    expect(said('client_api_keys.json', list)).toEqual([
      'client_api_keys.json:1:23: [1]: the same key stands at [0]; left out',
      'client_api_keys.json:1:44: [2]: must be a string; left out',
      'client_api_keys.json:1:46: [3]: must not be empty; left out',
      'client_api_keys.json:1:50: [4]: is a placeholder; left out',
    ])
    expect(read('client_api_keys.json', list).clientKeys).toHaveLength(1)
    const object = said('client_api_keys.json', '{"sk-your-key-here": "x", "sk-canary-1": "a", "sk-canary-1": "b"}')
    expect(object).toEqual([
      'client_api_keys.json:1:47: stands twice; the last one would win',
      'client_api_keys.json:1:22: [0]: is a placeholder; left out',
    ])
    expect(said('client_api_keys.json', 5)).toEqual([
      'client_api_keys.json:1:1: must be a list of keys, or an object of keys and descriptions',
    ])
  })
})

describe('models.json', () => {
  test('the three forms', () => {
    expect(read('models.json', ['anthropic-claude-3.7-sonnet', 'openai-o3']).models).toEqual({
      aliases: {},
      listed: ['anthropic-claude-3.7-sonnet', 'openai-o3'],
      mappings: {},
    })
    expect(
      read('models.json', {
        models: ['anthropic-claude-4-sonnet'],
        anthropic_model_mappings: { 'claude-sonnet-4-20250514': 'anthropic-claude-4-sonnet' },
      }).models,
    ).toEqual({
      aliases: {},
      listed: ['anthropic-claude-4-sonnet'],
      mappings: { 'claude-sonnet-4-20250514': 'anthropic-claude-4-sonnet' },
    })
    expect(read('models.json', { models: { 'gpt-4o': 'openai-gpt-4o', four: 'openai-gpt-4o', 'openai-o3': 'openai-o3' } }).models).toEqual({
      aliases: { 'gpt-4o': 'openai-gpt-4o', four: 'openai-gpt-4o' },
      listed: ['openai-gpt-4o', 'openai-o3'],
      mappings: {},
    })
  })

  test('bad entries', () => {
    expect(said('models.json', { models: ['a', 'a', ''], anthropic_model_mappings: { x: 1, y: 'a' }, more: 1 })).toEqual([
      'models.json:1:74: more: unknown key, ignored',
      'models.json:1:56: anthropic_model_mappings.x: must be the name of a model; left out',
      'models.json:1:16: models[1]: the same model stands at models[0]; left out',
      'models.json:1:20: models[2]: must be the name of a model; left out',
    ])
    expect(said('models.json', { models: 5 })).toEqual(['models.json:1:1: must be a list of models, or an object with "models"'])
    expect(said('models.json', { models: ['a'], anthropic_model_mappings: [] })).toEqual([
      'models.json:1:44: anthropic_model_mappings: must be an object; left out',
    ])
  })
})

describe('config files', () => {
  test("the Go proxy's", () => {
    const older = read('config.json', {
      jetbrains_tokens: [{ token: jwtOf('a'), name: 'Primary', description: 'd', priority: 2, metadata: { k: 'v' } }, jwtOf('b'), 'no-jwt'],
      bearer_token: 'a-client-key',
      load_balance_strategy: 'random',
      health_check_interval: 30_000_000_000,
      server_port: 8081,
      server_host: '',
      log_requests: true,
    })
    expect(older.accounts).toEqual([
      { jwt: jwtOf('a'), name: 'Primary', description: 'd', priority: 2, enabled: true, at: ['jetbrains_tokens', 0] },
      { jwt: jwtOf('b'), priority: 1, enabled: true, at: ['jetbrains_tokens', 1] },
    ])
    expect(older.clientKeys).toEqual([{ key: 'a-client-key', at: ['bearer_token'] }])
    expect(older.settings.map(({ path, value }) => [...path, value])).toEqual([
      ['load_balance_strategy', 'random'],
      ['health_check_interval', '30s'],
      ['server_port', 8081],
    ])
    expect(older.problems).toMatchObject([
      { path: 'jetbrains_tokens[2].token', leftOut: true, message: expect.stringContaining('is no JWT') },
      { path: 'log_requests', message: 'unknown key, ignored' },
    ])
  })

  test("the Node proxy's", () => {
    const older = read('config.json', {
      ...{ port: 3001, api_key: 'a-client-key', panel_password: 'canary-password', unknown_thing: 1 },
      ...{ grazie_agent: { name: 'aia:idea', version: '261' }, refresh_policy: { max_retries: 2 } },
    })
    expect(older.kind).toBe('node_config')
    expect(older.clientKeys).toEqual([{ key: 'a-client-key', at: ['api_key'] }])
    expect(older.settings).toEqual([
      { path: ['server_port'], value: 3001, at: ['port'] },
      { path: ['jetbrains', 'headers'], value: { 'grazie-agent': '{"name":"aia:idea","version":"261"}' }, at: ['grazie_agent'] },
    ])
    expect(older.problems.map(({ path }) => path)).toEqual(['panel_password', 'unknown_thing', 'refresh_policy'])
    expect(JSON.stringify(older.problems)).not.toContain('canary')
    expect(read('config.json', { api_key: 'your-key-here', panel_password: '' })).toMatchObject({
      clientKeys: [],
      problems: [{ path: 'api_key', message: 'is a placeholder' }, { path: 'panel_password' }],
    })
  })
})

describe('credentials.json', () => {
  test("the Node proxy's, with what it knew of each account", () => {
    const entry = (license_id: string, status: string) => ({
      ...{ id: 'u1', email: 'me@mail.example', refresh_token: `refresh-${license_id}`, license_id, id_token: 'id', status },
      ...{ id_token_expires_at: 1, jwt: jwtOf(license_id), jwt_expires_at: 2, added_at: 3, last_used_at: 4, last_error_code: null },
    })
    const states = ['active', 'error', 'quota_exhausted', 'suspended', 'disabled', 'odd']
    const older = read(
      'credentials.json',
      states.map(status => entry(`LIC-${status}`, status)),
    )
    expect(older.kind).toBe('node_credentials')
    expect(older.accounts.map(({ enabled, state }) => [enabled, state])).toEqual([
      ...[true, true, true].map(enabled => [enabled, undefined]),
      [false, 'suspended'],
      [false, undefined],
      [true, undefined],
    ])
    expect(older.accounts[0]).toEqual({
      ...{ licenseId: 'LIC-active', refresh_token: 'refresh-LIC-active', id_token: 'id', jwt: jwtOf('LIC-active') },
      ...{ priority: 1, enabled: true, at: [0] },
    })
    expect(older.problems.map(({ path, message }) => [path, message])).toEqual([
      ['[3].status', 'is suspended: taken over, but out of service'],
      ['[5].status', 'unknown status, ignored'],
    ])
  })

  test("grazie2api's", () => {
    const older = read('credentials.json', [
      {
        ...{ id: 'cred-12345678', label: 'Work', refresh_token: 'r-1', license_id: 'LIC1', added_at: 1 },
        ...{ user_email: 'me@mail.example', user_name: 'Me' },
      },
      { id: 'cred-2', label: '', refresh_token: 'r-2', license_id: null },
    ])
    expect(older.kind).toBe('grazie_credentials')
    expect(older.accounts).toEqual([{ name: 'Work', licenseId: 'LIC1', refresh_token: 'r-1', priority: 1, enabled: true, at: [0] }])
    expect(older.problems).toMatchObject([
      { path: '[1]', message: '"licenseId" is missing, without which "refresh_token" gives no JWT', leftOut: true },
    ])
  })

  test('a sign-in of the Qwen CLI is recognised and left where it is', () => {
    expect(read('oauth_creds.json', { access_token: 'a', refresh_token: 'r' })).toMatchObject({
      kind: 'qwen',
      isReadable: true,
      accounts: [],
      problems: [],
    })
  })
})

test('no problem repeats a secret', () => {
  const canary = 'canary-5d41402abc4b2a76'
  const files: [string, unknown][] = [
    ['jetbrainsai.json', [{ jwt: canary }, { authorization: canary }, { licenseId: 'L', authorization: [canary] }, canary]],
    ['jetbrainsai.json', [{ licenseId: 'L', refresh_token: canary, status: canary, priority: canary, name: `${canary}@x` }]],
    ['client_api_keys.json', [canary, canary]],
    ['client_api_keys.json', `{"${canary}": 1, "${canary}": 2}`],
    ['config.json', { jetbrains_tokens: [canary], bearer_token: `your-${canary}-here` }],
    ['config.json', { panel_password: canary, api_key: 5 }],
    ['jetbrainsai.json', `[{"jwt": "${canary}"`],
  ]
  for (const [name, content] of files) {
    const { problems } = read(name, content)
    expect(problems.length).toBeGreaterThan(0)
    expect(JSON.stringify(problems)).not.toContain('canary')
  }
})
