import { describe, expect, test } from 'bun:test'
import { GatewayError } from '../../src/core/errors.ts'
import type { StreamDecoder } from '../../src/dialects/dialect.ts'
import { createLifecycle } from '../../src/ir/lifecycle.ts'
import type { ContentPart } from '../../src/ir/message.ts'
import type { StreamEvent } from '../../src/ir/stream.ts'
import { estimateInput, estimateInputTokens } from '../../src/operations/estimate.ts'
import { EstimatedUsage, withEstimatedAnswer, withEstimatedUsage } from '../../src/operations/estimated-usage.ts'
import { ruleCounter } from '../../src/operations/token-counting/text-count.ts'
import type { TokenCount, TokenCounter } from '../../src/operations/token-counting/token-counter.ts'
import { FramePattern } from '../../src/sse/frame-pattern.ts'

/** Every character is a token, known only when it has settled: before, there are none. */
function characterCounter() {
  const texts: string[][] = []
  let closed = 0
  const open = (): TokenCount => {
    const own: string[] = ['']
    texts.push(own)
    let known = 0
    return {
      add(text) {
        own[own.length - 1] += text
      },
      cut() {
        if (own.at(-1) !== '') own.push('')
      },
      get tokens() {
        return known
      },
      exact: true,
      async settled() {
        known = own.join('').length
        return known
      },
      close: () => void closed++,
    }
  }
  return { counter: { open } satisfies TokenCounter, texts, closed: () => closed }
}

const PROMPT = { messages: [{ role: 'user', content: 'Hello there' }] }
const IMAGE = { type: 'image', source: { type: 'url', url: 'https://example.com/a.png' } }

describe('a request', () => {
  test('is counted by the same rules as without a counter, its texts apart', async () => {
    const request = {
      system: 'Be brief.',
      messages: [
        { role: 'user', content: [{ type: 'text', text: 'Hello there' }, IMAGE] },
        { role: 'user', content: [{ type: 'document', source: { type: 'text', data: 'A document of some words.' } }] },
        { role: 'assistant', content: [{ type: 'tool_use', id: 'a', name: 'look', input: { at: 'it' } }] },
      ],
      tools: [{ name: 'look', input_schema: { type: 'object' } }],
    }
    for (const model of ['gpt-5', 'claude-sonnet-4-5']) {
      const estimate = estimateInput(request, model, ruleCounter)
      expect(estimate.tokens).toBe(estimateInputTokens(request, model))
      expect(await estimate.settled()).toBe(estimate.tokens)
    }
    const { counter, texts } = characterCounter()
    estimateInput(request, '', counter)
    expect(texts.flat()).toEqual([
      ...['Be brief.', 'Hello there', ' ', 'A document of some words.', 'look', '{"at":"it"}'],
      ...['{"name":"look","input_schema":{"type":"object"}}', ''],
    ])
  })

  test('has the tokens of its texts when they are known, and those of a Claude are more', async () => {
    for (const [model, factor] of [
      ['gpt-5', 1],
      ['claude-sonnet-4-5', 1.15],
    ] as const) {
      const { counter } = characterCounter()
      const estimate = estimateInput(
        { messages: [{ role: 'user', content: [{ type: 'text', text: 'Hello there' }, IMAGE] }] },
        model,
        counter,
      )
      expect(estimate.tokens).toBe(4 + 1568)
      expect(await estimate.settled()).toBe(Math.ceil(4 + 1568 + 11 * factor))
      expect(estimate.tokens).toBe(Math.ceil(4 + 1568 + 11 * factor))
    }
  })
})

describe('the usage of an answer', () => {
  test('is of the request and of what was written, and says that it is estimated', async () => {
    const { counter, closed } = characterCounter()
    const estimated = new EstimatedUsage(PROMPT, 'claude-opus-4-8', counter)
    estimated.output('0123456789')
    expect(estimated.usage).toEqual({ inputTokens: 4, outputTokens: 0, estimated: true })
    const settled = { inputTokens: Math.ceil(4 + 11 * 1.15), outputTokens: 12, estimated: true }
    expect(await estimated.settled()).toEqual(settled)
    expect(estimated.usage).toEqual(settled)
    estimated.close()
    expect(closed()).toBe(2)
  })

  test('of a whole answer counts all that the model wrote', async () => {
    const { counter, texts } = characterCounter()
    const content: ContentPart[] = [
      { type: 'reasoning', text: 'Hm.' },
      { type: 'text', text: 'Here:' },
      { type: 'tool-call', id: 'call_1', name: 'look', arguments: '{}' },
      { type: 'opaque', origin: 'anthropic', value: { type: 'novel' } },
      { type: 'refusal', text: 'No.' },
    ]
    const spent = { inputTokens: 0, outputTokens: 0, spent: '0.5' }
    const response = { id: 'x', choices: [{ content, finish: { reason: 'stop' as const } }], usage: spent }
    const answer = await withEstimatedAnswer(response, new EstimatedUsage(PROMPT, '', counter))
    expect(texts[1]).toEqual(['Hm.', 'Here:', 'look', '{}', 'No.', ''])
    expect(answer).toEqual({ ...response, usage: { inputTokens: 15, outputTokens: 17, estimated: true, spent: '0.5' } })
  })
})

/** Hands out one list of events a frame. */
function scripted(script: StreamEvent[][], atEnd: StreamEvent[] = [], pattern?: FramePattern): StreamDecoder {
  const left = [...script]
  return { push: () => left.shift() ?? [], end: () => atEnd, pattern }
}

const started = (type: 'text' | 'reasoning' = 'text', index = 0): StreamEvent => ({ type: 'block-start', index, block: { type } })
const said = (text: string, index = 0): StreamEvent => ({ type: 'block-delta', index, text })
const FINISH: StreamEvent = { type: 'finish', finish: { reason: 'stop' } }
const END: StreamEvent = { type: 'response-end' }

/** What a stream comes to, by a counter of rules. */
function run(script: StreamEvent[][], atEnd: StreamEvent[] = []) {
  const estimated = new EstimatedUsage(PROMPT, '', ruleCounter)
  const input = estimated.usage.inputTokens
  const decoder = withEstimatedUsage(scripted(script, atEnd), estimated)
  const events = [...script.flatMap(() => decoder.push({})), ...decoder.end()]
  return { events, estimated, input, types: events.map(({ type }) => type) }
}

describe('a stream', () => {
  test('has the input on its start and all of it before its finish', () => {
    const { events, estimated, input } = run([
      [{ type: 'response-start', id: 'r1' }],
      [started(), said('Hello')],
      [said(' there')],
      [FINISH, END],
    ])
    expect(events[0]).toEqual({ type: 'response-start', id: 'r1', usage: { inputTokens: input, outputTokens: 0, estimated: true } })
    const finish = events.findIndex(({ type }) => type === 'finish')
    expect(events[finish - 1]).toEqual({ type: 'usage', usage: estimated.usage })
    expect(estimated.usage).toEqual({ inputTokens: input, outputTokens: 3, estimated: true })
    const lifecycle = createLifecycle()
    const legal = events.flatMap(event => lifecycle.push(event))
    expect(legal.slice(-3).map(({ type }) => type)).toEqual(['usage', 'finish', 'response-end'])
    expect(lifecycle.usage).toEqual(estimated.usage)
  })

  test('without a start of its own gets one, once', () => {
    expect(run([[started(), said('Hello')], [FINISH]], [END]).types).toEqual([
      ...(['response-start', 'block-start', 'block-delta', 'usage', 'finish', 'usage', 'usage', 'response-end'] as const),
    ])
  })

  test('counts reasoning, and calls with their names, each on its own', async () => {
    const { counter, texts } = characterCounter()
    const call: StreamEvent = { type: 'block-start', index: 2, block: { type: 'tool-call', id: 'c', name: 'look' } }
    const script = [
      [started('reasoning'), said('Hm')],
      [started('text', 1), said('Well', 1)],
      [call, said('{"a"', 2), said(':1}', 2)],
    ]
    const decoder = withEstimatedUsage(scripted(script), new EstimatedUsage(PROMPT, '', counter))
    for (const _ of script) decoder.push({})
    expect(texts[1]).toEqual(['Hm', 'Well', 'look', '{"a":1}'])
  })

  test('keeps what its upstream says beside the counts', () => {
    const reported: StreamEvent = { type: 'usage', usage: { inputTokens: 0, outputTokens: 0, spent: { amount: '1' } } }
    const { events, estimated } = run([[started(), said('Hello')], [reported], [FINISH]])
    expect(events.findLast(({ type }) => type === 'usage')).toEqual({
      type: 'usage',
      usage: { ...estimated.usage, spent: { amount: '1' } },
    })
  })

  test('that fails before it says anything stays nothing but an error', () => {
    const error: StreamEvent = { type: 'error', error: new GatewayError('overloaded', 'busy') }
    expect(run([[{ type: 'metadata', origin: 'anthropic', value: {} }, error]]).types).toEqual(['metadata', 'error'])
    expect(run([]).types).toEqual([])
    expect(run([[started(), said('Hello')], [error]]).types.slice(-3)).toEqual(['usage', 'error', 'usage'])
  })

  test('that is cut short has a usage all the same', () => {
    expect(run([[started(), said('Hello')]]).events.at(-1)).toEqual({ type: 'usage', usage: expect.objectContaining({ outputTokens: 2 }) })
  })

  test('counts what goes by its pattern, too', () => {
    const { counter, texts } = characterCounter()
    const pattern = new FramePattern('data: {"content":"', '"}\n\n')
    const decoder = withEstimatedUsage(scripted([[started(), said('One')]], [], pattern), new EstimatedUsage(PROMPT, '', counter))
    decoder.push({})
    const text = 'data: {"content":" two"}\n\ndata: {"content":"\\n\\"3\\" \\u00e9"}\n\ndata: [DONE]\n\n'
    const first = decoder.pattern?.match(text, 0) ?? -1
    expect(text.slice(decoder.pattern?.start, decoder.pattern?.end)).toBe(' two')
    const second = decoder.pattern?.match(text, first) ?? -1
    expect(decoder.pattern?.match(text, second)).toBe(-1)
    expect(text.slice(second)).toBe('data: [DONE]\n\n')
    expect(texts[1]).toEqual(['One two\n"3" é'])
    expect(withEstimatedUsage(scripted([]), new EstimatedUsage(PROMPT, '', counter)).pattern).toBeUndefined()
  })
})
