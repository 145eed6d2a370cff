import { describe, expect, test } from 'bun:test'
import type { JsonObject } from '../../../src/core/json.ts'
import { foldEvents } from '../../../src/ir/fold.ts'
import { reverseResponse } from '../../../src/ir/reversal.ts'
import { checkChatBody, checkChatStream } from '../../checkers/chat.ts'
import { checkMessagesBody, checkMessagesStream } from '../../checkers/messages.ts'
import { testContext } from '../../support/codec-context.ts'
import { CLAUDE, CLIENTS, content, data, encoded, events, options, relayed, request, stream, tool, upstream } from './context.ts'

const quota = data('QuotaMetadata', { updated: { current: { amount: '7' } }, spent: { amount: '1' } })

const WORDS = stream(content('Grüße, '), content('Welt 👋'), data('FinishMetadata', { reason: 'length' }), quota, 'end')

const CALLS = stream(
  content('Checking.'),
  data('ToolCall', { parallelToolIndex: 0, id: 'toolu_1', name: 'get_weather' }),
  data('ToolCall', { parallelToolIndex: 1, id: 'toolu_2', name: 'get_time' }),
  data('ToolCall', { parallelToolIndex: 0, content: '{"city":' }),
  data('ToolCall', { parallelToolIndex: 1, content: '{"zone":"CET"}' }),
  data('ToolCall', { parallelToolIndex: 0, content: '"Köln"}' }),
  quota,
  data('FinishMetadata', { reason: 'stop' }),
  'end',
)

const CALLED = [
  { id: 'toolu_1', name: 'get_weather', arguments: '{"city":"Köln"}' },
  { id: 'toolu_2', name: 'get_time', arguments: '{"zone":"CET"}' },
]

const bytes = (sse: string): Uint8Array => new TextEncoder().encode(sse)
const whole = (client: 'openai-chat' | 'anthropic', sse: string): string => relayed(client, [bytes(sse)])

describe('what clients read', () => {
  test('of words', () => {
    expect(checkChatStream(whole('openai-chat', WORDS), { includeUsage: true })).toMatchObject({
      text: 'Grüße, Welt 👋',
      finish: 'length',
    })
    expect(checkMessagesStream(whole('anthropic', WORDS))).toMatchObject({ text: 'Grüße, Welt 👋', finish: 'max_tokens' })
  })

  test('of calls in parallel', () => {
    expect(checkChatStream(whole('openai-chat', CALLS), { includeUsage: true })).toMatchObject({
      text: 'Checking.',
      toolCalls: CALLED,
      finish: 'tool_calls',
    })
    expect(checkMessagesStream(whole('anthropic', CALLS))).toMatchObject({ text: 'Checking.', toolCalls: CALLED, finish: 'tool_use' })
  })

  test('is the same wherever the bytes are cut', () => {
    for (const sse of [WORDS, CALLS, CALLS.replaceAll('\n', '\r\n')]) {
      const all = bytes(sse)
      for (const client of ['openai-chat', 'anthropic'] as const) {
        const once = relayed(client, [all])
        for (let at = 1; at < all.length; at++) expect(relayed(client, [all.subarray(0, at), all.subarray(at)])).toBe(once)
      }
    }
  })

  test('ends in an error wherever the stream breaks off before its end mark', () => {
    const all = bytes(CALLS)
    const mark = CALLS.lastIndexOf('data: end')
    for (let at = 0; at < bytes(CALLS.slice(0, mark)).length; at += 7) {
      const chat = checkChatStream(relayed('openai-chat', [all.subarray(0, at)]), { includeUsage: true, brokenArguments: true })
      expect(chat.error).toBeDefined()
      expect(chat.finish).toBeUndefined()
      expect(checkMessagesStream(relayed('anthropic', [all.subarray(0, at)]), { brokenArguments: true }).error).toBeDefined()
    }
  })

  test('of an error in mid-stream', () => {
    const sse = stream(content('a'), { event_type: 'error', error_message: 'it broke' }, content('b'), 'end')
    expect(checkChatStream(whole('openai-chat', sse), { includeUsage: true })).toMatchObject({ text: 'a', error: { message: 'it broke' } })
    expect(checkMessagesStream(whole('anthropic', sse))).toMatchObject({ text: 'a', error: { message: 'it broke' } })
  })

  test('of a whole answer', () => {
    const response = foldEvents(events(CALLS))
    expect(response.metadata).toEqual({ origin: 'jetbrains', value: { updated: { current: { amount: '7' } }, spent: { amount: '1' } } })
    const usage = { ...response, usage: { inputTokens: 1, outputTokens: 2 } }
    const body = (client: 'openai-chat' | 'anthropic'): JsonObject =>
      CLIENTS[client].encodeResponse(usage, request({ origin: client, stream: false }), testContext())
    expect(checkChatBody(body('openai-chat'))).toMatchObject({ text: 'Checking.', toolCalls: CALLED })
    expect(checkMessagesBody(body('anthropic'))).toMatchObject({ text: 'Checking.', finish: 'tool_use' })
  })
})

test('what a client of each dialect says goes up alike', () => {
  const chat: JsonObject = {
    model: 'm',
    max_tokens: 64,
    messages: [
      { role: 'developer', content: 'Be terse.' },
      {
        role: 'user',
        content: [
          { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } },
          { type: 'text', text: 'Where?' },
        ],
      },
      { role: 'assistant', content: null, tool_calls: [{ id: 'c1', type: 'function', function: { name: 'f', arguments: '{"a":1}' } }] },
      { role: 'tool', tool_call_id: 'c1', content: 'Paris' },
    ],
    tools: [{ type: 'function', function: { name: 'f', parameters: { type: 'object', properties: { a: { type: 'number' } } } } }],
  }
  const messages: JsonObject = {
    model: 'm',
    max_tokens: 64,
    system: 'Be terse.',
    messages: [
      {
        role: 'user',
        content: [
          { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'iVBORw0KGgo=' } },
          { type: 'text', text: 'Where?' },
        ],
      },
      { role: 'assistant', content: [{ type: 'tool_use', id: 'c1', name: 'f', input: { a: 1 } }] },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'c1', content: 'Paris' }] },
    ],
    tools: [{ name: 'f', input_schema: { type: 'object', properties: { a: { type: 'number' } } } }],
  }
  const sent = (client: 'openai-chat' | 'anthropic', body: JsonObject) => {
    const context = testContext()
    const made = upstream.encodeRequest(CLIENTS[client].decodeRequest(body, context), options(CLAUDE), context)
    expect(context.fields()).toEqual([])
    return made
  }
  expect(sent('anthropic', messages)).toEqual(sent('openai-chat', chat))
})

test('a name that was changed on the way up is the client’s own again on the way down', () => {
  const { reversal, parameters } = encoded({ tools: [tool('my tool')] })
  const alias = (parameters.tools as { name: string }[])[0]?.name ?? ''
  const answer = foldEvents(events(stream(data('ToolCall', { id: 'a', name: alias, content: '{}' }), 'end')))
  expect(reverseResponse(answer, reversal ?? {}).choices[0]?.content).toMatchObject([{ name: 'my tool' }])
})
