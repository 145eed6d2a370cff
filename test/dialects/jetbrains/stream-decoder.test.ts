import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import type { JsonObject } from '../../../src/core/json.ts'
import { ChatStreamDecoder } from '../../../src/dialects/jetbrains/stream-decoder.ts'
import { foldEvents } from '../../../src/ir/fold.ts'
import type { GenerateResponse } from '../../../src/ir/response.ts'
import type { StreamEvent } from '../../../src/ir/stream.ts'
import { parseFrames } from '../../../src/sse/parser.ts'
import { testContext } from '../../support/codec-context.ts'
import { readByPattern } from '../../support/pattern.ts'
import { content, data, events, rawEvents, stream } from './context.ts'

const tool = (fields: JsonObject): JsonObject => data('ToolCall', fields)
const fn = (name: string | null, piece: string): JsonObject => data('FunctionCall', { name, content: piece })
const finish = (reason: string, fields: JsonObject = {}): JsonObject => data('FinishMetadata', { reason, ...fields })
const quota = data('QuotaMetadata', { updated: { current: { amount: '7' }, until: 1_754_006_400_000 }, spent: { amount: '12.34' } })
const spent = { updated: { current: { amount: '7' }, until: 1_754_006_400_000 }, spent: { amount: '12.34' } }

const answer = (...all: (JsonObject | string)[]): GenerateResponse => foldEvents(events(stream(...all)))
const contents = (...all: (JsonObject | string)[]) => answer(...all, 'end').choices[0]?.content
const finishes = (...all: (JsonObject | string)[]) => answer(...all).choices.map(choice => choice.finish)

describe('text', () => {
  test('becomes a block, which ends with the answer', () => {
    expect(rawEvents(stream(content('Hel'), content(''), content('lo'), finish('stop'), quota, 'end'))).toEqual([
      { type: 'block-start', index: 0, block: { type: 'text' } },
      { type: 'block-delta', index: 0, text: 'Hel' },
      { type: 'block-delta', index: 0, text: 'lo' },
      { type: 'metadata', origin: 'jetbrains', value: spent },
      { type: 'block-end', index: 0 },
      { type: 'finish', finish: { reason: 'stop', raw: 'stop' } },
      { type: 'response-end' },
    ])
  })

  test('of several choices keeps apart', () => {
    const all = answer(content('a', 0), content('x', 1), content('b', 0), finish('length', { choiceIndex: 1 }), finish('stop'), 'end')
    expect(all.choices).toMatchObject([
      { content: [{ text: 'ab' }], finish: { reason: 'stop' } },
      { content: [{ text: 'x' }], finish: { reason: 'length' } },
    ])
  })

  test('of a choice that cannot be is the first one’s', () => {
    expect(contents(content('a', 128), content('b', -1), content('c', 0.5))).toEqual([{ type: 'text', text: 'abc' }])
  })

  test('that only the finish holds is not lost, nor told twice', () => {
    expect(contents(finish('stop', { content: 'All of it' }))).toMatchObject([{ text: 'All of it' }])
    expect(contents(content('All'), finish('stop', { content: 'All' }))).toMatchObject([{ text: 'All' }])
  })

  test('the model’s name is told where the service tells it', () => {
    expect(answer(data('ModelMetadata', { model: 'm-1' }), content('a'), 'end').model).toBe('m-1')
  })

  test('unknown kinds say nothing', () => {
    expect(contents(data('UnknownMetadata', { x: 1 }), content('a'), data('Thinking', { content: 'hm' }), 'null')).toEqual([
      { type: 'text', text: 'a' },
    ])
  })
})

describe('the end', () => {
  const wrapped = [content('a'), finish('stop'), quota]
  const orders = [
    [0, 1, 2],
    [0, 2, 1],
    [2, 0, 1],
    [1, 0, 2],
    [1, 2, 0],
    [2, 1, 0],
  ]
  test.each(orders)('events in the order %d %d %d', (...order) => {
    const all = answer(...order.map(index => wrapped[index] as JsonObject), 'end')
    expect(all).toMatchObject({
      choices: [{ content: [{ text: 'a' }], finish: { reason: 'stop' } }],
      metadata: { origin: 'jetbrains', value: spent },
    })
  })

  test.each([
    ['stop', 'stop'],
    ['length', 'length'],
    ['max_tokens', 'length'],
    ['content_filter', 'content-filter'],
    ['refusal', 'content-filter'],
    ['unknown', 'stop'],
    ['STOP', 'stop'],
    ['constructor', 'other'],
    // Of calls there are none.
    ['tool_call', 'stop'],
  ])('reason %s is %s', (raw, reason) => {
    expect(finishes(content('a'), finish(raw), 'end')).toEqual([{ reason, raw }] as never)
  })

  test.each([
    ['tool_call', 'tool-calls'],
    ['tool_calls', 'tool-calls'],
    ['function_call', 'tool-calls'],
    ['stop', 'tool-calls'],
    ['unknown', 'tool-calls'],
    ['length', 'length'],
  ])('reason %s with a call is %s', (raw, reason) => {
    expect(finishes(tool({ id: 'a', name: 'f' }), tool({ content: '{}' }), finish(raw), 'end')).toEqual([{ reason, raw }] as never)
  })

  test('without a reason', () => {
    expect(finishes(content('a'), 'end')).toEqual([{ reason: 'stop' }])
    expect(finishes(tool({ id: 'a', name: 'f', content: '{}' }), '[DONE]')).toEqual([{ reason: 'tool-calls' }])
    expect(finishes('end')).toEqual([{ reason: 'stop' }])
  })

  test.each([
    ['after content', [content('a')]],
    ['after the finish', [content('a'), finish('stop')]],
    ['after the quota', [content('a'), finish('stop'), quota]],
    ['before anything', []],
  ])('that never comes is an error: %s', (_, all) => {
    const last = events(stream(...all)).at(-1)
    expect(last).toMatchObject({ type: 'error', error: { kind: 'bad-gateway' } })
  })

  test('nothing counts behind it', () => {
    expect(rawEvents(stream('end', content('late'))).some(event => event.type === 'block-delta')).toBe(false)
  })
})

describe('tool calls of v8', () => {
  const call = (id: string, name: string, args: string) => ({ type: 'tool-call', id, name, arguments: args })

  test('in parallel, by index, handed out as they come', () => {
    const sse = stream(
      content('Checking.'),
      tool({ parallelToolIndex: 0, id: 'toolu_1', name: 'f' }),
      tool({ parallelToolIndex: 0, content: '{"ci' }),
      tool({ parallelToolIndex: 0, content: 'ty":1}' }),
      tool({ parallelToolIndex: 1, id: 'toolu_2', name: 'g' }),
      tool({ parallelToolIndex: 1, content: '{}' }),
      finish('tool_call'),
      'end',
    )
    expect(rawEvents(sse)).toEqual([
      { type: 'block-start', index: 0, block: { type: 'text' } },
      { type: 'block-delta', index: 0, text: 'Checking.' },
      { type: 'block-end', index: 0 },
      { type: 'block-start', index: 1, block: { type: 'tool-call', id: 'toolu_1', name: 'f' } },
      { type: 'block-delta', index: 1, text: '{"ci' },
      { type: 'block-delta', index: 1, text: 'ty":1}' },
      { type: 'block-start', index: 2, block: { type: 'tool-call', id: 'toolu_2', name: 'g' } },
      { type: 'block-delta', index: 2, text: '{}' },
      { type: 'block-end', index: 1 },
      { type: 'block-end', index: 2 },
      { type: 'finish', finish: { reason: 'tool-calls', raw: 'tool_call' } },
      { type: 'response-end' },
    ])
  })

  const both = [call('a', 'f', '{"x":1}'), call('b', 'g', '{"y":2}')]

  test.each([
    [
      'interleaved by index',
      [
        tool({ parallelToolIndex: 0, id: 'a', name: 'f' }),
        tool({ parallelToolIndex: 1, id: 'b', name: 'g' }),
        tool({ parallelToolIndex: 0, content: '{"x":' }),
        tool({ parallelToolIndex: 1, content: '{"y":' }),
        tool({ parallelToolIndex: 0, content: '1}' }),
        tool({ parallelToolIndex: 1, content: '2}' }),
      ],
    ],
    [
      'without an index: a new id is a new call',
      [tool({ id: 'a', name: 'f' }), tool({ content: '{"x":1}' }), tool({ id: 'b', name: 'g' }), tool({ content: '{"y":2}' })],
    ],
    [
      'with one index for all',
      [
        tool({ parallelToolIndex: 0, id: 'a', name: 'f' }),
        tool({ parallelToolIndex: 0, content: '{"x":1}' }),
        tool({ parallelToolIndex: 0, id: 'b', name: 'g' }),
        tool({ parallelToolIndex: 0, content: '{"y":2}' }),
      ],
    ],
    [
      'an opening with content',
      [
        tool({ parallelToolIndex: 0, id: 'a', name: 'f', content: '{"x":' }),
        tool({ parallelToolIndex: 0, content: '1}' }),
        tool({ parallelToolIndex: 1, id: 'b', name: 'g', content: '{"y":2}' }),
      ],
    ],
    [
      'the id on every event, interleaved under one index',
      [
        tool({ id: 'a', name: 'f', content: '' }),
        tool({ id: 'b', name: 'g', content: '' }),
        tool({ id: 'a', content: '{"x":' }),
        tool({ id: 'b', content: '{"y":2}' }),
        tool({ id: 'a', content: '1}' }),
      ],
    ],
    [
      'the name behind the id',
      [
        tool({ parallelToolIndex: 0, id: 'a' }),
        tool({ parallelToolIndex: 0, content: '{"x":1}' }),
        tool({ parallelToolIndex: 0, name: 'f' }),
        tool({ parallelToolIndex: 1, id: 'b', name: 'g', content: '{"y":2}' }),
      ],
    ],
    ['arguments as an object', [tool({ id: 'a', name: 'f', content: { x: 1 } }), tool({ id: 'b', name: 'g', content: { y: 2 } })]],
  ])('%s', (_, all) => {
    expect(contents(...all)).toEqual(both as never)
  })

  test('without ids they get some, each its own', () => {
    expect(contents(tool({ name: 'f' }), tool({ content: '{}' }), tool({ name: 'f' }), tool({ content: '{"x":1}' }))).toEqual([
      call('call_1', 'f', '{}'),
      call('call_2', 'f', '{"x":1}'),
    ] as never)
    const named = tool({ parallelToolIndex: 0, name: 'f', content: '{' })
    expect(contents(named, tool({ parallelToolIndex: 0, name: 'f', content: '}' }))).toEqual([call('call_1', 'f', '{}')] as never)
    const late = [tool({ parallelToolIndex: 0, name: 'f' }), tool({ parallelToolIndex: 0, id: 'a', content: '{}' })]
    expect(contents(...late)).toEqual([call('call_1', 'f', '{}')] as never)
    const whole = tool({ parallelToolIndex: 0, name: 'f', content: '{}' })
    expect(contents(whole, whole)).toEqual([call('call_1', 'f', '{}'), call('call_2', 'f', '{}')] as never)
    const twice = [tool({ parallelToolIndex: 0, id: 'a', name: 'f' }), tool({ parallelToolIndex: 1, id: 'a', name: 'g' })]
    expect(contents(...twice)).toEqual([call('a', 'f', ''), call('call_1', 'g', '')] as never)
  })

  test('without a name nobody can run it', () => {
    expect(events(stream(tool({ content: '{}' }), 'end')).at(-1)).toMatchObject({ type: 'error', error: { kind: 'bad-gateway' } })
  })

  test('text behind a call is a block of its own', () => {
    expect(contents(content('a'), tool({ id: 'x', name: 'f', content: '{}' }), content('b'))).toMatchObject([
      { text: 'a' },
      { name: 'f' },
      { text: 'b' },
    ])
  })

  test('of two choices keep apart', () => {
    const all = answer(
      tool({ choiceIndex: 0, id: 'a', name: 'f', content: '{"x":' }),
      tool({ choiceIndex: 1, id: 'b', name: 'g', content: '{"y":' }),
      tool({ choiceIndex: 0, content: '1}' }),
      tool({ choiceIndex: 1, content: '2}' }),
      'end',
    )
    expect(all.choices.map(choice => choice.content)).toEqual([[both[0]], [both[1]]] as never)
  })
})

describe('function calls of v7', () => {
  test('begin with their name and get ids', () => {
    expect(contents(fn('f', ''), fn(null, '{"x":'), fn(null, '1}'), fn('g', '{'), fn(null, '}'), fn('g', ''))).toEqual([
      { type: 'tool-call', id: 'call_1', name: 'f', arguments: '{"x":1}' },
      { type: 'tool-call', id: 'call_2', name: 'g', arguments: '{}' },
      { type: 'tool-call', id: 'call_3', name: 'g', arguments: '' },
    ] as never)
    expect(contents(data('FunctionCall', { functionName: 'f', content: '{}' }))).toMatchObject([{ name: 'f', arguments: '{}' }])
  })

  test('end where the next one begins', () => {
    const all = rawEvents(stream(fn('f', '{}'), fn('g', '{}'), 'end'))
    const blocks = all.flatMap(event => ('index' in event ? [`${event.type} ${event.index}`] : []))
    expect(blocks).toEqual(['block-start 0', 'block-delta 0', 'block-end 0', 'block-start 1', 'block-delta 1', 'block-end 1'])
  })
})

describe('failures', () => {
  const error = (fields: JsonObject) => events(stream(content('a'), { event_type: 'error', ...fields }, content('b'), 'end')).at(-1)

  test('in mid-stream end it in the service’s own words', () => {
    expect(error({ error_message: 'upstream broke' })).toMatchObject({
      type: 'error',
      error: { kind: 'bad-gateway', message: 'upstream broke', quotes: true, upstream: {} },
    })
    expect(error({})).toMatchObject({ type: 'error', error: { kind: 'bad-gateway', message: 'the upstream failed' } })
    expect(error({ event_type: undefined, error: { message: 'x' } })).toMatchObject({ type: 'error', error: { message: 'x' } })
  })

  test.each([
    ['Quota exceeded for the licence', 'quota-exhausted'],
    ['Too many requests', 'rate-limit'],
    ['prompt is too long: 9 tokens > 5 maximum', 'context-too-long'],
    ['The model is overloaded', 'overloaded'],
    ['blocked by the content filter', 'content-policy'],
  ])('%s', (message, kind) => {
    expect(error({ error_message: message })).toMatchObject({ error: { kind } })
  })

  test('a suspended licence puts its account out', () => {
    expect(error({ error_message: 'license suspension' })).toMatchObject({ error: { upstream: { verdict: { state: 'suspended' } } } })
  })

  test('what is no JSON is one', () => {
    expect(events('data: {"type":\n\n').at(-1)).toMatchObject({ type: 'error', error: { kind: 'bad-gateway' } })
    expect(events('data: 7\n\n').at(-1)).toMatchObject({ type: 'error', error: { kind: 'bad-gateway' } })
  })
})

describe('lines', () => {
  const all = [content('Grüße 👋'), tool({ id: 'a', name: 'f', content: '{"x":"\\n"}' }), finish('tool_call'), quota, 'end']
  const expected = rawEvents(stream(...all))

  test('without blank lines between them are events all the same', () => {
    const sse = all.map(event => `data: ${typeof event === 'string' ? event : JSON.stringify(event)}\n`).join('')
    expect(rawEvents(`${sse}\n`)).toEqual(expected)
  })

  test('may end in CRLF, and one event may take several', () => {
    expect(rawEvents(stream(...all).replaceAll('\n', '\r\n'))).toEqual(expected)
    const pretty = `data: ${JSON.stringify(content('Grüße 👋'), null, 1).replaceAll('\n', '\ndata: ')}\n\n`
    expect(rawEvents(pretty + stream(...all.slice(1)))).toEqual(expected)
  })

  test('comments and other fields say nothing', () => {
    expect(rawEvents(`: keep-alive\n\nevent: x\n\n${stream(...all)}`)).toEqual(expected)
  })
})

const piece = fc.string({ unit: fc.constantFrom('a', ' ', '"', '\\', '\n', '\u0001', 'é', '😀', '\ud83d', '"},', '":"', '"content":"') })

/** Every event by its own frame: what the shortcut is held against. */
function parsed(sse: string): StreamEvent[] {
  const decoder = new ChatStreamDecoder(testContext())
  return [...parseFrames(sse).flatMap(frame => decoder.push(frame)), ...decoder.end()]
}

describe('the shortcut for content', () => {
  const shortcut = (sse: string) => readByPattern(sse, new ChatStreamDecoder(testContext()))
  const frame = fc.oneof(
    { weight: 8, arbitrary: piece.map(text => JSON.stringify(content(text))) },
    piece.map(text => JSON.stringify(content(text, 1))),
    piece.map(text => JSON.stringify({ content: text, ...content(text) })),
    piece.map(text => JSON.stringify({ ...content(text), nested: { content: text } })),
    piece.map(text => JSON.stringify({ nested: { content: text }, ...content(text) })),
    piece.map(text => JSON.stringify(content(text)).replace('}', ',"content":"twice"}')),
    piece.map(text => JSON.stringify(tool({ id: 'a', name: 'f', content: text }))),
    piece.map(text => JSON.stringify({ ...content(text), event_type: 'error' })),
    fc.constantFrom('end', JSON.stringify(quota), JSON.stringify(finish('stop'))),
  )

  test('gives the events that parsing every frame gives', () => {
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 30 }), frames => {
        const sse = frames.map(line => `data: ${line}\n\n`).join('')
        expect(shortcut(sse).events).toEqual(parsed(sse))
      }),
      { numRuns: 500, seed: 20_261_121 },
    )
  })

  test('is taken', () => {
    expect(shortcut(stream(content('a'), content('b\n'), content('"c"'), content(''), content('d'))).byPattern).toBe(4)
  })
})
