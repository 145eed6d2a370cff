import { afterAll, describe, expect, test } from 'bun:test'
import Anthropic from '@anthropic-ai/sdk'
import { checkMessagesBody, checkMessagesStream } from '../checkers/messages.ts'
import { startAnthropic } from './anthropic.ts'

const sim = startAnthropic({ keys: ['sk-a', 'sk-b'] })
const client = new Anthropic({ baseURL: sim.url, apiKey: sim.key, maxRetries: 0 })
afterAll(() => sim.close())

type Params = Omit<Anthropic.MessageCreateParamsNonStreaming, 'stream'>

const tool = (name: string): Anthropic.Tool => ({
  name,
  input_schema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
})
const say = (content: string, more: Partial<Params> = {}): Params => ({
  model: 'claude-opus-4-6',
  max_tokens: 1000,
  messages: [{ role: 'user', content }],
  ...more,
})

async function raw(params: object, headers: Record<string, string> = { 'x-api-key': sim.key }): Promise<Response> {
  const init = { 'anthropic-version': '2023-06-01', 'content-type': 'application/json', ...headers }
  return fetch(`${sim.url}/v1/messages`, { method: 'POST', headers: init, body: JSON.stringify(params) })
}

const failure = (call: PromiseLike<unknown>): PromiseLike<unknown> =>
  call.then(
    () => undefined,
    (error: unknown) => error,
  )

describe('the official SDK against the Anthropic simulator', () => {
  test('messages.create', async () => {
    const answer = await client.messages.create(say('hello there'))
    expect(answer).toMatchObject({ stop_reason: 'end_turn', content: [{ type: 'text', text: 'You said: hello there' }] })
    expect(checkMessagesBody(answer).usage.output_tokens).toBe(4)
  })

  test('the stream helper with thinking and parallel tools', async () => {
    const params = say('use tools', { tools: [tool('a'), tool('b')], thinking: { type: 'adaptive' } })
    const answer = await client.messages.stream(params).finalMessage()
    expect(answer.stop_reason).toBe('tool_use')
    expect(answer.content).toMatchObject([
      { type: 'thinking', signature: expect.stringContaining('sig_') },
      { type: 'tool_use', name: 'a', input: { city: 'sample' } },
      { type: 'tool_use', name: 'b', input: { city: 'sample' } },
    ])
    expect(answer.usage.output_tokens_details?.thinking_tokens).toBeGreaterThan(0)
  })

  test('a whole tool loop with thinking sent back', async () => {
    const thinking = { type: 'adaptive' as const }
    const ask = say('use tool', { max_tokens: 2000, tools: [tool('a')], thinking })
    const { content } = await client.messages.create(ask)
    const call = content.find(block => block.type === 'tool_use')
    if (!call) throw new Error('no tool call')
    const result: Anthropic.ToolResultBlockParam = { type: 'tool_result', tool_use_id: call.id, content: 'sunny' }
    const messages: Anthropic.MessageParam[] = [...ask.messages, { role: 'assistant', content }, { role: 'user', content: [result] }]
    const answer = await client.messages.create({ ...ask, messages })
    expect(checkMessagesBody(answer).text).toBe('The tool said: sunny')
  })

  test('token counts and models', async () => {
    const { input_tokens } = await client.messages.countTokens({ model: 'claude-opus-5', messages: [{ role: 'user', content: 'x' }] })
    expect(input_tokens).toBeGreaterThan(0)
    const ids: string[] = []
    for await (const model of client.models.list({ limit: 3 })) ids.push(model.id)
    expect(ids).toHaveLength(8)
    expect((await client.models.retrieve('claude-opus-5')).type).toBe('model')
    expect(await failure(client.models.retrieve('claude-nothing'))).toMatchObject({ status: 404 })
  })
})

describe('keys and headers of the Anthropic simulator', () => {
  test('either key header, but not two that disagree', async () => {
    expect((await raw(say('x'))).status).toBe(200)
    expect((await raw(say('x'), { authorization: `Bearer ${sim.key}` })).status).toBe(200)
    expect((await raw(say('x'), { 'x-api-key': 'sk-wrong' })).status).toBe(401)
    expect((await raw(say('x'), { 'x-api-key': sim.key, authorization: 'Bearer other' })).status).toBe(401)
    const none = await raw(say('x'), {})
    expect([none.status, await none.json()]).toMatchObject([401, { type: 'error', error: { type: 'authentication_error' } }])
  })

  test('a version is required and must exist', async () => {
    const missing = await fetch(`${sim.url}/v1/messages`, {
      method: 'POST',
      headers: { 'x-api-key': sim.key },
      body: JSON.stringify(say('x')),
    })
    expect([missing.status, await missing.text()]).toEqual([400, expect.stringContaining('anthropic-version: header is required')])
    expect((await raw(say('x'), { 'x-api-key': sim.key, 'anthropic-version': '2024-01-01' })).status).toBe(400)
  })

  test('answers carry request id and limits', async () => {
    const { headers } = await raw(say('x'))
    expect(headers.get('request-id')).toStartWith('req_')
    expect(headers.get('anthropic-ratelimit-requests-remaining')).toBe('3999')
    expect(headers.get('anthropic-ratelimit-tokens-reset')).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
  })
})

describe('what the Anthropic simulator makes of a request', () => {
  test('its streams hold every invariant and say what its bodies say', async () => {
    const tools = [tool('a'), tool('b')]
    const thinking = { type: 'adaptive' as const }
    const cases = [say('hello'), say('use tools', { tools, thinking }), say('x', { tools, tool_choice: { type: 'any' } })]
    for (const params of cases) {
      const body = await (await raw(params)).json()
      const streamed = await (await raw({ ...params, stream: true })).text()
      checkMessagesStream(streamed, { tools: ['a', 'b'], body })
    }
  })

  test('newer models show no thinking unless asked to', async () => {
    const model = 'claude-opus-5'
    const hidden = checkMessagesBody(await (await raw(say('why', { model, thinking: { type: 'adaptive' } }))).json())
    expect([hidden.reasoning, hidden.signatures.length]).toEqual(['', 1])
    const shown = await raw(say('why', { model, thinking: { type: 'adaptive', display: 'summarized' } }))
    expect(checkMessagesBody(await shown.json()).reasoning).toContain('why')
  })

  test('the output limit and stop sequences', async () => {
    expect(await client.messages.create(say('one two', { max_tokens: 3 }))).toMatchObject({
      stop_reason: 'max_tokens',
      content: [{ text: 'You said: one' }],
    })
    expect(await client.messages.create(say('one two', { stop_sequences: [' two'] }))).toMatchObject({
      stop_reason: 'stop_sequence',
      stop_sequence: ' two',
      content: [{ text: 'You said: one' }],
    })
    expect((await client.messages.create(say('x', { max_tokens: 0 }))).content).toEqual([])
  })

  test('prompt caching: written once, then read, also as the mark moves on', async () => {
    const block = { type: 'text' as const, text: 'a long system prompt' }
    const marked: Anthropic.TextBlockParam = { ...block, cache_control: { type: 'ephemeral' } }
    const first = await client.messages.create(say('x', { system: [marked] }))
    const written = first.usage.cache_creation_input_tokens ?? 0
    expect(written).toBeGreaterThan(0)
    expect(first.usage.cache_read_input_tokens).toBe(0)
    const turn: Anthropic.TextBlockParam = { type: 'text', text: 'more', cache_control: { type: 'ephemeral' } }
    const second = await client.messages.create(say('x', { system: [block], messages: [{ role: 'user', content: [turn] }] }))
    expect(second.usage.cache_read_input_tokens).toBe(written)
    expect(second.usage.cache_creation_input_tokens).toBeGreaterThan(0)
  })

  test('structured output fits the schema', async () => {
    const schema = { type: 'object', properties: { n: { type: 'integer' } }, required: ['n'], additionalProperties: false }
    const answer = await client.messages.create(say('x', { output_config: { format: { type: 'json_schema', schema } } }))
    expect(JSON.parse(checkMessagesBody(answer).text)).toEqual({ n: 1 })
  })
})

describe('scripted answers of the Anthropic simulator', () => {
  test('content, finish and usage', async () => {
    sim.script({
      reasoning: ['a', 'b'],
      signature: 'mine',
      redacted: 'secret',
      text: ['Hel', 'lo'],
      toolCalls: [{ id: 'toolu_x', name: 'a', arguments: ['{"a"', ':1}'] }],
      usage: { cache_read_input_tokens: 7 },
    })
    const text = await (await raw({ ...say('x'), stream: true })).text()
    const answer = checkMessagesStream(text)
    expect(answer).toMatchObject({ reasoning: 'ab', signatures: ['mine'], text: 'Hello', finish: 'tool_use' })
    expect(answer.blocks[1]).toEqual({ type: 'redacted_thinking', data: 'secret' })
    expect(answer.toolCalls).toEqual([{ id: 'toolu_x', name: 'a', arguments: '{"a":1}' }])
    expect(answer.usage.cache_read_input_tokens).toBe(7)
    const result = { type: 'tool_result', tool_use_id: 'toolu_x' }
    const messages = [...say('x').messages, { role: 'assistant', content: answer.blocks }, { role: 'user', content: [result] }]
    expect((await raw({ ...say('x'), messages })).status).toBe(200)
  })

  test('refusals, errors within a stream, raw text and recordings', async () => {
    sim.script(
      { refusal: 'no' },
      { text: 'a', streamError: { type: 'overloaded_error', message: 'busy' } },
      { sse: 'event: x\ndata: {}\n\n' },
    )
    expect(await client.messages.create(say('x'))).toMatchObject({
      stop_reason: 'refusal',
      content: [],
      stop_details: { explanation: 'no' },
    })
    const failed = await (await raw({ ...say('x'), stream: true })).text()
    expect(checkMessagesStream(failed)).toMatchObject({ text: 'a', error: { type: 'overloaded_error' } })
    expect(await (await raw({ ...say('x'), stream: true })).text()).toBe('event: x\ndata: {}\n\n')
    sim.script({ lines: ['{"type":"ping", "x":1.0}'] })
    expect(await (await raw({ ...say('x'), stream: true })).text()).toBe('event: ping\ndata: {"type":"ping", "x":1.0}\n\n')
  })

  test('errors in the vendor’s shape', async () => {
    sim.script({ status: 529 }, { status: 429, headers: { 'retry-after': '3' }, message: 'slow down' })
    expect(await (await raw(say('x'))).json()).toMatchObject({ type: 'error', error: { type: 'overloaded_error' } })
    const limited = await raw(say('x'))
    expect([limited.status, limited.headers.get('retry-after')]).toEqual([429, '3'])
    expect(await limited.json()).toMatchObject({ error: { type: 'rate_limit_error', message: 'slow down' } })
  })

  test('omitEnd leaves out message_stop, and a cut stream is no legal one', async () => {
    sim.script({ omitEnd: true }, { cutAfter: 4 })
    const open = await (await raw({ ...say('x'), stream: true })).text()
    expect(() => checkMessagesStream(open)).toThrow('M8')
    expect(await failure(client.messages.stream(say('x')).finalMessage())).toBeInstanceOf(Error)
  })
})

test('the simulator runs on its own', async () => {
  const alone = Bun.spawn([process.execPath, `${import.meta.dir}/main.ts`, 'anthropic', '--key', 'sk-mine'], { stdout: 'pipe' })
  const reader = alone.stdout.getReader()
  const line = new TextDecoder().decode((await reader.read()).value)
  expect(line).toMatch(/^anthropic at http:\/\/127\.0\.0\.1:\d+, key sk-mine\n$/)
  const other = new Anthropic({ baseURL: /http\S+(?=,)/.exec(line)?.[0], apiKey: 'sk-mine', maxRetries: 0 })
  expect((await other.messages.create(say('x'))).stop_reason).toBe('end_turn')
  alone.kill()
  await alone.exited
})
