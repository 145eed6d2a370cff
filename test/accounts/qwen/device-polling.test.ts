import { describe, expect, test } from 'bun:test'
import { DevicePolling } from '../../../src/accounts/qwen/device-polling.ts'
import { GatewayError } from '../../../src/core/errors.ts'
import { answer } from '../jetbrains/fake-service.ts'
import { Driver, MINUTE, SECOND } from './driver.ts'
import { oauthError, PAGE_504 } from './fake-qwen.ts'

const EXPIRED = { state: 'ended', code: 'expired_token', reason: 'the code has expired before anybody approved it; begin anew' } as const

/** A sign-in that is asked about every two seconds, as by the CLI. */
class Scene extends Driver {
  readonly polling: DevicePolling

  constructor(lasts = 900 * SECOND, intervalMs = 2 * SECOND) {
    super()
    const expiresAt = this.clock.now() + lasts
    this.polling = new DevicePolling(this.flow, this.clock, { deviceCode: 'd', verifier: 'v', expiresAt, intervalMs })
  }

  get gaps(): number[] {
    return this.qwen.times.map((time, index) => (time - (this.qwen.times[index - 1] ?? 0)) / SECOND)
  }

  async pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += SECOND / 2) await this.clock.tick(SECOND / 2)
  }
}

describe('waiting for a sign-in', () => {
  test('asks at the pace of the recorded sequence, after the first interval, and stays slow where told to', async () => {
    const scene = new Scene()
    scene.qwen.scripted.push(
      oauthError(400, 'authorization_pending'),
      oauthError(429, 'slow_down'),
      oauthError(400, 'slow_down'),
      answer(504, PAGE_504),
      oauthError(400, 'authorization_pending'),
    )
    scene.qwen.isApproved = true
    const outcome = scene.polling.wait()
    await scene.pass(30 * SECOND)
    expect(await outcome).toMatchObject({ state: 'approved', credential: { access_token: scene.qwen.accessToken } })
    expect(scene.gaps).toEqual([2, 2, 3, 4.5, 4.5, 4.5])
  })

  test('ends at once where it was declined', async () => {
    const scene = new Scene()
    scene.qwen.scripted.push(oauthError(400, 'access_denied'))
    const outcome = scene.polling.wait()
    await scene.pass(20 * SECOND)
    expect([(await outcome).state, scene.gaps]).toEqual(['ended', [2]])
  })

  test('gets over whatever is no answer, without haste, until the code has expired', async () => {
    const scene = new Scene(11 * SECOND)
    scene.qwen.scripted.push(
      answer(200, { access_token: null }),
      new GatewayError('bad-gateway', 'reset'),
      answer(403, PAGE_504),
      answer(200, ''),
    )
    const outcome = scene.polling.wait()
    await scene.pass(12 * SECOND)
    expect([await outcome, scene.gaps]).toEqual([EXPIRED, [2, 2, 2, 2, 2, 1]])
    await scene.pass(20 * SECOND)
    expect([await scene.polling.wait(), await scene.polling.ask(), scene.gaps.length]).toEqual([EXPIRED, EXPIRED, 6])
  })

  test('gives up after a while without ending the sign-in', async () => {
    const scene = new Scene()
    const outcome = scene.polling.wait({ forMs: 5 * SECOND })
    await scene.pass(6 * SECOND)
    expect([await outcome, scene.gaps, scene.polling.decided]).toEqual([{ state: 'pending' }, [2, 2], undefined])
    scene.qwen.isApproved = true
    expect((await scene.polling.wait()).state).toBe('approved')
  })

  test('ends with whoever waits', async () => {
    const scene = new Scene()
    const leaving = new AbortController()
    const outcome = scene.polling.wait({ signal: leaving.signal })
    leaving.abort(new Error('gone'))
    await expect(outcome).rejects.toThrow('gone')
    await scene.pass(10 * SECOND)
    expect(scene.gaps).toEqual([])
  })

  test('asks once for all who wait', async () => {
    const scene = new Scene()
    const outcomes = Promise.all([scene.polling.wait(), scene.polling.wait()])
    await scene.pass(3 * SECOND)
    scene.qwen.isApproved = true
    await scene.pass(3 * SECOND)
    const [one, other] = await outcomes
    expect([one, scene.gaps]).toEqual([other, [2, 2]])
  })

  test('never slows down for more than a minute', async () => {
    const scene = new Scene(20 * MINUTE)
    scene.qwen.scripted.push(...Array.from({ length: 12 }, () => oauthError(400, 'slow_down')))
    const outcome = scene.polling.wait()
    await scene.pass(20 * MINUTE)
    await outcome
    expect(Math.max(...scene.gaps)).toBe(60)
  })
})

describe('asking without waiting', () => {
  test('asks at once, each time', async () => {
    const scene = new Scene()
    expect(await scene.polling.ask()).toEqual({ state: 'pending' })
    scene.qwen.isApproved = true
    expect((await scene.polling.ask()).state).toBe('approved')
    expect((await scene.polling.ask()).state).toBe('approved')
    expect(scene.qwen.requests).toHaveLength(2)
  })

  test('but not while the server wants less of it', async () => {
    const scene = new Scene()
    scene.qwen.scripted.push(oauthError(429, 'slow_down'))
    await scene.polling.ask()
    scene.qwen.isApproved = true
    expect(await scene.polling.ask()).toEqual({ state: 'pending' })
    await scene.clock.tick(3 * SECOND)
    expect((await scene.polling.ask()).state).toBe('approved')
    expect(scene.qwen.requests).toHaveLength(2)
  })

  test('knows when the code has expired', async () => {
    const scene = new Scene(5 * SECOND)
    await scene.clock.tick(5001)
    expect([await scene.polling.ask(), scene.qwen.requests.length]).toEqual([EXPIRED, 0])
  })
})
