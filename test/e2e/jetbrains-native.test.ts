import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { isObject, objectsOf } from '../checkers/json.ts'
import { recordOf } from './support/admin.ts'
import { CHAT, expectAnswer, expectError, MESSAGES, post } from './support/client-routes.ts'
import { byRefresh, type JetbrainsStage, startJetbrainsStage } from './support/jetbrains.ts'

// A gateway that has to share its processors with others is slow to start.
setDefaultTimeout(20_000)

const CLAUDE = 'anthropic-claude-4-5-sonnet'
const GPT = 'openai-gpt4.1'

/** Each of the faults below takes one out. */
const ACCOUNTS = 16

let stage: JetbrainsStage

beforeAll(async () => {
  stage = await startJetbrainsStage({ accounts: Array.from({ length: ACCOUNTS }, (_, index) => ({ licenseId: `L${index}` })) })
})
afterAll(() => stage.stop())

const lastChat = () => stage.sim.requests.findLast(({ route }) => route === 'generate')

describe('native routes', () => {
  test('an Anthropic client gets thinking, signatures, cache counters and counted tokens as they came', async () => {
    const thinking = { type: 'enabled', budget_tokens: 2000 }
    const system = [{ type: 'text', text: 'You are terse. '.repeat(2000), cache_control: { type: 'ephemeral' } }]
    for (const stream of [true, false]) {
      const signature = `sig-${stream}`
      stage.sim.script({
        reasoning: ['Let me ', 'see.'],
        signature,
        text: ['Well', '.'],
        usage: { cache_read_input_tokens: 77, output_tokens: 42 },
      })
      const body = MESSAGES.body(CLAUDE, { max_tokens: 4000, thinking, system, stream })
      const response = await post(stage.gateway.url, MESSAGES, body)
      const text = await response.clone().text()
      expect(response.status, text).toBe(200)
      for (const part of [signature, 'Let me ', '"cache_read_input_tokens":77']) expect(text).toContain(part)
      expect(lastChat()).toMatchObject({
        path: '/user/v5/llm/anthropic/v1/messages',
        body: { model: 'claude-sonnet-4-5-20250929', thinking, system },
      })
      expect(response.headers.get('x-dragoman-notes')).toBeNull()
      const record = await recordOf(stage.gateway.url, response)
      expect(record).toMatchObject({ usage: { output_tokens: 42, cached_tokens: 77, estimated: false } })
    }
  })

  test('a signed turn goes back as it was', async () => {
    stage.sim.script({ reasoning: 'Hm.', text: 'Yes.' })
    const thinking = { type: 'enabled', budget_tokens: 2000 }
    const first = await post(stage.gateway.url, MESSAGES, MESSAGES.body(CLAUDE, { max_tokens: 4000, thinking }))
    const message: unknown = await first.json()
    const content = isObject(message) ? objectsOf(message.content) : []
    expect(content.map(({ type }) => type)).toEqual(['thinking', 'text'])
    const messages = [
      { role: 'user', content: 'Say hello' },
      { role: 'assistant', content },
      { role: 'user', content: 'Again' },
    ]
    // The simulated vendor refuses a signature that is not its own.
    await expectAnswer(await post(stage.gateway.url, MESSAGES, MESSAGES.body(CLAUDE, { max_tokens: 4000, thinking, messages })), MESSAGES)
    expect(objectsOf(lastChat()?.body?.messages)[1]).toEqual({ role: 'assistant', content })
  })

  test('an OpenAI client gets the vendor’s own chunks and usage', async () => {
    for (const stream of [true, false]) {
      stage.sim.script({ text: ['Well', '.'], usage: { completion_tokens: 43, total_tokens: 60, prompt_tokens: 17 } })
      const response = await post(
        stage.gateway.url,
        CHAT,
        CHAT.body(GPT, { stream, ...(stream && { stream_options: { include_usage: false } }) }),
      )
      expect(response.status).toBe(200)
      expect(await response.clone().text()).toContain('Well')
      expect(lastChat()).toMatchObject({ path: '/user/v5/llm/openai/v1/chat/completions', body: { model: 'gpt-4.1' } })
      const record = await recordOf(stage.gateway.url, response)
      expect(record).toMatchObject({ usage: { output_tokens: 43, input_tokens: 17, estimated: false } })
    }
  })

  test.each([CHAT, MESSAGES])('$name: what the vendor refuses is said in its own words, and asked of nobody else', async route => {
    const before = stage.sim.counts.chat
    const error = await expectError(
      await post(stage.gateway.url, route, route.body(route === CHAT ? GPT : CLAUDE, { temperature: 9 })),
      route,
      400,
    )
    expect(error.message).toContain('temperature')
    expect(stage.sim.counts.chat - before).toBe(1)
  })

  test.each([477, 403, 429, 500, 502, 451])('%i of the service is the account’s, not the caller’s', async status => {
    for (const [route, model] of [
      [CHAT, GPT],
      [MESSAGES, CLAUDE],
    ] as const) {
      // The words of the service, which are no vendor's.
      stage.sim.script({ status, message: 'not now' })
      const response = await post(stage.gateway.url, route, route.body(model))
      await expectAnswer(response.clone() as Response, route)
      expect((await recordOf(stage.gateway.url, response)).attempts).toHaveLength(2)
    }
  })
})

describe('a native route', () => {
  let own: JetbrainsStage
  beforeAll(async () => {
    own = await startJetbrainsStage({ accounts: [{ licenseId: 'ONE' }, { licenseId: 'TWO' }], entry: account => byRefresh(account) })
  })
  afterAll(() => own.stop())

  const paths = (): string[] => own.sim.requests.filter(({ route }) => route === 'generate').map(({ path }) => path.replace(/^.*llm/, ''))
  const ask = (model = CLAUDE, stream = true): Promise<Response> => post(own.gateway.url, MESSAGES, MESSAGES.body(model, { stream }))

  test('refuses a token once: it is replaced, and the client sees nothing', async () => {
    for (const licence of ['ONE', 'TWO']) own.account(licence).refuseJwt()
    const before = own.sim.counts.provideAccess
    for (let at = 0; at < 2; at++) {
      const response = await ask()
      await expectAnswer(response.clone() as Response, MESSAGES)
      expect(response.headers.get('x-dragoman-attempts')).toBe('1')
    }
    expect(own.sim.counts.provideAccess - before).toBe(2)
  })

  test('fails with an error event before any content: the next account answers', async () => {
    own.sim.script({ text: [], streamError: { type: 'overloaded_error', message: 'busy' } })
    const response = await ask()
    await expectAnswer(response.clone() as Response, MESSAGES)
    expect(response.headers.get('x-dragoman-attempts')).toBe('2')
  })

  test('does not know a model: JetBrains’ own chat takes its place, for this model and from now on', async () => {
    // By its dated name; the list's own, which is tried next, is one that the simulated service refuses.
    own.sim.script({ status: 400, message: "Unsupported model 'claude'" })
    const before = paths().length
    await expectAnswer(await ask('anthropic-claude-4-5-haiku', false), MESSAGES)
    await expectAnswer(await ask('anthropic-claude-4-5-haiku', false), MESSAGES)
    expect(paths().slice(before)).toEqual([...Array(2).fill('/anthropic/v1/messages'), ...Array(2).fill('/chat/stream/v8')])
    await expectAnswer(await ask(CLAUDE, false), MESSAGES)
    expect(paths().at(-1)).toBe('/anthropic/v1/messages')
  })

  test('was closed since the list was read: so it is with that', async () => {
    own.sim.profiles = { proxy: false }
    for (const [route, model] of [
      [CHAT, GPT],
      [MESSAGES, CLAUDE],
    ] as const) {
      const response = await post(own.gateway.url, route, route.body(model, { stream: true }))
      await expectAnswer(response.clone() as Response, route)
      expect(paths().at(-1)).toBe('/chat/stream/v8')
      expect(response.headers.get('x-dragoman-notes')).toContain('usage:estimated')
    }
  })
})
