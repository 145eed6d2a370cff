import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { parsingStreamDecoder, streamDecoder } from '../../../src/dialects/openai-chat/stream-decoder.ts'
import type { StreamEvent } from '../../../src/ir/stream.ts'
import { testContext } from '../../support/codec-context.ts'
import { readByPattern } from '../../support/pattern.ts'
import { asSse, describeRecordings, listRecordings, readChunks } from '../../support/recordings.ts'

const eventsOf = (sse: string): StreamEvent[] => readByPattern(sse, streamDecoder(testContext())).events

const parsed = (sse: string): StreamEvent[] => readByPattern(sse, parsingStreamDecoder(testContext())).events

const chunk = (delta: object, more: object = {}, choice: object = {}): string =>
  JSON.stringify({
    id: 'c',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'm',
    choices: [{ index: 0, delta, finish_reason: null, ...choice }],
    ...more,
  })

const text = fc.string({ unit: fc.constantFrom('a', ' ', '"', '\\', '\n', '\u0001', 'é', '😀', '\ud83d', '"},', '":"') })

const frame = fc.oneof(
  { weight: 6, arbitrary: text.map(content => chunk({ content })) },
  { weight: 3, arbitrary: text.map(piece => chunk({ reasoning_content: piece })) },
  text.map(content => chunk({ content }, { obfuscation: content })),
  text.map(content => chunk({ content, reasoning: content })),
  text.map(content => chunk({ role: 'assistant', content })),
  text.map(content => chunk({ content }, {}, { index: 1 })),
  text.map(content => chunk({ content }, {}, { logprobs: { content: [{ token: content }] } })),
  text.map(content => chunk({ content }, { citations: [`https://example.com/${encodeURIComponent(content.toWellFormed())}`] })),
  text.map(piece => chunk({ tool_calls: [{ index: 0, id: 'call_1', function: { name: 'f', arguments: piece } }] })),
  text.map(content => chunk({ content }, { usage: { prompt_tokens: 1, completion_tokens: 2 } })),
  text.map(content => chunk({ content }, {}, { finish_reason: 'stop' })),
  text.map(content => chunk({ content }).replace('"delta"', '"delta":{"content":"x"},"delta"')),
  text.map(content => chunk({ content }, { x_groq: { usage: { prompt_tokens: 1, completion_tokens: 2 } } })),
  text.map(content => chunk({ content }, {}, { usage: { prompt_tokens: 1, completion_tokens: 2 } })),
  text.map(content => chunk({ content }, {}, { logprobs: { content: [{ token: 'a', logprob: 0 }] } })),
  fc.constant('[DONE]'),
)

describe('the shortcut for plain content', () => {
  test('gives the events that parsing every chunk gives', () => {
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 30 }), frames => {
        const sse = frames.map(data => `data: ${data}\n\n`).join('')
        expect(eventsOf(sse)).toEqual(parsed(sse))
      }),
      { numRuns: 500 },
    )
  })
})

test('the shortcut is taken: what follows the first piece is not parsed', () => {
  const pieces = ['a', 'b\n', '"c"', '', 'd']
  const sse = pieces.map(content => `data: ${chunk({ content }, { obfuscation: 'x'.repeat(content.length) })}\n\n`).join('')
  expect(readByPattern(sse, streamDecoder(testContext())).byPattern).toBe(4)
})

describeRecordings('the shortcut on recorded streams', () => {
  for (const { provider, name, path } of listRecordings({ suffix: '.chunks.txt', format: 'openai-chat' })) {
    test(`${provider}/${name}`, () => {
      const sse = asSse(readChunks(path), 'openai-chat')
      expect(eventsOf(sse)).toEqual(parsed(sse))
    })
  }
})
