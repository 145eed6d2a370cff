import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { existsSync, rmSync } from 'node:fs'
import { startQwen } from '../simulators/qwen.ts'
import { recordOf } from './support/admin.ts'
import { CHAT, expectAnswer, expectError, MESSAGES, post } from './support/client-routes.ts'
import { newFolder, type RunningGateway, startGateway } from './support/gateway.ts'
import { accountOf, chatsOf, credentialsFile, type QwenStage, readCredentials, signIn, startQwenStage } from './support/qwen.ts'
import { eventually } from './support/wait.ts'

// A gateway that has to share its processors with others is slow to start.
setDefaultTimeout(60_000)

const MODEL = 'coder-model'
const chat = ({ gateway }: Pick<QwenStage, 'gateway'>, stream = false) => post(gateway.url, CHAT, CHAT.body(MODEL, { stream }))

/** Fifty at once, of both dialects, streamed and whole. */
const fifty = (gateway: RunningGateway) =>
  Promise.all(
    Array.from({ length: 50 }, async (_, at) => {
      const route = at % 2 === 0 ? CHAT : MESSAGES
      await expectAnswer(await post(gateway.url, route, route.body(MODEL, { stream: at % 4 < 2 })), route)
    }),
  )

async function onStage(options: Partial<Parameters<typeof startQwenStage>[0]>, work: (stage: QwenStage) => Promise<void>) {
  const stage = await startQwenStage({ users: ['ann'], ...options })
  try {
    await work(stage)
  } finally {
    await stage.stop()
  }
}

describe('a token that is turned down before its time', () => {
  test('is renewed once and the request sent again; the client sees nothing', () =>
    onStage({}, async stage => {
      stage.user('ann').expireTokens()
      const answer = await chat(stage)
      await expectAnswer(answer.clone(), CHAT)
      expect(stage.sim.requests.map(({ route }) => route)).toEqual(['generate', 'refresh', 'generate'])
      expect(await recordOf(stage.gateway.url, answer)).toMatchObject({ status: 200, error: null, attempts: [{ outcome: 'ok' }] })
      expect(readCredentials(stage.file('ann')).access_token).toBe(stage.user('ann').latest.accessToken)
    }))

  test('with a 403 too, once', () =>
    onStage({}, async stage => {
      stage.sim.fault('plan-key', { forKey: 'ann' })
      await expectAnswer(await chat(stage), CHAT)
      expect(stage.sim.requests.map(({ route }) => route)).toEqual(['generate', 'refresh', 'generate'])
    }))

  test('is renewed once for fifty who wait', () =>
    onStage({}, async stage => {
      stage.user('ann').expireTokens()
      await fifty(stage.gateway)
      expect(stage.sim.counts.refresh).toBe(1)
      expect(stage.gateway.output()).not.toContain('account is out')
    }))

  test('and was renewed by another process: its token is taken from the file', () =>
    onStage({}, async stage => {
      await expectAnswer(await chat(stage), CHAT)
      stage.user('ann').expireTokens()
      stage.sim.writeCredentials(stage.file('ann'), stage.user('ann'))
      await expectAnswer(await chat(stage, true), CHAT)
      expect(stage.sim.counts.refresh).toBe(0)
    }))

  test('and the one that another process has left is no better: a new one is made', () =>
    onStage({}, async stage => {
      await expectAnswer(await chat(stage), CHAT)
      stage.sim.writeCredentials(stage.file('ann'), stage.user('ann'))
      stage.user('ann').expireTokens()
      await expectAnswer(await chat(stage), CHAT)
      expect(stage.sim.requests.slice(1).map(({ route }) => route)).toEqual(['generate', 'generate', 'refresh', 'generate'])
      expect(await stage.account('qwen-1')).toMatchObject({ state: 'active' })
    }))

  test('again and again says what that means, and costs one refresh', () =>
    onStage({}, async stage => {
      stage.user('ann').refuse(2)
      const error = await expectError(await chat(stage), CHAT, 502)
      expect(error.message).not.toMatch(/at-|rt-/)
      expect(stage.sim.counts).toMatchObject({ chat: 2, refresh: 1 })
      expect(await stage.account('qwen-1')).toMatchObject({ state: 'needs_sign_in', reason: expect.stringContaining('2026-04-15') })
    }))
})

test('fifty who find the token expired wait for one refresh', () =>
  onStage({ lifetimeMs: -1 }, async stage => {
    stage.sim.script({ on: 'refresh', delayHeadersMs: 300 })
    await fifty(stage.gateway)
    expect(stage.sim.counts).toMatchObject({ refresh: 1, chat: 50 })
  }))

describe('a refresh that fails', () => {
  test('because the sign-in has ended: the account says so, and is back with the next one', () =>
    onStage({ lifetimeMs: -1 }, async stage => {
      stage.user('ann').revoke()
      const file = readCredentials(stage.file('ann'))
      const error = await expectError(await chat(stage), CHAT, 503)
      expect(error.code).toBe('no_account_available')
      expect(error.message).toMatch(/qwen-1.*sign in again/)
      expect(await stage.account('qwen-1')).toMatchObject({
        state: 'needs_sign_in',
        reason: expect.stringContaining('Invalid refresh token or client_id'),
      })
      // The file is nobody's to delete, and a refused token is not shown again and again.
      expect(readCredentials(stage.file('ann'))).toEqual(file)
      for (let at = 0; at < 3; at++) await expectError(await chat(stage), CHAT, 503)
      expect(stage.sim.counts.refresh).toBe(1)
      signIn(stage.sim, 'ann', stage.file('ann'))
      await eventually('ann is back', async () => (await stage.account('qwen-1')).state === 'active', 15_000)
      await expectAnswer(await chat(stage), CHAT)
      expect(stage.gateway.output()).not.toMatch(/\b[ar]t-\w{6}-/)
    }))

  test.each(['html-504', 'server-error', 'not-json', 'empty-body', 'lost', 'rate-limited'] as const)(
    'for a while (%s): the file stays as it is, the account waits',
    fault =>
      onStage({ lifetimeMs: -1 }, async stage => {
        const file = readCredentials(stage.file('ann'))
        stage.sim.fault(fault, { on: 'refresh', times: 3 })
        const error = await expectError(await chat(stage), CHAT, 503)
        expect(error.message).toMatch(/no new token/)
        expect(await stage.account('qwen-1')).toMatchObject({ state: 'cooling_down', until: expect.any(String) })
        expect(readCredentials(stage.file('ann'))).toEqual(file)
        expect(existsSync(stage.file('ann').replace(/json$/, 'lock'))).toBe(false)
      }),
  )

  test('with an OAuth error in a 200 is a refusal', () =>
    onStage({ lifetimeMs: -1 }, async stage => {
      stage.sim.fault('error-200', { on: 'refresh' })
      await expectError(await chat(stage), CHAT, 503)
      expect(await stage.account('qwen-1')).toMatchObject({ state: 'needs_sign_in' })
    }))

  test('ahead of its end is no harm: the old token is used while it is good', () =>
    onStage({ lifetimeMs: 20_000 }, async stage => {
      stage.sim.fault('html-504', { on: 'refresh' })
      await expectAnswer(await chat(stage), CHAT)
      await stage.gateway.until(/a token could not be renewed; the old one is used/)
      expect(await stage.account('qwen-1')).toMatchObject({ state: 'active' })
    }))

  test('leaves it to the next account', () =>
    onStage({ users: ['ann', 'bob'], lifetimeMs: -1 }, async stage => {
      stage.user('ann').revoke()
      for (let at = 0; at < 3; at++) expect((await chat(stage)).headers.get('x-dragoman-account')).toBe('bob')
      expect(chatsOf(stage, 'bob')).toBe(3)
    }))
})

test('two gateways on one file, with tokens that live for moments and refresh tokens that work once, lose none', async () => {
  const sim = startQwen({ rules: { accessLifetimeS: 1, callsPerMinute: 100_000, callsPerDay: 100_000 } })
  const homes = [newFolder(), newFolder()]
  const gateways: RunningGateway[] = []
  try {
    const file = credentialsFile(homes[0] ?? '')
    const ann = signIn(sim, 'ann', file, -1)
    const config = { qwen: { oauth_url: sim.url, credentials: [file] } }
    gateways.push(...(await Promise.all(homes.map(folder => startGateway({ folder, config })))))
    const many = async (gateway: RunningGateway): Promise<void> => {
      for (let at = 0; at < 40; at++) {
        const five = Array.from({ length: 5 }, async (_, one) => {
          const route = one % 2 === 0 ? CHAT : MESSAGES
          await expectAnswer(await post(gateway.url, route, route.body(MODEL, { stream: at % 2 === 0 })), route)
        })
        await Promise.all(five)
        // So that the tokens run out several times.
        await Bun.sleep(100)
      }
    }
    await Promise.all(gateways.map(many))
    expect(sim.counts.refresh).toBeGreaterThan(3)
    // Every refresh token that was ever shown was good, and what lies in the file is the last one.
    expect(readCredentials(file)).toMatchObject({ refresh_token: ann.latest.refreshToken, access_token: ann.latest.accessToken })
    for (const gateway of gateways) {
      expect(await accountOf(gateway, 'qwen-1')).toMatchObject({ state: 'active' })
      expect(gateway.output()).not.toMatch(/account is out|could not be/)
    }
    expect(existsSync(file.replace(/json$/, 'lock'))).toBe(false)
  } finally {
    await Promise.all(gateways.map(gateway => gateway.stop()))
    await sim.close()
    for (const home of homes) rmSync(home, { recursive: true, force: true })
  }
})

test('a gateway that is stopped while Qwen makes a new token keeps it', () =>
  onStage({ lifetimeMs: -1 }, async stage => {
    stage.sim.script({ on: 'refresh', delayHeadersMs: 700 })
    const waiting = chat(stage).catch(() => undefined)
    await eventually('it is asked for', () => stage.sim.counts.refresh === 1)
    stage.gateway.signal('SIGTERM')
    await stage.gateway.exited
    await waiting
    expect(readCredentials(stage.file('ann')).refresh_token).toBe(stage.user('ann').latest.refreshToken)
    expect(existsSync(stage.file('ann').replace(/json$/, 'lock'))).toBe(false)
  }))

test('a reload takes other files, and keeps what is known of those that stay', () =>
  onStage({ users: ['ann', 'bob'] }, async stage => {
    stage.user('ann').calls.exhaust()
    for (let at = 0; at < 2; at++) await expectAnswer(await chat(stage), CHAT)
    const later = `${stage.home}/later.json`
    signIn(stage.sim, 'eve', later)
    stage.gateway.writeConfig({ qwen: { oauth_url: stage.sim.url, credentials: [stage.file('ann'), later] } })
    await eventually('eve answers', async () => (await chat(stage)) && chatsOf(stage, 'eve') > 0, 10_000)
    expect(await accountOf(stage.gateway, 'qwen-1')).toMatchObject({ state: 'exhausted' })
    const bobs = chatsOf(stage, 'bob')
    for (let at = 0; at < 3; at++) await expectAnswer(await chat(stage), CHAT)
    expect(chatsOf(stage, 'bob')).toBe(bobs)
  }))
