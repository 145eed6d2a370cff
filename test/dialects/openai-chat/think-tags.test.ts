import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import type { JsonObject } from '../../../src/core/json.ts'
import type { UpstreamCodec } from '../../../src/dialects/dialect.ts'
import { openaiChat } from '../../../src/dialects/openai-chat/index.ts'
import { withThinkTags } from '../../../src/dialects/openai-chat/think-tags.ts'
import { foldEvents } from '../../../src/ir/fold.ts'
import { createLifecycle } from '../../../src/ir/lifecycle.ts'
import { parseFrames } from '../../../src/sse/parser.ts'
import { testContext } from '../../support/codec-context.ts'
import { readByPattern } from '../../support/pattern.ts'
import { chunk, stream } from './context.ts'

const tagged = withThinkTags(openaiChat).upstream as UpstreamCodec

/** What a client makes of a stream of these deltas. */
function said(...deltas: JsonObject[]) {
  const decoder = tagged.streamDecoder(testContext())
  const lifecycle = createLifecycle()
  const sse = stream(...deltas.map(delta => chunk(delta)), chunk({}, 'stop'), '[DONE]')
  const events = [...parseFrames(sse).flatMap(frame => decoder.push(frame)), ...decoder.end()].flatMap(event => lifecycle.push(event))
  const [choice] = foldEvents([...events, ...lifecycle.end()]).choices
  return choice?.content.map(part => ('text' in part ? [part.type, part.text] : [part.type, 'name' in part ? part.name : '']))
}

const pieces = (...texts: string[]) => said(...texts.map(content => ({ content })))

function whole(content: string, message: JsonObject = {}) {
  const body = { choices: [{ index: 0, message: { role: 'assistant', content, ...message }, finish_reason: 'stop' }] }
  return tagged.decodeResponse(body, testContext()).choices[0]?.content.map(part => ('text' in part ? [part.type, part.text] : [part.type]))
}

const BOTH = [
  ['reasoning', 'Let me see.\nYes.'],
  ['text', 'It is < 5.'],
]

describe('reasoning between tags', () => {
  test('is apart from the text, whole and streamed', () => {
    const text = '\n<think>\nLet me see.\nYes.\n</think>\n\nIt is < 5.'
    expect(whole(text)).toEqual(BOTH)
    expect(pieces(text)).toEqual(BOTH)
  })

  test('wherever the pieces are cut', () => {
    const text = ' <think>Let me see.\nYes.\n</think>\n\nIt is < 5.'
    for (let at = 0; at <= text.length; at++) expect(pieces(text.slice(0, at), text.slice(at))).toEqual(BOTH)
    expect(pieces(...text)).toEqual(BOTH)
  })

  test('that looks like the end of itself stays reasoning', () => {
    expect(pieces('<think>a </thi', 'n> <', '/b> </think', 'x> c</think>', 'd')).toEqual([
      ['reasoning', 'a </thin> </b> </thinkx> c'],
      ['text', 'd'],
    ])
  })

  test('that nothing closes is all there is', () => {
    for (const content of ['<think>only </thi', '<think>only ']) expect(pieces(content)).toEqual([['reasoning', content.slice(7)]])
    expect(whole('<think>only')).toEqual([['reasoning', 'only']])
  })

  test('that is empty leaves no trace', () => {
    expect(pieces('<think>', '\n\n', '</think>', '\n\n', 'Hi')).toEqual([['text', 'Hi']])
    expect(whole('<think>\n\n</think>\n\nHi')).toEqual([['text', 'Hi']])
  })

  test('before a tool call', () => {
    const call = { tool_calls: [{ index: 0, id: 'c', type: 'function', function: { name: 'f', arguments: '{}' } }] }
    expect(said({ content: '<think>hm</think>' }, call)).toEqual([
      ['reasoning', 'hm'],
      ['tool-call', 'f'],
    ])
  })
})

describe('text without tags at its start is text', () => {
  test.each([['Hi <think>no</think>'], ['<thin'], ['<thinking>no'], ['  '], ['<']])('%p', text => {
    expect(pieces(text)).toEqual([['text', text]])
    expect(pieces(...text)).toEqual([['text', text]])
    expect(whole(text)).toEqual([['text', text]])
  })

  test('where the reasoning came by itself', () => {
    expect(said({ reasoning_content: 'r' }, { content: '<think>t</think>u' })).toEqual([
      ['reasoning', 'r'],
      ['text', '<think>t</think>u'],
    ])
  })
})

test('whatever the text, streamed in whatever pieces, says what the whole says', () => {
  const letter = fc.constantFrom('<', 't', 'think>', '</think>', '<think>', '/', ' ', '\n', 'x')
  fc.assert(
    fc.property(fc.array(letter, { maxLength: 12 }), fc.array(letter, { maxLength: 6 }), (inside, after) => {
      const list = ['<think>', ...inside, '</think>', ...after, '.']
      expect(pieces(...list)).toEqual(whole(list.join('')) as never)
    }),
  )
})

describe('behind the tags', () => {
  test('words go by the pattern, and only there', () => {
    const deltas = ['<think>', 'hm', ' so', '</think>', 'a', 'b', 'c'].map(content => chunk({ content }))
    const { byPattern } = readByPattern(stream(...deltas, chunk({}, 'stop'), '[DONE]'), tagged.streamDecoder(testContext()))
    expect(byPattern).toBe(2)
  })

  test('the pattern changes nothing of what is said', () => {
    const piece = fc.oneof(fc.constantFrom('<think>', '</think>', '<th', 'ink>', ' ', '', 'x'), fc.string({ maxLength: 4 }))
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 15 }), texts => {
        const sse = stream(...texts.map(content => chunk({ content })), chunk({}, 'stop'), '[DONE]')
        const decoder = tagged.streamDecoder(testContext())
        const parsed = [...parseFrames(sse).flatMap(frame => decoder.push(frame)), ...decoder.end()]
        expect(readByPattern(sse, tagged.streamDecoder(testContext())).events).toEqual(parsed)
      }),
      { numRuns: 300 },
    )
  })
})
