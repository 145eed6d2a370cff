import { describe, expect, test } from 'bun:test'
import { GatewayError } from '../../../src/core/errors.ts'
import { rfc3339 } from '../../../src/core/timestamps.ts'
import { Driver, HOUR, MINUTE, refusalOf, SECOND, verdictOf } from './driver.ts'
import { answer, jwtOf } from './fake-service.ts'

describe('a token that can be renewed', () => {
  test('is fetched once for fifty who ask at the same moment', async () => {
    const driver = new Driver()
    const source = driver.oauth({ jwt: driver.jwt(-MINUTE) })
    const tokens = await Promise.all(Array.from({ length: 50 }, () => source.current()))
    expect(new Set(tokens)).toEqual(new Set([driver.service.jwt]))
    expect(driver.service.steps).toEqual(['oauth', 'access'])
    expect(source.expiresAt).toBe(driver.clock.now() + 24 * HOUR)
  })

  test('is given at once while it is good for more than ten minutes', async () => {
    const driver = new Driver()
    const jwt = driver.jwt(10 * MINUTE + SECOND)
    const source = driver.oauth({ jwt })
    expect(source.current()).toBe(jwt)
    await driver.clock.tick(SECOND - 1)
    expect(source.current()).toBe(jwt)
    expect(driver.service.steps).toEqual([])
  })

  test('is given at once in its last ten minutes, while one renewal runs', async () => {
    const driver = new Driver()
    const jwt = driver.jwt(10 * MINUTE)
    const source = driver.oauth({ jwt })
    expect([source.current(), source.current(), source.current()]).toEqual([jwt, jwt, jwt])
    await driver.clock.tick(0)
    expect(source.current()).toBe(driver.service.jwt)
    expect(driver.service.steps).toEqual(['oauth', 'access'])
  })

  test('is good as it is for a minute after a renewal ahead of its end failed, which is told', async () => {
    const driver = new Driver()
    const jwt = driver.jwt(5 * MINUTE)
    const source = driver.oauth({ jwt })
    driver.service.scripted.oauth.push(answer(503, 'busy'))
    expect(source.current()).toBe(jwt)
    await driver.clock.tick(0)
    await driver.clock.tick(59 * SECOND)
    expect(source.current()).toBe(jwt)
    await driver.clock.tick(0)
    expect([driver.service.count('oauth'), driver.told]).toEqual([1, ['acc renewal: no new token: the account server answered 503']])
    await driver.clock.tick(SECOND)
    expect(source.current()).toBe(jwt)
    await driver.clock.tick(0)
    expect(source.current()).toBe(driver.service.jwt)
  })

  test('is waited for past its end, and its failure told to all who wait', async () => {
    const driver = new Driver()
    const source = driver.oauth({ jwt: driver.jwt(-SECOND) })
    driver.service.scripted.oauth.push(answer(502, '<html>'))
    const verdicts = await Promise.all([verdictOf(source.current()), verdictOf(source.current())])
    const verdict = { state: 'cooling_down' as const, reason: 'no new token: the account server answered 502', forMs: MINUTE }
    expect(verdicts).toEqual([verdict, verdict])
    expect(driver.service.count('oauth')).toBe(1)
    expect(await source.current()).toBe(driver.service.jwt)
  })

  test('uses the id_token for as long as it lasts', async () => {
    const driver = new Driver()
    const source = driver.oauth()
    driver.service.jwtMs = 30 * MINUTE
    await source.current()
    await driver.clock.tick(30 * MINUTE)
    await source.current()
    expect(driver.service.steps).toEqual(['oauth', 'access', 'access'])
    // Two minutes before its end it is too old to buy anything.
    await driver.clock.tick(28 * MINUTE)
    await source.replace(driver.service.jwt)
    expect(driver.service.steps.slice(3)).toEqual(['oauth', 'access'])
  })

  test('asks for a new id_token where the one at hand is refused before its time', async () => {
    const driver = new Driver()
    const source = driver.oauth({ id_token: driver.jwt(HOUR) })
    expect(await source.current()).toBe(driver.service.jwt)
    expect(driver.service.steps).toEqual(['access', 'oauth', 'access'])
  })

  test('keeps its id_token where the licence check is only away', async () => {
    const driver = new Driver()
    const source = driver.oauth({ id_token: driver.jwt(HOUR) })
    driver.service.scripted.access.push(answer(503, ''))
    expect((await verdictOf(source.current()))?.state).toBe('cooling_down')
    expect(driver.service.steps).toEqual(['access'])
  })

  test('that lives for seconds is renewed at half its life, not by each who asks', async () => {
    const driver = new Driver()
    driver.service.jwtMs = 4 * SECOND
    const source = driver.oauth()
    const first = await source.current()
    await driver.clock.tick(SECOND)
    expect(source.current()).toBe(first)
    await driver.clock.tick(SECOND)
    expect(source.current()).toBe(first)
    await driver.clock.tick(0)
    expect(driver.service.count('access')).toBe(2)
    expect(source.current()).not.toBe(first)
  })

  test('keeps its refresh token where none comes back', async () => {
    const driver = new Driver()
    driver.service.rotates = false
    const source = driver.oauth()
    await source.current()
    expect(driver.disk.stored).toMatchObject({
      refresh_token: 'refresh-token-0',
      id_token: driver.service.idToken,
      jwt: driver.service.jwt,
    })
  })

  test("that cannot be renewed any more says to sign in again, in the vendor's words and without the token", async () => {
    const driver = new Driver()
    const source = driver.oauth()
    driver.service.refreshToken = 'another'
    const error = await refusalOf(source.current())
    const reason = 'sign in again: the refresh token was refused (invalid_grant: [redacted] was used before)'
    expect([error.kind, error.message, error.upstream?.verdict]).toEqual(['authentication', reason, { state: 'needs_sign_in', reason }])
  })

  test('hides all that nobody may see', async () => {
    const driver = new Driver()
    const old = driver.jwt(-SECOND)
    const source = driver.oauth({ jwt: old })
    await source.current()
    const { jwt, idToken, refreshToken } = driver.service
    expect(source.secrets()).toEqual(expect.arrayContaining([jwt, idToken, refreshToken, old]))
    expect(JSON.stringify(source)).toBe('{"id":"acc"}')
  })
})

describe('a refused token', () => {
  test('is replaced once for all who were refused', async () => {
    const driver = new Driver()
    const jwt = driver.jwt(HOUR)
    const source = driver.oauth({ jwt })
    const next = await Promise.all(Array.from({ length: 20 }, () => source.replace(jwt)))
    expect(new Set(next)).toEqual(new Set([driver.service.jwt]))
    expect(await source.replace(jwt)).toBe(driver.service.jwt)
    expect(driver.service.steps).toEqual(['oauth', 'access'])
  })

  test('is given to nobody else, even where no new one can be had', async () => {
    const driver = new Driver()
    const jwt = driver.jwt(HOUR)
    const source = driver.oauth({ jwt })
    driver.service.scripted.oauth.push(answer(500, ''), answer(500, ''))
    expect((await verdictOf(source.replace(jwt)))?.state).toBe('cooling_down')
    expect((await verdictOf(source.current()))?.state).toBe('cooling_down')
    expect(await source.current()).toBe(driver.service.jwt)
  })

  test('is not given to who was refused with the one before it', async () => {
    const driver = new Driver()
    const [before, jwt] = [driver.jwt(HOUR), driver.jwt(HOUR)]
    const source = driver.oauth({ jwt })
    const answers = await Promise.all([source.replace(jwt), source.replace(before)])
    expect(answers).toEqual([driver.service.jwt, driver.service.jwt])
    expect(driver.service.count('access')).toBe(1)
  })

  test('has no other where the same one comes back', async () => {
    const driver = new Driver()
    const jwt = driver.jwt(HOUR)
    const source = driver.oauth({ jwt })
    driver.service.scripted.access.push(answer(200, { token: jwt }))
    expect(await source.replace(jwt)).toBeUndefined()
  })

  test('has no other where the operator gave it alone', async () => {
    const driver = new Driver()
    const jwt = driver.jwt(HOUR)
    expect(await driver.process({ jwt }).replace(jwt)).toBeUndefined()
    expect(driver.service.steps).toEqual([])
  })
})

describe('a token that the operator gave alone', () => {
  test('serves to its end, and then says when that was', async () => {
    const driver = new Driver()
    const jwt = driver.jwt(MINUTE)
    const source = driver.process({ jwt })
    const end = driver.clock.now() + MINUTE
    expect([source.current(), source.expiresAt, source.kind]).toEqual([jwt, end, 'static_jwt'])
    await driver.clock.tick(MINUTE)
    const reason = `the token expired at ${rfc3339(end)}; add a new one`
    expect(await verdictOf(source.current())).toEqual({ state: 'needs_sign_in', reason })
  })

  test('without an end serves until it is refused', async () => {
    const driver = new Driver()
    const jwt = jwtOf({ sub: 'x' })
    const source = driver.process({ jwt })
    await driver.clock.tick(1000 * HOUR)
    expect([source.current(), source.expiresAt]).toEqual([jwt, undefined])
  })
})

describe('a licence with an authorization', () => {
  test('buys tokens with it', async () => {
    const driver = new Driver()
    driver.service.idToken = driver.jwt(HOUR)
    const source = driver.process({ licenseId: 'LIC1', authorization: driver.service.idToken })
    expect(await source.current()).toBe(driver.service.jwt)
    expect([driver.service.steps, driver.disk.stored?.jwt]).toEqual([['access'], driver.service.jwt])
  })

  test('says what to do once it has expired', async () => {
    const driver = new Driver()
    const end = driver.clock.now() - MINUTE
    const source = driver.process({ licenseId: 'LIC1', authorization: driver.jwt(-MINUTE) })
    const reason = `the authorization of the licence expired at ${rfc3339(end)}; copy a new authorization from the IDE, or sign in with \`dragoman login jetbrains\``
    expect(await verdictOf(source.current())).toEqual({ state: 'needs_sign_in', reason })
  })

  test('does not blame it for a server that is away', async () => {
    const driver = new Driver()
    const source = driver.process({ licenseId: 'LIC1', authorization: driver.jwt(HOUR) })
    driver.service.scripted.access.push(new GatewayError('timeout', 'no answer from the upstream within 1 s'))
    const error = await refusalOf(source.current())
    const reason = 'no new token: the licence check: no answer from the upstream within 1 s'
    expect([error.kind, error.upstream]).toEqual([
      'timeout',
      { verdict: { state: 'cooling_down', reason, forMs: MINUTE }, maybeExecuted: false },
    ])
  })
})

describe('clocks that differ', () => {
  for (const skewMs of [-25 * HOUR, 25 * HOUR]) {
    test(`by ${skewMs / HOUR} hours let a token live for as long as it was made for`, async () => {
      const driver = new Driver()
      driver.service.skewMs = skewMs
      const source = driver.oauth()
      const jwt = await source.current()
      expect(source.expiresAt).toBe(driver.clock.now() + 24 * HOUR)
      expect(source.current()).toBe(jwt)
      await driver.clock.tick(23 * HOUR)
      expect(source.current()).toBe(jwt)
      await driver.clock.tick(HOUR)
      expect(await source.current()).not.toBe(jwt)
      expect(driver.told).toEqual([`acc skew: ${skewMs}`])
      // The next process knows when it came.
      expect(driver.process({ ...driver.disk.stored }).expiresAt).toBe(driver.clock.now() + 24 * HOUR)
    })
  }

  test("by a minute are nobody's business", async () => {
    const driver = new Driver()
    driver.service.skewMs = -MINUTE
    const source = driver.oauth()
    await source.current()
    expect([source.expiresAt, driver.told]).toEqual([driver.clock.now() + 24 * HOUR - MINUTE, []])
  })

  test('are told of where a given token comes from the future', () => {
    const driver = new Driver()
    driver.service.skewMs = 2 * MINUTE
    const jwt = driver.jwt(HOUR)
    const source = driver.process({ jwt })
    expect([source.current(), source.current()]).toEqual([jwt, jwt])
    expect(driver.told).toEqual(['acc skew: 120000'])
  })
})
