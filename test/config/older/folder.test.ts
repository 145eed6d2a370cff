import { afterAll, describe, expect, test } from 'bun:test'
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describeConfig } from '../../../src/config/describe.ts'
import { problemText } from '../../../src/config/problem.ts'
import { watchConfig } from '../../../src/config/watch.ts'
import { systemClock } from '../../../src/core/clock.ts'
import { jwtOf } from '../jwt.ts'
import { removeWorkplaces, Workplace } from '../workplace.ts'

afterAll(removeWorkplaces)

const ACCOUNTS = [
  { licenseId: 'LIC1', authorization: 'Bearer auth-1', jwt: jwtOf('a'), last_updated: 1751700000.1, has_quota: true, last_quota_check: 0 },
  { jwt: 'broken' },
  { jwt: jwtOf('b'), enabled: false },
]

const MODELS = {
  models: ['anthropic-claude-3.5-sonnet', 'openai-gpt-4o'],
  anthropic_model_mappings: { sonnet: 'anthropic-claude-3.5-sonnet' },
}

/** A folder of the Python proxy. */
function pythonFolder(): Workplace {
  const place = new Workplace()
  place.write('jetbrainsai.json', JSON.stringify(ACCOUNTS, null, 2))
  place.write('client_api_keys.json', ['sk-client-one-1', 'sk-client-two-2'])
  place.write('models.json', MODELS)
  return place
}

describe('a folder of the Python proxy', () => {
  test('is the configuration where there is no other', async () => {
    const place = pythonFolder()
    const before = readFileSync(join(place.cwd, 'jetbrainsai.json'), 'utf8')
    const { config, errors, warnings, file, files, olderFiles, watched } = await place.load()
    expect(errors).toEqual([])
    expect(config.jetbrains_accounts).toEqual([
      { licenseId: 'LIC1', authorization: 'auth-1', jwt: jwtOf('a'), priority: 1, enabled: true },
      { jwt: jwtOf('b'), priority: 1, enabled: false },
    ])
    expect(config.client_api_keys).toEqual([{ key: 'sk-client-one-1' }, { key: 'sk-client-two-2' }])
    expect(config.jetbrains.models).toEqual(MODELS.models)
    expect(config.anthropic_model_mappings).toEqual(MODELS.anthropic_model_mappings)
    expect(config).toMatchObject({ server_host: '127.0.0.1', server_port: 8000, models: {} })
    expect(warnings.map(problem => problemText(problem).replace(`${place.cwd}/`, ''))).toEqual([
      'jetbrainsai.json:11:12: [1].jwt: is no JWT: three parts in base64url, the second of which is a JSON object; left out',
      'server_port: 8000, the default of the older proxy whose files were found (set PORT for another)',
    ])
    const paths = ['jetbrainsai.json', 'client_api_keys.json', 'models.json'].map(name => join(place.cwd, name))
    expect(file).toBeUndefined()
    expect(files).toEqual(paths)
    expect(olderFiles.map(({ kind }) => kind)).toEqual(['jetbrainsai', 'client_api_keys', 'models'])
    expect(watched).toEqual(expect.arrayContaining(paths))
    expect(readFileSync(join(place.cwd, 'jetbrainsai.json'), 'utf8')).toBe(before)
  })

  test('each value says where it stands in its file, also behind an entry that was left out', async () => {
    const place = pythonFolder()
    const { origins } = await place.load()
    expect(origins.get('jetbrains_accounts.1.jwt')).toBe(`file ${place.cwd}/jetbrainsai.json:14:12`)
    expect(origins.get('jetbrains_accounts.0.priority')).toBe('default')
    expect(origins.get('client_api_keys.1.key')).toBe(`file ${place.cwd}/client_api_keys.json:1:20`)
    expect(origins.get('anthropic_model_mappings.sonnet')).toStartWith(`file ${place.cwd}/models.json:1:`)
    expect(origins.get('jetbrains.models')).toStartWith(`file ${place.cwd}/models.json:1:`)
    expect(origins.get('server_port')).toBe("default of the older proxy's files")
  })

  test.each(['jetbrainsai.json', 'client_api_keys.json', 'models.json'])('%s alone is enough', async name => {
    const place = pythonFolder()
    for (const other of ['jetbrainsai.json', 'client_api_keys.json', 'models.json']) if (other !== name) rmSync(join(place.cwd, other))
    const { config, files, errors } = await place.load()
    expect([errors, files, config.server_port]).toEqual([[], [join(place.cwd, name)], 8000])
  })

  test('public names of the form that the Go rewrite has', async () => {
    const place = new Workplace()
    place.write('models.json', { models: { 'gpt-4o': 'openai-gpt-4o', 'openai-o3': 'openai-o3' } })
    const { config, errors } = await place.load()
    expect(errors).toEqual([])
    expect(config.models).toEqual({ 'gpt-4o': 'openai-gpt-4o' })
    expect(config.jetbrains.models).toEqual(['openai-gpt-4o', 'openai-o3'])
  })

  test('a config file, found or named, stands before it', async () => {
    const place = pythonFolder()
    place.write('dragoman.json', {})
    const found = await place.load()
    expect([found.config.jetbrains_accounts, found.config.server_port, found.olderFiles]).toEqual([[], 8080, []])
    // It counts again once the config file is gone.
    expect(found.watched).toContain(join(place.cwd, 'jetbrainsai.json'))
    rmSync(join(place.cwd, 'dragoman.json'))
    place.write('elsewhere.json', {})
    const named = await place.load({ flags: { config: 'elsewhere.json' } })
    expect([named.config.jetbrains_accounts, named.config.server_port]).toEqual([[], 8080])
    expect(named.watched).not.toContain(join(place.cwd, 'jetbrainsai.json'))
  })

  test('environment and flags win over it', async () => {
    const place = pythonFolder()
    const { config, warnings } = await place.load({
      env: { PORT: '7000', JETBRAINS_JWTS: jwtOf('c'), CLIENT_API_KEYS: 'another-client-key', DRAGOMAN_LOG_LEVEL: 'debug' },
      flags: { tokens: jwtOf('d'), key: 'flag-client-key' },
    })
    expect(config).toMatchObject({
      server_port: 7000,
      jetbrains_accounts: [{ jwt: jwtOf('c') }],
      jetbrains_tokens: [{ token: jwtOf('d') }],
    })
    expect(config.client_api_keys).toEqual([{ key: 'another-client-key' }])
    expect(config.bearer_token).toBe('flag-client-key')
    expect(warnings.filter(({ path }) => path === 'server_port')).toEqual([])
  })

  test('an account that another list has too is left out, with both places', async () => {
    const place = pythonFolder()
    const { config, warnings } = await place.load({ env: { JWT_TOKENS: jwtOf('b') } })
    expect([config.jetbrains_accounts.length, config.jetbrains_tokens.length]).toEqual([2, 0])
    expect(warnings.map(problemText)).toContain(
      'environment JWT_TOKENS: jetbrains_tokens.0.token: the same token stands at jetbrains_accounts.1; left out',
    )
  })

  test('a file that cannot be read keeps the configuration from being applied', async () => {
    const place = pythonFolder()
    place.write('jetbrainsai.json', '[{"jwt": ')
    place.write('models.json', { models: 'all' })
    const { errors, config } = await place.load()
    expect(errors.map(problem => problemText(problem).replace(`${place.cwd}/`, ''))[0]).toStartWith('jetbrainsai.json:1:10: malformed JSON')
    expect(errors.at(-1)).toMatchObject({
      file: join(place.cwd, 'models.json'),
      message: 'must be a list of models, or an object with "models"',
    })
    expect(config.client_api_keys).toHaveLength(2)
  })

  test('a change is seen', async () => {
    const place = pythonFolder()
    const { watched } = await place.load()
    const changed = Promise.withResolvers<void>()
    const watch = watchConfig(watched, changed.resolve, systemClock)
    place.write('jetbrainsai.json', [{ jwt: jwtOf('new') }])
    await changed.promise
    watch.close()
    expect((await place.load()).config.jetbrains_accounts).toMatchObject([{ jwt: jwtOf('new') }])
  })

  test('no secret is shown', async () => {
    const shown = JSON.stringify(describeConfig(await pythonFolder().load()))
    for (const secret of ['auth-1', 'sk-client-one', jwtOf('a').slice(0, 30)]) expect(shown).not.toContain(secret)
  })
})

describe('named as the config file', () => {
  test.each([
    ['jetbrainsai.json', ACCOUNTS, { jetbrains_accounts: [{ licenseId: 'LIC1' }, { enabled: false }], server_port: 8000 }],
    ['accounts-of-mine.json', ACCOUNTS, { jetbrains_accounts: [{ licenseId: 'LIC1' }, { enabled: false }], server_port: 8000 }],
    ['client_api_keys.json', { 'sk-client-one-1': 'laptop' }, { client_api_keys: [{ name: 'laptop', key: 'sk-client-one-1' }] }],
    ['models.json', ['openai-gpt-4o'], { jetbrains: { models: ['openai-gpt-4o'] } }],
    [
      'config.json',
      { port: 3001, api_key: 'a-client-key', grazie_agent: { name: 'n', version: '1' }, panel_password: 'p' },
      {
        server_port: 3001,
        client_api_keys: [{ key: 'a-client-key' }],
        jetbrains: { headers: { 'grazie-agent': '{"name":"n","version":"1"}' } },
      },
    ],
    [
      'credentials.json',
      [{ id: 'cred-1', label: 'Work', refresh_token: 'r', license_id: 'LIC1' }],
      { jetbrains_accounts: [{ name: 'Work', refresh_token: 'r' }], server_port: 8080 },
    ],
  ])('%s', async (name, content, wanted) => {
    const place = new Workplace()
    const path = place.write(`old/${name}`, content)
    const { config, errors, file, olderFiles } = await place.load({ flags: { config: `old/${name}` } })
    expect(errors).toEqual([])
    expect(config).toMatchObject(wanted as object)
    expect([file, olderFiles.length]).toEqual([path, 1])
  })

  test('a fault in a setting is shown at its place in that file', async () => {
    const place = new Workplace()
    const file = place.write('config.json', { panel_password: 'p', port: 'many' })
    expect((await place.load()).errors).toEqual([{ file, line: 1, column: 30, path: 'server_port', message: 'must be a whole number' }])
  })

  test('a sign-in of the Qwen CLI, or any list, is no configuration', async () => {
    const place = new Workplace()
    const qwen = place.write('oauth_creds.json', { access_token: 'a', refresh_token: 'r' })
    expect((await place.load({ flags: { config: qwen } })).errors).toMatchObject([
      { file: qwen, suggestion: 'name it in qwen.credentials' },
    ])
    const list = place.write('list.json', ['apples'])
    expect((await place.load({ flags: { config: list } })).errors).toMatchObject([{ message: 'must be a JSON object' }])
  })
})
