import { describe, expect, test } from 'bun:test'
import type { JetbrainsCredential } from '../../../src/accounts/jetbrains/credential.ts'
import type { TokenChain } from '../../../src/accounts/jetbrains/token-chain.ts'
import { Driver, HOUR, MINUTE, SECOND, verdictOf } from './driver.ts'

describe('two processes', () => {
  test('make one renewal: who comes second takes what the first has stored', async () => {
    const driver = new Driver()
    const one = driver.oauth({ jwt: driver.jwt(-MINUTE) })
    const other = driver.process({ ...driver.disk.stored })
    const tokens = Promise.all([one.current(), other.current()])
    await driver.clock.tick(0)
    await driver.clock.tick(500)
    expect(await tokens).toEqual([driver.service.jwt, driver.service.jwt])
    expect(driver.service.steps).toEqual(['oauth', 'access'])
  })

  test('never use a refresh token that the other has replaced', async () => {
    const driver = new Driver()
    const one = driver.oauth()
    const other = driver.process({ ...driver.disk.stored })
    const first = await one.current()
    await driver.clock.tick(25 * HOUR)
    const second = await other.current()
    expect([await one.replace(first), await one.current()]).toEqual([second, second])
    expect(driver.service.count('oauth')).toBe(2)
  })

  test('wait half a minute for each other, no longer', async () => {
    const driver = new Driver()
    const source = driver.oauth()
    driver.disk.leased = true
    const verdict = verdictOf(source.current())
    for (let waited = 0; waited <= 30 * SECOND; waited += 500) await driver.clock.tick(500)
    expect(await verdict).toEqual({
      state: 'cooling_down',
      reason: 'no new token: another process has been renewing for 30 s',
      forMs: MINUTE,
    })
    expect(driver.service.steps).toEqual([])
    driver.disk.leased = false
    expect(await source.current()).toBe(driver.service.jwt)
  })

  test('take over a sign-in that was made anew meanwhile', async () => {
    const driver = new Driver()
    const source = driver.oauth()
    driver.service.refreshToken = 'signed in again'
    expect((await verdictOf(source.current()))?.state).toBe('needs_sign_in')
    driver.disk.stored = { licenseId: 'LIC1', refresh_token: 'signed in again' }
    expect(await source.current()).toBe(driver.service.jwt)
  })
})

describe('a store that fails', () => {
  test('to save costs nothing but a line in the log, and is tried again with the next renewal', async () => {
    const driver = new Driver()
    const source = driver.oauth()
    driver.disk.failures = [new Error('disk full'), new Error('disk full')]
    const jwt = await source.current()
    expect([source.current(), driver.told]).toEqual([jwt, ['acc save: disk full', 'acc save: disk full']])
    expect(driver.disk.stored).toEqual({ licenseId: 'LIC1', refresh_token: 'refresh-token-0' })
    await driver.clock.tick(24 * HOUR)
    const rotated = driver.service.refreshToken
    await source.current()
    expect(driver.disk.saves[0]).toMatchObject({ refresh_token: rotated, jwt })
    expect(driver.disk.stored).toMatchObject({ refresh_token: driver.service.refreshToken, jwt: driver.service.jwt })
  })

  test('after it has written is not mistaken for another process', async () => {
    const driver = new Driver()
    const source = driver.oauth()
    const { save } = driver.disk.port
    let saves = 0
    // The third, which the second renewal begins with, is done and reported as failed; the others are not done.
    driver.disk.port.save = async credential => {
      if (++saves === 3) await save(credential)
      if (saves <= 5) throw new Error('broken pipe')
      await save(credential)
    }
    await source.current()
    await driver.clock.tick(24 * HOUR)
    await source.current()
    await driver.clock.tick(24 * HOUR)
    expect(await source.current()).toBe(driver.service.jwt)
    expect(driver.disk.stored?.refresh_token).toBe(driver.service.refreshToken)
  })

  test('to be read makes nobody use a token that may have been replaced', async () => {
    const driver = new Driver()
    const source = driver.oauth()
    for (const name of ['load', 'acquire'] as const) {
      const working = driver.disk.port[name]
      driver.disk.port[name] = async () => {
        throw new Error('no database')
      }
      expect(await verdictOf(source.current())).toEqual({
        state: 'cooling_down',
        reason: 'no new token: the stored tokens cannot be reached',
        forMs: MINUTE,
      })
      Object.assign(driver.disk.port, { [name]: working })
    }
    expect([driver.service.steps, driver.disk.leased]).toEqual([[], false])
  })

  test('to release the lease is told, and no error', async () => {
    const driver = new Driver()
    const source = driver.oauth()
    driver.disk.port.release = async () => {
      throw new Error('gone')
    }
    expect(await source.current()).toBe(driver.service.jwt)
    expect(driver.told).toEqual(['acc release: gone'])
  })
})

/** Everything a renewal does to the world, in its order: before each step and after it a process can end. */
class Mortal {
  readonly passed: string[] = []
  readonly died = Promise.withResolvers<void>()

  constructor(
    private readonly driver: Driver,
    private readonly end: 'killed' | 'throws',
    private readonly at: number,
  ) {}

  readonly port = {
    load: () => this.#step('load', () => this.driver.disk.port.load()),
    save: (credential: JetbrainsCredential) => this.#step('save', () => this.driver.disk.port.save(credential)),
    acquire: () => this.#step('acquire', () => this.driver.disk.port.acquire()),
    release: () => this.#step('release', () => this.driver.disk.port.release()),
  }

  get chain(): TokenChain {
    const { chain } = this.driver
    return {
      ...chain,
      refreshOAuth: token => this.#step('oauth', () => chain.refreshOAuth(token)),
      provideAccess: (license, token) => this.#step('access', () => chain.provideAccess(license, token)),
    }
  }

  async #step<T>(name: string, run: () => Promise<T>): Promise<T> {
    await this.#pass(`before ${name}`)
    const result = await run()
    await this.#pass(`after ${name}`)
    return result
  }

  async #pass(moment: string): Promise<void> {
    this.passed.push(moment)
    if (this.passed.length !== this.at) return
    this.died.resolve()
    if (this.end === 'throws') throw new Error('broken')
    // A process that has been killed does nothing ever after.
    await new Promise(() => {})
  }
}

describe('a process that ends within a renewal', () => {
  const moments = ['acquire', 'load', 'oauth', 'save', 'access', 'save', 'release'].flatMap(step => [`before ${step}`, `after ${step}`])

  test('passes through all the moments that are tried here', async () => {
    const driver = new Driver()
    driver.oauth()
    const mortal = new Mortal(driver, 'killed', 0)
    await driver.process({ ...driver.disk.stored }, mortal.port, mortal.chain).current()
    expect(mortal.passed).toEqual(moments)
  })

  for (const end of ['killed', 'throws'] as const) {
    for (const [index, moment] of moments.entries()) {
      test(`${end} ${moment} (${index}) leaves an account that works, or says to sign in again`, async () => {
        const driver = new Driver()
        driver.oauth()
        const mortal = new Mortal(driver, end, index + 1)
        const first = driver.process({ ...driver.disk.stored }, mortal.port, mortal.chain)
        const outcome = Promise.resolve(first.current()).catch(() => undefined)
        await mortal.died.promise
        if (end === 'throws') await outcome
        // The lease of the dead lapses.
        driver.disk.leased = false
        const next = driver.process({ ...driver.disk.stored })
        // Between the answer and the disk there is no way back: the old refresh token is gone, the new one was never written.
        const isLost = end === 'killed' ? moment === 'after oauth' || (moment === 'before save' && index === 6) : moment === 'after oauth'
        if (isLost) expect((await verdictOf(next.current()))?.reason).toStartWith('sign in again: the refresh token was refused')
        else expect(await next.current()).toBe(driver.service.jwt)
      })
    }
  }

  test('the rotated refresh token is on disk before anything is bought with it', async () => {
    const driver = new Driver()
    driver.oauth()
    const mortal = new Mortal(driver, 'killed', moments.indexOf('before access') + 1)
    void driver.process({ ...driver.disk.stored }, mortal.port, mortal.chain).current()
    await mortal.died.promise
    expect(driver.disk.stored).toMatchObject({ refresh_token: driver.service.refreshToken, id_token: driver.service.idToken })
    expect(driver.service.refreshToken).not.toBe('refresh-token-0')
  })
})
