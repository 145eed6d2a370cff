import { afterAll, describe, expect, test } from 'bun:test'
import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { isObject, type Json, stringOf } from '../checkers/json.ts'
import type { JetbrainsAnswer } from './jetbrains/answer.ts'
import { ask, CHAT_V7, CHAT_V8, eventsOf, pair, RESPONSES_V8 } from './jetbrains/ask.ts'
import { startJetbrains } from './jetbrains.ts'

const sim = startJetbrains()
const account = sim.account({ licenseId: 'LIC1' })
const jwt = account.jwt()
afterAll(() => sim.close())

const CLAUDE = 'anthropic-claude-4-5-sonnet'
const user = (content: string) => ({ type: 'user_message', content })
const schema = { type: 'object', properties: { city: { type: 'string' } } }
const tools = pair('tools', 'json', JSON.stringify(['a', 'b'].map(name => ({ name, parameters: { schema } }))))
const functions = pair('functions', 'json', JSON.stringify(['a', 'b'].map(name => ({ name, parameters: schema }))))
const say = (content: string, data: readonly Json[] = []) => ({
  profile: CLAUDE,
  chat: { messages: [user(content)] },
  parameters: { data },
})

async function events(body: object, path = CHAT_V8): Promise<(Json | string)[]> {
  const response = await ask(sim.url + path, jwt, body)
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/event-stream'])
  return eventsOf(await response.text())
}

/** Each event as its type; the end as it is. */
const types = (list: readonly (Json | string)[]): string[] => list.map(event => (isObject(event) ? String(event.type) : event))
const ofType = (list: readonly (Json | string)[], type: string): Json[] => list.filter(isObject).filter(event => event.type === type)
const textOf = (list: readonly (Json | string)[]): string =>
  ofType(list, 'Content')
    .map(event => stringOf(event.content))
    .join('')

describe('answers of the aggregated endpoints', () => {
  test('an echo in pieces, finish, quota, end', async () => {
    const list = await events(say('hello there'))
    expect(types(list)).toEqual(['Content', 'Content', 'Content', 'Content', 'FinishMetadata', 'QuotaMetadata', 'end'])
    expect(textOf(list)).toBe('You said: hello there')
    expect(list[0]).toEqual({ type: 'Content', event_type: 'data', content: 'You' })
    expect(ofType(list, 'FinishMetadata')).toEqual([{ type: 'FinishMetadata', event_type: 'data', reason: 'stop' }])
    const quota = ofType(list, 'QuotaMetadata')[0]
    expect(quota).toMatchObject({ updated: { license: 'LIC1', maximum: { amount: '1000000' } }, spent: { amount: expect.any(String) } })
  })

  test('a tool loop on v8, with parallel calls', async () => {
    const list = await events(say('use tools', tools))
    const calls = ofType(list, 'ToolCall')
    expect(calls[0]).toEqual({ type: 'ToolCall', event_type: 'data', parallelToolIndex: 0, id: expect.any(String), name: 'a' })
    expect(Object.keys(calls[1] ?? {})).toEqual(['type', 'event_type', 'parallelToolIndex', 'content'])
    expect(calls.filter(call => call.id !== undefined).map(call => call.name)).toEqual(['a', 'b'])
    const argumentsOf = (index: number): string =>
      calls.map(call => (call.parallelToolIndex === index ? stringOf(call.content) : '')).join('')
    expect([argumentsOf(0), argumentsOf(1)]).toEqual(['{"city":"sample"}', '{"city":"sample"}'])
    expect(ofType(list, 'FinishMetadata')[0]?.reason).toBe('tool_call')
    const turns = [0, 1].map(index => ({ id: `t${index}`, toolName: 'ab'[index] }))
    const messages = [
      user('use tools'),
      ...turns.map(turn => ({ type: 'assistant_message_tool', ...turn, content: '{}' })),
      ...turns.map(turn => ({ type: 'tool_message', ...turn, result: `sunny ${turn.id};` })),
    ]
    expect(textOf(await events({ profile: CLAUDE, chat: { messages }, parameters: { data: tools } }))).toBe(
      'The tool said: sunny t0;sunny t1;',
    )
  })

  test('tool choices', async () => {
    const called = async (...data: Json[]): Promise<unknown[]> => {
      const list = await events(say('use tools', [...tools, ...data]))
      return ofType(list, 'ToolCall').flatMap(call => call.name ?? [])
    }
    expect(await called(...pair('tool-choice-named', 'text', 'b'))).toEqual(['b', 'b'])
    expect(await called(...pair('tool-choice-none', 'bool', true))).toEqual([])
    expect(await called(...pair('parallel-tool-calls', 'bool', false))).toEqual(['a'])
    expect(types(await events(say('hi', [...tools, ...pair('tool-choice-required', 'bool', true)])))).toContain('ToolCall')
  })

  test('a function loop on v7', async () => {
    const response = await ask(sim.url + CHAT_V7, jwt, say('use tool', functions))
    expect(response.headers.get('grazie-deprecated-info')).toContain('v7')
    const list = eventsOf(await response.text())
    const calls = ofType(list, 'FunctionCall')
    expect(calls[0]).toEqual({ type: 'FunctionCall', event_type: 'data', name: 'a', content: '' })
    expect(calls.slice(1).every(call => call.name === null)).toBe(true)
    expect(calls.map(call => call.content).join('')).toBe('{"city":"sample"}')
    expect(ofType(list, 'FinishMetadata')[0]?.reason).toBe('function_call')
    const functionCall = { functionName: 'a', content: '{}' }
    const messages = [
      user('use tool'),
      { type: 'assistant_message', content: '', functionCall },
      { type: 'function_message', functionName: 'a', content: 'sunny' },
    ]
    expect(textOf(await events({ profile: CLAUDE, chat: { messages } }, CHAT_V7))).toBe('The tool said: sunny')
  })

  test('output limit, stop sequence, choices, several messages in a turn, pictures', async () => {
    const limited = await events(say('one two three', pair('length', 'int', 2)))
    expect([textOf(limited), ofType(limited, 'FinishMetadata')[0]?.reason]).toEqual(['You said:', 'length'])
    const stopped = await events(say('one two three', pair('stop-token', 'text', ' two')))
    expect([textOf(stopped), ofType(stopped, 'FinishMetadata')[0]?.reason]).toEqual(['You said: one', 'stop'])
    const two = await events({ ...say('x', pair('number-of-choices', 'int', 2)), profile: 'openai-gpt-4o' })
    expect(ofType(two, 'FinishMetadata').map(event => event.choiceIndex)).toEqual([0, 1])
    const image = { type: 'media_message', mediaType: 'image/png', data: 'iVBORw0KGgo=' }
    const turn = await events({
      profile: CLAUDE,
      chat: { messages: [user('old'), { type: 'assistant_message_text', content: 'y' }, image, user('a'), user('b')] },
    })
    expect(textOf(turn)).toBe('You said: ab')
  })

  test('a format, where the list allows the parameter', async () => {
    sim.profiles = { allow: { [CLAUDE]: ['llm.parameters.response-format'] } }
    const format = { type: 'json_schema', json_schema: { name: 'out', schema } }
    expect(textOf(await events(say('x', pair('response-format', 'json', JSON.stringify(format)))))).toBe('{"city":"sample"}')
    sim.profiles = {}
  })

  test('codex on the responses endpoint', async () => {
    const body = { profile: 'openai-gpt-5-codex', chat: { messages: [user('hi')] } }
    expect(textOf(await events(body, RESPONSES_V8))).toBe('You said: hi')
  })
})

describe('what a script makes of the events', () => {
  const scripted = async (answer: JetbrainsAnswer, body: object = say('use tools', tools), path = CHAT_V8): Promise<(Json | string)[]> => {
    sim.script(answer)
    return events(body, path)
  }
  const calls = ['x', 'y'].map(id => ({ id, name: 'a', arguments: ['{"ci', 'ty":1}'] }))

  test('where the quota stands, and whether there is a finish', async () => {
    const order = async (answer: JetbrainsAnswer): Promise<string[]> => types(await scripted({ text: 'x', ...answer }))
    expect(await order({ quotaEvent: 'first' })).toEqual(['QuotaMetadata', 'Content', 'FinishMetadata', 'end'])
    expect(await order({ quotaEvent: 'before-finish' })).toEqual(['Content', 'QuotaMetadata', 'FinishMetadata', 'end'])
    expect(await order({ quotaEvent: 'none', omitFinish: true })).toEqual(['Content', 'end'])
    expect(await order({ endMarker: '[DONE]' })).toEqual(['Content', 'FinishMetadata', 'QuotaMetadata', '[DONE]'])
    expect(await order({ omitEnd: true })).toEqual(['Content', 'FinishMetadata', 'QuotaMetadata'])
  })

  test('tool calls: content in the opening, interleaved, without index', async () => {
    const shown = (list: readonly (Json | string)[]): unknown[] =>
      ofType(list, 'ToolCall').map(({ parallelToolIndex, id, content }) => [parallelToolIndex, id, content])
    expect(shown(await scripted({ toolCalls: calls, openWithContent: true }))).toEqual([
      [0, 'x', '{"ci'],
      [0, undefined, 'ty":1}'],
      [1, 'y', '{"ci'],
      [1, undefined, 'ty":1}'],
    ])
    expect(shown(await scripted({ toolCalls: calls, interleaved: true })).slice(0, 4)).toEqual([
      [0, 'x', undefined],
      [1, 'y', undefined],
      [0, undefined, '{"ci'],
      [1, undefined, '{"ci'],
    ])
    expect(shown(await scripted({ toolCalls: calls, omitToolIndex: true })).map(call => Array.isArray(call) && call[0])).toEqual(
      Array(6).fill(undefined),
    )
  })

  test('function calls: prefix in the opening, names left out, the other member', async () => {
    const answer = { toolCalls: calls.slice(0, 1) }
    const shown = async (more: JetbrainsAnswer): Promise<Json[]> =>
      ofType(await scripted({ ...answer, ...more }, say('x', functions), CHAT_V7), 'FunctionCall')
    const head = { type: 'FunctionCall', event_type: 'data' }
    expect(await shown({ openWithContent: true, laterNames: 'absent' })).toEqual([
      { ...head, name: 'a', content: '{"ci' },
      { ...head, content: 'ty":1}' },
    ])
    expect((await shown({ functionName: true }))[0]).toEqual({ ...head, functionName: 'a', content: '' })
  })

  test('finish reasons, choice index, unknown events, no event type', async () => {
    expect(ofType(await scripted({ text: 'x', finish: 'unknown' }), 'FinishMetadata')[0]?.reason).toBe('unknown')
    expect(ofType(await scripted({ text: 'x', choiceIndex: true }), 'Content')[0]?.choiceIndex).toBe(0)
    const unknown = await scripted({ text: ['x', 'y'], unknownEvents: true })
    expect(types(unknown).slice(0, 6)).toEqual(['Content', 'UnknownMetadata', 'ModelMetadata', 'FutureEvent', 'null', 'Content'])
    expect((await scripted({ text: 'x', omitEventType: true }))[0]).toEqual({ type: 'Content', content: 'x' })
  })

  test('an error event before and after content', async () => {
    const streamError = { type: 'ignored', message: 'upstream broke' }
    const error = { event_type: 'error', error_message: 'upstream broke' }
    const before = account.used
    expect(await scripted({ text: [], streamError })).toEqual([error])
    expect(types(await scripted({ text: 'x', streamError }))).toEqual(['Content', 'undefined'])
    expect(account.used).toBe(before)
  })

  test('whole streams, lines, ends and pieces', async () => {
    expect(types(await scripted({ lines: ['{"type":"Content","content":"raw"}'] }))).toEqual(['Content', 'end'])
    expect(types(await scripted({ sse: 'data: {"type":"Content","content":"raw"}\n\n' }))).toEqual(['Content'])
    expect(textOf(await scripted({ text: ['grüß', ' 😀'], chunkBytes: 1, lineEnding: '\r\n' }))).toBe('grüß 😀')
    expect(types(await scripted({ text: ['x', 'y'], cutAfter: 1 }))).toEqual(['Content'])
  })

  test('every status there is, in text or JSON, for one account and once', async () => {
    const other = sim.account({ licenseId: 'LIC2' })
    for (const status of [401, 403, 429, 451, 477, 500]) {
      sim.script({ status, message: 'no', forKey: 'LIC1' })
      expect((await ask(sim.url + CHAT_V8, other.jwt(), say('x'))).status).toBe(200)
      const response = await ask(sim.url + CHAT_V8, jwt, say('x'))
      expect([response.status, await response.json()]).toEqual([status, { message: 'no' }])
    }
    sim.script({ status: 502, body: '<html>', contentType: 'text/html' })
    const gateway = await ask(sim.url + CHAT_V8, jwt, say('x'))
    expect([gateway.status, gateway.headers.get('content-type'), await gateway.text()]).toEqual([502, 'text/html', '<html>'])
    expect((await ask(sim.url + CHAT_V8, jwt, say('x'))).status).toBe(200)
  })
})

describe('the native paths', () => {
  const headers = { 'grazie-authenticate-jwt': jwt }
  const anthropic = new Anthropic({ baseURL: `${sim.url}/user/v5/llm/anthropic`, apiKey: 'unused', defaultHeaders: headers, maxRetries: 0 })
  const openAi = new OpenAI({ baseURL: `${sim.url}/user/v5/llm/openai/v1`, apiKey: 'unused', defaultHeaders: headers, maxRetries: 0 })
  const native = (path: string, body: object): Promise<Response> => ask(`${sim.url}/user/v5/llm/${path}`, jwt, body)

  test('messages, with thinking and usage', async () => {
    const stream = anthropic.messages.stream({
      model: 'claude-opus-4-6',
      max_tokens: 2000,
      thinking: { type: 'adaptive' },
      messages: [{ role: 'user', content: 'hi' }],
    })
    const message = await stream.finalMessage()
    expect(message.content).toMatchObject([
      { type: 'thinking', signature: expect.any(String) },
      { type: 'text', text: 'You said: hi' },
    ])
    expect(message.usage.output_tokens).toBeGreaterThan(3)
  })

  test('chat completions', async () => {
    const answer = await openAi.chat.completions.create({ model: 'gpt-4o', messages: [{ role: 'user', content: 'hi' }] })
    expect(answer.choices[0]?.message.content).toBe('You said: hi')
  })

  test('responses, plain and streamed, with tools', async () => {
    const plain = await openAi.responses.create({ model: 'gpt-5-codex', input: 'hi' })
    expect([plain.status, plain.output_text]).toEqual(['completed', 'You said: hi'])
    const tool = { type: 'function' as const, name: 'a', parameters: schema, strict: false }
    const stream = openAi.responses.stream({ model: 'gpt-5-codex', input: [{ role: 'user', content: 'use tool' }], tools: [tool] })
    const called = await stream.finalResponse()
    const call = called.output[0]
    expect(call).toMatchObject({ type: 'function_call', name: 'a', arguments: '{"city":"sample"}' })
    const input = [{ type: 'function_call_output' as const, call_id: 'c', output: 'sunny' }]
    expect((await openAi.responses.create({ model: 'gpt-5-codex', input })).output_text).toBe('The tool said: sunny')
    const short = await openAi.responses.create({ model: 'gpt-5-codex', input: 'one two three', max_output_tokens: 2 })
    expect([short.status, short.incomplete_details?.reason]).toEqual(['incomplete', 'max_output_tokens'])
    expect((await native('xai/v1/responses', { model: 'grok-4-0709', input: 'hi' })).status).toBe(200)
  })

  test('refuse models they do not have and bodies of the wrong kind, in the vendors’ form', async () => {
    const errorOf = async (path: string, body: object): Promise<unknown> => (await native(path, body)).json()
    const unsupported = expect.stringMatching(/^Unsupported model 'x'\. Supported models: .*claude-opus-4-6/)
    expect(await errorOf('anthropic/v1/messages', { model: 'x' })).toMatchObject({ type: 'error', error: { message: unsupported } })
    expect(await errorOf('openai/v1/chat/completions', { model: 'gpt-5-codex' })).toMatchObject({ error: { message: expect.any(String) } })
    expect(await errorOf('openai/v1/chat/completions', { model: 'gpt-4o' })).toMatchObject({ error: { param: 'messages' } })
    expect(await errorOf('anthropic/v1/messages', { model: 'claude-opus-4-6' })).toMatchObject({ error: { type: 'invalid_request_error' } })
    expect((await native('openai/v1/responses', { model: 'gpt-5-codex' })).status).toBe(400)
    expect((await native('openai/v1/responses', { input: 'x' })).status).toBe(400)
    expect((await native('xai/v1/responses', { model: 'gpt-5', input: 'x' })).status).toBe(400)
    expect((await native('anthropic/v1/messages', { model: 'claude-sonnet-4-5', max_tokens: 5, messages: [] })).status).toBe(400)
  })

  test('take scripts, and cost', async () => {
    const before = account.used
    sim.script({ text: 'scripted' })
    expect((await openAi.responses.create({ model: 'gpt-5', input: 'hi' })).output_text).toBe('scripted')
    expect(account.used).toBeGreaterThan(before)
  })

  test('are closed where the list has no Proxy', async () => {
    sim.profiles = { proxy: false }
    const response = await native('openai/v1/responses', { model: 'gpt-5', input: 'x' })
    expect([response.status, await response.text()]).toEqual([400, expect.stringContaining('Should support Proxy')])
    sim.profiles = {}
  })
})
