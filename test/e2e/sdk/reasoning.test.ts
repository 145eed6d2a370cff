import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test'
import { isObject, type Json, objectsOf } from '../../checkers/json.ts'
import { startOpenAi } from '../../simulators/openai.ts'
import { asking, MODES, type Question, type QuestionTool, type Reply } from './question.ts'
import { ask, failureOf, PAIRS, type Stage, startStage, THINKER, type Vendor } from './stage.ts'

/** A server of OpenAI's dialect that wants its models' reasoning back, as OpenRouter and its like do. */
const router = startOpenAi({ lenient: true })
const ROUTED = 'glm-9-thinking'

let stage: Stage

beforeAll(async () => {
  const like = {
    name: 'router',
    provider_type: 'custom',
    base_url: router.url,
    api_key: router.key,
    models: [ROUTED],
    replays_reasoning: true,
  }
  stage = await startStage(() => ({ providers: [like] }))
})
afterAll(async () => {
  await stage.stop()
  await router.close()
})
afterEach(async () => {
  await stage.wire.check()
})

const TOOL: QuestionTool = { name: 'look', schema: { type: 'object', properties: {} } }

/** Thinking blocks of a request to Anthropic. */
const thinkingIn = (body: Json | undefined): Json[] =>
  objectsOf(body?.messages).flatMap(message => objectsOf(message.content).filter(block => /thinking/.test(String(block.type))))

for (const { client, upstream } of PAIRS) {
  describe(`${client} SDK, ${upstream} upstream`, () => {
    for (const mode of MODES) {
      test(`${mode}: reasoning that was asked for is told apart from the answer`, async () => {
        const reply = await ask(stage, client, asking(THINKER[upstream], 'Why?', { effort: 'high' }), mode)
        expect(reply.text).toBe('You said: Why?')
        // OpenAI's own streaming helper keeps the last piece only of members it does not know.
        const whole = client === 'openai' && mode === 'helper' ? ' answer.' : 'The user said: Why?. I will answer.'
        expect(reply.reasoning).toBe(whole)
        const { body } = stage.received(upstream)
        if (upstream === 'openai') expect(body?.reasoning_effort).toBe('high')
        else expect(body).toMatchObject({ thinking: { type: 'adaptive', display: 'summarized' }, output_config: { effort: 'high' } })
      })
    }

    test('without asking there is none', async () => {
      expect((await ask(stage, client, asking(THINKER[upstream], 'Why?'), 'iterate')).reasoning).toBe('')
    })
  })
}

/** A step with a tool: the call, and the answer after its result. */
async function step(client: Vendor, question: Question, mode: (typeof MODES)[number]): Promise<{ first: Reply; next: Question }> {
  const first = await ask(stage, client, question, mode)
  const results = first.calls.map(({ id }) => ({ callId: id, content: [{ text: 'nothing there' }] }))
  return { first, next: { ...question, turns: [...question.turns, { said: first.said }, { results }] } }
}

describe("Anthropic's proofs", () => {
  const question = asking(THINKER.anthropic, 'use tool', { effort: 'high', tools: [TOOL] })

  for (const client of ['openai', 'anthropic'] as const) {
    for (const mode of MODES) {
      test(`come back through a ${client} client (${mode}) and are accepted`, async () => {
        stage.upstream.anthropic.script({ reasoning: ['Let me ', 'look.'], toolCalls: [{ name: 'look', arguments: '{}' }] })
        const { next } = await step(client, question, mode)
        const second = await ask(stage, client, next, mode)
        expect(second.text).toBe('The tool said: nothing there')
        const [thinking, ...more] = thinkingIn(stage.received('anthropic').body)
        expect(thinking).toEqual({ type: 'thinking', thinking: 'Let me look.', signature: expect.stringMatching(/^sig_/) })
        expect(more).toEqual([])
      })
    }

    test(`that a ${client} client changed are the vendor's to refuse`, async () => {
      const { next } = await step(client, question, 'create')
      const forged = JSON.parse(JSON.stringify(next).replaceAll('The user said', 'The user sang')) as Question
      expect(await failureOf(ask(stage, client, forged, 'create'))).toMatchObject({
        status: 400,
        message: expect.stringContaining('Invalid `signature`'),
      })
    })

    test(`of hidden thinking come back through a ${client} client`, async () => {
      stage.upstream.anthropic.script({ redacted: 'c2VjcmV0', reasoning: ['Seen.'], toolCalls: [{ name: 'look', arguments: '{}' }] })
      const { next } = await step(client, question, 'iterate')
      await ask(stage, client, next, 'iterate')
      expect(thinkingIn(stage.received('anthropic').body)).toEqual([
        { type: 'thinking', thinking: 'Seen.', signature: expect.stringMatching(/^sig_/) },
        { type: 'redacted_thinking', data: 'c2VjcmV0' },
      ])
    })

    test(`are kept from OpenAI when a ${client} client changes the model`, async () => {
      const { first, next } = await step(client, question, 'iterate')
      expect(first.reasoning).not.toBe('')
      const second = await ask(stage, client, { ...next, model: 'gpt-4.1', effort: undefined }, 'iterate')
      expect(second.text).toBe('The tool said: nothing there')
      const sent = stage.received('openai').bodyText
      expect(sent).not.toContain('gw1.')
      expect(sent).not.toContain('sig_')
      expect(sent).not.toContain('The user said')
    })

    test(`are kept from OpenAI when a ${client} client goes on after a plain answer`, async () => {
      const plain = asking(THINKER.anthropic, 'Why?', { effort: 'high' })
      const first = await ask(stage, client, plain, 'create')
      const turns = [...plain.turns, { said: first.said }, { user: 'And now?' }]
      const second = await ask(stage, client, { model: 'gpt-5.5', turns }, 'create')
      expect(second.text).toBe('You said: And now?')
    })
  }
})

describe("reasoning of OpenAI's dialect", () => {
  test('is carried unsigned by an Anthropic client, and kept from Anthropic when the model changes', async () => {
    const question = asking(THINKER.openai, 'use tool', { effort: 'low', tools: [TOOL] })
    const { first, next } = await step('anthropic', question, 'helper')
    expect(structuredClone(first.said)).toMatchObject({
      content: [{ type: 'thinking', thinking: expect.stringMatching(/./), signature: '' }, { type: 'tool_use' }],
    })
    const second = await ask(stage, 'anthropic', { ...next, model: THINKER.anthropic, effort: undefined }, 'create')
    expect(second.text).toBe('The tool said: nothing there')
    expect(thinkingIn(stage.received('anthropic').body)).toEqual([])
  })

  test('with a proof of its own comes back to who made it, through an Anthropic client', async () => {
    const detail = { type: 'reasoning.text', text: 'Let me look.', signature: 'proof-of-router', format: 'unknown', index: 0 }
    const chunk = (delta: object, finish: string | null = null) =>
      JSON.stringify({
        id: 'c',
        object: 'chat.completion.chunk',
        created: 1,
        model: 'm',
        choices: [{ index: 0, delta, finish_reason: finish }],
      })
    const call = { index: 0, id: 'call_1', type: 'function', function: { name: 'look', arguments: '{}' } }
    router.script({
      lines: [
        chunk({ role: 'assistant', content: '' }),
        chunk({ reasoning: 'Let me look.', reasoning_details: [detail] }),
        chunk({ tool_calls: [call] }),
        chunk({}, 'tool_calls'),
      ],
    })
    const question = asking(ROUTED, 'Go', { effort: 'low', tools: [TOOL] })
    const { first, next } = await step('anthropic', question, 'helper')
    expect(first.reasoning).toBe('Let me look.')
    expect(structuredClone(first.said)).toMatchObject({
      content: [{ type: 'thinking', signature: expect.stringMatching(/^gw1\.openai-chat\./) }, { type: 'tool_use' }],
    })
    await ask(stage, 'anthropic', next, 'create')
    const sent = objectsOf(router.requests.at(-1)?.body?.messages).find(message => message.role === 'assistant')
    expect(sent).toMatchObject({
      reasoning_content: 'Let me look.',
      reasoning_details: [{ text: 'Let me look.', signature: 'proof-of-router' }],
    })
    // Anthropic itself must not see it.
    const third = await ask(stage, 'anthropic', { ...next, model: THINKER.anthropic, effort: undefined }, 'create')
    expect(third.text).toBe('The tool said: nothing there')
    expect(stage.received('anthropic').bodyText).not.toContain('gw1.')
  })
})

describe('efforts and budgets', () => {
  test('an effort becomes a budget for models that only know budgets', async () => {
    await ask(stage, 'openai', asking('claude-sonnet-4-5', 'Why?', { effort: 'medium', maxTokens: 20_000 }), 'create')
    const { thinking } = stage.received('anthropic').body ?? {}
    expect(thinking).toMatchObject({ type: 'enabled' })
    expect(isObject(thinking) ? thinking.budget_tokens : 0).toBeGreaterThanOrEqual(1024)
  })

  test('a budget becomes an effort for OpenAI', async () => {
    const answer = await stage.anthropic.messages.create({
      model: THINKER.openai,
      max_tokens: 21_000,
      thinking: { type: 'enabled', budget_tokens: 20_000 },
      messages: [{ role: 'user', content: 'Why?' }],
    })
    expect(stage.received('openai').body?.reasoning_effort).toBe('high')
    expect(answer.content.map(block => block.type)).toEqual(['thinking', 'text'])
  })
})
