import { afterAll, describe, expect, test } from 'bun:test'
import { bareToken, isJwt } from '../../src/config/jetbrains-accounts.ts'
import { problemText } from '../../src/config/problem.ts'
import { jwtOf } from './jwt.ts'
import { removeWorkplaces, Workplace } from './workplace.ts'

afterAll(removeWorkplaces)

const load = (file: object) => new Workplace().loadFile(file)

describe('the form of a JWT', () => {
  test.each([jwtOf('sig'), jwtOf('s_-9', {}), jwtOf('sig', { exp: 1 })])('%s', token => {
    expect(isJwt(token)).toBe(true)
  })

  test.each(['', 'abc', 'a.b', 'a.b.c', `${jwtOf('x')}.d`, `x${jwtOf('x')}=`, jwtOf(''), jwtOf('si g'), `e30.${btoa('[1]')}.e30`])(
    '%j is none',
    token => {
      expect(isJwt(token)).toBe(false)
    },
  )

  test('the scheme in front of a token', () => {
    expect(['Bearer abc', ' bearer  abc ', 'abc', 'Bearer', 'Bearerabc'].map(bareToken)).toEqual(['abc', 'abc', 'abc', '', 'Bearerabc'])
  })
})

describe('accounts', () => {
  test('each kind of credential, bare once read; an expired token is no fault', async () => {
    const { config, errors, warnings } = await load({
      jetbrains_tokens: [`Bearer ${jwtOf('a')}`, jwtOf('expired', { exp: 1 })],
      jetbrains_accounts: [
        { licenseId: 'L1', authorization: 'Bearer auth-1' },
        { licenseId: 'L2', refresh_token: 'refresh-2' },
        { licenseId: 'L3', id_token: 'id-3', description: '' },
        { jwt: jwtOf('b'), refresh_token: 'refresh-4' },
      ],
    })
    expect([errors, warnings]).toEqual([[], []])
    expect(config.jetbrains_tokens.map(({ token }) => token)).toEqual([jwtOf('a'), jwtOf('expired', { exp: 1 })])
    expect(config.jetbrains_accounts[0]).toEqual({ licenseId: 'L1', authorization: 'auth-1', priority: 1, enabled: true })
    expect(config.jetbrains_accounts).toHaveLength(4)
  })

  test('what cannot sign in, or stands twice, is left out with its place and reason', async () => {
    const { config, errors, warnings } = await load({
      jetbrains_tokens: [jwtOf('a'), 'canary.is.none', { token: 'eyJ…' }, jwtOf('a'), jwtOf('b')],
      jetbrains_accounts: [
        { jwt: jwtOf('b') },
        { licenseId: 'L1', authorization: 'auth-1', jwt: 'canary' },
        { licenseId: 'L1' },
        { refresh_token: 'canary-refresh' },
        {},
        { licenseId: 'L2', authorization: 'auth-2' },
        { licenseId: 'L2', refresh_token: 'refresh-2' },
        { licenseId: 'Oxxxx', authorization: 'eyJhbGcxxx' },
      ],
    })
    expect(errors).toEqual([])
    expect(config.jetbrains_tokens).toHaveLength(1)
    expect(config.jetbrains_accounts.map(({ licenseId }) => licenseId)).toEqual([undefined, 'L2'])
    expect(warnings.every(({ leftOut, line }) => leftOut && line === 1)).toBe(true)
    expect(warnings.map(({ path, message }) => [path, message])).toEqual([
      ['jetbrains_accounts.1.jwt', 'is no JWT: three parts in base64url, the second of which is a JSON object'],
      ['jetbrains_accounts.2', 'has a licence, but nothing to use it with: "authorization", "refresh_token" or "jwt" is missing'],
      ['jetbrains_accounts.3', '"licenseId" is missing, without which "refresh_token" gives no JWT'],
      ['jetbrains_accounts.4', 'has nothing to sign in with: no "jwt", no "licenseId"'],
      ['jetbrains_accounts.6.licenseId', 'the same licence stands at jetbrains_accounts.5'],
      ['jetbrains_accounts.7.licenseId', 'is a placeholder'],
      ['jetbrains_tokens.1.token', 'is no JWT: three parts in base64url, the second of which is a JSON object'],
      ['jetbrains_tokens.2.token', 'is a placeholder'],
      ['jetbrains_tokens.3.token', 'the same token stands at jetbrains_tokens.0'],
      ['jetbrains_tokens.4.token', 'the same token stands at jetbrains_accounts.0'],
    ])
    expect(warnings.map(problemText).join()).not.toContain('canary')
  })

  test('a placeholder beside what is enough is not used, and told', async () => {
    const { config, warnings } = await load({ jetbrains_accounts: [{ licenseId: 'L1', authorization: 'auth-1', jwt: 'your-jwt-here' }] })
    expect(config.jetbrains_accounts).toEqual([{ licenseId: 'L1', authorization: 'auth-1', priority: 1, enabled: true }])
    expect(warnings).toMatchObject([{ path: 'jetbrains_accounts.0.jwt', message: 'is a placeholder, and is not used' }])
  })
})

describe('how the service is reached', () => {
  test('defaults', async () => {
    expect((await load({})).config.jetbrains).toMatchObject({ api_version: 'v8', models: [], headers: {}, write_back: false, native: true })
  })

  test.each([
    [{ api_version: 'v9' }, 'jetbrains.api_version', 'must be one of v7, v8'],
    [{ headers: { 'x y': 'a' } }, 'jetbrains.headers.x y', 'is no name for a header'],
    [{ headers: { Connection: 'a' } }, 'jetbrains.headers.Connection', 'belongs to the connection and cannot be set'],
    [{ headers: { 'grazie-agent': 'a\r\nb' } }, 'jetbrains.headers.grazie-agent', 'holds characters that a header cannot'],
  ])('%j is refused', async (jetbrains, path, message) => {
    expect((await load({ jetbrains })).errors).toMatchObject([{ path, message, line: 1 }])
  })

  test('by environment, too', async () => {
    const { config } = await new Workplace().load({
      env: { DRAGOMAN_JETBRAINS_API_VERSION: 'V7', DRAGOMAN_JETBRAINS_MODELS: 'a,b-*', DRAGOMAN_JETBRAINS_WRITE_BACK: 'true' },
    })
    expect(config.jetbrains).toMatchObject({ api_version: 'v7', models: ['a', 'b-*'], write_back: true })
  })
})

describe("the Go proxy's file", () => {
  const file = (more: object) => ({ jetbrains_tokens: [{ token: jwtOf('a') }], bearer_token: 'a-client-key', ...more })

  test.each([
    [30_000_000_000, 30_000],
    ['30s', 30_000],
    ['1m30s', 90_000],
    [0, 30_000],
  ])('health_check_interval %j', async (given, ms) => {
    const { config, errors } = await load(file({ health_check_interval: given }))
    expect(errors).toEqual([])
    expect(config.health_check_interval).toBe(ms)
  })

  test('what Go writes for members that were never set is nothing said', async () => {
    const { config, errors } = await load(file({ server_host: '', server_port: 0, load_balance_strategy: '', bearer_token: '' }))
    expect(errors).toEqual([])
    expect(config).toMatchObject({ server_host: '127.0.0.1', server_port: 8080, load_balance_strategy: 'round_robin' })
    expect(config.bearer_token).toBeUndefined()
  })

  test('flags win over the environment, and this over the file', async () => {
    const place = new Workplace()
    place.write('config.json', file({ server_port: 9000, server_host: '127.0.0.2', load_balance_strategy: 'random' }))
    const env = { JWT_TOKENS: jwtOf('b'), BEARER_TOKEN: 'key-of-variable', SERVER_PORT: '9001', LOAD_BALANCE_STRATEGY: 'round_robin' }
    const flags = { tokens: jwtOf('c'), key: 'key-of-the-flag', port: '9002', host: '127.0.0.4', strategy: 'random' }
    const seen = async (input: Parameters<Workplace['load']>[0]) => {
      const { config, olderFiles } = await place.load(input)
      expect(olderFiles).toMatchObject([{ kind: 'go_config' }])
      const { server_port, server_host, bearer_token, load_balance_strategy } = config
      return [config.jetbrains_tokens.map(({ token }) => token), bearer_token, server_port, server_host, load_balance_strategy]
    }
    expect(await seen({})).toEqual([[jwtOf('a')], 'a-client-key', 9000, '127.0.0.2', 'random'])
    expect(await seen({ env })).toEqual([[jwtOf('b')], 'key-of-variable', 9001, '127.0.0.2', 'round_robin'])
    expect(await seen({ env, flags })).toEqual([[jwtOf('c')], 'key-of-the-flag', 9002, '127.0.0.4', 'random'])
  })
})
