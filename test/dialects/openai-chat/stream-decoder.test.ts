import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import type { JsonObject } from '../../../src/core/json.ts'
import { foldEvents } from '../../../src/ir/fold.ts'
import type { ContentPart } from '../../../src/ir/message.ts'
import { testContext } from '../../support/codec-context.ts'
import { chunk, events, rawEvents, stream } from './context.ts'

const DONE = '[DONE]'
const role = chunk({ role: 'assistant', content: '' })
const usage = (prompt: number, completion: number) => ({
  prompt_tokens: prompt,
  completion_tokens: completion,
  total_tokens: prompt + completion,
})
const content = (...chunks: (JsonObject | string)[]): ContentPart[] => foldEvents(events(stream(...chunks))).choices[0]?.content ?? []
const calls = (...deltas: JsonObject[][]): ContentPart[] =>
  content(role, ...deltas.map(list => chunk({ tool_calls: list })), chunk({}, 'tool_calls'), DONE)
const fn = (name?: string, args?: unknown): JsonObject => ({
  function: { ...(name !== undefined && { name }), ...(args !== undefined && { arguments: args as string }) },
})

describe('text and reasoning', () => {
  test('become blocks in the order they came; a later run is a new block', () => {
    const all = rawEvents(
      stream(
        chunk({ role: 'assistant', content: null, reasoning_content: '' }),
        chunk({ reasoning_content: 'hm' }),
        chunk({ content: 'a' }),
        chunk({ content: 'b', role: 'assistant' }),
        chunk({ tool_calls: [{ index: 0, id: 'c', type: 'function', function: { name: 'f', arguments: '{}' } }] }),
        chunk({ content: 'after' }),
        chunk({ content: 'last' }, 'stop'),
        DONE,
      ),
    )
    expect(all as unknown).toMatchObject([
      { type: 'response-start', id: 'chatcmpl-up', model: 'up-model', created: 1_780_000_000 },
      { type: 'block-start', index: 0, block: { type: 'reasoning' } },
      { type: 'block-delta', index: 0, text: 'hm' },
      { type: 'block-end', index: 0 },
      { type: 'block-start', index: 1, block: { type: 'text' } },
      { type: 'block-delta', index: 1, text: 'a' },
      { type: 'block-delta', index: 1, text: 'b' },
      { type: 'block-end', index: 1 },
      { type: 'block-start', index: 2, block: { type: 'tool-call', id: 'c', name: 'f' } },
      { type: 'block-delta', index: 2, text: '{}' },
      { type: 'block-start', index: 3, block: { type: 'text' } },
      { type: 'block-delta', index: 3, text: 'after' },
      { type: 'block-delta', index: 3, text: 'last' },
      { type: 'block-end', index: 3 },
      { type: 'block-end', index: 2 },
      { type: 'finish', finish: { reason: 'stop', raw: 'stop' } },
      { type: 'response-end' },
    ])
  })

  test('reasoning under any of its names, told once', () => {
    expect(content(chunk({ reasoning: 'a' }), chunk({ reasoning_content: 'b', reasoning: 'b' }), chunk({}, 'stop'), DONE)).toMatchObject([
      { text: 'ab' },
    ])
    const openRouter = chunk({ content: '', reasoning: 'x', reasoning_details: [{ type: 'reasoning.text', text: 'x', index: 0 }] })
    expect(content(openRouter, chunk({}, 'stop'), DONE)).toMatchObject([{ type: 'reasoning', text: 'x' }])
    expect(content(chunk({ reasoning_details: [{ type: 'reasoning.text', text: 'y' }] }), chunk({}, 'stop'), DONE)).toMatchObject([
      { text: 'y' },
    ])
  })

  test('signatures and encrypted reasoning seal their blocks', () => {
    const sealed = content(
      chunk({ reasoning: 'x' }),
      chunk({ reasoning_details: [{ type: 'reasoning.text', signature: 'sig', format: 'anthropic-claude-v1' }] }),
      chunk({ reasoning_details: [{ type: 'reasoning.encrypted', data: 'blob', format: 'openai-responses-v1' }] }),
      chunk({ content: 'a' }, 'stop'),
      DONE,
    )
    expect(sealed).toMatchObject([
      { type: 'reasoning', text: 'x', seal: { issuer: 'anthropic', value: 'sig' } },
      { type: 'reasoning', text: '', redacted: true, seal: { issuer: 'openai-responses', value: 'blob' } },
      { type: 'text', text: 'a' },
    ])
  })

  test('a signature that comes after its text has ended is noted', () => {
    const context = testContext()
    const late = chunk({ reasoning_details: [{ type: 'reasoning.text', signature: 'sig' }] })
    rawEvents(stream(chunk({ reasoning: 'x' }), chunk({ content: 'a' }), late, chunk({}, 'stop'), DONE), context)
    expect(context.fields()).toEqual(['dropped:reasoning_details'])
  })

  test("Mistral's parts", () => {
    const parts = [
      { type: 'thinking', thinking: [{ type: 'text', text: 'hm' }] },
      { type: 'text', text: 'a' },
    ]
    expect(content(chunk({ content: parts }), chunk({ content: 'b' }, 'stop'), DONE)).toMatchObject([{ text: 'hm' }, { text: 'ab' }])
  })

  test('refusals, citations and log probabilities', () => {
    const annotation = { type: 'url_citation', url_citation: { url: 'https://e.com', title: 'E', start_index: 0, end_index: 1 } }
    const logprobs = { content: [{ token: 'a', logprob: -1, bytes: null, top_logprobs: [] }], refusal: null }
    const all = foldEvents(
      events(
        stream(
          chunk({ content: 'a' }, null, { choices: [{ index: 0, delta: { content: 'a' }, logprobs }] }),
          chunk({ annotations: [annotation] }),
          chunk({ refusal: 'No.' }),
          chunk({}, 'stop'),
          DONE,
        ),
      ),
    )
    expect(all.choices).toMatchObject([
      {
        content: [
          { text: 'a', annotations: [{ url: 'https://e.com', raw: annotation }] },
          { type: 'refusal', text: 'No.' },
        ],
        logprobs: { content: [{ token: 'a' }] },
      },
    ])
  })

  test('citations that come before the text wait for it', () => {
    const annotation = { type: 'url_citation', url_citation: { url: 'https://e.com', title: 'E', start_index: 0, end_index: 1 } }
    expect(content(chunk({ annotations: [annotation] }), chunk({ content: 'a' }), chunk({}, 'stop'), DONE)).toMatchObject([
      { annotations: [{ title: 'E' }] },
    ])
  })

  test("Google's signatures on calls and text", () => {
    const extra_content = { google: { thought_signature: 's' } }
    const parts = content(
      chunk({ content: 'a', extra_content }),
      chunk({ tool_calls: [{ index: 0, id: 'c', ...fn('f', '{}'), extra_content }] }, 'tool_calls'),
      DONE,
    )
    expect(parts).toMatchObject([{ seal: { issuer: 'gemini', value: 's' } }, { seal: { issuer: 'gemini', value: 's' } }])
  })
})

describe('tool calls', () => {
  const a = { type: 'tool-call', id: 'a', name: 'f', arguments: '{"x":1}' }
  const b = { type: 'tool-call', id: 'b', name: 'g', arguments: '{"y":2}' }

  const cases: [string, JsonObject[][]][] = [
    [
      'in order',
      [
        [{ index: 0, id: 'a', ...fn('f', '') }],
        [{ index: 0, ...fn(undefined, '{"x"') }],
        [{ index: 0, ...fn(undefined, ':1}') }],
        [{ index: 1, id: 'b', ...fn('g', '{"y":2}') }],
      ],
    ],
    [
      'interleaved',
      [
        [{ index: 0, id: 'a', ...fn('f', '{"x"') }],
        [{ index: 1, id: 'b', ...fn('g', '{"y"') }],
        [{ index: 0, ...fn(undefined, ':1}') }],
        [{ index: 1, ...fn(undefined, ':2}') }],
      ],
    ],
    [
      'in one chunk',
      [
        [
          { index: 0, id: 'a', ...fn('f', '{"x":1}') },
          { index: 1, id: 'b', ...fn('g', '{"y":2}') },
        ],
      ],
    ],
    ['without an index, with ids', [[{ id: 'a', ...fn('f', '{"x":1}') }], [{ id: 'b', ...fn('g', '{"y":2}') }]]],
    [
      'without an index, in pieces',
      [[{ id: 'a', ...fn('f', '{"x"') }], [fn(undefined, ':1}')], [{ id: 'b', ...fn('g') }], [fn(undefined, '{"y":2}')]],
    ],
    [
      'without an index, two in a chunk',
      [
        [
          { id: 'a', ...fn('f', '{"x":1}') },
          { id: 'b', ...fn('g', '{"y":2}') },
        ],
      ],
    ],
    [
      'index 0 for all',
      [
        [{ index: 0, id: 'a', ...fn('f', '{"x":1}') }],
        [{ index: 0, id: 'b', ...fn('g', '{"y"') }],
        [{ index: 0, ...fn(undefined, ':2}') }],
      ],
    ],
    [
      'index 0 for all in one chunk',
      [
        [
          { index: 0, id: 'a', ...fn('f', '{"x":1}') },
          { index: 0, id: 'b', ...fn('g', '{"y":2}') },
        ],
      ],
    ],
    ['starting at index 1', [[{ index: 1, id: 'a', ...fn('f', '{"x":1}') }], [{ index: 3, id: 'b', ...fn('g', '{"y":2}') }]]],
    [
      'the id in a later delta',
      [[{ index: 0, ...fn('f') }], [{ index: 0, id: 'a', ...fn(undefined, '{"x":1}') }], [{ index: 1, id: 'b', ...fn('g', '{"y":2}') }]],
    ],
    [
      'the name late or split',
      [
        [{ index: 0, id: 'a' }],
        [{ index: 0, ...fn('f', '{"x":1}') }],
        [{ index: 1, id: 'b', ...fn('') }],
        [{ index: 1, ...fn('g') }],
        [{ index: 1, ...fn('', '{"y":2}') }],
      ],
    ],
    [
      'id and name in every delta',
      [
        [{ index: 0, id: 'a', ...fn('f', '{"x"') }],
        [{ index: 0, id: 'a', ...fn('f', ':1}') }],
        [{ index: 1, id: 'b', ...fn('g', '') }],
        [{ index: 1, id: 'b', ...fn('g', '{"y":2}') }],
      ],
    ],
    [
      'empty ids after the first delta',
      [
        [{ index: 0, id: 'a', ...fn('f', '{"x"') }],
        [{ index: 0, id: '', ...fn('', ':1}') }],
        [{ index: 1, id: 'b', ...fn('g', '{"y":2}') }],
      ],
    ],
    ['arguments as objects', [[{ index: 0, id: 'a', ...fn('f', { x: 1 }) }], [{ index: 1, id: 'b', ...fn('g', { y: 2 }) }]]],
  ]
  for (const [name, deltas] of cases) {
    test(name, () => expect(calls(...deltas)).toMatchObject([a, b]))
  }

  test('a name in two pieces', () => {
    expect(
      calls([{ index: 0, id: 'a', ...fn('get_') }], [{ index: 0, ...fn('weather') }], [{ index: 0, ...fn(undefined, '{}') }]),
    ).toMatchObject([{ name: 'get_weather', arguments: '{}' }])
  })

  test('two complete calls of one function without id and index stay two', () => {
    const parts = calls([{ index: 0, ...fn('f', '{"x":1}') }], [{ index: 0, ...fn('f', '{"x":2}') }])
    expect(parts).toMatchObject([{ arguments: '{"x":1}' }, { arguments: '{"x":2}' }])
    const ids = parts.map(part => part.type === 'tool-call' && part.id)
    expect(new Set(ids).size).toBe(2)
    expect(String(ids[0])).toStartWith('call_')
  })

  test('ids that repeat are told apart', () => {
    const parts = calls([
      { index: 0, id: 'f', ...fn('f', '{}') },
      { index: 1, id: 'f', ...fn('f', '{}') },
    ])
    expect(new Set(parts.map(part => part.type === 'tool-call' && part.id)).size).toBe(2)
  })

  test('two of one chunk stay two even where nothing but their place tells them apart', () => {
    expect(
      calls([
        { index: 0, ...fn('f') },
        { index: 0, ...fn('g') },
      ]),
    ).toMatchObject([{ name: 'f' }, { name: 'g' }])
    const sameId = calls([
      { index: 0, id: 'f', ...fn('f', '{}') },
      { index: 0, id: 'f', ...fn('f', '{"x":1}') },
    ])
    expect(sameId).toMatchObject([{ arguments: '{}' }, { arguments: '{"x":1}' }])
  })

  test('without arguments, as custom, and in the older form', () => {
    expect(calls([{ index: 0, id: 'a', ...fn('f', '') }])).toMatchObject([{ id: 'a', arguments: '' }])
    const custom = [[{ index: 0, id: 'a', type: 'custom', custom: { name: 'p', input: 'fr' } }], [{ index: 0, custom: { input: 'ee' } }]]
    expect(calls(...custom)).toMatchObject([{ name: 'p', arguments: 'free', kind: 'custom' }])
    expect(
      content(
        chunk({ function_call: { name: 'f', arguments: '{"x"' } }),
        chunk({ function_call: { arguments: ':1}' } }, 'function_call'),
        DONE,
      ),
    ).toMatchObject([{ name: 'f', arguments: '{"x":1}' }])
  })

  test('without a name are dropped with a note', () => {
    const context = testContext()
    const all = events(
      stream(role, chunk({ tool_calls: [{ index: 0, id: 'a', function: { arguments: '{}' } }] }), chunk({}, 'tool_calls'), DONE),
      context,
    )
    expect(foldEvents(all).choices[0]).toMatchObject({ content: [], finish: { reason: 'stop' } })
    expect(context.fields()).toEqual(['dropped:tool_calls'])
  })

  test('null lists mean none', () => {
    expect(content(chunk({ content: 'a', tool_calls: null }), chunk({}, 'stop'), DONE)).toMatchObject([{ type: 'text', text: 'a' }])
  })

  test('any way of cutting the arguments gives the same calls', () => {
    const pieces = fc.array(fc.nat(20), { maxLength: 4 })
    fc.assert(
      fc.property(fc.json(), fc.json(), pieces, pieces, fc.boolean(), (first, second, cuts, others, interleave) => {
        const texts = [JSON.stringify({ v: first }), JSON.stringify({ v: second })] as const
        const cut = (text: string, at: number[]) => {
          const points = [0, ...new Set(at.map(point => point % text.length).sort((x, y) => x - y)), text.length]
          return points.slice(1).map((point, index) => text.slice(points[index], point))
        }
        const deltas = [cut(texts[0], cuts), cut(texts[1], others)].map((list, index) => [
          { index, id: `c${index}`, ...fn('f', '') },
          ...list.map(piece => ({ index, ...fn(undefined, piece) })),
        ])
        const [one = [], two = []] = deltas
        const order = interleave
          ? one.flatMap((delta, index) => [delta, ...two.slice(index, index + 1)]).concat(two.slice(one.length))
          : [...one, ...two]
        expect(calls(...order.map(delta => [delta]))).toMatchObject(texts.map((text, index) => ({ id: `c${index}`, arguments: text })))
      }),
    )
  })
})

describe('ends', () => {
  const finish = (fields: JsonObject) =>
    foldEvents(events(stream(role, chunk({ content: 'a' }), chunk({}, null, { choices: [{ index: 0, delta: {}, ...fields }] }), DONE)))
      .choices[0]?.finish

  test('by their reasons', () => {
    expect(finish({ finish_reason: 'length' })).toEqual({ reason: 'length', raw: 'length' })
    expect(finish({ finish_reason: 'model_length' })?.reason).toBe('context-length')
    expect(finish({ finish_reason: 'content_filter' })?.reason).toBe('content-filter')
    expect(finish({ finish_reason: 'stop', stop_reason: 'END' })).toEqual({ reason: 'stop-sequence', raw: 'stop', stopSequence: 'END' })
    expect(finish({ finish_reason: 'stop', matched_stop: 151_645 })?.reason).toBe('stop')
    expect(finish({ finish_reason: 'length', stop_reason: 'END' })).toEqual({ reason: 'length', raw: 'length' })
    expect(finish({ finish_reason: 'novel' })).toEqual({ reason: 'other', raw: 'novel' })
  })

  test('an empty reason is none', () => {
    const all = rawEvents(stream(chunk({ content: 'a' }, ''), chunk({ content: 'b' }, 'stop'), DONE))
    expect(all.filter(event => event.type === 'finish')).toHaveLength(1)
  })

  test('a reason that is a failure is an error', () => {
    expect(events(stream(role, chunk({}, 'error'), DONE)).at(-1)).toMatchObject({ type: 'error', error: { kind: 'bad-gateway' } })
    expect(events(stream(role, chunk({}, 'insufficient_system_resource'))).at(-1)).toMatchObject({
      type: 'error',
      error: { kind: 'overloaded' },
    })
  })

  test('content on the finish chunk counts, content behind it and anything behind the end marker does not', () => {
    expect(
      content(chunk({ content: 'a' }), chunk({ content: 'b' }, 'stop'), chunk({ content: 'c' }), DONE, chunk({ content: 'd' })),
    ).toMatchObject([{ text: 'ab' }])
    const behind = rawEvents(stream(chunk({ content: 'a' }, 'stop'), DONE, chunk({ content: 'd' }), { error: { message: 'x' } }))
    expect(behind.at(-1)).toEqual({ type: 'response-end' })
  })

  test('without any end the lifecycle tells an error, and held calls are not lost', () => {
    const all = rawEvents(stream(role, chunk({ tool_calls: [{ index: 0, id: 'a', ...fn('f', '') }] })))
    expect(all).toContainEqual({ type: 'block-start', index: 0, choice: undefined, block: { type: 'tool-call', id: 'a', name: 'f' } })
    expect(events(stream(role, chunk({ content: 'a' }))).at(-1)).toMatchObject({ type: 'error', error: { kind: 'bad-gateway' } })
  })
})

describe('usage', () => {
  const usageOf = (...chunks: (JsonObject | string)[]) => foldEvents(events(stream(role, chunk({ content: 'a' }), ...chunks, DONE))).usage

  test('wherever it stands; the last holds', () => {
    expect(usageOf(chunk({}, 'stop'), { ...chunk({}), choices: [], usage: usage(1, 2) })).toMatchObject({ inputTokens: 1, outputTokens: 2 })
    expect(usageOf(chunk({}, 'stop', { usage: usage(1, 2) }))).toMatchObject({ inputTokens: 1, outputTokens: 2 })
    expect(usageOf(chunk({}, null, { usage: usage(1, 1) }), chunk({}, 'stop', { usage: usage(1, 5) }))).toMatchObject({ outputTokens: 5 })
    expect(usageOf(chunk({}, 'stop'), { ...chunk({}), choices: undefined, usage: usage(1, 2) })).toMatchObject({ inputTokens: 1 })
    expect(usageOf(chunk({}, 'stop', { x_groq: { usage: usage(3, 4) } }))).toMatchObject({ inputTokens: 3 })
    expect(usageOf(chunk({}, null, { choices: [{ index: 0, delta: {}, finish_reason: 'stop', usage: usage(5, 6) }] }))).toMatchObject({
      inputTokens: 5,
    })
    expect(usageOf(chunk({}, 'stop'))).toBeUndefined()
  })
})

describe('errors', () => {
  const errorOf = (...chunks: (JsonObject | string)[]) => {
    const last = events(stream(role, chunk({ content: 'a' }), ...chunks, chunk({ content: 'never' }))).at(-1)
    return last?.type === 'error' ? last.error : undefined
  }

  test('in a frame end the stream', () => {
    expect(errorOf({ error: { message: 'Slow down', type: 'rate_limit_error', code: 429 } })).toMatchObject({
      kind: 'rate-limit',
      message: 'Slow down',
    })
    expect(errorOf({ error: { message: 'x', type: 'overloaded_error' } })?.kind).toBe('overloaded')
    expect(errorOf({ error: { message: 'x', code: 502 } })?.kind).toBe('bad-gateway')
    expect(errorOf({ error: 'broken' })).toMatchObject({ kind: 'bad-gateway', message: 'broken' })
    expect(errorOf({ object: 'error', message: 'flat', code: 400 })).toMatchObject({ kind: 'invalid-request', message: 'flat' })
    expect(errorOf({ detail: 'fast' })).toMatchObject({ message: 'fast' })
    expect(errorOf('[{"error":{"message":"boxed","code":500}}]')).toMatchObject({ kind: 'internal', message: 'boxed' })
  })

  test('are what is no JSON; blank frames and comments are nothing', () => {
    expect(errorOf('<html>')?.kind).toBe('bad-gateway')
    expect(errorOf('12')?.kind).toBe('bad-gateway')
    expect(
      foldEvents(events(`: OPENROUTER PROCESSING\n\n${stream('', chunk({ content: 'a' }, 'stop'), ' [DONE] ')}`)).choices[0]?.content,
    ).toMatchObject([{ text: 'a' }])
  })
})

test('several choices keep to themselves', () => {
  const delta = (index: number, value: JsonObject, finish: string | null = null) =>
    chunk({}, null, { choices: [{ index, delta: value, finish_reason: finish }] })
  const answer = foldEvents(
    events(
      stream(
        delta(0, { content: 'a' }),
        delta(1, { content: 'x' }),
        delta(0, { content: 'b' }),
        delta(1, {}, 'length'),
        delta(0, {}, 'stop'),
        DONE,
      ),
    ),
  )
  expect(answer.choices).toMatchObject([
    { content: [{ text: 'ab' }], finish: { reason: 'stop' } },
    { content: [{ text: 'x' }], finish: { reason: 'length' } },
  ])
})

test("Azure's opening chunk does not name the answer", () => {
  const opening = { choices: [], created: 0, id: '', model: '', object: '', prompt_filter_results: [] }
  expect(rawEvents(stream(opening, chunk({ content: 'a' }, 'stop'), DONE))[0]).toMatchObject({ type: 'response-start', id: 'chatcmpl-up' })
})
