import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { isObject, type Json, objectsOf } from '../checkers/json.ts'
import { CHAT, expectAnswer, MESSAGES, post } from './support/client-routes.ts'
import { type JetbrainsStage, startJetbrainsStage } from './support/jetbrains.ts'

// A gateway that has to share its processors with others is slow to start.
setDefaultTimeout(20_000)

const LONG_ID = `call_${'x'.repeat(59)}`
const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='

const chatTool = (name: string, parameters: Json) => ({ type: 'function', function: { name, parameters } })
const call = (id: string, name: string, args = '{}') => ({ id, type: 'function', function: { name, arguments: args } })
const user = (content: unknown) => ({ role: 'user', content })
const assistant = (content: unknown, more: Json = {}) => ({ role: 'assistant', content, ...more })
const tool = (tool_call_id: string, content: unknown) => ({ role: 'tool', tool_call_id, content })
const use = (id: string, name: string, input: Json = {}) => ({ type: 'tool_use', id, name, input })
const result = (tool_use_id: string, content: unknown, more: Json = {}) => ({ type: 'tool_result', tool_use_id, content, ...more })

const SCHEMA = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  type: 'object',
  properties: { place: { $ref: '#/$defs/place' }, 'odd name': { anyOf: [{ type: 'string' }, { type: 'null' }] } },
  $defs: { place: { type: 'string', format: 'hostname' } },
  required: ['place'],
  additionalProperties: false,
}

/** Conversations as OpenAI's clients hold them. */
const CHATS: Record<string, Json> = {
  'blank system text': { messages: [{ role: 'system', content: ' \n' }, user('Hi')] },
  'several system and developer messages': {
    messages: [{ role: 'system', content: 'One' }, user('Hi'), assistant('Hello'), { role: 'developer', content: 'Two' }, user('Again')],
  },
  'blank turns among others': { messages: [user('Hi'), assistant('  '), user(''), user('There?')] },
  'parts of text and pictures': {
    messages: [
      user([
        { type: 'text', text: 'What is ' },
        { type: 'image_url', image_url: { url: `data:image/png;base64,${PNG}` } },
        { type: 'text', text: 'this?' },
      ]),
    ],
  },
  'the assistant last': { messages: [user('Say a'), assistant('b c')] },
  'calls with long ids, and results out of order': {
    messages: [
      user('Both'),
      assistant(null, { tool_calls: [call(`${LONG_ID}1`, 'look'), call(`${LONG_ID}2`, 'wait', '{"s":1}')] }),
      tool(`${LONG_ID}2`, 'waited'),
      tool(`${LONG_ID}1`, [{ type: 'text', text: 'looked' }]),
      user('And?'),
    ],
    tools: [chatTool('look', SCHEMA), chatTool('wait', { type: 'object' })],
  },
  'calls whose tools are no longer there': {
    messages: [user('x'), assistant('I look.', { tool_calls: [call('call_1', 'gone', 'no json')] }), tool('call_1', '')],
  },
  'every parameter': {
    messages: [user('Hi')],
    ...{
      temperature: 1.3,
      top_p: 0.5,
      max_completion_tokens: 50,
      seed: 7,
      stop: ['###', 'END'],
      presence_penalty: 1,
      frequency_penalty: 1,
    },
    ...{ user: 'me', parallel_tool_calls: false, metadata: { a: 'b' }, store: false, reasoning_effort: 'high' },
    tools: [chatTool('mcp__server__with_a_very_long_name_that_no_vendor_would_ever_take_1', SCHEMA), chatTool('dotted.name', SCHEMA)],
  },
  'a tool that need not be called': { messages: [user('Hi')], tools: [chatTool('look', SCHEMA)], tool_choice: 'none' },
}

/** Conversations as Anthropic's clients hold them. */
const THREADS: Record<string, Json> = {
  'system blocks, one of them blank': {
    system: [
      { type: 'text', text: ' ' },
      { type: 'text', text: 'Terse.', cache_control: { type: 'ephemeral' } },
    ],
    messages: [user('Hi')],
  },
  'thinking of another account': {
    messages: [
      user('Hi'),
      assistant([
        { type: 'thinking', thinking: 'Hm.', signature: 'EqQBCgIYAhIkNjM4' },
        { type: 'text', text: 'Hello' },
      ]),
      user('Again'),
    ],
    thinking: { type: 'enabled', budget_tokens: 1024 },
    max_tokens: 4000,
  },
  'results, failed and with pictures, before text': {
    messages: [
      user('Both'),
      assistant([{ type: 'text', text: 'I look.' }, use('toolu_1', 'look', { a: 1 }), use('toolu_2', 'wait')]),
      user([
        result('toolu_2', 'it broke', { is_error: true }),
        result('toolu_1', [
          { type: 'text', text: 'see' },
          { type: 'image', source: { type: 'base64', media_type: 'image/png', data: PNG } },
        ]),
        { type: 'text', text: 'So?' },
      ]),
    ],
    tools: [
      { name: 'look', input_schema: SCHEMA },
      { name: 'wait', input_schema: { type: 'object' } },
    ],
  },
  'a prefilled answer': { messages: [user('Say a'), assistant('b c')] },
  'every parameter': {
    messages: [user('Hi')],
    ...{ temperature: 0.4, top_k: 5, stop_sequences: ['###', 'END'], metadata: { user_id: 'me' }, service_tier: 'auto' },
    tools: [{ name: 'look', description: '', input_schema: SCHEMA, cache_control: { type: 'ephemeral' } }],
    tool_choice: { type: 'auto', disable_parallel_tool_use: true },
  },
}

/** Pictures are refused by models that see none: that is the caller's to know. */
const fitting = (model: string, bodies: Record<string, Json>): [string, Json][] =>
  Object.entries(bodies).filter(([name]) => model !== 'deepseek-r1' || !name.includes('pictures'))

const VERSIONS: Record<string, { jetbrains: Json; models: string[] }> = {
  v8: {
    jetbrains: { native: false },
    models: [
      'google-gemini-3-1-pro',
      'anthropic-claude-4-6-sonnet',
      'openai-gpt-4o',
      'openai-o3',
      'openai-gpt-5',
      'xai-grok-4',
      'openai-gpt-5-codex',
    ],
  },
  // Of which the list says what it takes, and nothing is known beyond that.
  'v8, unknown families': { jetbrains: { native: false }, models: ['deepseek-r1'] },
  v7: {
    jetbrains: { native: false, api_version: 'v7' },
    models: ['google-chat-gemini-pro-2.5', 'anthropic-claude-4-5-sonnet', 'openai-gpt-4o', 'openai-o3'],
  },
}

describe.each(Object.entries(VERSIONS))('%s: JetBrains takes', (_, { jetbrains, models }) => {
  let stage: JetbrainsStage
  beforeAll(async () => {
    stage = await startJetbrainsStage({ accounts: [{ licenseId: 'ONE', quota: { maximum: 1_000_000_000 } }], jetbrains })
  })
  afterAll(() => stage.stop())

  describe.each(models)('for %s', model => {
    test.each(fitting(model, CHATS))('of OpenAI clients: %s', async (_name, body) => {
      for (const stream of [false, true]) await answered(await post(stage.gateway.url, CHAT, { model, stream, ...body }))
    })

    test.each(fitting(model, THREADS))('of Anthropic clients: %s', async (_name, body) => {
      for (const stream of [false, true])
        await answered(await post(stage.gateway.url, MESSAGES, { model, stream, max_tokens: 500, ...body }))
    })

    async function answered(response: Response): Promise<void> {
      expect(response.status, await response.clone().text()).toBe(200)
      const text = await response.text()
      expect(text).not.toMatch(/"error"/)
      expect(response.headers.get('x-dragoman-attempts')).toBe('1')
    }
  })

  test('what is sent is no more than what the list allows, and what is left out is told', async () => {
    const body = { model: 'openai-o3', ...CHATS['every parameter'] }
    const response = await post(stage.gateway.url, CHAT, body)
    await expectAnswer(response.clone() as Response, CHAT)
    const notes = response.headers.get('x-dragoman-notes') ?? ''
    for (const name of ['temperature', 'top_p', 'stop', 'presence_penalty']) expect(notes).toContain(name)
    const sent = stage.sim.requests.findLast(({ route }) => route === 'generate')?.body
    const data = isObject(sent?.parameters) ? objectsOf(sent.parameters.data) : []
    expect(data.map(({ fqdn }) => fqdn)).not.toContain('llm.parameters.temperature')
    // Under `strict` it is refused, by name.
    const strict = await post(stage.gateway.url, CHAT, body, { headers: { 'x-dragoman-strict': 'true' } })
    expect(strict.status).toBe(400)
  })
})
