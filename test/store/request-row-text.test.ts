import { expect, test } from 'bun:test'
import fc from 'fast-check'
import type { RequestRow } from '../../src/store/request-row.ts'
import { requestRowText } from '../../src/store/request-row-text.ts'

const number = fc.oneof(fc.nat(), fc.double(), fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY))
const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined })

const row: fc.Arbitrary<RequestRow> = fc.record({
  id: fc.stringMatching(/^req_[0-9A-Za-z]{24}$/),
  at: fc.nat(),
  key: optional(fc.string()),
  route: fc.oneof(fc.string(), fc.constantFrom('"', '\n', '\ud800')),
  model: optional(fc.string({ unit: 'binary' })),
  provider: optional(fc.string()),
  account: optional(fc.string()),
  upstreamModel: optional(fc.string({ maxLength: 300 })),
  status: fc.nat(599),
  stream: fc.boolean(),
  latencyMs: number,
  firstTokenMs: optional(number),
  attempts: fc.array(
    fc.record(
      { provider: fc.string(), account: fc.string(), model: fc.string(), outcome: fc.string(), status: fc.nat(599), ms: number },
      { requiredKeys: ['provider', 'account', 'outcome', 'ms'] },
    ),
    { maxLength: 2 },
  ),
  skipped: fc.array(fc.record({ provider: fc.string(), account: fc.string(), reason: fc.string() }), { maxLength: 1 }),
  usage: optional(
    fc.record(
      {
        inputTokens: number,
        outputTokens: number,
        cachedInputTokens: number,
        cacheWriteTokens: fc.nat(),
        reasoningTokens: fc.nat(),
        estimated: fc.boolean(),
        spent: fc.constant({ credits: 1 }),
      },
      { requiredKeys: ['inputTokens', 'outputTokens'] },
    ),
  ),
  costUsd: optional(number),
  notes: fc.array(fc.record({ action: fc.string(), field: fc.string() }), { maxLength: 1 }),
  error: optional(fc.string()),
})

test('says what JSON.stringify says', () => {
  fc.assert(
    fc.property(row, value => {
      expect(JSON.parse(requestRowText(value))).toEqual(JSON.parse(JSON.stringify(value)))
    }),
    { numRuns: 500 },
  )
})

test('whatever else an attempt holds is said too', () => {
  const attempt = { provider: 'p', account: 'a', model: 'm', outcome: 'served', status: 200, ms: 1, region: 'eu' }
  const row: RequestRow = {
    id: 'req_1',
    at: 0,
    route: '/',
    status: 200,
    stream: false,
    latencyMs: 1,
    attempts: [attempt],
    skipped: [],
    notes: [],
  }
  expect(JSON.parse(requestRowText(row))).toEqual(row)
})
