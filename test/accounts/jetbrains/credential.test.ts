import { describe, expect, test } from 'bun:test'
import {
  idTokenExpiry,
  type JetbrainsCredential,
  kindOf,
  readJetbrainsCredential,
  withOAuthTokens,
} from '../../../src/accounts/jetbrains/credential.ts'
import { sameCredential } from '../../../src/accounts/kept-credential.ts'
import { GatewayError } from '../../../src/core/errors.ts'
import type { JsonObject } from '../../../src/core/json.ts'
import { jwtOf } from './fake-service.ts'

const JWT = jwtOf({ exp: 2_000_000_000 })

function refusal(value: JsonObject, path = ''): string {
  try {
    readJetbrainsCredential(value, path)
  } catch (error) {
    if (error instanceof GatewayError) return error.message
  }
  throw new Error('it was taken')
}

describe('a credential', () => {
  test('is one of three kinds', () => {
    const kinds = [
      { jwt: JWT },
      { jwt: JWT, licenseId: 'L' },
      { jwt: JWT, authorization: 'a' },
      { licenseId: 'L', authorization: 'a' },
      { licenseId: 'L', authorization: 'a', jwt: JWT },
      { licenseId: 'L', refresh_token: 'r' },
      { licenseId: 'L', refresh_token: 'r', authorization: 'a', jwt: JWT },
    ]
    expect(kinds.map(kind => kindOf(readJetbrainsCredential(kind)))).toEqual([
      'static_jwt',
      'static_jwt',
      'static_jwt',
      'jetbrains_license',
      'jetbrains_license',
      'jetbrains_oauth',
      'jetbrains_oauth',
    ])
  })

  test('may have blanks around it, and the word of its header before it', () => {
    const given = {
      licenseId: ' L ',
      authorization: 'Bearer  abc\n',
      jwt: `bearer ${JWT}`,
      refresh_token: '',
      id_token: null,
      name: 'mine',
    }
    expect(readJetbrainsCredential(given)).toEqual({ licenseId: 'L', authorization: 'abc', jwt: JWT })
  })

  test('that is stored is read as it was', () => {
    const stored = { licenseId: 'L', refresh_token: 'r', id_token: 'i', id_token_expires_at: 5, jwt: JWT, jwt_received_at: 3 }
    expect(readJetbrainsCredential(stored)).toEqual(stored)
  })

  const refused: [problem: string, given: JsonObject, message: string][] = [
    ['has no token', {}, 'accounts.2: needs a jwt, or licenseId and authorization, or licenseId and refresh_token'],
    [
      'has a licence and nothing to use it with',
      { licenseId: 'L' },
      'accounts.2: needs a jwt, or licenseId and authorization, or licenseId and refresh_token',
    ],
    ['has a refresh token without a licence', { refresh_token: 'r' }, 'accounts.2.licenseId: is required with refresh_token'],
    ['has an authorization without a licence', { authorization: 'a' }, 'accounts.2.licenseId: is required with authorization'],
    ['is of a wrong type', { jwt: 5 }, 'accounts.2.jwt: must be a string, not a number'],
    [
      'would break out of its header',
      { licenseId: 'L', authorization: 'a\r\nb' },
      'accounts.2.authorization: holds blanks or characters that no token has',
    ],
  ]
  for (const [problem, given, message] of refused) {
    test(`that ${problem} is refused by name`, () => expect(refusal(given, 'accounts.2')).toBe(message))
  }

  for (const jwt of [
    'your-jwt-token-here',
    'a.b.c',
    'a.b',
    `${JWT}.x`,
    `${jwtOf({})}?`,
    `x.${Buffer.from('[1]').toString('base64url')}.y`,
  ]) {
    test(`with "${jwt.slice(0, 20)}…" for a JWT is refused without showing it`, () => {
      const message = refusal({ jwt })
      expect(message).toStartWith('jwt: …')
      expect(message).toEndWith(' is no JWT (three parts in base64url, joined by dots)')
      expect(message).not.toContain(jwt)
    })
  }

  test('is known again field by field, whatever their order', () => {
    expect(sameCredential<JetbrainsCredential>({ jwt: 'a', licenseId: 'b' }, { licenseId: 'b', jwt: 'a', id_token: undefined })).toBe(true)
    expect(sameCredential<JetbrainsCredential>({ jwt: 'a' }, { jwt: 'a', licenseId: 'b' })).toBe(false)
    expect(sameCredential<JetbrainsCredential>({ jwt: 'a', licenseId: 'b' }, { jwt: 'a' })).toBe(false)
  })
})

describe('tokens of the account server', () => {
  const now = 1_700_000_000_000

  test('replace the old ones; a refresh token stays where none came', () => {
    const before = { licenseId: 'L', refresh_token: 'r0', jwt: JWT }
    const after = { ...before, id_token: 'i', id_token_expires_at: now + 5000 }
    expect(withOAuthTokens(before, { idToken: 'i', expiresInMs: 5000 }, now)).toEqual(after)
    expect(withOAuthTokens(before, { idToken: 'i', expiresInMs: 5000, refreshToken: 'r1' }, now)).toEqual({ ...after, refresh_token: 'r1' })
  })

  test('end when they say, else as their claims say, else after an hour', () => {
    const ends = [
      { idToken: jwtOf({ exp: now / 1000 + 9 }), expiresInMs: 5000 },
      { idToken: jwtOf({ exp: now / 1000 + 9 }) },
      { idToken: 'opaque' },
    ].map(tokens => withOAuthTokens({}, tokens, now).id_token_expires_at)
    expect(ends).toEqual([now + 5000, now + 9000, now + 3_600_000])
    expect(idTokenExpiry({ id_token: jwtOf({ exp: 7 }) })).toBe(7000)
    expect([idTokenExpiry({ id_token: 'opaque' }), idTokenExpiry({})]).toEqual([undefined, undefined])
  })
})
