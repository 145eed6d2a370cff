import { describe, expect, test } from 'bun:test'
import type { QwenCredential } from '../../../src/accounts/qwen/credential.ts'
import { SignIns } from '../../../src/accounts/qwen/sign-in.ts'
import { answer } from '../jetbrains/fake-service.ts'
import { Driver, MINUTE, SECOND } from './driver.ts'
import { OAUTH_URL, oauthError, PAGE_504 } from './fake-qwen.ts'

const POLL = { deviceCode: 'device-code-1', wait: false }

class Scene extends Driver {
  readonly accepted: QwenCredential[] = []
  /** Thrown by the next that is accepted. */
  failures: Error[] = []
  readonly signIns = new SignIns<string>({
    flow: this.flow,
    clock: this.clock,
    accept: async credential => {
      const failure = this.failures.shift()
      if (failure) throw failure
      this.accepted.push(credential)
      return `account ${this.accepted.length}`
    },
  })

  async pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += SECOND) await this.clock.tick(SECOND)
  }
}

describe('a sign-in over HTTP', () => {
  test('begins with all that the older proxy told, and more', async () => {
    const { signIns, qwen } = new Scene()
    expect(await signIns.initiate()).toEqual({
      device_code: 'device-code-1',
      user_code: 'QJ2_5BFO',
      verification_uri: `${OAUTH_URL}/authorize`,
      verification_uri_complete: `${OAUTH_URL}/authorize?user_code=QJ2_5BFO&client=qwen-code`,
      expires_in: 900,
      interval: 5,
      code_verifier: expect.stringMatching(/^[\w-]{43}$/),
    })
    expect(qwen.requests).toHaveLength(1)
  })

  test('is asked about without waiting, until it is approved', async () => {
    const { signIns, qwen, accepted } = new Scene()
    const { code_verifier } = await signIns.initiate()
    expect(await signIns.poll(POLL)).toEqual({ status: 'pending' })
    qwen.scripted.push(answer(504, PAGE_504))
    expect(await signIns.poll(POLL)).toEqual({ status: 'pending', trouble: 'Qwen answered 504 without a token' })
    qwen.isApproved = true
    const approved = { status: 'approved', result: 'account 1', accessToken: '…en-2' } as const
    expect(await signIns.poll(POLL)).toEqual(approved)
    expect(await signIns.poll(POLL)).toEqual(approved)
    expect(accepted).toMatchObject([{ access_token: 'access-token-2', refresh_token: 'refresh-token-1' }])
    expect(qwen.forms.slice(1).map(form => form.code_verifier)).toEqual([code_verifier, code_verifier, code_verifier])
  })

  test('is waited for as by the older proxy', async () => {
    const scene = new Scene()
    await scene.signIns.initiate()
    const answers = Promise.all([scene.signIns.poll({ ...POLL, wait: true }), scene.signIns.poll({ ...POLL, wait: true })])
    await scene.pass(12 * SECOND)
    scene.qwen.isApproved = true
    await scene.pass(5 * SECOND)
    const [one, other] = await answers
    expect([one.status, other, scene.accepted.length]).toEqual(['approved', one, 1])
    expect(scene.qwen.times).toEqual([0, 5000, 10_000, 15_000])
  })

  test('is waited for for five minutes, no longer', async () => {
    const scene = new Scene()
    await scene.signIns.initiate()
    const answered = scene.signIns.poll({ ...POLL, wait: true })
    await scene.pass(5 * MINUTE + SECOND)
    expect(await answered).toEqual({ status: 'pending' })
  })

  const ended = [
    [oauthError(400, 'access_denied'), 'access_denied', 'the sign-in was declined in the browser'],
    [oauthError(400, 'expired_token'), 'expired_token', 'the code has expired before anybody approved it; begin anew'],
  ] as const
  for (const [response, code, message] of ended) {
    test(`that ends as ${code} says so, again and again`, async () => {
      const { signIns, qwen } = new Scene()
      await signIns.initiate()
      qwen.scripted.push(response)
      for (const wait of [false, true]) {
        await expect(signIns.poll({ ...POLL, wait })).rejects.toMatchObject({ kind: 'invalid-request', code, message })
      }
      expect(qwen.requests).toHaveLength(2)
    })
  }

  test('whose account cannot be made keeps its tokens for the next poll', async () => {
    const scene = new Scene()
    await scene.signIns.initiate()
    scene.qwen.isApproved = true
    scene.failures.push(new Error('disk full'))
    await expect(scene.signIns.poll(POLL)).rejects.toThrow('disk full')
    expect((await scene.signIns.poll(POLL)).status).toBe('approved')
    expect([scene.accepted.length, scene.qwen.requests.length]).toEqual([1, 2])
  })

  test('that was begun elsewhere needs its verifier', async () => {
    const { signIns, qwen } = new Scene()
    await expect(signIns.poll(POLL)).rejects.toMatchObject({
      message: 'device_code: belongs to no sign-in that is known here; begin anew, or send its code_verifier',
      param: 'device_code',
      code: 'invalid_grant',
    })
    qwen.isApproved = true
    expect((await signIns.poll({ ...POLL, codeVerifier: 'theirs' })).status).toBe('approved')
    expect(qwen.forms).toMatchObject([{ device_code: 'device-code-1', code_verifier: 'theirs' }])
  })

  test('is forgotten ten minutes after its end', async () => {
    const { signIns, qwen, clock } = new Scene()
    await signIns.initiate()
    qwen.isApproved = true
    await signIns.poll(POLL)
    await clock.tick(25 * MINUTE - 1)
    expect((await signIns.poll(POLL)).status).toBe('approved')
    await clock.tick(1)
    await expect(signIns.poll(POLL)).rejects.toMatchObject({ code: 'invalid_grant' })
  })

  test('is one of a hundred at most: the oldest is forgotten', async () => {
    const { signIns, qwen } = new Scene()
    for (let serial = 0; serial <= 100; serial++) {
      qwen.scripted.push(answer(200, { ...qwen.begun(), device_code: `device-${serial}` }))
      await signIns.initiate()
    }
    await expect(signIns.poll({ deviceCode: 'device-0', wait: false })).rejects.toMatchObject({ code: 'invalid_grant' })
    expect(await signIns.poll({ deviceCode: 'device-1', wait: false })).toEqual({ status: 'pending' })
  })
})
