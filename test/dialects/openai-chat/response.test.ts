import { describe, expect, test } from 'bun:test'
import type { JsonObject, JsonValue } from '../../../src/core/json.ts'
import type { ContentPart } from '../../../src/ir/message.ts'
import type { Choice } from '../../../src/ir/response.ts'
import { checkChatBody } from '../../checkers/chat.ts'
import { testContext } from '../../support/codec-context.ts'
import { client, decoded, request, upstream } from './context.ts'

const body = (message: JsonValue, fields: JsonObject = {}, choice: JsonObject = {}): JsonObject => ({
  id: 'chatcmpl-up',
  object: 'chat.completion',
  created: 1_780_000_000,
  model: 'up-model',
  choices: [{ index: 0, message, finish_reason: 'stop', ...choice }],
  ...fields,
})
const decode = (value: JsonValue) => upstream.decodeResponse(value, testContext())

describe('decodeResponse', () => {
  test('a message with everything, in the order of making', () => {
    const response = decode(
      body(
        {
          role: 'assistant',
          reasoning_content: 'hm',
          content: 'a',
          refusal: 'no',
          audio: { id: 'audio_1', data: '' },
          tool_calls: [
            { id: 'c', type: 'function', function: { name: 'f', arguments: '{"a":1}' } },
            { id: 'd', type: 'custom', custom: { name: 'p', input: 'free' } },
          ],
        },
        { system_fingerprint: 'fp', usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 } },
        { finish_reason: 'tool_calls', logprobs: { content: [], refusal: null } },
      ),
    )
    expect(response).toMatchObject({
      id: 'chatcmpl-up',
      model: 'up-model',
      created: 1_780_000_000,
      usage: { inputTokens: 1, outputTokens: 2 },
      extensions: { 'openai-chat': { system_fingerprint: 'fp' } },
      choices: [
        {
          content: [
            { type: 'reasoning', text: 'hm' },
            { type: 'text', text: 'a' },
            { type: 'refusal', text: 'no' },
            { type: 'opaque', origin: 'openai-chat' },
            { type: 'tool-call', id: 'c', name: 'f', arguments: '{"a":1}' },
            { type: 'tool-call', id: 'd', name: 'p', arguments: 'free', kind: 'custom' },
          ],
          finish: { reason: 'tool-calls' },
          logprobs: { content: [] },
        },
      ],
    })
  })

  test('what servers make of it', () => {
    const first = (message: JsonValue, choice?: JsonObject): Choice => decode(body(message, {}, choice)).choices[0] as Choice
    expect(
      first({
        content: [
          { type: 'thinking', thinking: [{ type: 'text', text: 'hm' }] },
          { type: 'text', text: 'a' },
        ],
      }).content,
    ).toMatchObject([
      { type: 'reasoning', text: 'hm' },
      { type: 'text', text: 'a' },
    ])
    expect(first({ content: '', tool_calls: null }).content).toEqual([])
    const call = first({ content: '', tool_calls: [{ function: { name: 'f', arguments: { a: 1 } } }] })
    expect(call).toMatchObject({
      content: [{ id: 'call_1', name: 'f', arguments: '{"a":1}' }],
      finish: { reason: 'tool-calls', raw: 'stop' },
    })
    expect(first({ content: null, function_call: { name: 'f', arguments: '{}' } }).content).toMatchObject([
      { type: 'tool-call', name: 'f' },
    ])
    expect(first({ content: 'a' }, { finish_reason: 'tool_calls' }).finish.reason).toBe('stop')
    expect(first({ content: 'a' }, { finish_reason: null }).finish.reason).toBe('stop')
  })

  test('sources beside the choices become citations', () => {
    const results = [{ title: 'E', url: 'https://e.com', date: null }, { title: 'no address' }]
    const [choice] = decode(body({ content: 'a' }, { citations: ['https://e.com'], search_results: results })).choices
    expect(choice?.content).toMatchObject([{ annotations: [{ url: 'https://e.com', title: 'E' }] }])
  })

  test('no answer is a bad gateway, an error is what it says', () => {
    for (const value of [null, 'text', [], {}, { choices: [] }, { choices: null }]) {
      expect(() => decode(value)).toThrow(expect.objectContaining({ kind: 'bad-gateway' }))
    }
    expect(() => decode({ error: { message: 'm', type: 'rate_limit_error', code: 429 } })).toThrow(
      expect.objectContaining({ kind: 'rate-limit' }),
    )
    expect(() => decode(body({ content: 'a' }, {}, { finish_reason: 'error' }))).toThrow(expect.objectContaining({ kind: 'bad-gateway' }))
  })
})

describe('encodeResponse', () => {
  const encode = (content: ContentPart[], finish: Choice['finish'] = { reason: 'stop' }, context = testContext()) => {
    const encoded = client.encodeResponse({ id: 'msg_1', model: 'up', choices: [{ content, finish }] }, request(), context)
    checkChatBody(encoded)
    const [choice] = encoded.choices as JsonObject[]
    return { encoded, choice, message: choice?.message as JsonObject, notes: context.fields() }
  }

  test('names the model that was asked for', () => {
    expect(encode([{ type: 'text', text: 'a' }]).encoded as unknown).toEqual({
      id: 'chatcmpl-1',
      object: 'chat.completion',
      created: 1_790_000_000,
      model: 'some-alias',
      choices: [{ index: 0, message: { role: 'assistant', content: 'a', refusal: null }, logprobs: null, finish_reason: 'stop' }],
    })
  })

  test('joins texts, spans citations, and notes what has no place', () => {
    const { message, notes } = encode([
      { type: 'text', text: 'abc' },
      {
        type: 'text',
        text: 'de',
        annotations: [
          { origin: 'anthropic', raw: {}, url: 'https://e.com' },
          { origin: 'anthropic', raw: {} },
        ],
      },
      { type: 'opaque', origin: 'anthropic', value: { type: 'server_tool_use' } },
      { type: 'media', mediaType: 'image/png', source: { kind: 'base64', data: 'AAAA' } },
    ])
    expect(message).toMatchObject({
      content: 'abcde',
      annotations: [{ url_citation: { url: 'https://e.com', title: 'https://e.com', start_index: 3, end_index: 5 } }],
    })
    expect(notes).toEqual(['dropped:annotations', 'dropped:content', 'dropped:content'])
  })

  test('content is null beside calls only, and the calls decide the finish', () => {
    const { choice, message } = encode([{ type: 'tool-call', id: 'c', name: 'f', arguments: '' }])
    expect(choice?.finish_reason).toBe('tool_calls')
    expect(message).toEqual({
      role: 'assistant',
      content: null,
      refusal: null,
      tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: '{}' } }],
    })
    expect(encode([]).message).toEqual({ role: 'assistant', content: '', refusal: null })
  })

  test('a refusal that the vendor explained', () => {
    const { choice, message } = encode([], { reason: 'content-filter', refusal: { explanation: 'Not that.' } })
    expect([choice?.finish_reason, message.refusal, message.content]).toEqual(['content_filter', 'Not that.', null])
    expect(encode([], { reason: 'content-filter' }).message.refusal).toBeNull()
    expect(encode([], { reason: 'content-filter', refusal: {} }).message.refusal).toBe('The model declined to answer.')
  })

  test('clients of the older functions read function_call', () => {
    const context = testContext()
    const call = (id: string): ContentPart => ({ type: 'tool-call', id, name: 'f', arguments: '' })
    const encoded = client.encodeResponse(
      { choices: [{ content: [call('a'), call('b')], finish: { reason: 'tool-calls' } }] },
      decoded({ functions: [{ name: 'f' }] }),
      context,
    )
    expect(encoded.choices).toMatchObject([{ finish_reason: 'function_call', message: { function_call: { name: 'f', arguments: '{}' } } }])
    expect(context.fields()).toEqual(['dropped:tool_calls'])
  })
})
