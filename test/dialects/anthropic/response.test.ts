import { describe, expect, test } from 'bun:test'
import type { JsonObject, JsonValue } from '../../../src/core/json.ts'
import { decodeResponse as decode } from '../../../src/dialects/anthropic/decode-response.ts'
import { encodeResponse } from '../../../src/dialects/anthropic/encode-response.ts'
import type { Finish } from '../../../src/ir/finish.ts'
import type { ContentPart } from '../../../src/ir/message.ts'
import type { GenerateResponse } from '../../../src/ir/response.ts'
import { checkMessagesBody } from '../../checkers/messages.ts'
import { testContext } from '../../support/codec-context.ts'
import { openaiRequest } from './context.ts'

const MESSAGE: JsonObject = {
  id: 'msg_a',
  type: 'message',
  role: 'assistant',
  model: 'm',
  content: [],
  stop_reason: 'end_turn',
  usage: { input_tokens: 1, output_tokens: 2 },
}

function encode(content: ContentPart[], fields: Partial<GenerateResponse> = {}, finish: Finish = { reason: 'stop' }) {
  const context = testContext()
  const body = encodeResponse(
    { choices: [{ content, finish }], ...fields },
    openaiRequest({ origin: 'anthropic', model: 'asked' }),
    context,
  )
  return { body, answer: checkMessagesBody(body), notes: context.fields() }
}
const call = (args: string, id = 'call_1'): ContentPart => ({ type: 'tool-call', id, name: 'f', arguments: args })

const decodeResponse = (body: JsonValue) => decode(body, testContext())

describe('decode', () => {
  test('every kind of block', () => {
    const citation = { type: 'page_location', document_title: 'D', cited_text: 'c' }
    const { choices } = decodeResponse({
      ...MESSAGE,
      content: [
        { type: 'thinking', thinking: 'h', signature: 'sig' },
        { type: 'redacted_thinking', data: 'blob' },
        { type: 'text', text: 'a', citations: [citation] },
        { type: 'tool_use', id: 't', name: 'f', input: { b: 1 } },
        { type: 'novelty', x: 1 },
      ],
      stop_reason: 'tool_use',
    })
    expect(choices).toEqual([
      {
        content: [
          { type: 'reasoning', text: 'h', seal: { issuer: 'anthropic', value: 'sig' } },
          { type: 'reasoning', text: '', redacted: true, seal: { issuer: 'anthropic', value: 'blob' } },
          { type: 'text', text: 'a', annotations: [{ origin: 'anthropic', raw: citation, title: 'D', citedText: 'c' }] },
          { type: 'tool-call', id: 't', name: 'f', arguments: '{"b":1}' },
          { type: 'opaque', origin: 'anthropic', value: { type: 'novelty', x: 1 } },
        ],
        finish: { reason: 'tool-calls', raw: 'tool_use' },
      },
    ])
  })

  test.each<[JsonObject, Finish]>([
    [
      { stop_reason: 'stop_sequence', stop_sequence: 'END' },
      { reason: 'stop-sequence', raw: 'stop_sequence', stopSequence: 'END' },
    ],
    [{ stop_reason: 'model_context_window_exceeded' }, { reason: 'context-length', raw: 'model_context_window_exceeded' }],
    [{ stop_reason: 'pause_turn' }, { reason: 'pause', raw: 'pause_turn' }],
    [{ stop_reason: 'novelty' }, { reason: 'other', raw: 'novelty' }],
    [{ stop_reason: null }, { reason: 'stop' }],
    [
      { stop_reason: 'refusal', stop_details: null },
      { reason: 'content-filter', raw: 'refusal', refusal: {} },
    ],
    [
      { stop_reason: 'refusal', stop_details: { type: 'refusal', category: 'bio', explanation: null } },
      { reason: 'content-filter', raw: 'refusal', refusal: { category: 'bio', explanation: undefined } },
    ],
  ])('%j', (fields, finish) => {
    expect(decodeResponse({ ...MESSAGE, ...fields }).choices[0]?.finish).toEqual(finish)
  })

  test('calls without an id, or with one that was there before, get one', () => {
    const call = (id: string) => ({ type: 'tool_use', id, name: 'f', input: {} })
    const { choices } = decodeResponse({ ...MESSAGE, content: [call('a'), call('a'), call('')] })
    expect(choices[0]?.content.map(part => (part.type === 'tool-call' ? part.id : ''))).toEqual(['a', 'toolu_1', 'toolu_2'])
  })

  test.each([
    [{ service_tier: 'standard', speed: 'standard' }, 'default'],
    [{ service_tier: 'priority' }, 'priority'],
    [{ service_tier: 'standard', speed: 'fast' }, 'fast'],
    [{ service_tier: null }, undefined],
  ])('usage %j was served by %p', (usage, tier) => {
    expect(decodeResponse({ ...MESSAGE, content: [], usage: { input_tokens: 1, output_tokens: 1, ...usage } }).serviceTier).toBe(
      tier as string,
    )
  })

  test('what is no message is a bad gateway, what is an error is that error', () => {
    for (const body of ['text', null, [], {}, { content: {} }]) {
      expect(() => decodeResponse(body)).toThrow(expect.objectContaining({ kind: 'bad-gateway' }))
    }
    expect(() => decodeResponse({ type: 'error', error: { type: 'overloaded_error', message: 'busy' } })).toThrow(
      expect.objectContaining({ kind: 'overloaded' }),
    )
    expect(decodeResponse({ ...MESSAGE, content: 'plain' }).choices[0]?.content).toEqual([{ type: 'text', text: 'plain' }])
  })
})

describe('encode', () => {
  test('has every member that clients expect', () => {
    const { body } = encode(
      [
        { type: 'text', text: 'a' },
        { type: 'text', text: '' },
      ],
      { id: 'chatcmpl-9', model: 'theirs', usage: { inputTokens: 5, outputTokens: 6 } },
    )
    expect(body).toMatchObject({
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      model: 'asked',
      content: [{ type: 'text', text: 'a' }],
      container: null,
      stop_reason: 'end_turn',
      stop_sequence: null,
      stop_details: null,
      usage: { input_tokens: 5, output_tokens: 6, cache_read_input_tokens: 0, cache_creation: null },
    })
    expect(encode([], { id: 'msg_own' }).body.id).toBe('msg_own')
  })

  test.each([
    ['', {}, 0],
    ['{"a":1}', { a: 1 }, 0],
    ['{"a":', { _invalid_json: '{"a":' }, 1],
    ['"text"', { _invalid_json: '"text"' }, 1],
  ])('arguments %j', (args, input, noted) => {
    const { answer, notes } = encode([call(args)])
    expect(answer.blocks[0]?.input).toEqual(input)
    expect(notes).toHaveLength(noted)
    expect(answer.finish).toBe('tool_use')
  })

  test.each<[Finish, string]>([
    [{ reason: 'length' }, 'max_tokens'],
    [{ reason: 'tool-calls' }, 'end_turn'],
    [{ reason: 'pause' }, 'pause_turn'],
    [{ reason: 'other', raw: 'compaction' }, 'compaction'],
    [{ reason: 'other', raw: 'MALFORMED' }, 'end_turn'],
  ])('%j without calls', (finish, expected) => {
    expect(encode([{ type: 'text', text: 'a' }], {}, finish).answer.finish).toBe(expected)
  })

  test('a refusal says so', () => {
    const { body } = encode([{ type: 'refusal', text: 'No.' }], {}, { reason: 'content-filter' })
    expect(body).toMatchObject({
      content: [{ type: 'text', text: 'No.' }],
      stop_reason: 'refusal',
      stop_details: { type: 'refusal', category: null, explanation: null },
    })
  })

  test('a matched stop sequence is named', () => {
    expect(encode([], {}, { reason: 'stop-sequence', stopSequence: 'END' }).body).toMatchObject({
      stop_reason: 'stop_sequence',
      stop_sequence: 'END',
    })
  })

  test('seals travel in what clients send back', () => {
    const seal = { issuer: 'gemini', value: 'v' } as const
    const { answer } = encode([
      { type: 'reasoning', text: '', redacted: true, seal },
      { ...call('{}'), seal } as ContentPart,
      { type: 'reasoning', text: 'x' },
    ])
    expect(answer.blocks.map(block => block.type)).toEqual(['redacted_thinking', 'tool_use', 'thinking', 'thinking'])
    expect(answer.signatures).toEqual([expect.stringMatching(/^gw1\.gemini\./), ''])
  })

  test('parts that have no place are noted', () => {
    const { notes } = encode([
      { type: 'media', mediaType: 'image/png', source: { kind: 'base64', data: '' } },
      { type: 'opaque', origin: 'gemini', value: {} },
      { type: 'text', text: 'a', annotations: [{ origin: 'gemini', raw: {} }] },
    ])
    expect(notes).toEqual(['dropped:content', 'dropped:content', 'dropped:citations'])
  })
})
