import { describe, expect, test } from 'bun:test'
import type { JsonObject, JsonValue } from '../../src/core/json.ts'
import { estimateInputTokens, estimateUsage } from '../../src/operations/estimate.ts'
import { jpeg, png } from './images.ts'

const CLAUDE = 'claude-sonnet-4-5'

const asking = (...content: JsonValue[]): JsonObject => ({ messages: [{ role: 'user', content }] })

/** What something adds to a request. */
const cost = (part: JsonValue, model = ''): number =>
  estimateInputTokens(asking({ type: 'text', text: 'Hi' }, part), model) - estimateInputTokens(asking({ type: 'text', text: 'Hi' }), model)

const image = (bytes: Uint8Array): JsonObject => ({
  type: 'image',
  source: { type: 'base64', media_type: 'image/png', data: Buffer.from(bytes).toString('base64') },
})
const imageUrl = (url: string, more: JsonObject = {}): JsonObject => ({ type: 'image_url', image_url: { url, ...more } })

describe('an estimate of a request', () => {
  test('counts the conversation, and no settings', () => {
    const words = 'One two three four five six seven eight nine ten.'
    expect(estimateInputTokens(asking({ type: 'text', text: words }))).toBeWithin(13, 18)
    expect(estimateInputTokens({ system: words, messages: [] })).toBeWithin(10, 14)
    expect(estimateInputTokens({ model: 'a-model-with-a-long-name', user: 'somebody', metadata: { a: 'b' }, messages: [] })).toBe(0)
    const plain = estimateInputTokens(asking({ type: 'text', text: words }))
    const marked = { type: 'text', text: words, cache_control: { type: 'ephemeral', ttl: '1h' }, citations: [{ cited_text: words }] }
    expect(estimateInputTokens(asking(marked))).toBe(plain)
  })

  test('says that it is one', () => {
    expect(estimateUsage({ system: 'Hi', messages: [] }, 'gpt-5.5', 70)).toEqual({ inputTokens: 2, outputTokens: 20, estimated: true })
    const long = { system: 'word '.repeat(1000), messages: [] }
    expect(estimateUsage(long, CLAUDE, 0).inputTokens).toBe(estimateInputTokens(long, CLAUDE))
  })

  test('takes more tokens for a Claude, whose vocabulary is another', () => {
    const request = asking({ type: 'text', text: 'word '.repeat(1000) })
    expect(estimateInputTokens(request, CLAUDE) / estimateInputTokens(request, 'gpt-5.5')).toBeWithin(1.13, 1.17)
  })

  test('counts tools by their schemas, and what a model is told about them', () => {
    const tool = {
      name: 'get_weather',
      description: 'Get the current weather in a given location',
      input_schema: {
        type: 'object',
        properties: { location: { type: 'string', description: 'The city and state' } },
        required: ['location'],
      },
    }
    const without = estimateInputTokens({ ...asking('Hi') }, CLAUDE)
    const one = estimateInputTokens({ ...asking('Hi'), tools: [tool] }, CLAUDE) - without
    expect(one).toBeWithin(346 + 40, 346 + 100)
    const two = estimateInputTokens({ ...asking('Hi'), tools: [tool, tool] }, CLAUDE) - without
    expect(two - one).toBeWithin(40, 100)
    const deferred = { ...tool, defer_loading: true }
    expect(estimateInputTokens({ ...asking('Hi'), tools: [tool, deferred] }, CLAUDE) - without).toBe(one)
    const { input_schema: parameters, ...named } = tool
    const chat = { ...asking('Hi'), tools: [{ type: 'function', function: { ...named, parameters } }] }
    expect(estimateInputTokens(chat) - estimateInputTokens(asking('Hi'))).toBeWithin(50, 100)
    expect(estimateInputTokens({ ...asking('Hi'), tools: [] }, CLAUDE)).toBe(without)
  })

  test('counts functions of the older form as tools', () => {
    const parameters = { type: 'object', properties: { location: { type: 'string' } } }
    const functions = [{ name: 'get_weather', parameters }]
    const tools = functions.map(given => ({ type: 'function', function: given }))
    expect(estimateInputTokens({ ...asking('Hi'), functions })).toBe(estimateInputTokens({ ...asking('Hi'), tools }))
  })

  test('counts nothing that no model reads', () => {
    const sealed = 'EmwKAhgBEgy3va3pzix/LafPsn4a '.repeat(50)
    expect(cost({ type: 'redacted_thinking', data: sealed }, CLAUDE)).toBe(0)
    expect(cost({ type: 'text', text: 'Hi', extra_content: { google: { thought_signature: sealed } } })).toBe(
      cost({ type: 'text', text: 'Hi' }),
    )
  })

  test('counts calls and their results', () => {
    const input = { city: 'Istanbul', unit: 'celsius' }
    expect(cost({ type: 'tool_use', id: 'toolu_01A09q90qw90lq917835lq9', name: 'get_weather', input })).toBeWithin(15, 30)
    expect(cost({ type: 'tool_result', tool_use_id: 'toolu_01A09q90qw90lq917835lq9', content: 'It is 17 degrees.' })).toBeWithin(12, 18)
    const call = { id: 'call_1', type: 'function', function: { name: 'get_weather', arguments: JSON.stringify(input) } }
    const chat = estimateInputTokens({ messages: [{ role: 'assistant', content: null, tool_calls: [call] }] })
    expect(chat).toBeWithin(15, 35)
  })

  test('counts a schema that the answer has to fit', () => {
    const schema = { type: 'object', properties: { city: { type: 'string' } } }
    const plain = estimateInputTokens(asking('Hi'))
    expect(
      estimateInputTokens({ ...asking('Hi'), output_config: { effort: 'high', format: { type: 'json_schema', schema } } }) - plain,
    ).toBeGreaterThan(10)
    const format = { type: 'json_schema', json_schema: { name: 'a', schema } }
    expect(estimateInputTokens({ ...asking('Hi'), response_format: format }) - plain).toBeGreaterThan(10)
    expect(estimateInputTokens({ ...asking('Hi'), response_format: { type: 'text' }, output_config: { effort: 'high' } })).toBe(plain)
  })
})

describe('an image', () => {
  test.each<[number, number, number]>([
    [200, 200, 64],
    [1000, 1000, 1296],
    [28, 28, 1],
    [29, 28, 2],
    [4000, 3000, 1568],
  ])('of %i × %i pixels costs %i tokens', (width, height, tokens) => {
    for (const bytes of [png(width, height), jpeg(width, height)]) {
      expect(cost(image(bytes))).toBe(tokens)
      expect(cost(imageUrl(`data:image/png;base64,${bytes.toString('base64')}`))).toBe(tokens)
    }
  })

  test('may cost more where the model looks closer', () => {
    expect(cost(image(png(4000, 3000)), 'claude-opus-4-8')).toBe(4784)
    expect(cost(image(png(4000, 3000)), 'claude-sonnet-4-6')).toBe(1568)
  })

  test('of unknown size costs what the largest does', () => {
    expect(cost({ type: 'image', source: { type: 'url', url: 'https://example.com/a.png' } })).toBe(1568)
    expect(cost(imageUrl('https://example.com/a.png'))).toBe(1568)
    expect(cost(image(Buffer.alloc(100_000, 7)))).toBe(1568)
    expect(cost(imageUrl('https://example.com/a.png', { detail: 'low' }))).toBe(85)
  })

  test('within a tool’s result, too', () => {
    const shot = { type: 'tool_result', tool_use_id: 't', content: [{ type: 'text', text: 'A screenshot' }, image(png(280, 280))] }
    expect(cost(shot)).toBeWithin(100 + 8, 100 + 14)
  })

  test('is never counted as the text that carries it', () => {
    const base64 = Buffer.alloc(3_000_000, 7).toString('base64')
    for (const data of [base64, `data:image/png;base64,${base64}`]) {
      expect(estimateInputTokens({ messages: [{ role: 'user', content: data }] })).toBeLessThan(1600)
      expect(cost({ type: 'novel', payload: { bytes: data } })).toBeLessThan(1600)
    }
    // What only begins like one is a text.
    expect(cost({ type: 'text', text: 'data: {"id":"chatcmpl-1"}\n\n'.repeat(100) })).toBeGreaterThan(800)
  })
})

describe('a document', () => {
  const pdf = (bytes: number): JsonObject => ({
    type: 'document',
    source: { type: 'base64', media_type: 'application/pdf', data: Buffer.alloc(bytes).toString('base64') },
  })

  test('is counted by pages, of which its size tells how many', () => {
    expect(cost(pdf(10_000))).toBe(3000)
    expect(cost(pdf(199_000))).toBe(12_000)
    expect(cost(pdf(20_000_000))).toBe(300_000)
    expect(cost({ type: 'document', source: { type: 'url', url: 'https://example.com/a.pdf' } })).toBe(15_000)
    const file_data = `data:application/pdf;base64,${Buffer.alloc(60_000).toString('base64')}`
    expect(cost({ type: 'file', file: { filename: 'a.pdf', file_data } })).toBe(6000)
  })

  test('of text is counted as text', () => {
    const text = 'All happy families are alike. '.repeat(100)
    const expected = cost({ type: 'text', text })
    expect(cost({ type: 'document', source: { type: 'text', media_type: 'text/plain', data: text } })).toBeWithin(
      expected - 2,
      expected + 3,
    )
    const content = [{ type: 'text', text }]
    expect(cost({ type: 'document', title: 'Novel', source: { type: 'content', content } })).toBeWithin(expected, expected + 5)
  })

  test('of text in a file is counted by its bytes', () => {
    const file_data = `data:text/plain;base64,${Buffer.alloc(4000, 'a').toString('base64')}`
    expect(cost({ type: 'file', file: { filename: 'a.txt', file_data } })).toBeWithin(999, 1003)
  })

  test('that only its vendor can read costs nothing', () => {
    const part = (more: JsonObject) => cost({ type: 'web_search_result', title: 'A page', ...more })
    expect(part({ encrypted_content: 'secret words '.repeat(100) })).toBe(part({}))
  })

  test('of sound is counted by its length', () => {
    const data = Buffer.alloc(160_000).toString('base64')
    expect(cost({ type: 'input_audio', input_audio: { data, format: 'mp3' } })).toBeWithin(95, 106)
  })
})

describe('thinking', () => {
  const thinking = { type: 'thinking', thinking: 'Let me think about that. '.repeat(40), signature: 'A'.repeat(3000) }
  const call = { type: 'tool_use', id: 't', name: 'look', input: {} }
  const question = { role: 'user', content: 'Hi' }
  const result = { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't', content: 'seen' }] }
  const turn = (...content: JsonObject[]): JsonObject => ({ role: 'assistant', content })
  const extra = (model: string, ...messages: JsonObject[]): number => {
    const without = messages.map(message => ({
      ...message,
      content: (message.content as JsonValue[]).filter?.(part => part !== thinking) ?? message.content,
    }))
    return estimateInputTokens({ messages }, model) - estimateInputTokens({ messages: without }, model)
  }

  test('of earlier turns is not in the prompt, that of this turn is', () => {
    expect(extra(CLAUDE, question, turn(thinking, call), result, turn({ type: 'text', text: 'Done' }), question)).toBe(0)
    expect(extra(CLAUDE, question, turn(thinking, call), result)).toBeWithin(200, 300)
    const inParts = { role: 'user', content: [{ type: 'text', text: 'Hi' }] }
    expect(extra(CLAUDE, inParts, turn(thinking, call), result, turn({ type: 'text', text: 'Done' }), inParts)).toBe(0)
    expect(extra(CLAUDE, inParts, turn(thinking, call), result)).toBeWithin(200, 300)
  })

  test('is nothing to a model of another vendor', () => {
    expect(extra('gpt-5.5', question, turn(thinking, call), result)).toBe(0)
    const spoken = {
      role: 'assistant',
      content: 'Hi',
      reasoning_content: thinking.thinking,
      reasoning_details: [{ text: thinking.thinking }],
    }
    expect(estimateInputTokens({ messages: [spoken] })).toBe(estimateInputTokens({ messages: [{ role: 'assistant', content: 'Hi' }] }))
    const redacted = turn({ type: 'redacted_thinking', data: 'A'.repeat(3000) }, call)
    expect(estimateInputTokens({ messages: [question, redacted, result] }, CLAUDE)).toBe(
      estimateInputTokens({ messages: [question, turn(call), result] }, CLAUDE),
    )
  })
})

test('a long conversation is counted in linear time', () => {
  const messages = (count: number) =>
    Array.from({ length: count }, (_, index) => ({
      role: index % 2 ? 'assistant' : 'user',
      content: [{ type: 'text', text: 'The light turns once more, and the ships pass by. '.repeat(20) }],
    }))
  const time = (count: number): number => {
    const request = { messages: messages(count) }
    const rounds = Array.from({ length: 5 }, () => {
      const started = performance.now()
      estimateInputTokens(request, CLAUDE)
      return performance.now() - started
    })
    return Math.min(...rounds)
  }
  time(1000)
  expect(time(10_000) / time(1000)).toBeLessThan(25)
}, 30_000)
