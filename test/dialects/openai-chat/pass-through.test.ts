import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import type { JsonObject, JsonValue } from '../../../src/core/json.ts'
import type { PassThroughOptions, UpstreamTraits } from '../../../src/dialects/dialect.ts'
import { openaiChat } from '../../../src/dialects/openai-chat/index.ts'
import { openPassThrough } from '../../../src/dialects/openai-chat/pass-through.ts'
import { carrySeal } from '../../../src/ir/reasoning.ts'
import { checkChatStream } from '../../checkers/chat.ts'
import { testContext } from '../../support/codec-context.ts'
import { verdict } from '../../support/pattern.ts'
import { chatBody, chunk, options, stream } from './context.ts'

const DONE = '[DONE]'
const role = chunk({ role: 'assistant', content: '' })
const usageChunk = { ...chunk({}), choices: [], usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 } }

function open(fields: Partial<PassThroughOptions> = {}, shortcut = true) {
  const pass = openPassThrough({ stripUsage: false, repair: true, ...fields }, testContext(), shortcut)
  /** The data of what goes on for one frame; undefined where the frame is legal. */
  const send = (data: JsonObject | string) =>
    verdict(pass, { data: typeof data === 'string' ? data : JSON.stringify(data) })?.map(frame => frame.data)
  return { pass, send, seen: pass.seen }
}

describe('legal frames', () => {
  test('go on as they are and are read', () => {
    const { pass, send, seen } = open()
    expect(pass.frame({ raw: ': keep-alive\n\n' })).toBeUndefined()
    expect(send(role)).toBeUndefined()
    expect(seen.content).toBe(false)
    for (const piece of ['a', 'b', 'c "d"\n\u2028', '']) expect(send(chunk({ content: piece }))).toBeUndefined()
    expect(seen).toMatchObject({ content: true, ended: false, model: 'up-model' })
    expect(send(chunk({}, 'stop'))).toBeUndefined()
    expect(send(usageChunk)).toBeUndefined()
    expect(send(DONE)).toBeUndefined()
    expect(seen).toMatchObject({ ended: true, finish: 'stop', usage: { inputTokens: 1, outputTokens: 2 } })
  })

  test('reasoning and tool calls count as content', () => {
    for (const delta of [
      { reasoning_content: 'hm' },
      { refusal: 'no' },
      { tool_calls: [{ index: 0, id: 'c', function: { name: 'f' } }] },
    ]) {
      const { send, seen } = open()
      send(role)
      expect(send(chunk(delta))).toBeUndefined()
      expect(seen.content).toBe(true)
    }
  })

  test("duplicate roles, null lists and Azure's opening are tolerated", () => {
    const { send } = open()
    expect(send({ choices: [], created: 0, id: '', model: '', object: '', prompt_filter_results: [] })).toBeUndefined()
    expect(send(role)).toBeUndefined()
    expect(send(chunk({ role: 'assistant', content: 'a', tool_calls: null }))).toBeUndefined()
  })

  test('behind the end marker there are none', () => {
    const { send } = open()
    send(role)
    send(DONE)
    expect(send(chunk({ content: 'x' }))).toEqual([])
    expect(send(DONE)).toEqual([])
  })
})

describe('an upstream that hangs up', () => {
  test('without the end marker has ended once every choice is finished', () => {
    const of = (index: number, finish: string | null) =>
      chunk({}, null, { choices: [{ index, delta: { role: 'assistant' }, finish_reason: finish }] })
    const { pass, send, seen } = open()
    send(of(0, null))
    send(of(1, 'stop'))
    expect(pass.end?.()).toEqual([])
    expect(seen.ended).toBe(false)
    send(of(0, 'length'))
    expect(pass.end?.()).toEqual([{ data: DONE }])
    expect(seen.ended).toBe(true)
  })

  test('before any answer has not ended', () => {
    expect(open().pass.end?.()).toEqual([])
  })
})

describe('illegal frames', () => {
  const mended = (before: JsonObject[], frame: JsonObject): JsonObject => {
    const { send } = open()
    for (const earlier of before) send(earlier)
    const [data] = send(frame) ?? []
    return JSON.parse(data ?? 'null') as JsonObject
  }
  const delta = (value: JsonObject) => (value.choices as { delta: JsonObject }[])[0]?.delta as unknown

  test('a wrong object, and an identity that is missing', () => {
    expect(mended([role], chunk({ content: 'a' }, null, { object: 'chat.completion.done' }))).toEqual(chunk({ content: 'a' }))
    expect(mended([role], chunk({ content: 'a' }, null, { id: undefined, created: undefined, model: '' }))).toEqual(chunk({ content: 'a' }))
    expect(mended([], chunk({ role: 'assistant' }, null, { id: '' })).id).toBe('chatcmpl-1')
  })

  test('a missing role, on the first delta only', () => {
    expect(delta(mended([], chunk({ content: 'a' })))).toEqual({ role: 'assistant', content: 'a' })
    const { send } = open()
    send(chunk({ content: 'a' }))
    expect(send(chunk({ content: 'b' }))).toBeUndefined()
  })

  test('content as parts, an empty finish, choices without index and delta', () => {
    const parts = [
      { type: 'thinking', thinking: [{ type: 'text', text: 'hm' }] },
      { type: 'text', text: 'a' },
    ]
    expect(delta(mended([role], chunk({ content: parts })))).toEqual({ content: 'a', reasoning_content: 'hm' })
    expect(mended([role], chunk({ content: 'a' }, ''))).toEqual(chunk({ content: 'a' }))
    expect(mended([role], chunk({}, null, { choices: [{ message: { content: 'a' } }] })).choices).toMatchObject([
      { index: 0, delta: { content: 'a' } },
    ])
    expect(mended([role], { ...usageChunk, choices: undefined }).choices).toEqual([])
  })

  test('tool indexes that are missing, doubled or not counted from 0; arguments as an object', () => {
    const call = (fields: JsonObject) => chunk({ tool_calls: [fields] })
    const { send } = open()
    send(role)
    const indexes = [
      call({ id: 'a', type: 'function', function: { name: 'f', arguments: '{"x"' } }),
      call({ function: { arguments: ':1}' } }),
      call({ index: 0, id: 'b', type: 'function', function: { name: 'g', arguments: { y: 2 } } }),
    ].map(frame => {
      const [data] = send(frame) ?? []
      return (JSON.parse(data ?? 'null') as { choices: { delta: { tool_calls: JsonObject[] } }[] }).choices[0]?.delta.tool_calls[0]
    })
    expect(indexes).toMatchObject([{ index: 0 }, { index: 0 }, { index: 1, function: { arguments: '{"y":2}' } }])
    const fromOne = open()
    fromOne.send(role)
    expect(fromOne.send(call({ index: 1, id: 'a', function: { name: 'f', arguments: '' } }))?.[0]).toContain('"index":0,"id":"a"')
  })

  test('nothing is mended where the provider says never', () => {
    const { send, seen } = open({ repair: false })
    for (const frame of [chunk({ content: 'a' }, ''), chunk({ content: [] }, null, { object: 'x' }), '', 'garbage'])
      expect(send(frame)).toBeUndefined()
    expect(seen).toMatchObject({ content: true, error: { kind: 'bad-gateway' } })
  })

  test('what is no chunk at all is taken out, unless nothing is to be mended', () => {
    const event = { type: 'ping', id: 'x' }
    expect(open().send(event)).toEqual([])
    expect(open({ repair: false }).send(event)).toBeUndefined()
    expect(open().send({ ...chunk({}), choices: undefined, usage: usageChunk.usage })).toEqual([expect.stringContaining('"choices":[]')])
  })

  test('blank data is taken out, because SDKs parse it', () => {
    expect(open().send(' ')).toEqual([])
  })
})

describe('errors', () => {
  test("an upstream's own frame goes on and is read", () => {
    const { send, seen } = open()
    send(role)
    expect(send({ error: { message: 'm', type: 'overloaded_error' } })).toBeUndefined()
    expect(seen.error).toMatchObject({ kind: 'overloaded', message: 'm' })
    expect(send(chunk({ content: 'x' }))).toEqual([])
  })

  test('in other forms become the dialect’s own', () => {
    for (const frame of ['<html>', { object: 'error', message: 'm' }, chunk({}, 'error')]) {
      const { send, seen } = open()
      send(role)
      expect(JSON.parse(send(frame)?.[0] ?? '')).toMatchObject({ error: { message: expect.any(String), type: 'api_error' } })
      expect(seen.error?.kind).toBe('bad-gateway')
    }
  })
})

describe('usage that we asked for', () => {
  test('is read and taken out again', () => {
    const { send, seen } = open({ stripUsage: true })
    expect(send(chunk({ role: 'assistant', content: '' }, null, { usage: null }))).toBeUndefined()
    expect(send(usageChunk)).toEqual([])
    expect(seen.usage).toMatchObject({ inputTokens: 1, outputTokens: 2 })
    expect(JSON.parse(send(chunk({}, 'stop', { usage: usageChunk.usage }))?.[0] ?? '')).toEqual(chunk({}, 'stop', { usage: null }))
    expect(send(DONE)).toBeUndefined()
  })

  test('also where nothing is mended', () => {
    expect(open({ stripUsage: true, repair: false }).send(usageChunk)).toEqual([])
  })
})

describe('changes to a request', () => {
  const changes = (fields: JsonObject, traits: UpstreamTraits = {}) =>
    openaiChat.passThrough?.changes(chatBody(fields), options('gpt-4o', traits))

  test('ask for usage where the client did not', () => {
    expect(changes({ stream: true })).toEqual({ stripUsage: true, changes: new Map([['stream_options', '{"include_usage":true}']]) })
    expect(
      changes({ stream: true, stream_options: { include_obfuscation: false, include_usage: false } })?.changes.get('stream_options'),
    ).toBe('{"include_obfuscation":false,"include_usage":true}')
    for (const [fields, traits] of [
      [{ stream: true, stream_options: { include_usage: true } }, {}],
      [{ stream: false }, {}],
      [{ stream: true }, { streamOptions: false }],
    ] as const) {
      expect(changes(fields, traits)).toEqual({ stripUsage: false, changes: new Map() })
    }
  })

  test('take other vendors’ seals out, and nothing else', () => {
    const carried = carrySeal({ issuer: 'anthropic', value: 'sig' })
    const own = { type: 'reasoning.text', signature: 'own', index: 1 }
    const calls = [{ id: 'c', type: 'function', function: { name: 'f', arguments: '{ }' } }]
    const messages: JsonValue[] = [
      { role: 'user', content: 'Hi' },
      {
        role: 'assistant',
        content: 'a',
        reasoning_details: [{ type: 'reasoning.text', signature: carried }, own],
        tool_calls: [{ ...calls[0], extra_content: { google: { thought_signature: carried } } }],
      },
      { role: 'assistant', content: 'b', reasoning_details: [{ type: 'reasoning.encrypted', data: carried }] },
    ]
    expect(JSON.parse(changes({ messages })?.changes.get('messages') ?? '')).toEqual([
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: 'a', reasoning_details: [own], tool_calls: calls },
      { role: 'assistant', content: 'b' },
    ])
    expect(changes({ messages: [{ role: 'assistant', content: 'a', reasoning_details: [own] }] })?.changes.size).toBe(0)
  })
})

describe('bodies', () => {
  const body = (message: JsonObject, fields: JsonObject = {}) =>
    JSON.stringify({
      id: 'chatcmpl-up',
      object: 'chat.completion',
      created: 1,
      model: 'up-model',
      choices: [{ index: 0, message, finish_reason: 'stop' }],
      usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 },
      ...fields,
    })

  test('that are legal are the same text', () => {
    const { pass, seen } = open()
    const text = ` ${body({ role: 'assistant', content: 'a' })}\n`
    expect(pass.body(text)).toBe(text)
    expect(seen).toMatchObject({ content: true, ended: true, finish: 'stop', model: 'up-model', usage: { inputTokens: 1 } })
  })

  test('that are not are mended', () => {
    const broken = {
      content: [{ type: 'text', text: 'a' }],
      tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: { a: 1 } } }],
    }
    expect(JSON.parse(open().pass.body(body(broken, { object: 'x', id: '' })))).toMatchObject({
      id: 'chatcmpl-1',
      object: 'chat.completion',
      choices: [{ message: { role: 'assistant', content: 'a', tool_calls: [{ function: { arguments: '{"a":1}' } }] } }],
    })
    expect(open({ repair: false }).pass.body(body(broken))).toBe(body(broken))
  })

  test('that are errors or no JSON say so', () => {
    for (const [text, kind] of [
      ['{"error":{"message":"m","code":429}}', 'rate-limit'],
      ['<html>', 'bad-gateway'],
    ] as const) {
      const { pass, seen } = open()
      expect(pass.body(text)).toBe(text)
      expect(seen.error?.kind).toBe(kind)
    }
  })
})

describe('the shortcut for content', () => {
  const anyString = fc.oneof(
    fc.string(),
    fc.string({ unit: 'binary' }),
    fc.constantFrom('"', '\\', '\\"', '","', '"},"finish_reason":"stop"', '\u0000', '\ud800'),
  )
  const tails = [
    '"},"logprobs":null,"finish_reason":null}]}',
    '"},"logprobs":null,"finish_reason":null}],"usage":null,"obfuscation":"x"}',
    '"},"logprobs":null,"finish_reason":null}],"usage":null,"obfuscation":"x"}x',
    '"},"finish_reason":"stop"}]}',
    '"},"finish_reason":null}],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}',
    '","tool_calls":[{"id":"a","function":{"name":"f","arguments":""}}]},"finish_reason":null}]}',
    '"},"finish_reason":""}]}',
    '"},"delta":{"content":"second"},"finish_reason":null}]}',
    '"},"finish_reason":null}]} ',
    '"},"finish_reason":null}]}x',
    '"},"finish_reason":null}],"error":{"message":"e"}}',
  ]
  const heads = [
    '"content":"',
    '"reasoning_content":"',
    '"content":null,"reasoning_content":"',
    '"role":"assistant","content":"',
    '"content": "',
  ]
  const frame = fc
    .record({
      head: fc.constantFrom(...heads),
      tail: fc.oneof({ weight: 8, arbitrary: fc.constantFrom(...tails.slice(0, 2)) }, { weight: 2, arbitrary: fc.constantFrom(...tails) }),
      text: anyString,
      raw: fc.oneof({ weight: 6, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
      padding: fc.string(),
    })
    .map(({ head, tail, text, raw, padding }) => {
      const content = raw ? text : JSON.stringify(text).slice(1, -1)
      const close = tail.replace('"obfuscation":"x"', () => `"obfuscation":${JSON.stringify(padding)}`)
      return `{"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{${head}${content}${close}`
    })

  test('judges every stream as parsing does', () => {
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 12 }), fc.boolean(), fc.boolean(), (frames, stripUsage, repair) => {
        const fast = open({ stripUsage, repair })
        const slow = open({ stripUsage, repair }, false)
        for (const data of frames) {
          expect(fast.send(data)).toEqual(slow.send(data))
          expect({ ...fast.seen, error: fast.seen.error?.message }).toEqual({ ...slow.seen, error: slow.seen.error?.message })
        }
      }),
      { numRuns: 500 },
    )
  })

  test('is taken: what follows a template is not parsed', () => {
    const { send } = open()
    send(role)
    const frames = ['a', 'b\n', '"c"', ''].map(text =>
      JSON.stringify(chunk({ content: text }, null, { obfuscation: 'x'.repeat(text.length) })),
    )
    send(frames[0] as string)
    const parse = JSON.parse
    let parsed = 0
    JSON.parse = (...args: Parameters<typeof parse>) => {
      parsed++
      return parse(...args)
    }
    try {
      for (const data of frames) expect(send(data)).toBeUndefined()
    } finally {
      JSON.parse = parse
    }
    expect(parsed).toBe(0)
  })
})

test('a mended stream is legal', () => {
  const frames = [
    chunk({ content: 'a' }, null, { object: 'x' }),
    chunk({ tool_calls: [{ id: 'a', type: 'function', function: { name: 'f', arguments: { x: 1 } } }] }),
    chunk({ tool_calls: [{ index: 0, id: 'b', type: 'function', function: { name: 'g', arguments: '{}' } }] }),
    chunk({ content: [{ type: 'text', text: 'b' }] }),
    chunk({}, 'tool_calls'),
  ]
  const { send } = open()
  const out = [...frames.flatMap(frame => send(frame) ?? [JSON.stringify(frame)]), DONE] as string[]
  const answer = checkChatStream(stream(...out), { includeUsage: false })
  expect(answer.text).toBe('ab')
  expect(answer.choices[0]?.toolCalls).toEqual([
    { id: 'a', name: 'f', arguments: '{"x":1}' },
    { id: 'b', name: 'g', arguments: '{}' },
  ])
})
