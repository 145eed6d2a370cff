import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test'
import { objectsOf } from '../../checkers/json.ts'
import { asking, MODES } from './question.ts'
import { ask, MODEL, PAIRS, type Stage, startStage } from './stage.ts'

let stage: Stage

beforeAll(async () => {
  stage = await startStage(() => ({ models: { helper: 'gpt-4.1', aide: 'claude-opus-4-6' } }))
})
afterAll(() => stage.stop())
afterEach(async () => {
  await stage.wire.check()
})

for (const { client, upstream } of PAIRS) {
  describe(`${client} SDK, ${upstream} upstream`, () => {
    const model = MODEL[upstream]

    for (const mode of MODES) {
      test(`${mode}: a plain question`, async () => {
        const reply = await ask(stage, client, asking(model, 'Where is the lighthouse?'), mode)
        expect(reply).toMatchObject({
          model,
          text: 'You said: Where is the lighthouse?',
          finish: 'stop',
          calls: [],
          reasoning: '',
          refusal: '',
        })
        expect(await stage.wire.check()).toBe(mode === 'create' ? 0 : 1)
      })

      test(`${mode}: a translated answer carries the name that was asked for`, async () => {
        const alias = upstream === 'openai' ? 'helper' : 'aide'
        const reply = await ask(stage, client, asking(alias, 'Hi'), mode)
        expect(reply.model).toBe(client === upstream ? model : alias)
        expect(stage.received(upstream).body?.model).toBe(model)
      })

      test(`${mode}: many turns with instructions`, async () => {
        const first = await ask(stage, client, asking(model, 'One'), 'create')
        const turns = [{ user: 'One' }, { said: first.said }, { user: 'Two' }]
        const reply = await ask(stage, client, { model, system: 'Count with me.', turns }, mode)
        expect(reply.text).toBe('You said: Two')
        const { body } = stage.received(upstream)
        const roles = objectsOf(body?.messages).map(message => message.role)
        expect(roles).toEqual(upstream === 'openai' ? ['system', 'user', 'assistant', 'user'] : ['user', 'assistant', 'user'])
        expect(JSON.stringify(body)).toContain('Count with me.')
        expect(JSON.stringify(body)).toContain('You said: One')
      })

      test(`${mode}: a stop sequence ends the answer`, async () => {
        const reply = await ask(stage, client, asking(model, 'alpha beta gamma delta', { stop: ['gamma'] }), mode)
        expect(reply).toMatchObject({ text: 'You said: alpha beta ', finish: 'stop' })
        if (client === 'anthropic' && upstream === 'anthropic' && mode === 'create') {
          expect(JSON.parse((await stage.wire.last.text) ?? '')).toMatchObject({ stop_reason: 'stop_sequence', stop_sequence: 'gamma' })
        }
      })

      test(`${mode}: the output limit cuts it short`, async () => {
        const reply = await ask(stage, client, asking(model, 'one two three four', { maxTokens: 3 }), mode)
        expect(reply).toMatchObject({ text: 'You said: one', finish: 'length' })
      })
    }
  })
}

describe('instructions of every kind', () => {
  test('system and developer messages of an OpenAI client lead the prompt of an Anthropic upstream, in order', async () => {
    const answer = await stage.openai.chat.completions.create({
      model: MODEL.anthropic,
      messages: [
        { role: 'system', content: 'First.' },
        {
          role: 'developer',
          content: [
            { type: 'text', text: 'Second.' },
            { type: 'text', text: 'Third.' },
          ],
        },
        { role: 'user', content: 'Hi' },
      ],
    })
    expect(answer.choices[0]?.message.content).toBe('You said: Hi')
    expect(objectsOf(stage.received('anthropic').body?.system).map(block => block.text)).toEqual(['First.', 'Second.', 'Third.'])
  })

  test('instructions in mid-conversation stay where they are', async () => {
    await stage.openai.chat.completions.create({
      model: 'claude-opus-4-8',
      messages: [
        { role: 'user', content: 'Hi' },
        { role: 'system', content: 'Now in French.' },
        { role: 'assistant', content: 'Bonjour.' },
        { role: 'user', content: 'Go on' },
      ],
    })
    const native = objectsOf(stage.received('anthropic').body?.messages).map(message => message.role)
    expect(native).toEqual(['user', 'system', 'assistant', 'user'])
    await stage.anthropic.messages.create({
      model: MODEL.openai,
      max_tokens: 100,
      system: [
        { type: 'text', text: 'A.' },
        { type: 'text', text: 'B.' },
      ],
      messages: [
        { role: 'user', content: 'Hi' },
        { role: 'system', content: 'Now in French.' },
        { role: 'assistant', content: 'Bonjour.' },
        { role: 'user', content: 'Go on' },
      ],
    })
    const sent = objectsOf(stage.received('openai').body?.messages)
    expect(sent.map(message => message.role)).toEqual(['system', 'user', 'system', 'assistant', 'user'])
    expect(JSON.stringify(sent[2])).toContain('Now in French.')
  })
})
