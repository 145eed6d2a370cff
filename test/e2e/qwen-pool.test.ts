import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { startJetbrains } from '../simulators/jetbrains.ts'
import { adminList } from './support/admin.ts'
import { CHAT, CLIENT_ROUTES, expectAnswer, expectError, post } from './support/client-routes.ts'
import { byJwt, jetbrainsAt } from './support/jetbrains.ts'
import { chatsOf, type QwenStage, signIn, startQwenStage } from './support/qwen.ts'

// A gateway that has to share its processors with others is slow to start.
setDefaultTimeout(30_000)

const MODEL = 'coder-model'
const USERS = ['ann', 'bob', 'eve'] as const

async function onStage(options: Partial<Parameters<typeof startQwenStage>[0]>, work: (stage: QwenStage) => Promise<void>) {
  const stage = await startQwenStage({ users: USERS, ...options })
  try {
    await work(stage)
  } finally {
    await stage.stop()
  }
}

const chat = ({ gateway }: QwenStage, model = MODEL) => post(gateway.url, CHAT, CHAT.body(model))
const served = async (stage: QwenStage) => {
  const answer = await chat(stage)
  await expectAnswer(answer.clone(), CHAT)
  return answer.headers.get('x-dragoman-account')
}

describe('several accounts', () => {
  test('take turns', () =>
    onStage({}, async stage => {
      for (let at = 0; at < 9; at++) {
        const route = CLIENT_ROUTES[at % 2] ?? CHAT
        await expectAnswer(await post(stage.gateway.url, route, route.body(MODEL, { stream: at % 4 < 2 })), route)
      }
      for (const name of USERS) expect(chatsOf(stage, name)).toBe(3)
    }))

  test('stand in for one that is used up, signed out or throttled, until none is left; and each says why', () =>
    onStage({}, async stage => {
      stage.user('ann').calls.exhaust()
      stage.user('bob').revoke()
      for (let at = 0; at < 4; at++) expect(await served(stage)).toBe('eve')
      expect([chatsOf(stage, 'ann'), chatsOf(stage, 'bob')]).toEqual([1, 1])
      stage.sim.fault('tpm', { forKey: 'eve' })
      await expectError(await chat(stage), CHAT, 429)
      const error = await expectError(await chat(stage), CHAT, 503)
      const states = (error.candidates as { account: string; state: string }[]).map(({ account, state }) => [account, state]).sort()
      expect(states).toEqual([
        ['bob', 'needs_sign_in'],
        ['eve', 'cooling_down'],
        ['qwen-1', 'exhausted'],
      ])
    }))

  test('a file that is replaced by another person’s is that person’s account', () =>
    onStage({ users: ['ann'] }, async stage => {
      expect(await served(stage)).toBe('qwen-1')
      signIn(stage.sim, 'zoe', stage.file('ann'))
      stage.user('ann').revoke()
      expect(await served(stage)).toBe('qwen-1')
      expect(stage.sim.requests.at(-1)?.key).toBe('zoe')
      expect(stage.sim.counts.refresh).toBe(0)
    }))
})

test('JetBrains accounts beside them: each model goes to its own, and a name that both have to both', async () => {
  const jetbrains = startJetbrains()
  const account = jetbrains.account({ licenseId: 'ONE' })
  const both = {
    targets: [
      { provider: 'jetbrains', model: 'openai-gpt-4o' },
      { provider: 'qwen', model: MODEL },
    ],
  }
  try {
    await onStage(
      {
        users: ['ann', 'bob'],
        config: () => ({ jetbrains: jetbrainsAt(jetbrains), jetbrains_accounts: [byJwt(account)], models: { both } }),
      },
      async stage => {
        const { data } = await adminList(stage.gateway.url, '/admin/accounts')
        expect(data.map(({ provider, label, kind }) => [provider, label, kind])).toEqual([
          ['jetbrains', 'one', 'static_jwt'],
          ['qwen', 'bob', 'qwen_oauth'],
          ['qwen', 'qwen-1', 'qwen_oauth'],
        ])
        expect((await chat(stage, 'openai-gpt-4o')).headers.get('x-dragoman-provider')).toBe('jetbrains')
        expect((await chat(stage)).headers.get('x-dragoman-provider')).toBe('qwen')
        expect((await chat(stage, 'both')).headers.get('x-dragoman-provider')).toBe('jetbrains')
        account.revoke()
        account.invalidateJwts()
        const instead = await chat(stage, 'both')
        await expectAnswer(instead.clone(), CHAT)
        expect(instead.headers.get('x-dragoman-provider')).toBe('qwen')
        const health = await (await fetch(`${stage.gateway.url}/health`)).json()
        expect(health).toMatchObject({ status: 'degraded', healthy_tokens: 2, total_tokens: 3 })
      },
    )
  } finally {
    await jetbrains.close()
  }
})
