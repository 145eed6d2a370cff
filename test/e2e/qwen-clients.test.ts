import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { type Json, objectsOf } from '../checkers/json.ts'
import type { FaultName } from '../simulators/qwen/faults.ts'
import { askAnthropic } from './sdk/ask-anthropic.ts'
import { askOpenAi } from './sdk/ask-openai.ts'
import { asking, MODES, type Question } from './sdk/question.ts'
import { type QwenStage, startQwenStage } from './support/qwen.ts'

// A gateway that has to share its processors with others is slow to start.
setDefaultTimeout(30_000)

const MODEL = 'coder-model'
const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
const LONG = 'Remember this sentence well. '.repeat(250)
const schema = { type: 'object' as const, properties: { city: { type: 'string' } }, required: ['city'] }
const tools = ['look', 'wait'].map(name => ({ name, schema }))

let stage: QwenStage

/** The portal as strict as anybody says that it is. */
beforeAll(async () => {
  stage = await startQwenStage({ users: ['ann'], rules: { strictSystem: true, strictHeaders: true, refuseStrictFalse: true } })
})
afterAll(() => stage.stop())

/** The last chat as Qwen got it. */
const sent = (): Json => stage.sim.requests.findLast(({ route }) => route === 'generate')?.body ?? {}
const said = (): Json[] => objectsOf(sent().messages)

const CLIENTS = (['openai', 'anthropic'] as const).flatMap(client => MODES.map(mode => ({ client, mode })))

describe.each(CLIENTS)('$client, $mode', ({ client, mode }) => {
  const ask = (question: Question) =>
    client === 'openai' ? askOpenAi(stage.openai, question, mode) : askAnthropic(stage.anthropic, question, mode)

  test('text, reasoning and usage', async () => {
    const reply = await ask(asking(MODEL, 'Hi there', { system: 'Be brief.', effort: 'low' }))
    expect(reply).toMatchObject({ text: 'You said: Hi there', finish: 'stop' })
    // The helper of OpenAI's SDK keeps the last of what is null in the chunks with text.
    if (client === 'anthropic' || mode !== 'helper') expect(reply.reasoning).toMatch(/The user said: Hi there/)
    expect(reply.tokens).toBeDefined()
    expect(sent()).toMatchObject({ enable_thinking: true, thinking_budget: expect.any(Number), messages: [{ role: 'system' }, {}] })
    expect(said()[0]).toMatchObject({ content: [{ text: 'Be brief.', cache_control: { type: 'ephemeral' } }] })
    expect(sent()).not.toHaveProperty('reasoning_effort')
  })

  test('tools are called, their results go back with the reasoning, and the answer comes', async () => {
    const question = asking(MODEL, 'use tools', { tools })
    const first = await ask(question)
    expect(first.finish).toBe('tools')
    expect(first.calls.map(({ name, input }) => [name, input])).toEqual([
      ['look', { city: 'sample' }],
      ['wait', { city: 'sample' }],
    ])
    const results = first.calls.map(({ id, name }) => ({ callId: id, content: [{ text: `${name} is fine. ` }] }))
    const second = await ask({ ...question, turns: [...question.turns, { said: first.said }, { results }] })
    expect(second).toMatchObject({ finish: 'stop', calls: [], text: expect.stringContaining('wait is fine. ') })
    const assistant = said().find(({ role }) => role === 'assistant')
    expect(objectsOf(assistant?.tool_calls).map(({ id }) => id)).toEqual(first.calls.map(({ id }) => id))
    if (client === 'anthropic' || mode !== 'helper') expect(assistant?.reasoning_content).toMatch(/use tools/)
  })

  test('a picture, and a tool that is forced while the model would think', async () => {
    const turns = [{ user: [{ text: 'What is this?' }, { imageData: PNG, mediaType: 'image/png' }] }]
    const reply = await ask({ model: MODEL, turns, tools, toolChoice: { name: 'look' }, maxTokens: 500 })
    expect(reply.calls.map(({ name }) => name)).toEqual(['look'])
    expect(JSON.stringify(said())).toContain(PNG)
    expect(sent()).toMatchObject({ max_tokens: 500, tool_choice: { function: { name: 'look' } } })
  })
})

test.each(['none', 'minimal', 'low', 'medium', 'high'] as const)('reasoning effort %s is a switch, and a budget', async effort => {
  await stage.openai.chat.completions.create({ model: MODEL, messages: [{ role: 'user', content: 'Hi' }], reasoning_effort: effort })
  expect(sent().enable_thinking).toBe(effort !== 'none')
  expect(typeof sent().thinking_budget).toBe(effort === 'none' ? 'undefined' : 'number')
})

describe.each([false, true])("Anthropic's SDK, stream %p", stream => {
  type Body = Omit<Parameters<QwenStage['anthropic']['messages']['create']>[0], 'stream' | 'model'>
  async function ask(body: Body) {
    const { messages } = stage.anthropic
    if (!stream) return messages.create({ ...body, model: MODEL, stream: false })
    return messages.stream({ ...body, model: MODEL }).finalMessage()
  }

  test('a budget for thinking is one for Qwen', async () => {
    const thinking = { type: 'enabled' as const, budget_tokens: 2000 }
    const answer = await ask({ max_tokens: 4000, messages: [{ role: 'user', content: 'Hi' }], thinking })
    expect(answer.content.map(({ type }) => type)).toEqual(['thinking', 'text'])
    expect(sent()).toMatchObject({ enable_thinking: true, thinking_budget: 2000 })
  })

  test('cache marks reach Qwen, and what it read and wrote comes back', async () => {
    const cache_control = { type: 'ephemeral' as const }
    const text = `${LONG} ${stream}`
    const body: Body = {
      max_tokens: 100,
      system: [{ type: 'text', text, cache_control }],
      messages: [{ role: 'user', content: [{ type: 'text', text: 'Hi', cache_control }] }],
      tools: [{ name: 'look', input_schema: schema, cache_control }],
    }
    const { usage: first } = await ask(body)
    const { usage: second } = await ask(body)
    expect(first.cache_creation_input_tokens).toBeGreaterThan(1000)
    expect(second.cache_read_input_tokens).toBe(first.cache_creation_input_tokens)
    expect(objectsOf(sent().tools)[0]).toMatchObject({ cache_control })
    expect(said()[0]).toMatchObject({ content: [{ text, cache_control }] })
  })
})

describe('what a stream of Qwen may be like', () => {
  const TOOLS: FaultName[] = ['absent-ids', 'reused-index', 'resent-arguments', 'broken-tail', 'stop-with-calls', 'usage-on-finish']
  const names = ['a', 'b']
  const content = (fault: string) => `use tools [qwen:${fault}]`

  test.each(TOOLS)('%s: the calls are whole', async fault => {
    const openai = await stage.openai.chat.completions
      .stream({
        model: MODEL,
        messages: [{ role: 'user', content: content(fault) }],
        tools: names.map(name => ({ type: 'function' as const, function: { name, parameters: schema } })),
        reasoning_effort: 'none',
        stream_options: { include_usage: true },
      })
      .finalChatCompletion()
    expect(openai.choices[0]?.finish_reason).toBe('tool_calls')
    const calls = openai.choices[0]?.message.tool_calls?.map(call => (call.type === 'function' ? call.function : undefined))
    expect(calls).toMatchObject(names.map(name => ({ name, arguments: '{"city":"sample"}' })))
    expect(openai.usage?.total_tokens).toBeGreaterThan(0)
    const anthropic = await stage.anthropic.messages
      .stream({
        model: MODEL,
        max_tokens: 1000,
        messages: [{ role: 'user', content: content(fault) }],
        tools: names.map(name => ({ name, input_schema: schema })),
      })
      .finalMessage()
    expect(anthropic.stop_reason).toBe('tool_use')
    expect(anthropic.content.filter(({ type }) => type === 'tool_use')).toMatchObject(
      names.map(name => ({ name, input: { city: 'sample' } })),
    )
  })

  test('reasoning by its other name', async () => {
    const messages = [{ role: 'user' as const, content: '[qwen:reasoning-member]' }]
    const { content } = await stage.anthropic.messages.stream({ model: MODEL, max_tokens: 1000, messages }).finalMessage()
    expect(content[0]).toMatchObject({ type: 'thinking', thinking: expect.stringMatching(/The user said/) })
    const answer = await stage.openai.chat.completions.stream({ model: MODEL, messages }).finalChatCompletion()
    expect(answer.choices[0]?.message.content).toMatch(/You said/)
  })
})
