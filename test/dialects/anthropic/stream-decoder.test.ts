import { describe, expect, test } from 'bun:test'
import type { JsonObject } from '../../../src/core/json.ts'
import { MessagesStreamDecoder } from '../../../src/dialects/anthropic/stream-decoder.ts'
import { testContext } from '../../support/codec-context.ts'

const START = { type: 'message_start', message: { id: 'msg_a', model: 'm', content: [], usage: { input_tokens: 3, output_tokens: 1 } } }
const STOP = { type: 'message_stop' }
const begin = (index: number, content_block: JsonObject): JsonObject => ({ type: 'content_block_start', index, content_block })
const delta = (index: number, type: string, fields: JsonObject): JsonObject => ({
  type: 'content_block_delta',
  index,
  delta: { type, ...fields },
})
const end = (index: number): JsonObject => ({ type: 'content_block_stop', index })
const done = (fields: JsonObject = {}): JsonObject => ({
  type: 'message_delta',
  delta: { stop_reason: 'end_turn' },
  usage: { output_tokens: 9 },
  ...fields,
})

function decode(...events: (JsonObject | string)[]) {
  const context = testContext()
  const decoder = new MessagesStreamDecoder(context)
  const pushed = events.flatMap(event => {
    const data = typeof event === 'string' ? event : JSON.stringify(event)
    return decoder.push({ event: typeof event === 'string' ? undefined : String(event.type), data })
  })
  return { events: [...pushed, ...decoder.end()], notes: context.fields() }
}

test('start, text, usage and finish', () => {
  const { events } = decode(START, begin(0, { type: 'text', text: '' }), delta(0, 'text_delta', { text: 'Hi' }), end(0), done(), STOP)
  const raw = { input_tokens: 3, output_tokens: 9 }
  expect(events).toEqual([
    expect.objectContaining({
      type: 'response-start',
      id: 'msg_a',
      model: 'm',
      usage: expect.objectContaining({ inputTokens: 3, outputTokens: 1 }),
    }),
    { type: 'block-start', index: 0, block: { type: 'text' } },
    { type: 'block-delta', index: 0, text: 'Hi' },
    { type: 'block-end', index: 0 },
    { type: 'usage', usage: expect.objectContaining({ inputTokens: 3, outputTokens: 9, raw: { origin: 'anthropic', value: raw } }) },
    { type: 'finish', finish: { reason: 'stop', raw: 'end_turn' } },
    { type: 'response-end' },
  ])
})

test('usage is merged: null says nothing, later counts hold, the cache counts in', () => {
  const message = {
    ...START.message,
    usage: { input_tokens: 43, cache_read_input_tokens: 10, cache_creation_input_tokens: 4, output_tokens: 1 },
  }
  const usage = { input_tokens: 61, cache_read_input_tokens: null, output_tokens: 2, output_tokens_details: { thinking_tokens: 1 } }
  const { events } = decode({ type: 'message_start', message }, done({ usage }), STOP)
  expect(events.find(event => event.type === 'usage')).toMatchObject({
    usage: { inputTokens: 75, outputTokens: 2, cachedInputTokens: 10, cacheWriteTokens: 4, reasoningTokens: 1 },
  })
})

describe('blocks', () => {
  test('thinking with its signature, hidden thinking, and what a start already holds', () => {
    const { events } = decode(
      START,
      begin(0, { type: 'thinking', thinking: 'a' }),
      delta(0, 'thinking_delta', { thinking: 'b' }),
      delta(0, 'signature_delta', { signature: 'sig' }),
      end(0),
      begin(1, { type: 'redacted_thinking', data: 'blob' }),
      end(1),
      begin(2, { type: 'tool_use', id: 't', name: 'f', input: { a: 1 }, caller: { type: 'direct' } }),
      end(2),
    )
    expect(events.slice(1, -1)).toEqual([
      { type: 'block-start', index: 0, block: { type: 'reasoning' } },
      { type: 'block-delta', index: 0, text: 'a' },
      { type: 'block-delta', index: 0, text: 'b' },
      { type: 'block-end', index: 0, seal: { issuer: 'anthropic', value: 'sig' } },
      { type: 'block-start', index: 1, block: { type: 'reasoning', redacted: true } },
      { type: 'block-end', index: 1, seal: { issuer: 'anthropic', value: 'blob' } },
      {
        type: 'block-start',
        index: 2,
        block: { type: 'tool-call', id: 't', name: 'f', extensions: { anthropic: { caller: { type: 'direct' } } } },
      },
      { type: 'block-delta', index: 2, text: '{"a":1}' },
      { type: 'block-end', index: 2 },
    ])
  })

  test('deltas win over the input in a start', () => {
    const { events } = decode(
      START,
      begin(0, { type: 'tool_use', id: 't', name: 'f', input: { a: 1 } }),
      delta(0, 'input_json_delta', { partial_json: '{"b":2}' }),
      end(0),
    )
    expect(events.filter(event => event.type === 'block-delta')).toEqual([{ type: 'block-delta', index: 0, text: '{"b":2}' }])
  })

  test('citations keep their shape and give what others need', () => {
    const web = { type: 'web_search_result_location', url: 'https://a', title: 'T', cited_text: 'c' }
    const { events } = decode(
      START,
      begin(0, { type: 'text', text: '' }),
      delta(0, 'citations_delta', { citation: web }),
      delta(0, 'text_delta', { text: 'cited' }),
      end(0),
    )
    // The vendor sends them before the text; a span can be told only behind it.
    expect(events.slice(2, 5)).toEqual([
      { type: 'block-delta', index: 0, text: 'cited' },
      {
        type: 'annotation',
        index: 0,
        annotation: { origin: 'anthropic', raw: web, url: 'https://a', title: 'T', citedText: 'c' },
      },
      { type: 'block-end', index: 0 },
    ])
  })

  test('a delta of another kind than its block opens the right one', () => {
    const { events } = decode(
      START,
      begin(0, { type: 'text', text: '' }),
      delta(0, 'thinking_delta', { thinking: 'x' }),
      delta(0, 'text_delta', { text: 'y' }),
      end(0),
    )
    const seen: string[] = events.slice(1, -1).map(event => (event.type === 'block-start' ? event.block.type : event.type))
    expect(seen).toEqual([...['text', 'block-end'], ...['reasoning', 'block-delta', 'block-end'], ...['text', 'block-delta', 'block-end']])
  })

  test('lost starts, gaps and text in pieces', () => {
    const { events, notes } = decode(
      START,
      delta(4, 'text_delta', { text: [{ type: 'text', text: 'a' }, 'b'] }),
      end(4),
      delta(7, 'input_json_delta', { partial_json: '{}' }),
    )
    expect(events.slice(1, -1)).toEqual([
      { type: 'block-start', index: 0, block: { type: 'text' } },
      { type: 'block-delta', index: 0, text: 'ab' },
      { type: 'block-end', index: 0 },
    ])
    expect(notes).toEqual(['dropped:content'])
  })

  test('unknown blocks are opaque, whole; a server tool grows by deltas', () => {
    const result = { type: 'web_search_tool_result', tool_use_id: 's', content: [] }
    const call = { type: 'server_tool_use', id: 's', name: 'web_search', input: {} }
    const { events } = decode(
      START,
      begin(0, call),
      delta(0, 'input_json_delta', { partial_json: '{"query":"q"}' }),
      end(0),
      begin(1, result),
      end(1),
      begin(2, { type: 'compaction', content: null }),
      delta(2, 'compaction_delta', { content: 'summary' }),
      end(2),
    )
    expect(events.slice(1, -1)).toEqual([
      { type: 'block-start', index: 0, block: { type: 'opaque', origin: 'anthropic', value: call } },
      { type: 'block-delta', index: 0, text: '{"query":"q"}' },
      { type: 'block-end', index: 0 },
      { type: 'block-start', index: 1, block: { type: 'opaque', origin: 'anthropic', value: result } },
      { type: 'block-end', index: 1 },
      { type: 'block-start', index: 2, block: { type: 'opaque', origin: 'anthropic', value: { type: 'compaction', content: 'summary' } } },
      { type: 'block-end', index: 2 },
    ])
  })
})

describe('the end', () => {
  test('frames without an event name are read by their data', () => {
    const { events } = decode(JSON.stringify(START), JSON.stringify(done()), JSON.stringify(STOP))
    expect(events.at(-1)).toEqual({ type: 'response-end' })
  })

  test('without message_stop it is an error, once', () => {
    const { events } = decode(START, done())
    expect(events.at(-1)).toMatchObject({
      type: 'error',
      error: { kind: 'bad-gateway', message: 'the stream of the upstream ended early' },
    })
    expect(decode().events).toHaveLength(1)
  })

  test.each([
    ['overloaded_error', 'overloaded'],
    ['api_error', 'internal'],
    ['rate_limit_error', 'rate-limit'],
    ['novel_error', 'internal'],
  ])('%s in mid-stream', (type, kind) => {
    const { events } = decode(START, { type: 'error', error: { type, message: 'said' } }, done(), STOP)
    expect(events.slice(1)).toEqual([{ type: 'error', error: expect.objectContaining({ kind, message: 'said' }) }])
  })

  test('what is no JSON is an error; pings, unknown events and anything after the end are not', () => {
    expect(decode(START, '<html>').events.at(-1)).toMatchObject({ type: 'error', error: { kind: 'bad-gateway' } })
    const quiet = decode({ type: 'ping' }, START, { type: 'novelty' }, done(), STOP, START, '[DONE]', 'garbage')
    expect(quiet.events.at(-1)).toEqual({ type: 'response-end' })
    expect(quiet.events).toHaveLength(4)
  })

  test('a finish that only the start or nobody named', () => {
    expect(decode(START, STOP).events).toContainEqual({ type: 'finish', finish: { reason: 'stop' } })
    const called = decode(START, begin(0, { type: 'tool_use', id: 't', name: 'f', input: {} }), STOP)
    expect(called.events).toContainEqual({ type: 'finish', finish: { reason: 'tool-calls' } })
    const whole = {
      type: 'message_start',
      message: { ...START.message, content: [{ type: 'text', text: 'all' }], stop_reason: 'max_tokens' },
    }
    expect(decode(whole, STOP).events).toMatchObject([
      { type: 'response-start' },
      { type: 'block-start' },
      { text: 'all' },
      { type: 'block-end' },
      { finish: { reason: 'length' } },
      { type: 'response-end' },
    ])
  })
})
