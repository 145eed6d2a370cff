import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { GatewayError } from '../../src/core/errors.ts'
import { foldEvents } from '../../src/ir/fold.ts'
import { createLifecycle } from '../../src/ir/lifecycle.ts'
import type { ContentPart } from '../../src/ir/message.ts'
import type { GenerateResponse } from '../../src/ir/response.ts'
import { unfoldResponse } from '../../src/ir/unfold.ts'
import { orderProblems } from './legal-order.ts'

const words = fc.string({ minLength: 1, maxLength: 10 })
const seal = fc.option(fc.record({ issuer: fc.constant('anthropic' as const), value: words }), { nil: undefined })
const annotation = fc.record({ origin: fc.constant('openai-chat' as const), raw: fc.constant({ a: 1 }), url: words })
const part: fc.Arbitrary<ContentPart> = fc.oneof(
  fc.record({
    type: fc.constant('text' as const),
    text: words,
    annotations: fc.option(fc.array(annotation, { minLength: 1, maxLength: 2 }), { nil: undefined }),
    seal,
  }),
  fc.record({ type: fc.constant('refusal' as const), text: words }),
  fc.record({
    type: fc.constant('reasoning' as const),
    text: fc.string({ maxLength: 10 }),
    redacted: fc.constantFrom(undefined, true),
    seal,
  }),
  fc.record({
    type: fc.constant('opaque' as const),
    origin: fc.constant('anthropic' as const),
    value: fc.jsonValue() as fc.Arbitrary<never>,
  }),
)
const toolCall: fc.Arbitrary<ContentPart> = fc.record({
  type: fc.constant('tool-call' as const),
  id: words,
  name: words,
  arguments: fc.constantFrom('', '{}', '{"a":1.50}', '{"broken'),
  kind: fc.constantFrom(undefined, 'custom' as const),
  seal,
})
const choice = fc.oneof(
  fc.record({
    content: fc.array(part, { maxLength: 4 }),
    finish: fc.constantFrom({ reason: 'stop' as const }, { reason: 'length' as const, raw: 'max_tokens' }),
  }),
  fc.record({ content: fc.tuple(part, toolCall, toolCall), finish: fc.constant({ reason: 'tool-calls' as const, raw: 'tool_use' }) }),
)
const response: fc.Arbitrary<GenerateResponse> = fc.record({
  id: words,
  model: words,
  created: fc.nat(),
  choices: fc.array(choice, { minLength: 1, maxLength: 3 }),
  usage: fc.option(fc.record({ inputTokens: fc.nat(), outputTokens: fc.nat(), cachedInputTokens: fc.nat() }), { nil: undefined }),
})

describe('an answer as a stream, and the stream as an answer', () => {
  test('is the answer', () => {
    fc.assert(fc.property(response, whole => expect(foldEvents(unfoldResponse(whole))).toEqual(whole)))
  })

  test('is the answer through the lifecycle too', () => {
    fc.assert(
      fc.property(response, whole => {
        const lifecycle = createLifecycle()
        const events = unfoldResponse(whole).flatMap(event => lifecycle.push(event))
        expect(orderProblems(events)).toEqual([])
        expect(foldEvents(events)).toEqual(whole)
      }),
    )
  })

  test('keeps log probabilities', () => {
    const logprobs = {
      content: [
        { token: 'a', logprob: -1 },
        { token: 'b', logprob: -2 },
      ],
      refusal: null,
    }
    const whole: GenerateResponse = {
      choices: [
        {
          content: [
            { type: 'reasoning', text: 'r' },
            { type: 'text', text: 'ab' },
          ],
          finish: { reason: 'stop' },
          logprobs,
        },
      ],
    }
    expect(foldEvents(unfoldResponse(whole))).toEqual(whole)
    const piece = (token: string) => ({
      type: 'block-delta' as const,
      index: 0,
      text: token,
      logprobs: { content: [{ token }], refusal: null },
    })
    const folded = foldEvents([{ type: 'block-start', index: 0, block: { type: 'text' } }, piece('a'), piece('b')])
    expect(folded.choices[0]?.logprobs).toEqual({ content: [{ token: 'a' }, { token: 'b' }], refusal: null })
  })

  test('keeps a text without words', () => {
    const whole: GenerateResponse = { choices: [{ content: [{ type: 'text', text: '' }], finish: { reason: 'stop' } }] }
    expect(foldEvents(unfoldResponse(whole))).toEqual(whole)
  })
})

test('a stream’s error is thrown', () => {
  const error = new GatewayError('overloaded', 'x')
  expect(() => foldEvents([{ type: 'response-start' }, { type: 'error', error }])).toThrow(error)
})

test('a stream without anything is one empty choice', () => {
  expect(foldEvents([])).toEqual({ choices: [{ content: [], finish: { reason: 'stop' } }] })
})
