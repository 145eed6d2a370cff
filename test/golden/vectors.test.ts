import { describe, expect, test } from 'bun:test'
import type { JsonObject } from '../../src/core/json.ts'
import type { UpstreamTraits } from '../../src/dialects/dialect.ts'
import { isObject, type Json, objectsOf } from '../checkers/json.ts'
import { chatStream, messageStream } from '../contract/answers.ts'
import { type Read, readBody, readStream } from './client-reading.ts'
import { bytesOf, clientCodec, clientRequest, type Format, goldenContext, relayed, translation, upstreamCodec } from './relays.ts'

/** The list of dialects.md §11, as far as these two dialects go; its first items are also golden files. */

interface Sent {
  body: Json
  notes: string[]
}

function sent(client: Format, upstream: Format, request: Json, model: string, traits: UpstreamTraits = {}): Sent {
  const context = goldenContext()
  const decoded = clientCodec(client).decodeRequest({ model: 'm', ...request } as JsonObject, context)
  const { body } = upstreamCodec(upstream).encodeRequest(decoded, { model, traits }, context)
  return { body: JSON.parse(JSON.stringify(body)) as Json, notes: context.notes.map(({ action, field }) => `${action}:${field}`) }
}

const HI = [{ role: 'user', content: 'Hi' }]
const toClaude = (request: Json, model = 'claude-sonnet-4-5'): Sent => sent('openai-chat', 'anthropic', { messages: HI, ...request }, model)

type Call = { index?: number; id?: string; name?: string; arguments?: string }

const chunk = (members: Json): string =>
  `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', ...members })}\n\n`
const delta = (value: Json, finish: string | null = null, more: Json = {}): string =>
  chunk({ choices: [{ index: 0, delta: value, finish_reason: finish }], ...more })
const piece = ({ index, id, name, arguments: text }: Call): string =>
  delta({
    tool_calls: [
      { ...(index !== undefined && { index }), ...(id && { id, type: 'function' }), function: { ...(name && { name }), arguments: text } },
    ],
  })

/** Both clients' readings of a Chat stream; they must agree. */
function told(...frames: string[]): Read {
  const bytes = [bytesOf(frames.join(''))]
  const chat = readStream('openai-chat', relayed(translation('openai-chat', 'openai-chat'), bytes))
  const messages = readStream('anthropic', relayed(translation('openai-chat', 'anthropic'), bytes))
  expect(messages.toolCalls.map(({ name, input }) => ({ name, input }))).toEqual(chat.toolCalls.map(({ name, input }) => ({ name, input })))
  expect({ finish: messages.finish, text: messages.text, error: messages.error }).toEqual({
    finish: chat.finish,
    text: chat.text,
    error: chat.error,
  })
  if (chat.finish !== undefined) expect(messages.tokens).toEqual(chat.tokens)
  return chat
}

const calls = (read: Read) => read.toolCalls.map(({ name, input }) => [name, input])
const END = delta({}, 'tool_calls')
const DONE = 'data: [DONE]\n\n'

describe('2: parallel tools there and back', () => {
  const request = {
    max_tokens: 2000,
    messages: [
      { role: 'user', content: 'Wind and tide?' },
      {
        role: 'assistant',
        content: [
          { type: 'text', text: 'Both.' },
          { type: 'tool_use', id: 'toolu_1', name: 'wind', input: {} },
          { type: 'tool_use', id: 'toolu_2', name: 'tide', input: {} },
        ],
      },
      {
        role: 'user',
        content: [
          { type: 'tool_result', tool_use_id: 'toolu_1', is_error: true, content: 'frozen' },
          { type: 'tool_result', tool_use_id: 'toolu_2', content: 'low' },
          { type: 'text', text: 'What now?' },
        ],
      },
    ],
    tools: [
      { name: 'wind', input_schema: { type: 'object', properties: {} } },
      { name: 'tide', input_schema: { type: 'object', properties: {} } },
    ],
  }

  test('become tool, tool, user, and one user message with the results first again', () => {
    const there = sent('anthropic', 'openai-chat', request, 'gpt-4.1')
    expect(objectsOf(there.body.messages).map(({ role }) => role)).toEqual(['user', 'assistant', 'tool', 'tool', 'user'])
    const back = sent('openai-chat', 'anthropic', there.body, 'claude-sonnet-4-5')
    expect(back.body.messages).toEqual([
      { role: 'user', content: [{ type: 'text', text: 'Wind and tide?' }] },
      ...request.messages.slice(1),
    ])
  })
})

describe('4: calls in pieces, as servers send them', () => {
  const A = { a: 1 }
  const B = { b: 2 }

  test('indexes that take turns', () => {
    const read = told(
      piece({ index: 0, id: 'x', name: 'f', arguments: '{"a"' }),
      piece({ index: 1, id: 'y', name: 'g', arguments: '{"b"' }),
      piece({ index: 0, arguments: ':1}' }),
      piece({ index: 1, arguments: ':2}' }),
      END,
      DONE,
    )
    expect(calls(read)).toEqual([
      ['f', A],
      ['g', B],
    ])
  })

  test('no index', () => {
    const read = told(piece({ id: 'x', name: 'f', arguments: '{"a":1}' }), piece({ id: 'y', name: 'g', arguments: '{"b":2}' }), END, DONE)
    expect(calls(read)).toEqual([
      ['f', A],
      ['g', B],
    ])
  })

  test('index 0 for all, told apart by their ids', () => {
    const read = told(
      piece({ index: 0, id: 'x', name: 'f', arguments: '{"a":1}' }),
      piece({ index: 0, id: 'y', name: 'g', arguments: '{"b":2}' }),
      END,
      DONE,
    )
    expect(calls(read)).toEqual([
      ['f', A],
      ['g', B],
    ])
  })

  test('indexes from 1', () => {
    const read = told(delta({ content: 'So.' }), piece({ index: 1, id: 'x', name: 'f', arguments: '{"a":1}' }), END, DONE)
    expect(calls(read)).toEqual([['f', A]])
  })

  test('a name that comes late, and an id in the second piece', () => {
    const late = told(piece({ index: 0, id: 'x', arguments: '' }), piece({ index: 0, name: 'f', arguments: '{"a":1}' }), END, DONE)
    expect(calls(late)).toEqual([['f', A]])
    const second = told(piece({ index: 0, name: 'f', arguments: '' }), piece({ index: 0, id: 'x', arguments: '{"a":1}' }), END, DONE)
    expect(calls(second)).toEqual([['f', A]])
  })
})

describe('5: where usage and the end stand', () => {
  const usage = { prompt_tokens: 9, completion_tokens: 4, total_tokens: 13 }
  const tokens = { input: 9, output: 4, cached: 0, written: 0, reasoning: 0 }
  const text = delta({ content: 'So.' })
  const none = { prompt_tokens: 9, completion_tokens: 1, total_tokens: 10 }

  for (const [name, frames] of Object.entries({
    'behind the finish': [text, delta({}, 'stop'), chunk({ choices: [], usage }), DONE],
    'on the finish': [text, delta({}, 'stop', { usage }), DONE],
    'before the finish': [text, chunk({ choices: [], usage }), delta({}, 'stop'), DONE],
    twice: [delta({ content: 'So.' }, null, { usage: none }), delta({}, 'stop'), chunk({ choices: [], usage }), DONE],
    'without [DONE]': [text, delta({}, 'stop', { usage })],
  })) {
    test(`usage ${name}`, () => expect(told(...frames)).toMatchObject({ text: 'So.', finish: 'stop', tokens, error: undefined }))
  }

  test('no usage at all', () => expect(told(text, delta({}, 'stop'), DONE)).toMatchObject({ text: 'So.', finish: 'stop' }))

  test('half a call is no call', () => {
    const read = told(piece({ index: 0, id: 'x', name: 'f', arguments: '{"a' }))
    expect(read).toMatchObject({ finish: undefined, error: expect.stringContaining('ended') })
  })
})

describe('6: thinking, redacted thinking and a call', () => {
  const content = [
    { type: 'thinking', thinking: '', signature: 'sig_empty' },
    { type: 'thinking', thinking: 'Hm.', signature: 'sig_a' },
    { type: 'redacted_thinking', data: 'hidden' },
    { type: 'tool_use', id: 'toolu_1', name: 'look', input: { b: 1, a: 2 } },
  ]
  const messages = [
    { role: 'user', content: 'Go.' },
    { role: 'assistant', content },
    { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: 'x' }] },
  ]
  const request = { max_tokens: 9000, messages, tools: [{ name: 'look', input_schema: { type: 'object', properties: {} } }] }

  test('go back to Anthropic as they came', () => {
    const { body } = sent('anthropic', 'anthropic', request, 'claude-opus-4-6')
    expect(JSON.stringify(objectsOf(body.messages)[1])).toBe(JSON.stringify(messages[1]))
  })

  test('are kept from others', () => {
    const { body, notes } = sent('anthropic', 'openai-chat', request, 'gpt-5.5')
    expect(JSON.stringify(body)).not.toMatch(/sig_|hidden|Hm\./)
    expect(notes).toEqual([])
  })

  test('come back through a Chat client, from an answer whole or streamed', () => {
    const answer = {
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      model: 'm',
      content,
      stop_reason: 'tool_use',
      usage: { input_tokens: 1, output_tokens: 1 },
    }
    const context = goldenContext()
    const response = upstreamCodec('anthropic').decodeResponse(answer as unknown as JsonObject, context)
    const body = clientCodec('openai-chat').encodeResponse(response, clientRequest('openai-chat'), context)
    const said = objectsOf(body.choices)[0]?.message
    const back = toClaude(
      { messages: [HI[0], said, { role: 'tool', tool_call_id: 'toolu_1', content: 'x' }], tools: tool('look') },
      'claude-opus-4-6',
    )
    expect(objectsOf(back.body.messages)[1]?.content).toEqual(content)
    const read = readStream('openai-chat', relayed(translation('anthropic', 'openai-chat'), [bytesOf(messageStream(answer))]))
    expect(read.signatures.filter(signature => signature !== '')).toEqual(['sig_empty', 'sig_a'])
  })
})

const tool = (name: string): Json[] => [{ type: 'function', function: { name, parameters: { type: 'object', properties: {} } } }]

describe('7: a prompt of 100 tokens, 75 of them cached and 10 written', () => {
  const usage = {
    prompt_tokens: 100,
    completion_tokens: 7,
    total_tokens: 107,
    prompt_tokens_details: { cached_tokens: 75, cache_write_tokens: 10 },
  }
  const completion = {
    id: 'c',
    object: 'chat.completion',
    created: 1,
    model: 'm',
    choices: [{ index: 0, message: { role: 'assistant', content: 'So.' }, finish_reason: 'stop' }],
    usage,
  }

  test('is 15, 75 and 10 to an Anthropic client, and 100 again', () => {
    const context = goldenContext()
    const response = upstreamCodec('openai-chat').decodeResponse(completion, context)
    const body = clientCodec('anthropic').encodeResponse(response, clientRequest('anthropic'), context)
    expect(body.usage).toMatchObject({ input_tokens: 15, cache_read_input_tokens: 75, cache_creation_input_tokens: 10 })
    const again = clientCodec('openai-chat').encodeResponse(
      upstreamCodec('anthropic').decodeResponse(body, context),
      clientRequest('openai-chat'),
      context,
    )
    expect(again.usage).toMatchObject(usage)
    const read = readStream('anthropic', relayed(translation('openai-chat', 'anthropic'), [bytesOf(chatStream(completion))]))
    expect(read.tokens).toEqual(readBody('anthropic', JSON.parse(JSON.stringify(body))).tokens)
  })
})

test('8: a temperature of 1.5 is lowered where the model takes one, and left out where it takes none', () => {
  expect(toClaude({ temperature: 1.5 })).toMatchObject({ body: { temperature: 1 }, notes: ['approximated:temperature'] })
  const { body, notes } = toClaude({ temperature: 1.5 }, 'claude-opus-5')
  expect(body).not.toHaveProperty('temperature')
  expect(notes).toEqual(['dropped:temperature'])
  expect(toClaude({ temperature: 1 }, 'claude-opus-5').body).not.toHaveProperty('temperature')
})

test('9: a tool that must be called goes before a budget for thinking, and is refused where no tool can be forced', () => {
  const request = { tools: tool('look'), tool_choice: { type: 'function', function: { name: 'look' } }, reasoning_effort: 'high' }
  const { body, notes } = toClaude(request)
  expect(body.tool_choice).toEqual({ type: 'tool', name: 'look' })
  expect(body).not.toHaveProperty('thinking')
  expect(notes).toEqual(['dropped:reasoning_effort'])
  expect(() => toClaude(request, 'claude-opus-5-5')).toThrow('tool_choice')
})

describe('10: tool names that the upstream would refuse', () => {
  const long = `mcp.server:${'x'.repeat(60)}`
  const names = [`${long}.first`, `${long}.second`, 'plain']

  test('are made legal, and none like another', () => {
    const tools = names.flatMap(tool)
    const there = toClaude({ tools }).body
    const given = objectsOf(there.tools).map(({ name }) => String(name))
    expect(new Set(given).size).toBe(3)
    expect(given.filter(name => !/^[a-zA-Z0-9_-]{1,64}$/.test(name))).toEqual([])
    expect(given[2]).toBe('plain')
    const chosen = toClaude({ tools, tool_choice: { type: 'function', function: { name: names[1] } } }).body
    expect(chosen.tool_choice).toEqual({ type: 'tool', name: given[1] })
  })
})

describe('11: data URLs', () => {
  const image = (url: string): Sent => toClaude({ messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url } }] }] })
  const source = ({ body }: Sent): unknown => {
    const [block] = objectsOf(objectsOf(body.messages)[0]?.content)
    return isObject(block?.source) ? block.source : undefined
  }
  const JPEG = '/9j/4AAQSkZJRg=='

  for (const url of [
    `data:image/jpeg;name=x;base64,${JPEG}`,
    `data:IMAGE/JPEG;base64,${JPEG}`,
    `data:image/jpg;base64,${JPEG}`,
    `data:image/png;base64,${JPEG}`,
    `data:image/jpeg;base64,/9j/4AAQ\n  SkZJRg==`,
  ]) {
    test(url.replace(/\s+/, ' '), () => expect(source(image(url))).toEqual({ type: 'base64', media_type: 'image/jpeg', data: JPEG }))
  }

  test('of a kind that the upstream does not take are refused by name', () => {
    expect(() => image('data:image/svg+xml;base64,PHN2Zy8+')).toThrow('messages.0.content.0')
  })
})
