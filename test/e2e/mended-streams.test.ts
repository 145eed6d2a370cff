import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { checkChatStream } from '../checkers/chat.ts'
import type { Json } from '../checkers/json.ts'
import { checkMessagesStream } from '../checkers/messages.ts'
import type { Simulator } from '../simulators/simulator.ts'
import { recordOf } from './support/admin.ts'
import { CHAT, MESSAGES, post } from './support/client-routes.ts'
import { type RunningGateway, startGateway } from './support/gateway.ts'
import { ANTHROPIC, OPENAI } from './support/upstreams.ts'

let openai: Simulator
let anthropic: Simulator
let gateway: RunningGateway

beforeAll(async () => {
  openai = OPENAI.start()
  anthropic = ANTHROPIC.start()
  gateway = await startGateway({
    config: {
      providers: [
        OPENAI.provider(openai, { name: 'auto', models: ['gpt-4o'] }),
        OPENAI.provider(openai, { name: 'never', models: ['gpt-4.1'], normalize: 'never' }),
        OPENAI.provider(openai, { name: 'no options', models: ['gpt-5'], stream_options: false }),
        ANTHROPIC.provider(anthropic, { name: 'claude', models: [ANTHROPIC.model] }),
        ANTHROPIC.provider(anthropic, { name: 'claude never', models: ['claude-opus-4-6'], normalize: 'never' }),
      ],
    },
  })
})
afterAll(async () => {
  await gateway.stop()
  await Promise.all([openai.close(), anthropic.close()])
})

const envelope = { id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: 'gpt-4o' }
const frame = (delta: Json, more: Json = {}): string =>
  `data: ${JSON.stringify({ ...envelope, choices: [{ index: 0, delta, finish_reason: null, ...more }] })}\n\n`
const DONE = 'data: [DONE]\n\n'
const role = frame({ role: 'assistant', content: '' })
const finish = (reason: string) => frame({}, { finish_reason: reason })

async function stream(model: string, sse: string, more: Json = {}): Promise<{ text: string; response: Response }> {
  openai.script({ sse })
  const response = await post(gateway.url, CHAT, CHAT.body(model, { stream: true, ...more }))
  return { text: await response.clone().text(), response }
}

const tools = [{ type: 'function', function: { name: 'look', parameters: { type: 'object' } } }]

const BROKEN: Record<string, { sse: string; said: Json }> = {
  'a tool call without its index': {
    sse:
      role +
      frame({ tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'look', arguments: '{"a"' } }] }) +
      frame({ tool_calls: [{ function: { arguments: ':1}' } }] }) +
      finish('tool_calls') +
      DONE,
    said: { toolCalls: [{ id: 'call_1', name: 'look', arguments: '{"a":1}' }], finish: 'tool_calls' },
  },
  'a wrong object': {
    sse: (role + frame({ content: 'hello' }) + finish('stop')).replaceAll('chat.completion.chunk', 'chat.completion') + DONE,
    said: { text: 'hello', finish: 'stop' },
  },
  'text as an array': {
    sse:
      role +
      frame({ content: [{ type: 'text', text: 'hel' }] }) +
      frame({ content: [{ type: 'text', text: 'lo' }] }) +
      finish('stop') +
      DONE,
    said: { text: 'hello', finish: 'stop' },
  },
  'no role': { sse: frame({ content: 'hello' }) + finish('stop') + DONE, said: { text: 'hello', finish: 'stop' } },
}

describe('a chat stream with', () => {
  test.each(Object.entries(BROKEN))('%s is mended for a client of the same dialect', async (_, { sse, said }) => {
    expect(() => checkChatStream(sse, { includeUsage: false })).toThrow()
    const { text } = await stream('gpt-4o', sse, { tools })
    expect(checkChatStream(text, { includeUsage: false })).toMatchObject(said)
  })

  test.each(Object.entries(BROKEN))('%s is passed on as it is where that is wanted', async (_, { sse }) => {
    const { text } = await stream('gpt-4.1', sse, { tools })
    expect(text).toBe(sse)
  })

  test.each(Object.entries(BROKEN))('%s is understood for a client of the other dialect, whatever is wanted', async (_, { sse, said }) => {
    for (const model of ['gpt-4o', 'gpt-4.1']) {
      openai.script({ sse })
      const response = await post(
        gateway.url,
        MESSAGES,
        MESSAGES.body(model, { stream: true, tools: [{ name: 'look', input_schema: { type: 'object' } }] }),
      )
      const answer = checkMessagesStream(await response.text())
      expect(answer.text).toBe(String(said.text ?? ''))
      expect(answer.finish).toBe(said.finish === 'stop' ? 'end_turn' : 'tool_use')
    }
  })

  test('nothing wrong comes back byte for byte, whatever it holds', async () => {
    const odd = `data: {"x_vendor":{"b":1.0,"a":12345678901234567890},${JSON.stringify(envelope).slice(1, -1)},  "choices":[{"index":0,"delta":{"content":"a\\u00e9","x":null},"logprobs":null}]}\n\n`
    const sse = `: hello\n\n${role}${odd}${finish('stop')}${DONE}`
    expect((await stream('gpt-4o', sse)).text).toBe(sse)
    const crlf = sse.replaceAll('\n', '\r\n')
    expect((await stream('gpt-4o', crlf)).text).toBe(crlf)
  })
})

describe('usage', () => {
  const usage = { prompt_tokens: 11, completion_tokens: 7, total_tokens: 18 }

  test('that the client did not ask for is asked for, recorded, and taken out again', async () => {
    openai.script({ text: 'hello', usage })
    const response = await post(gateway.url, CHAT, CHAT.body('gpt-4o', { stream: true }))
    const text = await response.clone().text()
    expect(openai.requests.at(-1)?.body?.stream_options).toEqual({ include_usage: true })
    expect(checkChatStream(text, { includeUsage: false }).text).toBe('hello')
    expect(text).not.toContain('prompt_tokens')
    expect(await recordOf(gateway.url, response)).toMatchObject({ usage: { input_tokens: 11, output_tokens: 7, estimated: false } })
  })

  test('that the client asked for stays', async () => {
    openai.script({ text: 'hello', usage })
    const response = await post(gateway.url, CHAT, CHAT.body('gpt-4o', { stream: true, stream_options: { include_usage: true } }))
    expect(checkChatStream(await response.text(), { includeUsage: true }).usage).toMatchObject(usage)
  })

  test('is not asked for where the server refuses that, and estimated', async () => {
    openai.script({ text: 'hello' })
    const response = await post(gateway.url, CHAT, CHAT.body('gpt-5', { stream: true }))
    expect(checkChatStream(await response.clone().text(), { includeUsage: false }).text).toBe('hello')
    expect(openai.requests.at(-1)?.body).not.toHaveProperty('stream_options')
    expect(await recordOf(gateway.url, response)).toMatchObject({ usage: { estimated: true, input_tokens: expect.any(Number) } })
  })
})

describe('a messages stream', () => {
  const start = {
    type: 'message_start',
    message: {
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      model: ANTHROPIC.model,
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage: { input_tokens: 3, output_tokens: 1 },
    },
  }
  const events: Json[] = [
    start,
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
    { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'hello' } },
    { type: 'content_block_stop', index: 0 },
    { type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null }, usage: { output_tokens: 4 } },
    { type: 'message_stop' },
  ]
  const written = (list: readonly Json[]) => list.map(event => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join('')
  const ask = async (model: string, sse: string) => {
    anthropic.script({ sse })
    return (await post(gateway.url, MESSAGES, MESSAGES.body(model, { stream: true }))).text()
  }

  test('that begins twice is mended, or passed on where that is wanted', async () => {
    const sse = written([start, ...events])
    expect(() => checkMessagesStream(sse)).toThrow()
    expect(checkMessagesStream(await ask(ANTHROPIC.model, sse))).toMatchObject({ text: 'hello', finish: 'end_turn' })
    expect(await ask('claude-opus-4-6', sse)).toBe(sse)
  })

  test('that is legal comes back byte for byte, unknown events too', async () => {
    const sse = written([...events.slice(0, 3), { type: 'ping' }, ...events.slice(3)])
    expect(await ask(ANTHROPIC.model, sse)).toBe(sse)
  })
})

describe('a whole answer', () => {
  test('comes back byte for byte', async () => {
    const body = `{"id":"chatcmpl-1", "object":"chat.completion","created":1,"model":"gpt-4o","x":1.0,"big":12345678901234567890,"choices":[{"index":0,"message":{"role":"assistant","content":"h\\u00e9"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}\n`
    openai.script({ body })
    expect(await (await post(gateway.url, CHAT, CHAT.body('gpt-4o'))).text()).toBe(body)
  })

  test('where a stream was asked for becomes one, and the other way round', async () => {
    const sse = role + frame({ content: 'hello' }) + finish('stop') + DONE
    openai.script({ sse })
    const whole = await post(gateway.url, CHAT, CHAT.body('gpt-4o'))
    expect(CHAT.readBody(await whole.json())).toMatchObject({ text: 'hello', finish: 'stop' })
    const body = {
      id: 'x',
      object: 'chat.completion',
      created: 1,
      model: 'gpt-4o',
      choices: [{ index: 0, message: { role: 'assistant', content: 'hello' }, finish_reason: 'stop' }],
    }
    openai.script({ body })
    const streamed = await post(gateway.url, CHAT, CHAT.body('gpt-4o', { stream: true }))
    expect(CHAT.readStream(await streamed.text())).toMatchObject({ text: 'hello', finish: 'stop' })
  })
})

test("a request's bytes go up as they came, but for the model's name and what a policy must change", async () => {
  const body =
    '{ "model":"claude-via-gpt-4o", "messages":[{"role":"user","content":"\\u00e9 12345678901234567890"}],  "temperature":1.0, "seed":9007199254740993 }'
  openai.script({})
  await post(gateway.url, CHAT, body)
  expect(openai.requests.at(-1)?.bodyText).toBe(body.replace('claude-via-gpt-4o', 'gpt-4o'))
})
