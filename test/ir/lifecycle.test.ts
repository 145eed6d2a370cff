import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { GatewayError } from '../../src/core/errors.ts'
import type { FinishReason } from '../../src/ir/finish.ts'
import { createLifecycle } from '../../src/ir/lifecycle.ts'
import type { BlockStart, StreamEvent } from '../../src/ir/stream.ts'
import { anyEvent, ending } from './any-event.ts'
import { orderProblems } from './legal-order.ts'

function run(events: readonly StreamEvent[]): StreamEvent[] {
  const lifecycle = createLifecycle()
  const out = [...events.flatMap(event => lifecycle.push(event)), ...lifecycle.end()]
  expect(lifecycle.done).toBe(true)
  expect(lifecycle.push({ type: 'response-start' })).toEqual([])
  expect(lifecycle.end()).toEqual([])
  return out
}

const start = (index: number, block: BlockStart, choice?: number): StreamEvent => ({ type: 'block-start', index, choice, block })
const delta = (index: number, text: string, choice?: number): StreamEvent => ({ type: 'block-delta', index, choice, text })
const end = (index: number, choice?: number): StreamEvent => ({ type: 'block-end', index, choice })
const finish = (reason: FinishReason, choice?: number): StreamEvent => ({ type: 'finish', choice, finish: { reason } })
const text: BlockStart = { type: 'text' }
const call = (id: string): BlockStart => ({ type: 'tool-call', id, name: `tool_${id}` })
const usage = (inputTokens: number, outputTokens: number): StreamEvent => ({ type: 'usage', usage: { inputTokens, outputTokens } })

/** The blocks of a stream, by kind or call id, with their whole text. */
function blocksOf(events: readonly StreamEvent[], choice = 0): [string, string][] {
  const blocks: [string, string][] = []
  for (const event of events) {
    if (!('choice' in event) || (event.choice ?? 0) !== choice) continue
    if (event.type === 'block-start') blocks.push([event.block.type === 'tool-call' ? event.block.id : event.block.type, ''])
    const last = blocks.at(-1)
    if (event.type === 'block-delta' && last) last[1] += event.text
  }
  return blocks
}

const finishesOf = (events: readonly StreamEvent[]) => events.flatMap(event => (event.type === 'finish' ? [event.finish.reason] : []))

describe('whatever comes in', () => {
  test('what comes out keeps the order', () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 40 }), ending, fc.array(anyEvent, { maxLength: 5 }), (events, last, behind) => {
        expect(orderProblems(run([...events, ...last, ...behind]))).toEqual([])
      }),
      { numRuns: 3000 },
    )
  })

  test('a legal stream comes out as it went in', () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 30 }), ending, (events, last) => {
        const legal = run([...events, ...last])
        const metadata = (list: StreamEvent[]) => list.filter(({ type }) => type === 'metadata')
        const rest = (list: StreamEvent[]) => list.filter(({ type }) => type !== 'metadata')
        expect(rest(run(legal))).toEqual(rest(legal))
        expect(metadata(run(legal))).toEqual(metadata(legal))
      }),
      { numRuns: 1000 },
    )
  })

  test('no text of a block that has not ended is lost', () => {
    const spoken = fc.record({ index: fc.nat(2), text: fc.constantFrom('a', 'b', 'c') })
    fc.assert(
      fc.property(fc.array(spoken, { maxLength: 20 }), deltas => {
        const events: StreamEvent[] = [start(0, text), start(1, { type: 'reasoning' }), start(2, { type: 'refusal' })]
        const out = run([...events, ...deltas.map(({ index: at, text: said }) => delta(at, said)), finish('stop')])
        const said = (kind: string) =>
          blocksOf(out)
            .filter(([type]) => type === kind)
            .map(([, words]) => words)
            .join('')
        for (const [at, kind] of ['text', 'reasoning', 'refusal'].entries()) {
          expect(said(kind)).toBe(
            deltas
              .filter(({ index: of }) => of === at)
              .map(({ text: words }) => words)
              .join(''),
          )
        }
      }),
    )
  })

  test('no call’s arguments are mixed with another’s, however they interleave', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(2), { maxLength: 60 }), turns => {
        const whole = ['{"a":[1,2,{"b":"}{"}]}', '{}', '{"city":"Zürich","n":1.50}']
        const sent = [0, 0, 0]
        const events: StreamEvent[] = whole.map((_, at) => start(at + 5, call(String(at))))
        const piece = (at: number, size: number) => {
          events.push(delta(at + 5, (whole[at] as string).slice(sent[at], (sent[at] as number) + size)))
          sent[at] = (sent[at] as number) + size
        }
        for (const at of turns) if ((sent[at] as number) < (whole[at] as string).length) piece(at, 2)
        for (const at of [2, 0, 1]) piece(at, 100)
        expect(blocksOf(run([...events, finish('tool-calls')]))).toEqual(whole.map((json, at) => [String(at), json]))
      }),
    )
  })
})

describe('blocks', () => {
  test('a second call waits for the first to be whole, and then flows', () => {
    const lifecycle = createLifecycle()
    const push = (event: StreamEvent) => lifecycle.push(event).map(({ type }) => type)
    push(start(0, call('a')))
    push(delta(0, '{"x":'))
    expect(push(start(1, call('b')))).toEqual([])
    expect(push(delta(1, '{"y"'))).toEqual([])
    expect(push(delta(0, '1}'))).toEqual(['block-delta'])
    expect(push(end(0))).toEqual(['block-end', 'block-start', 'block-delta'])
    expect(push(delta(1, ':2}'))).toEqual(['block-delta'])
  })

  test('keep the order in which they started, though several wait', () => {
    const events = [
      start(0, call('a')),
      delta(0, '{'),
      start(1, call('b')),
      delta(1, '{}'),
      start(2, call('c')),
      delta(2, '{'),
      delta(0, '}'),
      end(0),
      start(3, call('d')),
    ]
    const out = run([...events, delta(3, '{"d":1}'), delta(2, '"c":1}'), finish('tool-calls')])
    expect(blocksOf(out)).toEqual([
      ['a', '{}'],
      ['b', '{}'],
      ['c', '{"c":1}'],
      ['d', '{"d":1}'],
    ])
  })

  test('text after a call, and more of a text that a call interrupted, are blocks of their own', () => {
    const events = [
      start(0, text),
      delta(0, 'one '),
      start(1, call('a')),
      delta(1, '{}'),
      delta(0, 'two'),
      delta(0, '!'),
      start(2, text),
      delta(2, 'three'),
    ]
    expect(blocksOf(run([...events, finish('tool-calls')]))).toEqual([
      ['text', 'one '],
      ['a', '{}'],
      ['text', 'two!'],
      ['text', 'three'],
    ])
  })

  test('free text of a custom tool is not cut because it looks whole', () => {
    const custom: BlockStart = { type: 'tool-call', id: 'a', name: 'exec', kind: 'custom' }
    const out = run([start(0, custom), delta(0, '1'), start(1, text), delta(1, 'hi'), delta(0, '23'), end(0), finish('stop')])
    expect(blocksOf(out)).toEqual([
      ['a', '123'],
      ['text', 'hi'],
    ])
  })

  test('nothing follows a block’s own end', () => {
    expect(blocksOf(run([start(0, text), delta(0, 'a'), end(0), delta(0, 'b'), finish('stop')]))).toEqual([['text', 'a']])
  })

  test('what comes for a waiting block keeps its log probabilities, annotations and seal', () => {
    const annotation = { origin: 'openai-chat' as const, raw: { x: 1 } }
    const seal = { issuer: 'anthropic' as const, value: 's' }
    const out = run([
      start(0, call('a')),
      start(1, text),
      { type: 'block-delta', index: 1, text: 'hi', logprobs: [1] },
      { type: 'annotation', index: 1, annotation },
      { type: 'block-end', index: 1, seal },
      finish('stop'),
    ])
    expect(out.filter(event => 'index' in event && event.index === 1)).toEqual([
      { type: 'block-start', index: 1, choice: undefined, block: text },
      { type: 'block-delta', index: 1, choice: undefined, text: 'hi', logprobs: [1] },
      { type: 'annotation', index: 1, choice: undefined, annotation },
      { type: 'block-end', index: 1, choice: undefined, seal },
    ])
  })
})

describe('the end', () => {
  test('usage goes out before the finish, whichever came first, and the last holds', () => {
    const out = run([
      { type: 'response-start', usage: { inputTokens: 9, outputTokens: 1, cachedInputTokens: 4 } },
      start(0, text),
      finish('stop'),
      usage(9, 3),
      usage(9, 7),
    ])
    expect(out.slice(-3).map(({ type }) => type)).toEqual(['usage', 'finish', 'response-end'])
    expect(out.at(-3)).toEqual({ type: 'usage', usage: { inputTokens: 9, outputTokens: 7, cachedInputTokens: 4 } })
  })

  test('without a finish it is an error, with usage for whoever counts', () => {
    const lifecycle = createLifecycle()
    for (const event of [start(0, text), delta(0, 'half'), usage(5, 1)]) lifecycle.push(event)
    const [error] = lifecycle.end()
    expect(error).toMatchObject({ type: 'error', error: { kind: 'bad-gateway' } })
    expect(lifecycle.usage).toEqual({ inputTokens: 5, outputTokens: 1 })
    expect(createLifecycle().end()).toMatchObject([{ type: 'error' }])
  })

  test('one of several choices cut short is an error too, never an invented finish', () => {
    const out = run([start(0, text), start(0, text, 1), delta(0, 'half', 1), finish('stop')])
    expect(out.at(-1)).toMatchObject({ type: 'error' })
    expect(finishesOf(out)).toEqual([])
  })

  test('an upstream that says it has ended but not why has stopped', () => {
    expect(finishesOf(run([start(0, text), { type: 'response-end' }]))).toEqual(['stop'])
    expect(finishesOf(run([start(0, call('a')), { type: 'response-end' }]))).toEqual(['tool-calls'])
  })

  test('an error ends everything', () => {
    const out = run([start(0, text), { type: 'error', error: new GatewayError('overloaded', 'x') }, delta(0, 'more'), finish('stop')])
    expect(out.map(({ type }) => type)).toEqual(['response-start', 'block-start', 'error'])
  })

  test('a call without a name ends everything', () => {
    const nameless: BlockStart = { type: 'tool-call', id: 'a', name: '' }
    const out = run([start(0, text), start(1, nameless), delta(1, '{}'), start(2, text), finish('tool-calls'), { type: 'response-end' }])
    expect(out.map(({ type }) => type)).toEqual(['response-start', 'block-start', 'error'])
  })

  test('choices that never began are not made up without end', () => {
    const out = run([finish('stop', 1_000_000), { type: 'response-end' }])
    expect(out.filter(({ type }) => type === 'finish')).toHaveLength(128 + 1)
  })

  test.each<[FinishReason, boolean, FinishReason]>([
    ['stop', true, 'tool-calls'],
    ['stop-sequence', true, 'tool-calls'],
    ['other', true, 'tool-calls'],
    ['tool-calls', true, 'tool-calls'],
    ['length', true, 'length'],
    ['content-filter', true, 'content-filter'],
    ['pause', true, 'pause'],
    ['tool-calls', false, 'stop'],
    ['stop', false, 'stop'],
    ['length', false, 'length'],
  ])('%s with a call: %p is told as %s', (reason, called, told) => {
    const blocks = called ? [start(0, call('a')), delta(0, '{}'), end(0)] : [start(0, text), delta(0, 'x'), end(0)]
    expect(finishesOf(run([...blocks, finish(reason)]))).toEqual([told])
  })

  test('several choices each have their blocks and finish', () => {
    const out = run([
      start(0, text),
      start(0, text, 1),
      delta(0, 'b', 1),
      delta(0, 'a'),
      start(1, call('c'), 1),
      delta(1, '{}', 1),
      finish('stop', 1),
      finish('length'),
      usage(1, 1),
    ])
    expect(blocksOf(out)).toEqual([['text', 'a']])
    expect(blocksOf(out, 1)).toEqual([
      ['text', 'b'],
      ['c', '{}'],
    ])
    expect(finishesOf(out)).toEqual(['length', 'tool-calls'])
  })
})
