import { describe, expect, test } from 'bun:test'
import { accountIdOf } from '../../src/composition/account-identity.ts'
import { declaredAccounts, jetbrainsProviderName } from '../../src/composition/declared-accounts.ts'
import { configOf, jwtOf } from './configs.ts'

const accounts = (content: object) => declaredAccounts(configOf(content))
const jetbrains = (name: string, more: object = {}) => ({ name, provider_type: 'jetbrains', ...more })

describe('an account’s id', () => {
  test('is the same for the same licence, key or token at one provider', () => {
    const id = accountIdOf('p', { licenseId: 'L', jwt: 'a' })
    expect(id).toMatch(/^acct_[\da-f]{16}$/)
    expect(accountIdOf('p', { licenseId: 'L', refresh_token: 'r', jwt: 'b' })).toBe(id)
    expect(accountIdOf('q', { licenseId: 'L' })).not.toBe(id)
    expect(accountIdOf('p', { licenseId: 'M' })).not.toBe(id)
  })

  test('goes by what lasts longest', () => {
    expect(accountIdOf('p', { api_key: 'k' })).toBe(accountIdOf('p', { api_key: 'k', refresh_token: 'r', jwt: 'j' }))
    expect(accountIdOf('p', { refresh_token: 'r' })).toBe(accountIdOf('p', { refresh_token: 'r', jwt: 'j' }))
    expect(accountIdOf('p', { jwt: 'j' })).not.toBe(accountIdOf('p', { jwt: 'k' }))
    expect(accountIdOf('p', {})).toMatch(/^acct_/)
  })

  test('holds none of its secrets', () => expect(accountIdOf('p', { jwt: 'abc' })).not.toContain('abc'))
})

describe('the provider they join', () => {
  test.each<[string, object[], string]>([
    ['the one that is made where there is none', [{ name: 'A', provider_type: 'openai' }], 'jetbrains'],
    ['the first of the type', [{ name: 'A', provider_type: 'openai' }, jetbrains('JB'), jetbrains('JB2')], 'JB'],
    ['the first that is in service', [jetbrains('off', { is_active: false }), jetbrains('on')], 'on'],
    ['one that is switched off, where there is no other', [jetbrains('off', { is_active: false })], 'off'],
  ])('is %s', (_, providers, name) => expect(jetbrainsProviderName(configOf({ providers }))).toBe(name))
})

describe('declared accounts', () => {
  test('are those of both lists, with what they can sign in with', () => {
    const content = {
      jetbrains_tokens: [{ token: jwtOf('t'), name: 'Primary', priority: 2 }, jwtOf('short')],
      jetbrains_accounts: [
        { licenseId: 'L1', authorization: 'Bearer id-token', enabled: false },
        { name: ' OAuth ', licenseId: 'L2', refresh_token: 'rt', jwt: jwtOf('o') },
      ],
    }
    expect(accounts(content).map(({ id, fingerprint, ...rest }) => rest)).toEqual([
      { provider: 'jetbrains', label: 'Primary', kind: 'static_jwt', priority: 2, enabled: true, credential: { jwt: jwtOf('t') } },
      { provider: 'jetbrains', label: undefined, kind: 'static_jwt', priority: 1, enabled: true, credential: { jwt: jwtOf('short') } },
      {
        ...{ provider: 'jetbrains', label: undefined, kind: 'jetbrains_license', priority: 1, enabled: false },
        credential: { licenseId: 'L1', authorization: 'id-token' },
      },
      {
        ...{ provider: 'jetbrains', label: 'OAuth', kind: 'jetbrains_oauth', priority: 1, enabled: true },
        credential: { licenseId: 'L2', refresh_token: 'rt', jwt: jwtOf('o') },
      },
    ])
  })

  test('are also the keys of providers of the type, each at its own', () => {
    const providers = [
      jetbrains('A', { api_key: `Bearer ${jwtOf('a')}` }),
      jetbrains('B', { api_key: jwtOf('b') }),
      jetbrains('off', { api_key: jwtOf('c'), is_active: false }),
      { name: 'C', provider_type: 'openai', api_key: 'sk-c' },
    ]
    const declared = accounts({ providers, jetbrains_tokens: [jwtOf('t')] })
    expect(declared.map(({ provider, credential }) => [provider, credential.jwt])).toEqual([
      ['A', jwtOf('a')],
      ['B', jwtOf('b')],
      ['A', jwtOf('t')],
    ])
  })

  test('named twice are one: the later word counts', () => {
    const content = {
      jetbrains_tokens: [
        { token: jwtOf('t'), name: 'first' },
        { token: jwtOf('t'), name: 'second' },
      ],
      jetbrains_accounts: [
        { licenseId: 'L', jwt: jwtOf('x') },
        { licenseId: 'L', refresh_token: 'r' },
      ],
    }
    expect(accounts(content).map(({ label, kind }) => [label, kind])).toEqual([
      ['second', 'static_jwt'],
      [undefined, 'jetbrains_oauth'],
    ])
  })

  test('have a fingerprint of what was declared; a JWT that can be renewed is no part of it', () => {
    const fingerprint = (account: object) => accounts({ jetbrains_accounts: [account] })[0]?.fingerprint
    const oauth = { licenseId: 'L', refresh_token: 'r' }
    expect(fingerprint({ ...oauth, jwt: jwtOf('a') })).toBe(fingerprint({ ...oauth, jwt: jwtOf('b') }))
    expect(fingerprint({ ...oauth, refresh_token: 's' })).not.toBe(fingerprint(oauth))
    expect(fingerprint({ ...oauth, name: 'x', priority: 5, enabled: false })).toBe(fingerprint(oauth))
    expect(fingerprint({ licenseId: 'L', jwt: jwtOf('a') })).not.toBe(fingerprint({ licenseId: 'L', jwt: jwtOf('b') }))
    expect(fingerprint(oauth)).toMatch(/^[\da-f]{64}$/)
  })
})
