import { expect, setDefaultTimeout, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { CHAT, CLIENT_ROUTES, expectAnswer, expectError, post } from './support/client-routes.ts'
import { run } from './support/gateway.ts'
import { chatsOf, credentialsFile, signIn, startQwenStage } from './support/qwen.ts'
import { eventually } from './support/wait.ts'

// A gateway that has to share its processors with others is slow to start.
setDefaultTimeout(30_000)

const MODEL = 'coder-model'
/** What a free account that signs in and is then refused has to be told. */
const CLOSED = /free sign-in tier ended on 2026-04-15.*(Coding Plan|API key)/

test('the tier is closed: signing in works, chats are refused, and everybody reads what that means', async () => {
  const stage = await startQwenStage({ users: ['ann'], lifetimeMs: -1, rules: { mode: 'discontinued' } })
  const { sim, gateway } = stage
  try {
    const first = await expectError(await post(gateway.url, CHAT, CHAT.body(MODEL)), CHAT, 502)
    expect(first.message).toMatch(CLOSED)
    // One that had run out, and one that was turned down: more would only be more of the same.
    expect(sim.counts).toMatchObject({ refresh: 2, chat: 2 })
    expect(await stage.account('qwen-1')).toMatchObject({ state: 'needs_sign_in', reason: expect.stringMatching(CLOSED) })
    for (const route of CLIENT_ROUTES) {
      for (const stream of [false, true]) {
        const error = await expectError(await post(gateway.url, route, route.body(MODEL, { stream })), route, 503)
        expect(error.message).toMatch(CLOSED)
        expect(error.candidates).toMatchObject([{ account: 'qwen-1', state: 'needs_sign_in', until: expect.any(String) }])
      }
    }
    expect(sim.counts).toMatchObject({ refresh: 2, chat: 2 })
    expect(gateway.output()).toMatch(CLOSED)
    // A sign-in of another kind is tried at once, however long the old one had to wait.
    sim.rules.mode = 'normal'
    signIn(sim, 'bob', stage.file('ann'))
    await eventually('the account is back', async () => (await stage.account('qwen-1')).state === 'active', 15_000)
    await expectAnswer(await post(gateway.url, CHAT, CHAT.body(MODEL)), CHAT)
    expect(sim.requests.at(-1)?.key).toBe('bob')
  } finally {
    await stage.stop()
  }
})

test('a plan beside it answers in its place', async () => {
  const stage = await startQwenStage({
    users: ['ann'],
    rules: { mode: 'discontinued' },
    config: sim => ({
      providers: [
        { name: 'plan', provider_type: 'qwen', base_url: sim.portalUrl, api_key: sim.apiKey('coding').key, models: ['qwen3-coder-plus'] },
      ],
    }),
  })
  try {
    const body = CHAT.body('qwen3-coder-plus')
    for (let at = 0; at < 3; at++) await expectAnswer(await post(stage.gateway.url, CHAT, body), CHAT)
    expect(chatsOf(stage, 'ann')).toBeLessThanOrEqual(2)
  } finally {
    await stage.stop()
  }
})

test('a sign-in server that is out of order costs nobody their tokens', async () => {
  const stage = await startQwenStage({ users: ['ann'], rules: { mode: 'broken-idp' } })
  try {
    await expectAnswer(await post(stage.gateway.url, CHAT, CHAT.body(MODEL)), CHAT)
    // Whoever would sign in now waits in vain, and is told; what others have is left alone.
    const before = await Bun.file(stage.file('ann')).text()
    stage.sim.rules.deviceLifetimeS = 1
    const where = ['--config', `${stage.home}/dragoman.json`, '--data-dir', `${stage.home}/other`]
    const { code, stderr } = await run(['login', 'qwen', '--account', 'bob', ...where], { cwd: stage.home })
    expect(code).toBe(1)
    expect(stderr).toMatch(/expired|time/i)
    expect(await Bun.file(stage.file('ann')).text()).toBe(before)
    expect(existsSync(credentialsFile(stage.home, 'bob'))).toBe(false)
  } finally {
    await stage.stop()
  }
})
