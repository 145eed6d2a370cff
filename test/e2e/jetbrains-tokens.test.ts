import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import type { SimulatedAccount } from '../simulators/jetbrains/account.ts'
import { recordOf } from './support/admin.ts'
import { CHAT, expectAnswer, expectError, MESSAGES, post } from './support/client-routes.ts'
import { byJwt, byRefresh, type JetbrainsStage, startJetbrainsStage } from './support/jetbrains.ts'
import { eventually, timed } from './support/wait.ts'

// A gateway that has to share its processors with others is slow to start.
setDefaultTimeout(20_000)

const MODEL = 'google-chat-gemini-pro-2.5'

const chat = ({ gateway }: JetbrainsStage, stream = false) => post(gateway.url, CHAT, CHAT.body(MODEL, { stream }))

const answers = async (stage: JetbrainsStage): Promise<Response> => {
  const response = await chat(stage)
  await expectAnswer(response.clone() as Response, CHAT)
  return response
}

/** Fifty at once, of both dialects, streamed and whole. */
const fifty = ({ gateway }: JetbrainsStage) =>
  Promise.all(
    Array.from({ length: 50 }, async (_, at) => {
      const route = at % 2 === 0 ? CHAT : MESSAGES
      await expectAnswer(await post(gateway.url, route, route.body(MODEL, { stream: at % 4 < 2 })), route)
    }),
  )

describe('an account with a refresh token', () => {
  let stage: JetbrainsStage
  let account: SimulatedAccount
  beforeAll(async () => {
    stage = await startJetbrainsStage({
      accounts: [{ licenseId: 'ONE', registered: false, licenseState: 'TRIAL' }],
      entry: one => byRefresh(one, { jwt: one.jwt({ expired: true }) }),
    })
    account = stage.account('ONE')
  })
  afterAll(() => stage.stop())

  test('registers its owner, takes a token whatever the licence’s state, and the list of models is read with it', async () => {
    await answers(stage)
    expect(stage.sim.counts).toMatchObject({ oauth: 1, register: 1, provideAccess: 2 })
    expect(stage.sim.counts.profiles).toBeGreaterThan(0)
  })

  test('a token that was taken back before its time is replaced once for fifty who wait, and none of them sees it', async () => {
    const before = { ...stage.sim.counts }
    account.invalidateJwts()
    await fifty(stage)
    expect(stage.sim.counts.provideAccess - before.provideAccess).toBe(1)
    // The id token was good for an hour.
    expect(stage.sim.counts.oauth).toBe(before.oauth)
    expect(stage.gateway.output()).not.toContain('account is out')
  })

  test('a single 401 costs one more request, and the client nothing', async () => {
    account.refuseJwt()
    const before = { ...stage.sim.counts }
    const response = await answers(stage)
    expect(response.headers.get('x-dragoman-attempts')).toBe('1')
    expect(stage.sim.counts).toMatchObject({ chat: before.chat + 2, provideAccess: before.provideAccess + 1 })
    expect(await recordOf(stage.gateway.url, response)).toMatchObject({ status: 200, error: null, attempts: [{ outcome: 'ok' }] })
  })

  test('401 again and again is an end of it: it is told, without what was refused', async () => {
    account.refuseJwt(2)
    const error = await expectError(await chat(stage), CHAT, 502)
    expect(error.message).not.toContain('eyJ')
    await stage.gateway.until(/"state":"needs_sign_in"/)
    const again = await expectError(await chat(stage), CHAT, 503)
    expect(again.candidates).toMatchObject([{ account: 'one', state: 'needs_sign_in' }])
  })
})

test('fifty requests that find the token expired wait for one refresh', async () => {
  const stage = await startJetbrainsStage({
    accounts: [{ licenseId: 'ONE', jwtLifetimeMs: 1000, idTokenLifetimeMs: 1000 }],
    entry: one => byRefresh(one),
  })
  try {
    const account = stage.account('ONE')
    const { exp } = JSON.parse(Buffer.from((await lastJwt(stage)).split('.')[1] ?? '', 'base64url').toString()) as { exp: number }
    Object.assign(account, { jwtLifetimeMs: 86_400_000, idTokenLifetimeMs: 3_600_000 })
    await Bun.sleep(Math.max(0, exp * 1000 - Date.now()) + 10)
    const before = { ...stage.sim.counts }
    stage.sim.scriptOauth({ delayHeadersMs: 300 })
    await fifty(stage)
    expect(stage.sim.counts).toMatchObject({ oauth: before.oauth + 1, provideAccess: before.provideAccess + 1, chat: before.chat + 50 })
    // Nobody sent the one that had expired.
    expect(new Set(jwtsSent(stage).slice(-50)).size).toBe(1)
  } finally {
    await stage.stop()
  }
})

test('a token is renewed ahead of its end, in the background, and no request waits for it', async () => {
  const stage = await startJetbrainsStage({ accounts: [{ licenseId: 'ONE', jwtLifetimeMs: 5000 }], entry: one => byRefresh(one) })
  try {
    await answers(stage)
    const old = await lastJwt(stage)
    const { iat } = JSON.parse(Buffer.from(old.split('.')[1] ?? '', 'base64url').toString()) as { iat: number }
    const before = stage.sim.counts.provideAccess
    stage.account('ONE').jwtLifetimeMs = 86_400_000
    // Half of a short life.
    await Bun.sleep(Math.max(0, iat * 1000 + 3500 - Date.now()))
    stage.sim.scriptAccess({ delayHeadersMs: 600 })
    const first = await timed(answers(stage))
    expect(first.ms).toBeLessThan(400)
    expect((await timed(answers(stage))).ms).toBeLessThan(400)
    expect(jwtsSent(stage).slice(-2)).toEqual([old, old])
    await eventually('a new token is used', async () => {
      await answers(stage)
      return (await lastJwt(stage)) !== old
    })
    expect(stage.sim.counts.provideAccess).toBe(before + 1)
    expect(stage.gateway.output()).not.toContain('could not be renewed')
  } finally {
    await stage.stop()
  }
})

test('a sign-in that was revoked wants another one; the next account answers meanwhile', async () => {
  const stage = await startJetbrainsStage({
    accounts: [{ licenseId: 'ONE' }, { licenseId: 'TWO' }, { licenseId: 'THREE' }],
    entry: (one, index) =>
      [byRefresh(one), byJwt(one), { name: 'three', licenseId: one.licenseId, authorization: `Bearer ${one.authorization()}` }][index],
  })
  try {
    stage.account('ONE').revoke()
    for (let at = 0; at < 6; at++) expect((await answers(stage)).headers.get('x-dragoman-account')).toMatch(/two|three/)
    await stage.gateway.until(/"account":"one","state":"needs_sign_in".*sign in again/)
    stage.account('THREE').revoke()
    for (let at = 0; at < 4; at++) expect((await answers(stage)).headers.get('x-dragoman-account')).toBe('two')
    await stage.gateway.until(/"account":"three","state":"needs_sign_in".*dragoman login jetbrains/)
    stage.account('TWO').revoke()
    await expectError(await chat(stage), CHAT, 502)
    const error = await expectError(await post(stage.gateway.url, MESSAGES, MESSAGES.body(MODEL)), MESSAGES, 503)
    expect(error.candidates).toMatchObject(['one', 'two', 'three'].map(account => ({ account, state: 'needs_sign_in' })))
    expect(stage.gateway.output()).not.toMatch(/eyJ[\w-]{8}|1\/\/refresh/)
  } finally {
    await stage.stop()
  }
})

const jwtsSent = ({ sim }: JetbrainsStage): string[] => sim.requests.flatMap(({ headers }) => headers['grazie-authenticate-jwt'] ?? [])

/** The JWT that was shown last; asks for nothing but what the start asks. */
const lastJwt = (stage: JetbrainsStage): Promise<string> => eventually('a JWT is shown', () => jwtsSent(stage).at(-1))
