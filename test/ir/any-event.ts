import fc from 'fast-check'
import { GatewayError } from '../../src/core/errors.ts'
import type { FinishReason } from '../../src/ir/finish.ts'
import type { BlockStart, StreamEvent } from '../../src/ir/stream.ts'

const index = fc.nat(3)
const choice = fc.constantFrom(undefined, undefined, 0, 1, 2)
const block: fc.Arbitrary<BlockStart> = fc.constantFrom<BlockStart>(
  { type: 'text' },
  { type: 'refusal' },
  { type: 'reasoning' },
  { type: 'reasoning', redacted: true },
  { type: 'tool-call', id: 'c', name: 'f' },
  { type: 'tool-call', id: 'd', name: 'g', kind: 'custom' },
  { type: 'opaque', origin: 'anthropic', value: 1 },
)
/** An event as a confused decoder might make it. */
export const anyEvent: fc.Arbitrary<StreamEvent> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ type: fc.constant('block-start' as const), index, choice, block }) },
  {
    weight: 6,
    arbitrary: fc.record({ type: fc.constant('block-delta' as const), index, choice, text: fc.constantFrom('', '{', '}', '{}', 'x') }),
  },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('block-end' as const), index, choice }) },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('annotation' as const),
      index,
      choice,
      annotation: fc.constant({ origin: 'anthropic' as const, raw: null }),
    }),
  },
  { weight: 1, arbitrary: fc.constant<StreamEvent>({ type: 'usage', usage: { inputTokens: 1, outputTokens: 2 } }) },
  { weight: 1, arbitrary: fc.constant<StreamEvent>({ type: 'metadata', origin: 'jetbrains', value: 1 }) },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('finish' as const),
      choice,
      finish: fc.record({ reason: fc.constantFrom<FinishReason>('stop', 'tool-calls', 'length') }),
    }),
  },
  { weight: 1, arbitrary: fc.constant<StreamEvent>({ type: 'response-start', id: 'x' }) },
)
/** What a stream may say of its end, if anything. */
export const ending: fc.Arbitrary<StreamEvent[]> = fc.constantFrom<StreamEvent[]>(
  [],
  [],
  [{ type: 'response-end' }],
  [{ type: 'error', error: new GatewayError('overloaded', 'x') }],
)
