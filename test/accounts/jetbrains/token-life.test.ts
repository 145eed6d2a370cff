import { describe, expect, test } from 'bun:test'
import { futureOf, jwtTimes, tokenLife } from '../../../src/accounts/jetbrains/token-life.ts'
import { jwtOf } from './fake-service.ts'

const NOW = 1_700_000_000_000
const S = NOW / 1000
const MINUTE = 60_000

describe('the claims of a JWT', () => {
  test('are moments, or nothing', () => {
    expect(jwtTimes(jwtOf({ iat: 1.5, exp: 2 }))).toEqual({ issuedAt: 1500, expiresAt: 2000 })
    for (const exp of ['2', null, -1, 1e300, true]) expect(jwtTimes(jwtOf({ exp }))).toEqual({})
    for (const token of ['', 'x', 'a.b.c', `${jwtOf({})}.`, ` ${jwtOf({})}`]) expect(jwtTimes(token)).toBeUndefined()
  })
})

describe('the life of a token', () => {
  const life = (iat: number | undefined, exp: number | undefined, receivedAt: number | undefined = NOW) =>
    tokenLife(jwtOf({ iat, exp }), receivedAt)

  test('ends as it says where nobody saw it come', () => {
    expect(tokenLife(jwtOf({ iat: S - 9999, exp: S }), undefined)).toEqual({ expiresAt: NOW, aheadMs: 10 * MINUTE })
    expect(tokenLife('opaque', undefined)).toEqual({ expiresAt: undefined, aheadMs: 10 * MINUTE })
  })

  test('ends as it says where the clocks agree, to a minute', () => {
    expect(life(S - 60, S + 3600)).toEqual({ expiresAt: NOW + 60 * MINUTE, aheadMs: 10 * MINUTE })
    expect(life(undefined, S + 3600)).toEqual({ expiresAt: NOW + 60 * MINUTE, aheadMs: 10 * MINUTE })
  })

  test('is as long as it was made for where they do not', () => {
    expect(life(S - 61, S + 3600)).toEqual({ expiresAt: NOW + 3661_000, aheadMs: 10 * MINUTE, skewMs: -61_000 })
    expect(life(S + 7200, S + 7200 + 600)).toEqual({ expiresAt: NOW + 10 * MINUTE, aheadMs: 5 * MINUTE, skewMs: 120 * MINUTE })
  })

  test('that was over before it began ends as it says', () => {
    expect(life(S + 7200, S + 3600)).toEqual({ expiresAt: NOW + 60 * MINUTE, aheadMs: 10 * MINUTE })
    expect(life(S, S - 5)).toEqual({ expiresAt: NOW - 5000, aheadMs: 0 })
  })

  test('begins in the future by more than a minute, or not', () => {
    expect([futureOf(jwtOf({ iat: S + 61 }), NOW), futureOf(jwtOf({ iat: S + 60 }), NOW), futureOf(jwtOf({}), NOW)]).toEqual([
      61_000,
      undefined,
      undefined,
    ])
  })
})
