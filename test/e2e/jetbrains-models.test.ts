import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { type Json, objectsOf } from '../checkers/json.ts'
import type { JetbrainsAnswer } from '../simulators/jetbrains/answer.ts'
import type { ProfileListOptions } from '../simulators/jetbrains/profiles.ts'
import { startJetbrains } from '../simulators/jetbrains.ts'
import { CHAT, expectAnswer, expectError, MESSAGES, post } from './support/client-routes.ts'
import { CLIENT_KEY, type RunningGateway, startGateway } from './support/gateway.ts'
import { byJwt, type JetbrainsStage, jetbrainsAt, startJetbrainsStage } from './support/jetbrains.ts'

// A gateway that has to share its processors with others is slow to start.
setDefaultTimeout(20_000)

async function listed(gateway: RunningGateway, headers: Record<string, string> = {}): Promise<string[]> {
  const answer = (await (
    await fetch(`${gateway.url}/v1/models?limit=1000`, { headers: { authorization: `Bearer ${CLIENT_KEY}`, ...headers } })
  ).json()) as Json
  return objectsOf(answer.data).map(({ id }) => String(id))
}

const start = (profiles: ProfileListOptions, more: { jetbrains?: Json; config?: Json } = {}): Promise<JetbrainsStage> =>
  startJetbrainsStage({ accounts: [{ licenseId: 'ONE' }], profiles, ...more })

let live: JetbrainsStage
beforeAll(async () => {
  live = await start({})
})
afterAll(() => live.stop())

test('the live list is shown: profiles, and the names that people know', async () => {
  const names = await listed(live.gateway)
  for (const name of [
    'anthropic-claude-4-5-sonnet',
    'openai-gpt-4o',
    'gpt-4o',
    'claude-3.5-sonnet',
    'gpt4.1',
    'gemini-flash-2.5',
    'deepseek-r1',
  ]) {
    expect(names).toContain(name)
  }
  // Nobody talks to it, and nobody has it.
  expect(names.join(' ')).not.toMatch(/embedding|xai-grok-4-fast/)
  const claude = await listed(live.gateway, { 'anthropic-version': '2023-06-01' })
  expect(claude).toContain('anthropic-claude-4-5-sonnet')
})

test.each([
  ['gpt-4o', 'gpt-4o'],
  ['gpt-4.1', 'gpt-4.1'],
  ['gpt4.1-mini', 'gpt-4.1-mini'],
  ['gpt-5.4', 'gpt-5.4'],
  ['claude-sonnet-4-5', 'claude-sonnet-4-5-20250929'],
  ['claude-sonnet-4-5-20250929', 'claude-sonnet-4-5-20250929'],
  ['claude-4.5-sonnet', 'claude-sonnet-4-5-20250929'],
  ['claude-opus-4-7', 'claude-opus-4-7'],
  ['claude-3.5-sonnet', 'anthropic-claude-3.5-sonnet'],
  ['gemini-flash-2.5', 'google-chat-gemini-flash-2.5'],
  ['gemini-2.5-flash', 'google-chat-gemini-flash-2.5'],
  ['gpt-5-codex', 'openai-gpt-5-codex'],
  ['grok-4', 'xai-grok-4'],
  // Of a size alone, the newest of it.
  ['sonnet', 'claude-sonnet-4-6'],
  ['claude-opus-4-99', 'claude-opus-4-7'],
])('%s is understood by both dialects as %s', async (name, upstream) => {
  for (const route of [CHAT, MESSAGES]) {
    await expectAnswer(await post(live.gateway.url, route, route.body(name)), route)
    const body = live.sim.requests.findLast(request => request.route === 'generate')?.body
    expect(body?.profile ?? body?.model).toBe(upstream)
  }
})

test('a name that nobody has is a 404 with the nearest', async () => {
  const error = await expectError(await post(live.gateway.url, CHAT, CHAT.body('gemini-flash-2.55')), CHAT, 404)
  expect(error.message).toContain('gemini-flash-2.5')
})

const BROKEN: Record<string, { answers?: JetbrainsAnswer[]; profiles?: ProfileListOptions }> = {
  'is a 500': { answers: [{ status: 500 }] },
  'is empty': { profiles: { only: [] } },
  'is no list': { answers: [{ body: { hello: 'world' } }] },
  'is HTML': { answers: [{ body: '<!doctype html>', contentType: 'text/html' }] },
}

test.concurrent.each(Object.entries(BROKEN))(
  'where the list %s, the built-in one is used, and says so',
  async (_, { answers = [], profiles = {} }) => {
    const sim = startJetbrains({ profiles })
    sim.scriptProfiles(...answers)
    const config = {
      jetbrains: jetbrainsAt(sim),
      jetbrains_accounts: [byJwt(sim.account({ licenseId: 'ONE' }))],
      health_check_interval: '5m',
    }
    const gateway = await startGateway({ config })
    try {
      await gateway.until(/no new list of models; the built-in one is used/)
      const names = await listed(gateway)
      for (const name of ['anthropic-claude-4-5-sonnet', 'gpt-4o', 'xai-grok-4-fast']) expect(names).toContain(name)
      await expectAnswer(await post(gateway.url, CHAT, CHAT.body('gemini-pro-2.5')), CHAT)
      await expectAnswer(await post(gateway.url, MESSAGES, MESSAGES.body('claude-3.5-sonnet')), MESSAGES)
    } finally {
      await gateway.stop()
      await sim.close()
    }
  },
)

const FORMS: Record<string, ProfileListOptions> = {
  'a bare array': { form: 'array' },
  'ids alone': { bare: true },
  'no parameters': { parameters: false },
  'no native routes': { proxy: false },
}

test.concurrent.each(Object.entries(FORMS))('a list of %s works', async (_, profiles) => {
  const stage = await start({ ...profiles, only: ['anthropic-claude-4-5-sonnet', 'openai-gpt-4o', 'google-chat-gemini-pro-2.5'] })
  try {
    const names = await listed(stage.gateway)
    expect(names.filter(name => /^(openai|google)-/.test(name)).sort()).toEqual(['google-chat-gemini-pro-2.5', 'openai-gpt-4o'])
    for (const name of ['claude-sonnet-4-5', 'gpt-4o', 'gemini-pro-2.5']) {
      for (const route of [CHAT, MESSAGES]) {
        await expectAnswer(await post(stage.gateway.url, route, route.body(name, { temperature: 0.5, max_tokens: 50 })), route)
      }
    }
  } finally {
    await stage.stop()
  }
})
