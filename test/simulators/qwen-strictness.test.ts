import { afterAll, afterEach, describe, expect, test } from 'bun:test'
import type { Json } from '../checkers/json.ts'
import { ask, chatWith, SYSTEM } from './qwen/ask.ts'
import { ERRORS, type ErrorName } from './qwen/errors.ts'
import { type Judged, judged, like } from './qwen/read.ts'
import { DEFAULT_RULES, type QwenRules } from './qwen/rules.ts'
import { startQwen } from './qwen.ts'

const START = Date.UTC(2026, 0, 1, 12)
const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000

const sim = startQwen({ now: () => START })
const ann = sim.user('ann')
const standard = sim.apiKey()
const OPTIONAL = {
  interval: undefined,
  minPollGapMs: undefined,
  resourceUrl: undefined,
  inputLimit: undefined,
  timeoutAboveTokens: undefined,
}
const rule = (change: Partial<QwenRules>): void => void Object.assign(sim.rules, change)
afterEach(() => {
  rule({ ...DEFAULT_RULES, ...OPTIONAL })
  sim.clock.advance(MINUTE_MS)
})
afterAll(() => sim.close())

const PORTAL = `${sim.portalUrl}/chat/completions`
const user = { role: 'user', content: 'hi' }

const chat = async (change: Json = {}, headers?: Record<string, string>, bearer = ann.signIn().accessToken): Promise<Judged> =>
  judged(await ask(PORTAL, bearer, chatWith('hi', change), headers))

const messages = (...list: unknown[]): Json => ({ messages: [SYSTEM, ...list] })
const off = { enable_thinking: false }
const mark = { cache_control: { type: 'ephemeral' } }
const part = (text: string, change: object = {}): Json => ({ type: 'text', text, ...change })
const tool = (change: object = {}, inner: object = {}): Json => ({
  type: 'function',
  function: { name: 'f', parameters: { type: 'object' }, ...inner },
  ...change,
})
const tools = (...list: unknown[]): Json => ({ tools: list })
const marked = (count: number): Json => ({ role: 'user', content: Array.from({ length: count }, () => part('x', mark)) })

describe('over OAuth, before the body', () => {
  test('a token must be there, known and alive', async () => {
    const none = await judged(await fetch(PORTAL, { method: 'POST', body: '{}' }))
    expect(none).toMatchObject(like('token-expired'))
    expect(await chat({}, {}, 'made up')).toMatchObject(like('token-expired'))
    expect(await chat({}, {}, ann.signIn(0).accessToken)).toMatchObject(like('token-expired'))
    expect(await chat({}, {}, standard.key)).toMatchObject(like('token-expired'))
    rule({ mode: 'discontinued' })
    expect(await chat()).toMatchObject(like('token-expired'))
  })

  test('refuse turns calls down and then the same token works again', async () => {
    const { accessToken } = ann.signIn()
    ann.refuse(2)
    const statuses: number[] = []
    for (const _ of [1, 2, 3]) statuses.push((await chat({}, {}, accessToken)).status)
    expect(statuses).toEqual([401, 401, 200])
  })

  test('the header of the CLI, where that is wanted', async () => {
    rule({ strictHeaders: true })
    expect(await chat()).toMatchObject({ status: 429, text: '' })
    expect(await chat({}, { 'x-dashscope-authtype': 'qwen-oauth' })).toMatchObject({ status: 200 })
  })

  test('calls of a day, which begins at the hour of the reset', async () => {
    const bob = sim.user('bob')
    const call = async (): Promise<Judged> => chat({}, {}, bob.signIn().accessToken)
    rule({ callsPerDay: 2, resetHour: 16 })
    expect([(await call()).status, (await call()).status, bob.calls.used]).toEqual([200, 200, 2])
    expect(await call()).toMatchObject(like('free-quota'))
    sim.clock.set(Date.UTC(2026, 0, 1, 16) - 1)
    expect((await call()).status).toBe(429)
    sim.clock.advance(1)
    expect((await call()).status).toBe(200)
    bob.calls.exhaust()
    expect(await call()).toMatchObject(like('free-quota'))
    sim.clock.advance(24 * HOUR_MS)
    expect((await call()).status).toBe(200)
  })

  test('calls of a minute; what is refused counts for nothing, and the free quota comes first', async () => {
    const cid = sim.user('cid')
    const call = async (change: Json = {}): Promise<Judged> => chat(change, {}, cid.signIn().accessToken)
    rule({ callsPerMinute: 2, callsPerDay: 3 })
    expect([(await call({ model: 'x' })).status, (await call()).status, (await call()).status]).toEqual([400, 200, 200])
    expect(await call()).toMatchObject(like('token-limit'))
    sim.clock.advance(MINUTE_MS)
    expect([(await call()).status, cid.calls.used]).toEqual([200, 3])
    expect(await call({ model: 'x' })).toMatchObject(like('free-quota'))
  })
})

describe('over OAuth, the body in the order of its checks', () => {
  test('the leading system message', async () => {
    const bare: Json[] = [
      { messages: [user] },
      { messages: [{ role: 'system', content: 'be nice' }, user] },
      { messages: [{ role: 'system', content: [part('be nice')] }, user] },
      { messages: [SYSTEM, user, { role: 'system', content: 'later' }] },
      { messages: 'none', model: 'x' },
    ]
    for (const change of bare) expect(await chat(change)).toMatchObject(like('bad-request'))
    expect((await chat({ messages: [{ role: 'system', content: [part('', mark), part('be nice')] }, user] })).status).toBe(200)
    rule({ strictSystem: false })
    expect((await chat({ messages: [user] })).status).toBe(200)
  })

  test('then the model, then max_tokens, then the length', async () => {
    const long = messages({ role: 'user', content: 'x'.repeat(4000) })
    rule({ inputLimit: 500 })
    expect(await chat({ ...long, model: 'qwen3.5-plus', max_tokens: 0 })).toMatchObject(
      like('unknown-model', 'model `qwen3.5-plus` is not supported.'),
    )
    expect(await chat({ ...long, max_tokens: 65_537 })).toMatchObject(like('max-tokens', 'Range of max_tokens should be [1, 65536]'))
    expect(await chat({ ...long, top_k: -1 })).toMatchObject(like('input-too-long', 'Range of input length should be [1, 500]'))
    expect((await chat(messages({ role: 'user', content: 'x'.repeat(1000) }))).status).toBe(200)
  })

  test('limits of each model', async () => {
    expect(await chat({ model: 'vision-model', max_tokens: 32_769 })).toMatchObject(like('max-tokens', '[1, 32768]'))
    const huge = messages({ role: 'user', content: 'x'.repeat(3_950_000) })
    expect(await chat(huge)).toMatchObject(like('input-too-long', '[1, 983616]'))
    expect((await chat({ ...huge, model: 'qwen3-coder-plus' })).status).toBe(200)
    for (const max of [0, -1, 1.5, 'x']) expect(await chat({ max_completion_tokens: max })).toMatchObject(like('max-tokens'))
  })

  test('long contexts run into the time limit of the gateway', async () => {
    rule({ timeoutAboveTokens: 500 })
    const response = await ask(PORTAL, ann.signIn().accessToken, chatWith('x'.repeat(4000)))
    expect([response.status, response.headers.get('content-type'), await response.text()]).toEqual([504, 'text/plain', 'stream timeout'])
  })

  /** The rule's name, what is changed in a legal request, and what the message must hold. */
  const REFUSED: [string, Json, string][] = [
    ['an unknown field', { nonsense: 1 }, 'nonsense'],
    ['a developer', messages({ role: 'developer', content: 'x' }), 'developer is not one of'],
    ['an unknown role', messages({ role: 'robot', content: 'x' }), 'robot'],
    ['no messages beyond their type', messages('x'), 'messages[1]'],
    ['a message without content', messages({ role: 'user' }), 'messages[1].content'],
    ['an unknown part', messages({ role: 'user', content: [{ type: 'thinking', thinking: 'x' }] }), "'thinking'"],
    ['an unknown member of a part', messages({ role: 'user', content: [part('x', { citations: [] })] }), 'citations'],
    ['an unanswered call', messages({ role: 'assistant', tool_calls: [call('a')] }), 'did not have response'],
    ['a result without a call', messages({ role: 'tool', tool_call_id: 'a', content: 'x' }), 'must be a response'],
    ['reasoning of a user', messages({ ...user, reasoning_content: 'x' }), 'reasoning_content'],
    ['reasoning that is no text', messages({ role: 'assistant', content: 'x', reasoning_content: [] }, user), 'reasoning_content'],
    ['five markers', messages(marked(4)), 'at most 4 cache_control'],
    ['five markers with tools', { ...messages(marked(3)), ...tools(tool(mark)) }, 'not 5'],
    ['a marker of another type', messages({ role: 'user', content: [part('x', { cache_control: { type: 'long' } })] }), '"long"'],
    ['a lifetime', messages({ role: 'user', content: [part('x', { cache_control: { type: 'ephemeral', ttl: '1h' } })] }), '"ttl"'],
    ['a custom tool', tools({ type: 'custom', custom: { name: 'f' } }), "'custom' is not a tool type"],
    ['an unknown member of a tool', tools(tool({ strict: true })), 'strict'],
    ['a schema that is none', tools(tool({}, { parameters: { type: 'string' } })), 'object'],
    ['a forced tool while thinking', { ...tools(tool()), tool_choice: 'required' }, 'in thinking mode'],
    ['a named tool while thinking', { ...tools(tool()), tool_choice: { type: 'function', function: { name: 'f' } } }, 'in thinking mode'],
    ['a forced tool that is unknown', { ...off, ...tools(tool()), tool_choice: named('g') }, "no function named 'g'"],
    ['thinking that is no boolean', { enable_thinking: 'yes' }, 'enable_thinking'],
    ['preserving that is no boolean', { preserve_thinking: 1 }, 'preserve_thinking'],
    ['resolution that is no boolean', { vl_high_resolution_images: 'high' }, 'vl_high_resolution_images'],
    ['a budget below nothing', { thinking_budget: -1 }, 'thinking_budget'],
    ['a penalty of nothing', { repetition_penalty: 0 }, 'repetition_penalty'],
    ['half a top_k', { top_k: 1.5 }, 'top_k'],
    ['effort', { reasoning_effort: 'low' }, 'reasoning_effort is not supported by coder-model'],
    ['temperature', { temperature: 2.1 }, 'temperature'],
    ['stream_options without a stream', { stream_options: { include_usage: true } }, 'stream_options'],
    ['metadata that is no text', { metadata: { sessionId: 1 } }, 'metadata.sessionId'],
    ['json_object without the word', { response_format: { type: 'json_object' } }, 'json'],
  ]
  for (const [name, change, message] of REFUSED) {
    test(`refused: ${name}`, async () => {
      const { status, error } = await chat(change)
      expect(error).toMatchObject({ type: 'invalid_request_error', code: 'invalid_parameter_error', param: null })
      expect([status, error.message]).toEqual([400, expect.stringContaining(message)])
    })
  }

  test('refused: strict false, where a deployment does that', async () => {
    const change = tools(tool({}, { strict: false }))
    expect((await chat(change)).status).toBe(200)
    rule({ refuseStrictFalse: true })
    expect(await chat(change)).toMatchObject(like('bad-request'))
  })

  test('refused: what is no JSON, or is not called so', async () => {
    const { accessToken } = ann.signIn()
    const headers = { authorization: `Bearer ${accessToken}`, 'content-type': 'application/json' }
    const broken = await judged(await fetch(PORTAL, { method: 'POST', headers, body: '{' }))
    expect(broken).toMatchObject({ status: 400, error: { code: 'invalid_parameter_error' } })
    expect(await chat({}, { 'content-type': 'text/plain' })).toMatchObject({ status: 400, error: { code: 'invalid_parameter_error' } })
  })

  const TAKEN: [string, Json][] = [
    ['what the CLI sends', { ...messages(marked(1)), ...tools(tool(), tool(mark)), temperature: 0.3, vl_high_resolution_images: true }],
    ['metadata and thinking', { metadata: { sessionId: 'a', promptId: 'b' }, preserve_thinking: true, thinking_budget: 100 }],
    ['sampling', { top_p: 0.8, top_k: 20, repetition_penalty: 1.05, seed: 1, stop: ['x'], presence_penalty: 1 }],
    ['a forced tool without thinking', { ...off, ...tools(tool()), tool_choice: 'required' }],
    ['a forced tool of a model that never thinks', { model: 'qwen3-coder-plus', ...tools(tool()), tool_choice: named('f') }],
    ['nulls', { max_tokens: null, enable_thinking: null, temperature: null }],
    [
      'a turn with a call, its reasoning and a result in parts',
      messages(
        user,
        { role: 'assistant', content: '', tool_calls: [call('a')], reasoning_content: 'Let me.' },
        { role: 'tool', tool_call_id: 'a', content: [part('ok', mark)] },
      ),
    ],
    ['a picture', messages({ role: 'user', content: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } }] })],
  ]
  for (const [name, change] of TAKEN) {
    test(`taken: ${name}`, async () => expect(await chat(change)).toMatchObject({ status: 200, error: {} }))
  }
})

describe('every error of the catalogue', () => {
  for (const name of Object.keys(ERRORS) as ErrorName[]) {
    test(name, async () => {
      sim.fault(name, { retryAfter: 3 })
      const response = await ask(PORTAL, ann.signIn().accessToken, chatWith('hi'))
      expect(response.headers.get('retry-after')).toBe('3')
      expect(await judged(response)).toMatchObject(like(name))
      expect((await chat()).status).toBe(200)
    })
  }
})

function call(id: string): Json {
  return { id, type: 'function', function: { name: 'f', arguments: '{}' } }
}

function named(name: string): Json {
  return { type: 'function', function: { name } }
}
