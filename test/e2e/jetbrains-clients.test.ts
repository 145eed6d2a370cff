import { afterAll, afterEach, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { objectsOf } from '../checkers/json.ts'
import { askAnthropic } from './sdk/ask-anthropic.ts'
import { askOpenAi } from './sdk/ask-openai.ts'
import { asking, MODES, type Mode, type Question, type QuestionTool, type Reply } from './sdk/question.ts'
import { byJwt, chatsOf, type JetbrainsStage, startJetbrainsStage } from './support/jetbrains.ts'

// A gateway that has to share its processors with others is slow to start.
setDefaultTimeout(20_000)

const CLIENTS = ['openai', 'anthropic'] as const

const WEATHER: QuestionTool = {
  name: 'get_weather',
  description: 'Weather of a place',
  schema: { type: 'object', properties: { place: { type: 'string' }, days: { type: 'integer', minimum: 3 } }, required: ['place', 'days'] },
}
const CLOCK: QuestionTool = { name: 'get_time', schema: { type: 'object', properties: {} } }

const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='

/** How JetBrains AI is reached, and a model of each kind there. */
const WIRES = {
  'chat v8': {
    jetbrains: { native: false },
    models: ['google-chat-gemini-pro-2.5', 'anthropic-claude-4-5-sonnet', 'openai-gpt-4o'],
    pictures: true,
  },
  'chat v7': { jetbrains: { native: false, api_version: 'v7' }, models: ['anthropic-claude-3.7-sonnet', 'openai-gpt-4o'], pictures: false },
  native: { jetbrains: {}, models: ['anthropic-claude-4-5-sonnet', 'openai-gpt4.1'], pictures: true },
  codex: { jetbrains: {}, models: ['openai-gpt-5-codex'], pictures: false },
} as const

/** Whole, streamed, and both with tools, pictures and what came of them: everything a client does in a day. */
async function aDay(
  stage: JetbrainsStage,
  client: (typeof CLIENTS)[number],
  model: string,
  how: { mode: Mode; pictures: boolean; tools: boolean },
) {
  const ask = (question: Question): Promise<Reply> =>
    client === 'openai' ? askOpenAi(stage.openai, question, how.mode) : askAnthropic(stage.anthropic, question, how.mode)
  const plain = await ask(asking(model, 'Hello there', { system: 'Be brief.' }))
  expect(plain).toMatchObject({ text: 'You said: Hello there', finish: 'stop', model: expect.any(String) })
  if (how.pictures) {
    const turns = [{ user: [{ text: 'What is this?' }, { imageData: PNG, mediaType: 'image/png' }] }]
    expect(await ask({ model, turns })).toMatchObject({ text: 'You said: What is this?', finish: 'stop' })
  }
  if (!how.tools) return
  const question = asking(model, 'use tools', { tools: [WEATHER, CLOCK] })
  const first = await ask(question)
  expect(first.finish).toBe('tools')
  expect(first.calls.map(({ name, input }) => [name, input])).toEqual([
    ['get_weather', { place: 'sample', days: 3 }],
    ['get_time', {}],
  ])
  expect(new Set(first.calls.map(({ id }) => id)).size).toBe(2)
  const results = first.calls.map(({ id, name }) => ({ callId: id, content: [{ text: `${name} is fine. ` }] }))
  const second = await ask({ ...question, turns: [...question.turns, { said: first.said }, { results }] })
  expect(second).toMatchObject({ finish: 'stop', calls: [], text: expect.stringContaining('get_time is fine. ') })
  expect(stage.sim.requests.findLast(({ route }) => route === 'generate')?.bodyText).toContain('get_weather is fine. ')
}

describe.each(Object.entries(WIRES))('over %s', (name, { jetbrains, models, pictures }) => {
  let stage: JetbrainsStage
  beforeAll(async () => {
    stage = await startJetbrainsStage({
      accounts: [
        { licenseId: 'EXPIRED' },
        // What is left is spent within a few requests.
        { licenseId: 'SCARCE', quota: { maximum: 200 } },
        { licenseId: 'SUSPENDED' },
        { licenseId: 'HEALTHY', quota: { maximum: 100_000_000 } },
      ],
      entry: account => byJwt(account, account.licenseId === 'EXPIRED' ? { jwt: account.jwt({ expired: true }) } : {}),
      jetbrains,
    })
  })
  afterAll(() => stage.stop())
  afterEach(async () => {
    await stage.wire.check()
  })

  // Codex takes no parameters, so its tools are noted and left out.
  const tools = name !== 'codex'

  test.each(CLIENTS)('the %s SDK works, while one account has expired, one runs out and one is suspended', async client => {
    for (const [index, model] of models.entries()) {
      for (const mode of MODES) await aDay(stage, client, model, { mode, pictures, tools })
      if (client === 'openai' && index === 0) stage.account('SUSPENDED').suspend()
    }
    expect(stage.wire.exchanges.map(({ status }) => status).every(status => status === 200)).toBe(true)
  })

  test('sixty at once', async () => {
    const before = chatsOf(stage, 'HEALTHY')
    const model = models[0]
    const asked = Array.from({ length: 60 }, (_, index) => {
      const client = CLIENTS[index % 2] ?? 'openai'
      const question = asking(model, `number ${index}`)
      const mode = MODES[index % 3] ?? 'create'
      return client === 'openai' ? askOpenAi(stage.openai, question, mode) : askAnthropic(stage.anthropic, question, mode)
    })
    const replies = await Promise.all(asked)
    expect(replies.map(({ text }) => text)).toEqual(replies.map((_, index) => `You said: number ${index}`))
    expect(chatsOf(stage, 'HEALTHY') - before).toBeGreaterThan(50)
  })

  test('each of the others has failed in its own way, once or for those that were under way', async () => {
    expect(chatsOf(stage, 'EXPIRED')).toBe(0)
    const asked = (licence: string) => stage.sim.requestsOf(stage.account(licence)).filter(({ route }) => route === 'generate')
    expect(asked('SCARCE').length).toBeGreaterThan(0)
    expect(stage.account('SCARCE').quota.exhausted).toBe(true)
    expect(asked('SUSPENDED').length).toBeGreaterThan(0)
    expect(stage.gateway.output()).toMatch(/account is out: .*expired/)
    expect(stage.gateway.output()).toMatch(/account is out: .*quota exhausted/)
    expect(stage.gateway.output()).toMatch(/account is out: .*suspended/)
    expect(stage.gateway.output()).not.toMatch(/internal error|unhandled|uncaught/)
    const paths = new Set(asked('HEALTHY').map(({ path }) => path))
    expect([...paths].sort()).toEqual(
      {
        'chat v8': ['/user/v5/llm/chat/stream/v8'],
        'chat v7': ['/user/v5/llm/chat/stream/v7'],
        native: ['/user/v5/llm/anthropic/v1/messages', '/user/v5/llm/openai/v1/chat/completions'],
        codex: ['/user/v5/llm/responses/stream/v8'],
      }[name] ?? [],
    )
    const bodies = asked('HEALTHY').flatMap(({ body }) => objectsOf([body]))
    expect(bodies.some(body => JSON.stringify(body).includes(PNG))).toBe(pictures)
  })
})
