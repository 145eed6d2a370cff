import { describe, expect, test } from 'bun:test'
import { GatewayError } from '../../../src/core/errors.ts'
import { HEARTBEAT, MessagesStreamEncoder } from '../../../src/dialects/anthropic/stream-encoder.ts'
import { readSeal } from '../../../src/ir/reasoning.ts'
import type { StreamEvent } from '../../../src/ir/stream.ts'
import { parseFrames } from '../../../src/sse/parser.ts'
import { writeFrames } from '../../../src/sse/writer.ts'
import { checkMessagesStream } from '../../checkers/messages.ts'
import { testContext } from '../../support/codec-context.ts'
import { openaiRequest } from './context.ts'

const start: StreamEvent = { type: 'response-start', id: 'chatcmpl-1', model: 'upstream-name' }
const finish = (reason: 'stop' | 'tool-calls' | 'content-filter' = 'stop'): StreamEvent[] => [
  { type: 'usage', usage: { inputTokens: 100, outputTokens: 7, cachedInputTokens: 75, cacheWriteTokens: 10, reasoningTokens: 3 } },
  { type: 'finish', finish: { reason } },
  { type: 'response-end' },
]
const block = (index: number, kind: Extract<StreamEvent, { type: 'block-start' }>['block'], ...texts: string[]): StreamEvent[] => [
  { type: 'block-start', index, block: kind },
  ...texts.map((text): StreamEvent => ({ type: 'block-delta', index, text })),
  { type: 'block-end', index },
]

function encode(...events: StreamEvent[]) {
  const context = testContext()
  const encoder = new MessagesStreamEncoder(openaiRequest({ origin: 'anthropic', model: 'asked-for' }), context)
  const sse = writeFrames(events.flatMap(event => encoder.push(event)))
  return { sse, types: parseFrames(sse).map(frame => frame.event), answer: checkMessagesStream(sse), notes: context.fields() }
}

test('text, thinking and a call, in the order and words of the vendor', () => {
  const { sse, types, answer } = encode(
    start,
    ...block(0, { type: 'reasoning' }, 'Hm'),
    ...block(1, { type: 'text' }, 'Hel', 'lo "you"'),
    ...block(2, { type: 'tool-call', id: 'call_1', name: 'f' }, '{"a"', ':1}'),
    ...finish('tool-calls'),
  )
  expect(types).toEqual([
    'message_start',
    'ping',
    ...['content_block_start', 'content_block_delta', 'content_block_delta', 'content_block_stop'],
    ...['content_block_start', 'content_block_delta', 'content_block_delta', 'content_block_stop'],
    ...['content_block_start', 'content_block_delta', 'content_block_delta', 'content_block_stop'],
    ...['message_delta', 'message_stop'],
  ])
  expect(answer).toMatchObject({
    id: 'msg_1',
    model: 'asked-for',
    text: 'Hello "you"',
    reasoning: 'Hm',
    signatures: [''],
    toolCalls: [{ id: 'call_1', name: 'f', arguments: '{"a":1}' }],
    finish: 'tool_use',
  })
  expect(sse).toContain('data: {"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"lo \\"you\\""}}\n\n')
})

test('usage is whole, cumulative and exclusive of the cache', () => {
  const { answer } = encode(start, ...finish())
  expect(answer.usage).toEqual({
    input_tokens: 15,
    output_tokens: 7,
    cache_read_input_tokens: 75,
    cache_creation_input_tokens: 10,
    cache_creation: { ephemeral_5m_input_tokens: 10, ephemeral_1h_input_tokens: 0 },
    output_tokens_details: { thinking_tokens: 3 },
    inference_geo: null,
    server_tool_use: null,
    service_tier: null,
    speed: null,
  })
  const early = encode({ ...start, usage: { inputTokens: 9, outputTokens: 1 } }, ...finish())
  expect(parseFrames(early.sse)[0]?.data).toContain('"input_tokens":9')
})

describe('blocks', () => {
  test('seals: own as they are, foreign ones wrapped, on a call behind it', () => {
    const seal = { issuer: 'gemini', value: 'thought' } as const
    const { answer } = encode(
      start,
      { type: 'block-start', index: 0, block: { type: 'reasoning' } },
      { type: 'block-end', index: 0, seal: { issuer: 'anthropic', value: 'sig' } },
      { type: 'block-start', index: 1, block: { type: 'tool-call', id: 'a', name: 'f' } },
      { type: 'block-end', index: 1, seal },
      ...finish('tool-calls'),
    )
    expect(answer.blocks.map(({ type }) => type)).toEqual(['thinking', 'tool_use', 'thinking'])
    expect(answer.signatures[0]).toBe('sig')
    expect(readSeal(answer.signatures[1] ?? '', 'anthropic')).toEqual(seal)
  })

  test('hidden reasoning goes out whole when its seal is known, and not without one', () => {
    const { answer } = encode(
      start,
      { type: 'block-start', index: 0, block: { type: 'reasoning', redacted: true } },
      { type: 'block-end', index: 0, seal: { issuer: 'anthropic', value: 'blob' } },
      ...block(1, { type: 'reasoning', redacted: true }),
      ...block(2, { type: 'text' }, 'x'),
      ...finish(),
    )
    expect(answer.blocks).toEqual([
      { type: 'redacted_thinking', data: 'blob' },
      { type: 'text', text: 'x' },
    ])
  })

  test('opaque blocks are replayed to their own clients only, and indexes stay dense', () => {
    const value = { type: 'server_tool_use', id: 's', name: 'web_search', input: {} }
    const { answer, notes } = encode(
      start,
      ...block(0, { type: 'opaque', origin: 'gemini', value: {} }, 'x'),
      ...block(1, { type: 'opaque', origin: 'anthropic', value }, '{"query":', '"q"}'),
      ...block(2, { type: 'refusal' }, 'No.'),
      ...finish(),
    )
    expect(answer.blocks).toEqual([
      { ...value, input: { query: 'q' } },
      { type: 'text', text: 'No.' },
    ])
    expect(notes).toEqual(['dropped:content'])
  })

  test('illegal ids are replaced, equal ones alike; free text becomes an object', () => {
    const { answer, notes } = encode(
      start,
      ...block(0, { type: 'tool-call', id: 'functions.f:0', name: 'f' }),
      ...block(1, { type: 'tool-call', id: '', name: 'f' }),
      ...block(2, { type: 'tool-call', id: 'c', name: 'patch', kind: 'custom' }, 'say "hi"\n', '\ud83d', '\ude00'),
      ...finish('tool-calls'),
    )
    expect(answer.toolCalls[0]?.id).toMatch(/^toolu_\w+$/)
    expect(answer.toolCalls[1]?.id).toBe('toolu_2')
    expect(JSON.parse(answer.toolCalls[2]?.arguments ?? '')).toEqual({ input: 'say "hi"\n😀' })
    expect(notes).toEqual(['approximated:tool_use.id'])
  })

  test('citations of Anthropic go on, others are noted', () => {
    const raw = { type: 'char_location', cited_text: 'x', document_index: 0 }
    const { answer, notes } = encode(
      start,
      { type: 'block-start', index: 0, block: { type: 'text' } },
      { type: 'block-delta', index: 0, text: 'x' },
      { type: 'annotation', index: 0, annotation: { origin: 'anthropic', raw } },
      { type: 'annotation', index: 0, annotation: { origin: 'openai-chat', raw: {}, url: 'https://a' } },
      { type: 'block-end', index: 0 },
      ...finish(),
    )
    expect(answer.blocks[0]?.citations).toEqual([raw])
    expect(notes).toEqual(['dropped:citations'])
  })
})

test('why it ended', () => {
  const { sse, answer } = encode(
    start,
    { type: 'metadata', origin: 'anthropic', value: { container: { id: 'c' }, context_management: { applied_edits: [] } } },
    { type: 'metadata', origin: 'jetbrains', value: { quota: 1 } },
    { type: 'finish', finish: { reason: 'content-filter', refusal: { category: 'cyber' } } },
    { type: 'response-end' },
  )
  expect(answer.finish).toBe('refusal')
  const delta = JSON.parse(parseFrames(sse).find(frame => frame.event === 'message_delta')?.data ?? '')
  expect(delta.delta).toMatchObject({ stop_details: { type: 'refusal', category: 'cyber', explanation: null }, container: { id: 'c' } })
  expect(delta.context_management).toEqual({ applied_edits: [] })
  expect(sse).not.toContain('quota')
})

test('an error is the last event', () => {
  const { answer, types } = encode(
    start,
    { type: 'block-start', index: 0, block: { type: 'text' } },
    { type: 'error', error: new GatewayError('overloaded', 'busy') },
    ...finish(),
  )
  expect(answer.error).toEqual({ type: 'overloaded_error', message: 'busy' })
  expect(types.at(-1)).toBe('error')
})

test('the heartbeat is a ping', () => {
  expect(parseFrames(HEARTBEAT)).toMatchObject([{ event: 'ping', data: '{"type": "ping"}' }])
})
