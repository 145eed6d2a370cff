import { describe, expect, test } from 'bun:test'
import { checkMessagesBody, checkMessagesStream } from './messages.ts'

type Event = { type: string; [field: string]: unknown }

const message = { id: 'msg_1', type: 'message', role: 'assistant', model: 'm', content: [], stop_reason: null, stop_sequence: null }
const start: Event = { type: 'message_start', message: { ...message, usage: { input_tokens: 4, output_tokens: 1 } } }
const ping: Event = { type: 'ping' }
const open = (index: number, content_block: object): Event => ({ type: 'content_block_start', index, content_block })
const delta = (index: number, change: object): Event => ({ type: 'content_block_delta', index, delta: change })
const close = (index: number): Event => ({ type: 'content_block_stop', index })
const text = (index: number, words: string): Event[] => [
  open(index, { type: 'text', text: '' }),
  delta(index, { type: 'text_delta', text: words }),
  close(index),
]
const toolBlock = { type: 'tool_use', id: 'toolu_1', name: 'f', input: {} }
const tool = (index: number, input: string, block: object = toolBlock): Event[] => [
  open(index, block),
  delta(index, { type: 'input_json_delta', partial_json: input }),
  close(index),
]
const end = (stop_reason: string | null, output_tokens = 7): Event => ({
  type: 'message_delta',
  delta: { stop_reason, stop_sequence: null },
  usage: { output_tokens },
})
const stop: Event = { type: 'message_stop' }
const failure: Event = { type: 'error', error: { type: 'overloaded_error', message: 'busy' } }
const wire = (events: Event[]) => events.map(event => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join('')
const check = (...events: Event[]) => checkMessagesStream(wire(events))

describe('checkMessagesStream', () => {
  test('returns what a legal stream said', () => {
    const answer = checkMessagesStream(
      wire([
        start,
        ping,
        open(0, { type: 'thinking', thinking: '', signature: '' }),
        delta(0, { type: 'thinking_delta', thinking: 'hm' }),
        delta(0, { type: 'signature_delta', signature: 'sig' }),
        close(0),
        ...text(1, 'Hello'),
        ...tool(2, '{"a":1}'),
        end('tool_use'),
        stop,
      ]),
      { tools: ['f'] },
    )
    expect(answer).toMatchObject({ id: 'msg_1', model: 'm', text: 'Hello', reasoning: 'hm', signatures: ['sig'], finish: 'tool_use' })
    expect(answer.toolCalls).toEqual([{ id: 'toolu_1', name: 'f', arguments: '{"a":1}' }])
    expect(answer.usage).toEqual({ input_tokens: 4, output_tokens: 7 })
    expect(answer.blocks[2]).toEqual({ ...toolBlock, input: { a: 1 } })
  })

  test('a stream may end in an error event', () => {
    const answer = check(start, open(0, { type: 'text', text: '' }), failure)
    expect(answer.error).toEqual({ type: 'overloaded_error', message: 'busy' })
    expect(answer.finish).toBeUndefined()
  })

  test('an answer without blocks is legal', () => expect(check(start, end('refusal'), stop).blocks).toEqual([]))

  test('a tool block without any input is legal', () => {
    expect(check(start, open(0, toolBlock), close(0), end('tool_use'), stop).toolCalls[0]?.arguments).toBe('{}')
  })

  const thinking = open(0, { type: 'thinking', thinking: '', signature: '' })
  const signed = delta(0, { type: 'signature_delta', signature: 's' })
  const broken: [string, () => unknown][] = [
    ['M1: content_block_start before', () => check(...text(0, 'x'), end('end_turn'), stop)],
    ['M1: a second message_start', () => check(start, start, end('end_turn'), stop)],
    ['M1: message_start without usage', () => check({ type: 'message_start', message: { ...message, usage: {} } }, stop)],
    ['M2: event', () => checkMessagesStream(`event: ping\ndata: ${JSON.stringify(start)}\n\n`)],
    ['M2: event undefined', () => checkMessagesStream(`data: ${JSON.stringify(start)}\n\n`)],
    ['M2: data is no JSON', () => checkMessagesStream('event: ping\ndata: {\n\n')],
    ['M2: there is no event', () => check(start, { type: 'done' })],
    ['M3: block index 1', () => check(start, ...text(1, 'x'), end('end_turn'), stop)],
    ['M3: block 1 starts while', () => check(start, open(0, { type: 'text', text: '' }), open(1, { type: 'text', text: '' }))],
    ['M3: a delta for block 0', () => check(start, delta(0, { type: 'text_delta', text: 'x' }))],
    ['M3: a delta for block 1', () => check(start, open(0, { type: 'text' }), delta(1, { type: 'text_delta', text: 'x' }))],
    ['M3: content_block_stop', () => check(start, ...text(0, 'x'), close(0))],
    ['M3: block 0 was never stopped', () => check(start, open(0, { type: 'text', text: '' }), stop)],
    ['M4: thinking_delta in a text', () => check(start, open(0, { type: 'text' }), delta(0, { type: 'thinking_delta', thinking: 'x' }))],
    [
      'M4: text_delta in a redacted',
      () => check(start, open(0, { type: 'redacted_thinking', data: 'x' }), delta(0, { type: 'text_delta' })),
    ],
    ['M5: tool_use id', () => check(start, ...tool(0, '{}', { ...toolBlock, id: 'a|b' }))],
    ['M5: input of block 0', () => check(start, ...tool(0, '{"a"'), end('tool_use'), stop)],
    ['M5: input of block 0', () => check(start, ...tool(0, '[]'), end('tool_use'), stop)],
    ['M5: tool "f"', () => checkMessagesStream(wire([start, ...tool(0, '{}')]), { tools: ['g'] })],
    ['M5: tool_use ids repeat', () => check(start, ...tool(0, '{}'), ...tool(1, '{}'), end('tool_use'), stop)],
    ['M6: signature_delta after', () => check(start, thinking, signed, signed)],
    ['M6: thinking_delta after', () => check(start, thinking, signed, delta(0, { type: 'thinking_delta', thinking: 'x' }))],
    ['M7: message_stop without', () => check(start, ...text(0, 'x'), stop)],
    ['M7: message_stop without', () => check(start, end(null), stop)],
    ['M7: message_delta while', () => check(start, open(0, { type: 'text', text: '' }), end('end_turn'))],
    ['M7: block 0 starts after', () => check(start, end('end_turn'), ...text(0, 'x'))],
    ['M7: output_tokens fell', () => check(start, end(null, 9), end('end_turn', 8), stop)],
    ['M7: stop_reason', () => check(start, end('stop'), stop)],
    ['M8: the stream ends without', () => check(start, ...text(0, 'x'), end('end_turn'))],
    ['M8: the stream ends within', () => checkMessagesStream(`${wire([start, end('end_turn')])}event: message_stop\n`)],
    ['M9: stop_reason tool_use', () => check(start, ...text(0, 'x'), end('tool_use'), stop)],
    ['M9: tool_use blocks', () => check(start, ...tool(0, '{}'), end('end_turn'), stop)],
    ['M10', () => check(start, end('end_turn'), stop, stop)],
    ['M10', () => check(start, end('end_turn'), stop, failure)],
    ['M10', () => checkMessagesStream(`${wire([start, end('end_turn'), stop])}: ping\n\n`)],
    ['M10', () => checkMessagesStream(`${wire([start, failure])}x`)],
  ]
  for (const [rule, run] of broken) {
    test(rule, () => expect(run).toThrow(rule))
  }

  test('M5 and M9 let a truncated tool call be', () => {
    expect(check(start, ...tool(0, '{"a"'), end('max_tokens'), stop).finish).toBe('max_tokens')
  })

  test('compares with the whole body', () => {
    const body = {
      ...message,
      content: [{ type: 'text', text: 'hi' }],
      stop_reason: 'end_turn',
      usage: { input_tokens: 1, output_tokens: 1 },
    }
    const events = wire([start, ...text(0, 'hi'), end('end_turn'), stop])
    expect(checkMessagesStream(events, { body }).text).toBe('hi')
    const other = { ...body, content: [{ type: 'text', text: 'ho' }] }
    expect(() => checkMessagesStream(events, { body: other })).toThrow('text differs')
  })
})

describe('checkMessagesBody', () => {
  const body = { ...message, stop_reason: 'end_turn', usage: { input_tokens: 1, output_tokens: 1 } }
  test('reads a legal body', () => expect(checkMessagesBody({ ...body, content: [{ type: 'text', text: 'x' }] }).text).toBe('x'))
  test('tool_use without stop_reason tool_use is M9', () =>
    expect(() => checkMessagesBody({ ...body, content: [toolBlock] })).toThrow('M9'))
  test('input must be an object', () => {
    expect(() => checkMessagesBody({ ...body, content: [{ ...toolBlock, input: '{}' }] })).toThrow('M5')
  })
})
