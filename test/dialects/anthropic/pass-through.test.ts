import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import type { JsonObject } from '../../../src/core/json.ts'
import { deltaPattern } from '../../../src/dialects/anthropic/delta-pattern.ts'
import { anthropic } from '../../../src/dialects/anthropic/index.ts'
import { MessagesPassThrough } from '../../../src/dialects/anthropic/pass-through.ts'
import { carrySeal } from '../../../src/ir/reasoning.ts'
import type { SseFrame } from '../../../src/sse/frame.ts'
import { writeFrames } from '../../../src/sse/writer.ts'
import { checkMessagesStream } from '../../checkers/messages.ts'
import { testContext } from '../../support/codec-context.ts'
import { rawOf, verdict } from '../../support/pattern.ts'

const named = (data: JsonObject): SseFrame => ({ event: String(data.type), data: JSON.stringify(data) })
const START = named({
  type: 'message_start',
  message: {
    id: 'msg_a',
    type: 'message',
    role: 'assistant',
    model: 'm',
    content: [],
    stop_reason: null,
    usage: { input_tokens: 3, output_tokens: 1 },
  },
})
const begin = (index: number, content_block: JsonObject): SseFrame => named({ type: 'content_block_start', index, content_block })
const TEXT = { type: 'text', text: '' }
const say = (index: number, text: unknown): SseFrame =>
  named({ type: 'content_block_delta', index, delta: { type: 'text_delta', text } as JsonObject })
const end = (index: number): SseFrame => named({ type: 'content_block_stop', index })
const DONE = [
  named({ type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 9 } }),
  named({ type: 'message_stop' }),
]
const WHOLE = [START, begin(0, TEXT), say(0, 'a'), say(0, 'b'), end(0), ...DONE]

function pass(frames: readonly SseFrame[], repair = true, shortcut = true) {
  const context = testContext()
  const through = new MessagesPassThrough({ stripUsage: false, repair }, context)
  const verdicts = frames.map(frame => (shortcut ? verdict(through, frame) : through.frame({ ...frame, raw: rawOf(frame) })))
  const sent = frames.flatMap((frame, index) => verdicts[index] ?? [frame])
  return { verdicts, sse: writeFrames(sent), seen: through.seen, notes: context.fields() }
}

test('a legal stream is left alone, and read', () => {
  const { verdicts, seen, notes } = pass(WHOLE)
  expect(verdicts).toEqual(WHOLE.map(() => undefined))
  expect(notes).toEqual([])
  expect(seen).toMatchObject({ content: true, ended: true, model: 'm', finish: 'end_turn', usage: { inputTokens: 3, outputTokens: 9 } })
})

test('content is seen with the first delta, not with an empty start', () => {
  expect(pass(WHOLE.slice(0, 2)).seen.content).toBe(false)
  expect(pass(WHOLE.slice(0, 3)).seen.content).toBe(true)
  expect(pass([START, begin(0, { type: 'tool_use', id: 't', name: 'f', input: {} })]).seen.content).toBe(true)
})

describe('mends', () => {
  const mended = (frames: SseFrame[]) => checkMessagesStream(pass(frames).sse)

  test('a missing or wrong event name', () => {
    const { sse, verdicts } = pass(WHOLE.map(({ data }) => ({ data })))
    expect(sse).toBe(writeFrames(WHOLE))
    expect(verdicts.every(verdict => verdict?.length === 1)).toBe(true)
    expect(pass([{ ...START, event: 'message' }]).verdicts[0]).toEqual([START])
  })

  test('a type that only the event name tells', () => {
    expect(pass([START, { event: 'message_stop', data: '{}' }]).verdicts[1]).toEqual([DONE[1] as SseFrame])
  })

  test('a second start, before and after content', () => {
    expect(mended([START, ...WHOLE])).toMatchObject({ text: 'ab' })
    expect(mended([START, begin(0, TEXT), say(0, 'x'), ...WHOLE])).toMatchObject({ text: 'xab' })
  })

  test('gaps and repeats in the indexes, and blocks left open', () => {
    expect(mended([START, begin(1, TEXT), say(1, 'a'), end(1), begin(5, TEXT), say(5, 'b'), ...DONE])).toMatchObject({ text: 'ab' })
    expect(mended([START, begin(0, TEXT), say(0, 'a'), begin(0, TEXT), say(0, 'b'), end(0), ...DONE])).toMatchObject({ text: 'ab' })
  })

  test('deltas and stops outside a block', () => {
    const { sse, notes } = pass([START, say(0, 'lost'), begin(0, TEXT), say(3, 'lost'), say(0, 'kept'), end(0), end(0), ...DONE])
    expect(checkMessagesStream(sse).text).toBe('kept')
    expect(notes).toHaveLength(3)
  })

  test('text in pieces', () => {
    expect(
      mended([
        START,
        begin(0, TEXT),
        say(0, [
          { type: 'text', text: 'a' },
          { type: 'text', text: 'b' },
        ]),
        end(0),
        ...DONE,
      ]),
    ).toMatchObject({ text: 'ab' })
  })

  test('what is no JSON, and whatever follows the end', () => {
    expect(mended([...WHOLE.slice(0, 3), { data: '[DONE]' }, ...WHOLE.slice(4), ...WHOLE])).toMatchObject({ text: 'a' })
  })

  test('an error without a name', () => {
    const { sse, seen } = pass([START, { data: '{"error":{"type":"overloaded_error","message":"busy"}}' }, ...DONE])
    expect(checkMessagesStream(sse).error).toEqual({ type: 'overloaded_error', message: 'busy' })
    expect(seen).toMatchObject({ ended: true, error: { kind: 'overloaded' } })
  })

  test('nothing at all when told not to', () => {
    const broken = [START, START, say(4, 'x'), { data: '[DONE]' }, ...DONE, START]
    const { verdicts, seen } = pass(broken, false)
    expect(verdicts).toEqual(broken.map(() => undefined))
    expect(seen.ended).toBe(true)
  })
})

test('comments go on', () => {
  expect(pass([START, { raw: ': keep-alive\n\n' }]).verdicts[1]).toBeUndefined()
})

describe('the shortcut for text', () => {
  const learnt = (frame: SseFrame) => {
    const pattern = deltaPattern({ ...frame, raw: rawOf(frame) }, JSON.parse(frame.data ?? ''))
    return (next: SseFrame) => pattern?.match(rawOf(next), 0) === rawOf(next).length
  }
  const delta = (data: string): SseFrame => ({ event: 'content_block_delta', data })

  test('knows the next delta of the block, and no other frame', () => {
    const takes = learnt(say(0, 'one "word"'))
    expect(takes(say(0, 'two\n\\ "x" \u2028é😀'))).toBe(true)
    expect(takes(say(0, ''))).toBe(true)
    expect(takes(say(1, 'a'))).toBe(false)
    expect(takes({ data: say(0, 'a').data })).toBe(false)
    expect(takes(delta('{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"a","x":"b"}}'))).toBe(false)
    const data = say(0, 'a').data ?? ''
    for (const [from, to] of [
      ['"a"', '"\\"'],
      ['a"', '\\q"'],
      ['"a"', '"\n"'],
    ] as const)
      expect(takes(delta(data.replace(from, to)))).toBe(false)
  })

  test('is forgotten when the block ends', () => {
    const { verdicts } = pass([START, begin(0, TEXT), say(0, 'a'), end(0), say(0, 'late')])
    expect(verdicts[4]).toEqual([])
  })

  test('members may stand in any order and with any space', () => {
    const frame = (text: string): SseFrame => ({
      event: 'content_block_delta',
      data: `{"delta": {"text" : ${JSON.stringify(text)}, "type":"text_delta"}, "index":0,"type":"content_block_delta"}`,
    })
    expect(learnt(frame('a'))(frame('b "c"'))).toBe(true)
  })

  test('never changes a verdict', () => {
    const middle = fc.oneof(
      fc.string().map(text => JSON.stringify(text).slice(1, -1)),
      fc.string({ unit: fc.constantFrom('"', '\\', 'n', 'u', '0', ',', ':', '{', '}', 'x', '\n') }),
    )
    const frame = fc.oneof(
      middle.map(
        (inside): SseFrame => ({
          event: 'content_block_delta',
          data: `{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"${inside}"}}`,
        }),
      ),
      fc.constantFrom(say(0, 'a'), say(1, 'a'), end(0), begin(0, TEXT), begin(1, TEXT), named({ type: 'ping' }), START, ...DONE),
    )
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 20 }), fc.boolean(), (frames, repair) => {
        const all = [START, begin(0, TEXT), say(0, 'first'), ...frames]
        expect(pass(all, repair).verdicts).toEqual(pass(all, repair, false).verdicts)
      }),
      { numRuns: 400 },
    )
  })
})

describe('bodies', () => {
  const MESSAGE =
    '{"id":"msg_a", "model":"m","content":[{"type":"text","text":"a"}],"stop_reason":"end_turn","usage":{"input_tokens":1,"output_tokens":2}}'
  const read = (text: string, repair = true) => {
    const through = new MessagesPassThrough({ stripUsage: false, repair }, testContext())
    return { text: through.body(text), seen: through.seen }
  }

  test('a legal one is the same string', () => {
    const { text, seen } = read(MESSAGE)
    expect(text).toBe(MESSAGE)
    expect(seen).toMatchObject({ content: true, ended: true, model: 'm', finish: 'end_turn', usage: { inputTokens: 1, outputTokens: 2 } })
  })

  test('text that is no string is mended', () => {
    expect(JSON.parse(read('{"content":"a"}').text).content).toEqual([{ type: 'text', text: 'a' }])
    expect(JSON.parse(read('{"content":[{"type":"text","text":["a",{"text":"b"}]}]}').text).content).toEqual([{ type: 'text', text: 'ab' }])
    expect(read('{"content":"a"}', false).text).toBe('{"content":"a"}')
  })

  test('errors are seen', () => {
    expect(read('{"type":"error","error":{"type":"api_error","message":"x"}}').seen.error?.kind).toBe('internal')
    expect(read('<html>')).toMatchObject({ text: '<html>', seen: { error: { kind: 'bad-gateway' } } })
  })
})

describe('requests', () => {
  const changes = (...content: JsonObject[]) => {
    const body = {
      model: 'm',
      messages: [
        { role: 'user', content: 'Hi' },
        { role: 'assistant', content },
        { role: 'user', content: 'Go' },
      ],
    }
    return anthropic.passThrough?.changes(body, { model: 'm', traits: {} })
  }
  const text = { type: 'text', text: 'a' }
  const own = { type: 'thinking', thinking: 'h', signature: 'sig' }

  test('stay as they are', () => {
    expect(changes(own, { type: 'redacted_thinking', data: 'blob' }, text)).toEqual({ changes: new Map(), stripUsage: false })
  })

  test("lose thinking that is another vendor's or nobody's", () => {
    const foreign = carrySeal({ issuer: 'gemini', value: 'x' })
    const changed = changes(
      own,
      { type: 'thinking', thinking: 'b', signature: foreign },
      { type: 'thinking', thinking: 'c', signature: '' },
      { type: 'redacted_thinking', data: foreign },
      text,
    )
    const messages = JSON.parse(changed?.changes.get('messages') ?? '')
    expect(messages[1]).toEqual({ role: 'assistant', content: [own, text] })
    expect(JSON.parse(changes({ type: 'thinking', thinking: 'c' })?.changes.get('messages') ?? '')).toHaveLength(2)
  })
})
