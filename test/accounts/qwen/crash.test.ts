import { describe, expect, test } from 'bun:test'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { QwenKept } from '../../../src/accounts/qwen/credential.ts'
import { CredentialsFile } from '../../../src/accounts/qwen/credentials-file.ts'
import type { QwenToken } from '../../../src/accounts/qwen/qwen-token.ts'
import { temporaryFolders } from '../../store/temporary-folders.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { verdictOf } from '../jetbrains/driver.ts'
import { Driver, passing, SECOND } from './driver.ts'

const folder = temporaryFolders()

/** An account on a file, and a process that ends at one of the moments of a refresh. */
class Scene {
  readonly driver = new Driver(new FakeClock(Date.now()))
  readonly folder = join(folder(), '.qwen')
  readonly path = join(this.folder, 'oauth_creds.json')
  readonly passed: string[] = []
  readonly died = Promise.withResolvers<void>()
  readonly #file = new CredentialsFile(this.path, this.driver.clock)

  constructor(private readonly at: number) {
    mkdirSync(this.folder)
    writeFileSync(this.path, JSON.stringify(this.driver.credential(-SECOND)))
  }

  async mortal(): Promise<QwenToken> {
    const credential = await this.#file.load()
    const ports = {
      load: () => this.#step('load', () => this.#file.load()),
      save: (kept: QwenKept) => this.#step('save', () => this.#file.save(kept)),
      acquire: () => this.#step('acquire', () => this.#file.acquire()),
      release: () => this.#step('release', () => this.#file.release()),
    }
    return this.driver.process(credential, ports, token => this.#step('refresh', () => this.driver.refresh(token)))
  }

  /** Another process, so long afterwards. */
  async next(ms: number): Promise<{ source: QwenToken; clock: FakeClock }> {
    const clock = new FakeClock(Date.now() + ms)
    const file = new CredentialsFile(this.path, clock)
    return { source: this.driver.process(await file.load(), file, this.driver.refresh, clock), clock }
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
    // A process that has been killed does nothing ever after.
    await new Promise(() => {})
  }
}

const MOMENTS = ['acquire', 'load', 'refresh', 'save', 'release'].flatMap(step => [`before ${step}`, `after ${step}`])

/** Between the answer and the disk there is no way back: the old refresh token is gone, the new one was never written. */
const LOST = ['after refresh', 'before save']

describe('a process that ends within a refresh', () => {
  test('passes through all the moments that are tried here', async () => {
    const scene = new Scene(0)
    await (await scene.mortal()).current()
    expect(scene.passed).toEqual(MOMENTS)
  })

  for (const [index, moment] of MOMENTS.entries()) {
    test(`${moment} leaves an account that works, or says to sign in again`, async () => {
      const scene = new Scene(index + 1)
      void (await scene.mortal()).current()
      await scene.died.promise
      expect(Object.keys(JSON.parse(readFileSync(scene.path, 'utf8')))).toContain('refresh_token')
      const { source, clock } = await scene.next(40 * SECOND)
      const token = passing(clock, Promise.resolve(source.current()))
      if (LOST.includes(moment)) expect((await verdictOf(token))?.state).toBe('needs_sign_in')
      else expect(await token).toBe(scene.driver.qwen.accessToken)
      const left = readdirSync(scene.folder)
      // Nobody needs a lock to use what is on disk already.
      expect(left.filter(name => name !== 'oauth_creds.lock')).toEqual(['oauth_creds.json'])
      expect(left.includes('oauth_creds.lock')).toBe(['after save', 'before release'].includes(moment))
    })
  }

  test('makes others wait for its lock until that is stale', async () => {
    const scene = new Scene(MOMENTS.indexOf('before refresh') + 1)
    void (await scene.mortal()).current()
    await scene.died.promise
    const { source, clock } = await scene.next(15 * SECOND)
    const started = clock.now()
    expect(await passing(clock, Promise.resolve(source.current()), 100)).toBe(scene.driver.qwen.accessToken)
    expect(clock.now() - started).toBeGreaterThan(19 * SECOND)
  })
})
