import { afterAll, describe, expect, test } from 'bun:test'
import { problemText } from '../../../src/config/problem.ts'
import { jwtOf } from '../jwt.ts'
import { removeWorkplaces, Workplace } from '../workplace.ts'

afterAll(removeWorkplaces)

const load = (env: Record<string, string>) => new Workplace().load({ env })

const [a, b, c] = [jwtOf('a'), jwtOf('b'), jwtOf('c')]

const accountsOf = async (env: Record<string, string>) => {
  const { config, errors, warnings } = await load(env)
  expect(errors).toEqual([])
  expect(warnings.filter(({ path }) => path !== 'server_port')).toEqual([])
  return config.jetbrains_accounts.map(({ priority, enabled, ...rest }) => rest)
}

describe('accounts of the Python proxy and its forks', () => {
  test('lists that are paired place by place', async () => {
    expect(await accountsOf({ JWT_TOKEN: `${a},${b}`, LICENSE_IDS: 'L1, L2', AUTHORIZATION_TOKENS: 'auth-1 ,Bearer auth-2' })).toEqual([
      { licenseId: 'L1', authorization: 'auth-1', jwt: a },
      { licenseId: 'L2', authorization: 'auth-2', jwt: b },
    ])
  })

  test('a blank place moves none of the others', async () => {
    expect(await accountsOf({ JWT_TOKEN: `${a},,${c}`, LICENSE_IDS: ',L2,L3', AUTHORIZATION_TOKENS: ',auth-2,' })).toEqual([
      { jwt: a },
      { licenseId: 'L2', authorization: 'auth-2' },
      { licenseId: 'L3', jwt: c },
    ])
    expect(await accountsOf({ JETBRAINS_LICENSE_IDS: 'L1,,L3', JETBRAINS_AUTHORIZATIONS: 'auth-1,,auth-3' })).toEqual([
      { licenseId: 'L1', authorization: 'auth-1' },
      { licenseId: 'L3', authorization: 'auth-3' },
    ])
    expect(await accountsOf({ LICENSE_IDS: ',', JETBRAINS_JWTS: ' , ' })).toEqual([])
  })

  test('numbered variables, up to ten', async () => {
    const env = { JWT_TOKEN_1: a, LICENSE_ID_3: 'L3', AUTHORIZATION_TOKEN_3: 'auth-3', JWT_TOKEN_10: b, JWT_TOKEN_11: c }
    expect(await accountsOf(env)).toEqual([{ jwt: a }, { licenseId: 'L3', authorization: 'auth-3' }, { jwt: b }])
  })

  test('licences and tokens of the other forks, client keys and models', async () => {
    const env = {
      ...{ JETBRAINS_LICENSE_IDS: 'L1', JETBRAINS_AUTHORIZATIONS: 'auth-1', JETBRAINS_JWTS: `${a},${b}` },
      ...{ CLIENT_API_KEYS: 'a-client-key, another-client-key', AVAILABLE_MODELS: 'openai-gpt-4o,openai-o3' },
    }
    expect(await accountsOf(env)).toEqual([{ licenseId: 'L1', authorization: 'auth-1' }, { jwt: a }, { jwt: b }])
    const { config, origins } = await load(env)
    expect(config.client_api_keys).toEqual([{ key: 'a-client-key' }, { key: 'another-client-key' }])
    expect(config.jetbrains.models).toEqual(['openai-gpt-4o', 'openai-o3'])
    expect(origins.get('jetbrains.models')).toBe('environment AVAILABLE_MODELS')
    expect(origins.get('jetbrains_accounts.0.licenseId')).toBe(
      'environment JETBRAINS_LICENSE_IDS, environment JETBRAINS_AUTHORIZATIONS (entry 1)',
    )
    expect(origins.get('jetbrains_accounts.2.jwt')).toBe('environment JETBRAINS_JWTS (entry 2)')
  })

  test("JWT_TOKEN is the Go proxy's where no licences stand beside it", async () => {
    expect((await load({ JWT_TOKEN: `${a},${b}` })).config).toMatchObject({
      jetbrains_tokens: [{ token: a }, { token: b }],
      jetbrains_accounts: [],
    })
    const paired = await load({ JWT_TOKEN: a, LICENSE_IDS: 'L1' })
    expect(paired.config).toMatchObject({ jetbrains_tokens: [], jetbrains_accounts: [{ jwt: a, licenseId: 'L1' }] })
    const both = await load({ JWT_TOKEN: a, LICENSE_IDS: 'L1', JWT_TOKENS: b, JWT_TOKEN_2: c })
    expect(both.config).toMatchObject({ jetbrains_tokens: [{ token: b }], jetbrains_accounts: [{ jwt: a }, { jwt: c }] })
    expect(both.warnings).toEqual([])
  })

  test('a fault names the variables and the entry, and shows nothing of the value', async () => {
    const { warnings, config } = await load({
      LICENSE_IDS: 'L1,,L3',
      AUTHORIZATION_TOKENS: 'auth-1,canary-authorization',
      JWT_TOKEN_4: 'canary-no-jwt',
      JETBRAINS_JWTS: `${a},${a}`,
    })
    expect(config.jetbrains_accounts).toHaveLength(2)
    expect(warnings.filter(({ path }) => path !== 'server_port').map(problemText)).toEqual([
      'environment AUTHORIZATION_TOKENS (entry 2): jetbrains_accounts.1: "licenseId" is missing, without which "authorization" gives no JWT; left out',
      'environment LICENSE_IDS (entry 3): jetbrains_accounts.2: has a licence, but nothing to use it with: "authorization", "refresh_token" or "jwt" is missing; left out',
      'environment JETBRAINS_JWTS (entry 2): jetbrains_accounts.4.jwt: the same token stands at jetbrains_accounts.3; left out',
      'environment JWT_TOKEN_4: jetbrains_accounts.5.jwt: is no JWT: three parts in base64url, the second of which is a JSON object; left out',
    ])
    expect(JSON.stringify(warnings)).not.toContain('canary')
  })
})

describe('precedence', () => {
  test('ours win over the older names, these over the file', async () => {
    const place = new Workplace()
    place.write('dragoman.json', {
      jetbrains_accounts: [{ jwt: a }],
      client_api_keys: ['from-the-file-1'],
      jetbrains: { models: ['file'] },
    })
    const jwts = async (env: Record<string, string>) => (await place.load({ env })).config.jetbrains_accounts.map(({ jwt }) => jwt)
    expect(await jwts({})).toEqual([a])
    expect(await jwts({ JETBRAINS_JWTS: b })).toEqual([b])
    expect(await jwts({ JETBRAINS_JWTS: b, DRAGOMAN_JETBRAINS_ACCOUNTS: JSON.stringify([{ jwt: c }]) })).toEqual([c])
    const { config } = await place.load({
      env: { CLIENT_API_KEYS: 'older-name-1', DRAGOMAN_CLIENT_API_KEYS: 'our-own-name-1', AVAILABLE_MODELS: 'variable' },
    })
    expect([config.client_api_keys, config.jetbrains.models]).toEqual([[{ key: 'our-own-name-1' }], ['variable']])
  })

  test('.env: weaker than the environment, and lists may be split between the two', async () => {
    const place = new Workplace()
    place.write('.env', `LICENSE_IDS=L1,L2\nJWT_TOKEN=${a},${b}\n`)
    const split = await place.load({ env: { AUTHORIZATION_TOKENS: 'auth-1,auth-2' } })
    expect(split.config.jetbrains_accounts).toMatchObject([
      { licenseId: 'L1', authorization: 'auth-1', jwt: a },
      { licenseId: 'L2', authorization: 'auth-2', jwt: b },
    ])
    expect(split.config.jetbrains_tokens).toEqual([])
    expect(split.origins.get('jetbrains_accounts.0.jwt')).toBe(
      '.env JWT_TOKEN, .env LICENSE_IDS, environment AUTHORIZATION_TOKENS (entry 1)',
    )
    const other = await place.load({ env: { LICENSE_IDS: 'L9' } })
    expect(other.config.jetbrains_accounts.map(({ licenseId }) => licenseId)).toEqual(['L9', undefined])
    const ours = await place.load({ env: { DRAGOMAN_JETBRAINS_ACCOUNTS: JSON.stringify([{ jwt: c }]) } })
    expect(ours.config.jetbrains_accounts.map(({ jwt }) => jwt)).toEqual([c])
    expect((await place.load({ asService: true })).config.jetbrains_accounts).toEqual([])
  })
})

describe('ports', () => {
  test.each([
    [{ LICENSE_IDS: 'L', JWT_TOKEN: a }, 8000],
    [{ JWT_TOKEN_1: a }, 8000],
    [{ JETBRAINS_JWTS: a, CLIENT_API_KEYS: 'a-client-key' }, 8000],
    [{ JWT_TOKEN: a, CLIENT_API_KEYS: 'a-client-key' }, 8000],
    [{ JETBRAINS_JWTS: a, PORT: '7000' }, 7000],
    [{ JWT_TOKEN: a }, 8080],
    [{ JWT_TOKENS: a, BEARER_TOKEN: 'a-client-key' }, 8080],
    [{ JWT_TOKENS: a, JETBRAINS_JWTS: b }, 8080],
    [{ JETBRAINS_JWTS: a, DRAGOMAN_LOG_LEVEL: 'info' }, 8080],
  ])('%#', async (env: Record<string, string>, port) => {
    const { config, warnings } = await load(env)
    expect(config.server_port).toBe(port)
    expect(warnings.filter(({ path }) => path === 'server_port')).toHaveLength(port === 8000 ? 1 : 0)
    expect(config.server_host).toBe('127.0.0.1')
  })

  test('a flag wins, without a word about another port', async () => {
    const { config, warnings } = await new Workplace().load({ env: { JETBRAINS_JWTS: a }, flags: { port: '7001' } })
    expect([config.server_port, warnings]).toEqual([7001, []])
  })
})
