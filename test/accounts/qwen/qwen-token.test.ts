import { describe, expect, test } from 'bun:test'
import { isUsable } from '../../../src/accounts/qwen/credential.ts'
import type { QwenToken } from '../../../src/accounts/qwen/qwen-token.ts'
import { verdictOf } from '../jetbrains/driver.ts'
import { answer } from '../jetbrains/fake-service.ts'
import { Driver, HOUR, MINUTE, passing, SECOND } from './driver.ts'
import { oauthError, PAGE_504 } from './fake-qwen.ts'

const GONE = { problem: 'oauth_creds.json is gone; sign in' }

describe('a token', () => {
  test('is given at once until 30 s before its end', async () => {
    const driver = new Driver()
    const source = driver.stored(MINUTE)
    expect([source.current(), source.expiresAt]).toEqual(['access-token-0', driver.clock.now() + MINUTE])
    await driver.clock.tick(30 * SECOND - 1)
    expect([await source.current(), driver.qwen.refreshes]).toEqual(['access-token-0', 0])
    await driver.clock.tick(1)
    expect(await source.current()).toBe(driver.qwen.accessToken)
    expect(driver.qwen.refreshes).toBe(1)
  })

  for (const [name, left] of [
    ['in its last seconds', 20 * SECOND],
    ['past its end', -HOUR],
  ] as const) {
    test(`is made once for fifty who ask ${name}`, async () => {
      const driver = new Driver()
      const source = driver.stored(left)
      const tokens = await Promise.all(Array.from({ length: 50 }, () => source.current()))
      expect([new Set(tokens), driver.qwen.refreshes]).toEqual([new Set([driver.qwen.accessToken]), 1])
    })
  }

  test('is kept whole, with what the answer left out', async () => {
    const driver = new Driver()
    driver.qwen.rotates = false
    driver.qwen.resourceUrl = undefined
    const source = driver.stored(0, { resource_url: 'shard.example' })
    await source.current()
    expect(driver.disk.stored).toEqual({
      access_token: driver.qwen.accessToken,
      token_type: 'Bearer',
      refresh_token: 'refresh-token-0',
      resource_url: 'shard.example',
      expiry_date: driver.clock.now() + 6 * HOUR,
    })
    expect(source.resourceUrl).toBe('shard.example')
  })

  test('may move to another host', async () => {
    const driver = new Driver()
    const source = driver.stored(0)
    driver.qwen.resourceUrl = 'other.example'
    expect(source.resourceUrl).toBe('portal.qwen.ai')
    await source.current()
    expect(source.resourceUrl).toBe('other.example')
  })

  test('that nobody knows the end of is renewed first', async () => {
    const driver = new Driver()
    expect(await driver.stored(0, { expiry_date: 0 }).current()).toBe(driver.qwen.accessToken)
  })

  test('that lives for seconds is renewed at half its life', async () => {
    const driver = new Driver()
    driver.qwen.lifeMs = 20 * SECOND
    const source = driver.stored(0)
    const first = await source.current()
    await driver.clock.tick(10 * SECOND - 1)
    expect(await source.current()).toBe(first)
    await driver.clock.tick(1)
    expect(await source.current()).not.toBe(first)
    expect(driver.qwen.refreshes).toBe(2)
  })

  test('is good for its last seconds where no new one can be had, told once', async () => {
    const driver = new Driver()
    const source = driver.stored(20 * SECOND)
    driver.qwen.scripted.push(answer(504, PAGE_504))
    expect(await Promise.all([source.current(), source.current()])).toEqual(['access-token-0', 'access-token-0'])
    expect(source.current()).toBe('access-token-0')
    expect(driver.told).toEqual(["acc renewal: no new token: Qwen's sign-in server answered 504"])
    await driver.clock.tick(20 * SECOND)
    expect(await source.current()).toBe(driver.qwen.accessToken)
    expect(driver.disk.stored).toMatchObject({ refresh_token: driver.qwen.refreshToken })
  })

  test('keeps what it has where the sign-in server is away', async () => {
    const driver = new Driver()
    const source = driver.stored(-SECOND)
    driver.qwen.scripted.push(answer(504, PAGE_504))
    const reason = "no new token: Qwen's sign-in server answered 504"
    expect(await verdictOf(source.current())).toEqual({ state: 'cooling_down', reason, forMs: MINUTE })
    expect(driver.disk.stored).toMatchObject({ access_token: 'access-token-0', refresh_token: 'refresh-token-0' })
    expect(await source.current()).toBe(driver.qwen.accessToken)
  })

  test('hides all that nobody may see', async () => {
    const driver = new Driver()
    const source = driver.stored(0)
    await source.current()
    const { accessToken, refreshToken } = driver.qwen
    expect(source.secrets()).toEqual([accessToken, refreshToken, 'access-token-0', 'refresh-token-0'])
    expect(JSON.stringify(source)).toBe('{"id":"acc"}')
  })
})

describe('a refused token', () => {
  test('is replaced once for all who were refused', async () => {
    const driver = new Driver()
    const source = driver.stored(HOUR)
    const next = await Promise.all(Array.from({ length: 50 }, () => source.replace('access-token-0')))
    expect([new Set(next), driver.qwen.refreshes]).toEqual([new Set([driver.qwen.accessToken]), 1])
    expect(await source.replace('access-token-0')).toBe(driver.qwen.accessToken)
    expect(driver.qwen.refreshes).toBe(1)
  })

  test('is taken from the store where another process has replaced it', async () => {
    const driver = new Driver()
    const source = driver.stored(HOUR)
    driver.disk.stored = driver.credential(HOUR, { access_token: 'of the CLI', resource_url: 'other.example' })
    expect(await source.replace('access-token-0')).toBe('of the CLI')
    expect([driver.qwen.refreshes, source.resourceUrl]).toEqual([0, 'other.example'])
  })

  test('is refreshed where the stored one is no other', async () => {
    const driver = new Driver()
    const source = driver.stored(HOUR)
    driver.disk.stored = driver.credential(2 * HOUR)
    expect(await source.replace('access-token-0')).toBe(driver.qwen.accessToken)
  })
})

describe('a refused refresh token', () => {
  test('says to sign in again, and is not shown time and again', async () => {
    const driver = new Driver()
    const source = driver.stored(-SECOND, { refresh_token: 'dead' })
    const reason = 'sign in again: the refresh token was refused (400 invalid_request: Invalid refresh token or client_id: [redacted])'
    expect(await verdictOf(source.current())).toEqual({ state: 'needs_sign_in', reason })
    expect(await verdictOf(source.current())).toEqual({ state: 'needs_sign_in', reason })
    expect(driver.qwen.refreshes).toBe(1)
    await driver.clock.tick(5 * MINUTE)
    await verdictOf(source.current())
    expect(driver.qwen.refreshes).toBe(2)
  })

  test('does not matter once somebody has signed in', async () => {
    const driver = new Driver()
    const source = driver.stored(-SECOND, { refresh_token: 'dead' })
    await verdictOf(source.current())
    driver.disk.stored = driver.credential(HOUR, { access_token: 'signed in' })
    expect(await source.current()).toBe('signed in')
  })

  for (const [left, refreshes] of [
    [HOUR, 1],
    [-SECOND, 2],
  ] as const) {
    test(`does not matter where somebody without a lock was faster, whose token has ${left} ms left`, async () => {
      const driver = new Driver()
      const source = driver.stored(-SECOND, { refresh_token: 'used by another' })
      const other = driver.credential(left, { access_token: 'of another' })
      driver.qwen.scripted.push(oauthError(400, 'invalid_request'))
      const load = driver.disk.port.load
      driver.disk.port.load = async () => {
        // It writes its own while our refresh is under way.
        if (driver.qwen.refreshes === 1 && isUsable(driver.disk.stored ?? GONE)) driver.disk.stored = other
        return load()
      }
      expect(await source.current()).toBe(left > 0 ? 'of another' : driver.qwen.accessToken)
      expect([driver.qwen.refreshes, driver.disk.leased]).toEqual([refreshes, false])
    })
  }
})

describe('a file that others change', () => {
  /** What is given after so long a time, and how often it was looked. */
  async function after(source: QwenToken, driver: Driver, ms: number): Promise<string> {
    await driver.clock.tick(ms)
    return source.current()
  }

  test('is looked at every five seconds at most', async () => {
    const driver = new Driver()
    const source = driver.stored(HOUR)
    driver.disk.isChanged = true
    driver.disk.stored = driver.credential(HOUR, { access_token: 'of the CLI' })
    expect(await after(source, driver, 5 * SECOND - 1)).toBe('access-token-0')
    expect(await after(source, driver, 1)).toBe('of the CLI')
    driver.disk.stored = driver.credential(HOUR, { access_token: 'of the CLI again' })
    expect(source.current()).toBe('of the CLI')
    expect(await after(source, driver, 5 * SECOND)).toBe('of the CLI again')
    expect(driver.qwen.refreshes).toBe(0)
  })

  test('is not read where it is the same', async () => {
    const driver = new Driver()
    const source = driver.stored(HOUR)
    driver.disk.stored = driver.credential(HOUR, { access_token: 'of the CLI' })
    expect(await after(source, driver, 5 * SECOND)).toBe('access-token-0')
  })

  test('that vanishes needs a sign-in, and works again with one', async () => {
    const driver = new Driver()
    const source = driver.stored(HOUR)
    driver.disk.isChanged = true
    driver.disk.stored = GONE
    await driver.clock.tick(5 * SECOND)
    expect(await verdictOf(source.current())).toEqual({ state: 'needs_sign_in', reason: GONE.problem })
    expect([source.expiresAt, source.resourceUrl, driver.qwen.refreshes]).toEqual([undefined, undefined, 0])
    driver.disk.stored = driver.credential(HOUR, { access_token: 'signed in' })
    expect(await source.current()).toBe('signed in')
  })

  test('that was never there needs a sign-in', async () => {
    const driver = new Driver()
    driver.disk.stored = GONE
    expect((await verdictOf(driver.process(GONE).current()))?.state).toBe('needs_sign_in')
    expect(driver.disk.leased).toBe(false)
  })

  test('that cannot be read for a moment costs nothing', async () => {
    const driver = new Driver()
    const source = driver.stored(HOUR)
    driver.disk.port.isChanged = async () => {
      throw new Error('EIO')
    }
    expect(await after(source, driver, 5 * SECOND)).toBe('access-token-0')
  })

  test('that holds another sign-in by the time of a refresh keeps that', async () => {
    const driver = new Driver()
    driver.disk.stored = driver.credential(HOUR)
    const [look, asked, answered] = [Promise.withResolvers<boolean>(), Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const ports = { ...driver.disk.port, isChanged: () => look.promise }
    const source = driver.process(driver.disk.stored, ports, async refreshToken => {
      asked.resolve()
      await answered.promise
      return driver.refresh(refreshToken)
    })
    await driver.clock.tick(5 * SECOND)
    // A look that was begun before the refresh ends within it.
    const looking = source.current()
    const renewed = source.replace('access-token-0')
    await asked.promise
    const signedIn = driver.credential(HOUR, { access_token: 'signed in', refresh_token: 'another' })
    driver.disk.stored = signedIn
    look.resolve(true)
    expect(await looking).toBe('signed in')
    answered.resolve()
    expect([await renewed, driver.disk.stored, driver.qwen.refreshes]).toEqual(['signed in', signedIn, 1])
  })
})

describe('two processes', () => {
  test('make one renewal: who comes second takes what the first has stored', async () => {
    const driver = new Driver()
    const one = driver.stored(-SECOND)
    const other = driver.process({ ...driver.credential(-SECOND) })
    const tokens = await passing(driver.clock, Promise.all([one.current(), other.current()]))
    expect([tokens, driver.qwen.refreshes]).toEqual([[driver.qwen.accessToken, driver.qwen.accessToken], 1])
  })

  test('wait for each other for twenty tries, no longer', async () => {
    const driver = new Driver()
    const source = driver.stored(-SECOND)
    driver.disk.leased = true
    let tries = 0
    const { acquire } = driver.disk.port
    driver.disk.port.acquire = async () => {
      tries++
      return acquire()
    }
    const started = driver.clock.now()
    const verdict = await passing(driver.clock, verdictOf(source.current()), 50)
    expect(verdict?.reason).toBe('no new token: another process has been renewing for 27 s')
    expect([tries, Math.round((driver.clock.now() - started) / SECOND), driver.qwen.refreshes]).toEqual([20, 27, 0])
  })
})

describe('a credential that was not read when the account was made', () => {
  const NOT_READ = { problem: 'not read yet' }

  test('is read when it is first needed, which takes no lock', async () => {
    const driver = new Driver()
    Object.assign(driver.disk, { stored: driver.credential(HOUR), isChanged: true })
    driver.disk.port.acquire = () => Promise.reject(new Error('the folder cannot be written'))
    const source = driver.process(NOT_READ)
    expect([source.expiresAt, source.resourceUrl]).toEqual([undefined, undefined])
    expect(await source.current()).toBe('access-token-0')
    expect([source.expiresAt, source.resourceUrl]).toEqual([driver.clock.now() + HOUR, 'portal.qwen.ai'])
  })

  test('asks for a sign-in in the words of what is found', async () => {
    const driver = new Driver()
    driver.disk.stored = GONE
    const source = driver.process(NOT_READ)
    expect(await verdictOf(Promise.resolve(source.current()))).toMatchObject({ state: 'needs_sign_in', reason: GONE.problem })
    Object.assign(driver.disk, { stored: driver.credential(HOUR), isChanged: true })
    expect(await source.current()).toBe('access-token-0')
  })
})

describe('whether somebody has signed in anew', () => {
  test('is known of a file that has changed, by its refresh token', async () => {
    const driver = new Driver()
    const source = driver.stored(HOUR)
    expect(await source.catchUp()).toBe(false)
    driver.disk.stored = driver.credential(HOUR, { refresh_token: 'another' })
    // Nothing says that it has changed, so it is not read.
    expect(await source.catchUp()).toBe(false)
    driver.disk.isChanged = true
    expect(await source.catchUp()).toBe(true)
    expect(await source.catchUp()).toBe(false)
    driver.disk.stored = GONE
    expect(await source.catchUp()).toBe(false)
    driver.disk.port.load = () => Promise.reject(new Error('EIO'))
    expect(await source.catchUp()).toBe(false)
  })
})
