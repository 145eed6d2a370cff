import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { createJsonCall } from '../../../src/accounts/json-call.ts'
import { CredentialsFile } from '../../../src/accounts/qwen/credentials-file.ts'
import { qwenOAuth } from '../../../src/accounts/qwen/oauth.ts'
import { QwenToken } from '../../../src/accounts/qwen/qwen-token.ts'
import { createQwenRefresh } from '../../../src/accounts/qwen/refresh.ts'
import { systemClock } from '../../../src/core/clock.ts'
import { createSend } from '../../../src/upstream/client.ts'
import type { SimulatedUser } from '../../simulators/qwen/user.ts'
import { type QwenSimulator, startQwen } from '../../simulators/qwen.ts'
import { temporaryFolders } from '../../store/temporary-folders.ts'
import { verdictOf } from '../jetbrains/driver.ts'

const folder = temporaryFolders()
const HOUR = 3_600_000

let sim: QwenSimulator
beforeEach(() => {
  sim = startQwen()
})
afterEach(() => sim.close())

/** One account of the simulator, and the file that the CLI keeps it in. */
class Scene {
  readonly folder = join(folder(), '.qwen')
  readonly path = join(this.folder, 'oauth_creds.json')
  readonly user: SimulatedUser = sim.user('somebody')
  readonly told: unknown[] = []

  constructor(lifetimeMs: number) {
    sim.writeCredentials(this.path, this.user, lifetimeMs)
  }

  async source(): Promise<QwenToken> {
    const clock = systemClock
    const limits = { connect: 5000, firstByte: 8000, idle: 8000 }
    const refresh = createQwenRefresh(createJsonCall({ send: createSend(clock), clock, limits }), qwenOAuth({ oauth_url: sim.url }))
    const file = new CredentialsFile(this.path, clock)
    const tell = (...words: unknown[]) => void this.told.push(words)
    const events = { renewalFailed: tell, storeFailed: tell, skewed: tell }
    return new QwenToken({ id: 'acc', credential: await file.load(), refresh, clock, ports: file, events })
  }

  get stored(): Record<string, unknown> {
    return JSON.parse(readFileSync(this.path, 'utf8'))
  }

  /** The file holds what was given out last, and nothing else lies beside it. */
  expectWhole(): void {
    const { accessToken, refreshToken } = this.user.latest
    expect(this.stored).toMatchObject({ access_token: accessToken, refresh_token: refreshToken, resource_url: sim.url })
    expect(this.user.ownsRefreshToken(String(this.stored.refresh_token))).toBe(true)
    expect([readdirSync(this.folder), statSync(this.path).mode & 0o777]).toEqual([['oauth_creds.json'], 0o600])
  }
}

describe('accounts on one file', () => {
  test('refresh once for fifty callers of each', async () => {
    const scene = new Scene(-HOUR)
    const sources = [await scene.source(), await scene.source()]
    const tokens = await Promise.all(sources.flatMap(source => Array.from({ length: 50 }, async () => source.current())))
    expect([new Set(tokens), sim.counts.refresh]).toEqual([new Set([scene.user.latest.accessToken]), 1])
    scene.expectWhole()
  })

  test('never show a refresh token that the other has used', async () => {
    const scene = new Scene(HOUR)
    const [one, other] = [await scene.source(), await scene.source()]
    let [first, second] = [await one.current(), await other.current()]
    for (let round = 0; round < 5; round++) {
      first = (await one.replace(first)) ?? ''
      second = (await other.replace(second)) ?? ''
      expect(second).toBe(first)
    }
    expect([sim.counts.refresh, scene.told]).toEqual([5, []])
    scene.expectWhole()
  })

  test('keep where the account is served, and the refresh token, where a refresh says neither', async () => {
    const scene = new Scene(-HOUR)
    Object.assign(sim.rules, { omitRefreshToken: true, omitResourceUrl: true })
    const source = await scene.source()
    const before = scene.stored
    const token = await source.current()
    expect(scene.stored).toMatchObject({ access_token: token, refresh_token: before.refresh_token, resource_url: sim.url })
    expect(source.resourceUrl).toBe(sim.url)
  })

  test('leave the file where the refresh token is refused, and come back when somebody signs in', async () => {
    const scene = new Scene(-HOUR)
    const dead = readFileSync(scene.path, 'utf8')
    scene.user.refresh(scene.user.latest.refreshToken)
    const source = await scene.source()
    expect((await verdictOf(source.current()))?.state).toBe('needs_sign_in')
    expect(readFileSync(scene.path, 'utf8')).toBe(dead)
    sim.writeCredentials(scene.path, scene.user, HOUR)
    expect(await source.current()).toBe(scene.user.latest.accessToken)
  })

  test('of two processes lose no token, whoever refreshes', async () => {
    const scene = new Scene(HOUR)
    const command = [process.execPath, join(import.meta.dir, 'refresh-child.ts'), scene.path, sim.url, '15']
    const children = [0, 1].map(() => Bun.spawn(command, { stdout: 'pipe', stderr: 'pipe' }))
    const outputs = await Promise.all(children.map(child => new Response(child.stdout).text()))
    const complaints = await Promise.all(children.map(child => new Response(child.stderr).text()))
    expect([await Promise.all(children.map(child => child.exited)), complaints]).toEqual([
      [0, 0],
      ['', ''],
    ])
    const tokens = outputs.map(output => output.trim().split('\n'))
    expect(tokens.map(({ length }) => length)).toEqual([15, 15])
    // Whatever one has taken from the other was not refreshed again; every refresh was taken.
    expect(sim.counts.refresh).toBe(new Set(tokens.flat()).size)
    scene.expectWhole()
  }, 30_000)
})
