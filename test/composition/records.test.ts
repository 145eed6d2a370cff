import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { createAnswered, createWriteRecord } from '../../src/composition/records.ts'
import { GatewayError } from '../../src/core/errors.ts'
import { createLogger, type LogLevel } from '../../src/log/logger.ts'
import type { RequestRecord } from '../../src/operations/accounting.ts'
import type { RequestRow } from '../../src/store/request-row.ts'
import { FakeClock } from '../support/fake-clock.ts'

function setUp(level: LogLevel = 'info') {
  const rows: RequestRow[] = []
  const lines: string[] = []
  const writer = { add: (row: RequestRow) => void rows.push(row), flush: async () => {}, stop: async () => {}, pending: 0 }
  const log = createLogger({ write: line => void lines.push(line), flush: async () => {} }, { level })
  return { rows, lines, log, write: createWriteRecord(writer, log) }
}

const record = (changes: Partial<RequestRecord> = {}): RequestRecord => ({
  ...{ id: 'req_1', at: 1000, keyId: 'key_1', keyName: 'ci', route: '/v1/messages', model: 'm', status: 200, stream: false },
  ...{ latencyMs: 12.5, attempts: [], skipped: [], notes: [] },
  ...changes,
})

const text = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('"', '\\', '\n\r', '\ud800', '\u2028', '', 'x'.repeat(300)))
const number = fc.oneof(fc.nat(), fc.double(), fc.constantFrom(1e21, -0, Number.NaN, Number.POSITIVE_INFINITY))
const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined })

const anyRecord: fc.Arbitrary<RequestRecord> = fc.record({
  id: fc.stringMatching(/^req_[0-9A-Za-z]{24}$/),
  at: fc.nat(),
  keyId: text,
  keyName: text,
  route: text,
  model: text,
  provider: optional(text),
  account: optional(text),
  upstreamModel: optional(text),
  status: fc.nat(599),
  stream: fc.boolean(),
  latencyMs: number,
  firstTokenMs: optional(number),
  estimatedInputTokens: optional(number),
  usage: optional(
    fc.record({
      inputTokens: number,
      outputTokens: number,
      cachedInputTokens: optional(number),
      reasoningTokens: optional(number),
      estimated: optional(fc.boolean()),
    }),
  ),
  attempts: fc.constantFrom([], [{ provider: 'p', account: 'a', model: 'm', outcome: 'ok', status: 200, ms: 1 }]),
  skipped: fc.constant([]),
  notes: fc.array(fc.record({ action: fc.constantFrom('dropped' as const, 'approximated' as const), field: text }), { maxLength: 2 }),
  error: optional(fc.record({ kind: fc.constantFrom('timeout', 'internal'), message: text })),
}) as fc.Arbitrary<RequestRecord>

/** The same line, as an object that knows nothing of text. */
function fieldsOf({ usage, notes, error, ...of }: RequestRecord): object {
  return {
    level: error && of.status >= 500 ? 'warn' : 'info',
    time: expect.any(String),
    request_id: of.id,
    route: of.route,
    key: of.keyName,
    model: of.model || undefined,
    provider: of.provider,
    account: of.account,
    upstream_model: of.upstreamModel === of.model ? undefined : of.upstreamModel,
    status: of.status,
    stream: of.stream,
    latency_ms: of.latencyMs,
    first_token_ms: of.stream ? of.firstTokenMs : undefined,
    estimated_input_tokens: of.estimatedInputTokens,
    input_tokens: usage?.inputTokens,
    output_tokens: usage?.outputTokens,
    cached_tokens: usage?.cachedInputTokens || undefined,
    reasoning_tokens: usage?.reasoningTokens || undefined,
    estimated: usage?.estimated || undefined,
    attempts: of.attempts.length,
    notes: notes.length > 0 ? notes.map(({ action, field }) => `${action}:${field}`) : undefined,
    error: error?.message,
    error_kind: error?.kind,
    msg: error && of.status >= 500 ? 'request failed' : 'request',
  }
}

describe('the line of a request', () => {
  test('is JSON, and one line, whatever the record holds', () => {
    fc.assert(
      fc.property(anyRecord, value => {
        const { write, lines } = setUp()
        write(value)
        expect(lines).toHaveLength(1)
        const line = String(lines[0])
        expect(line.indexOf('\n')).toBe(line.length - 1)
        const { time: _, ...wanted } = fieldsOf(value) as { time: unknown }
        const { time, ...said } = JSON.parse(line)
        expect(time).toMatch(/^\d{4}-.*Z$/)
        expect(said).toEqual(JSON.parse(JSON.stringify(wanted)))
      }),
      { numRuns: 400 },
    )
  })

  test('is written where its level is, and the row always', () => {
    const { write, lines, rows, log } = setUp('warn')
    write(record())
    expect(lines).toEqual([])
    log.setLevel('info')
    write(record())
    expect(lines).toHaveLength(1)
    log.setLevel('error')
    write(record({ status: 502, error: { kind: 'upstream', message: 'no' } }))
    expect([lines.length, rows.length]).toEqual([1, 3])
    log.setLevel('silent')
    write(record())
    expect([lines.length, rows.length]).toEqual([1, 4])
  })

  test('tells where a fault of our own came from, and nothing of what an upstream said', () => {
    const { write, lines } = setUp()
    const error = { kind: 'internal', message: 'it went wrong' }
    write(record({ status: 500, error, cause: new TypeError('undefined is not a function') }))
    write(record({ status: 502, error, cause: { body: 'hunter2' } }))
    expect(JSON.parse(String(lines[0])).cause).toStartWith('TypeError: undefined is not a function')
    expect(lines[1]).not.toContain('hunter2')
  })
})

test('an answer without an operation has a line, and a row only where a key was refused', () => {
  const { write, lines, rows, log } = setUp()
  const clock = new FakeClock()
  const answered = createAnswered(write, log, clock)
  const of = { id: 'req_1', route: '/v1/models', latencyMs: 1.26 }
  answered({ ...of, status: 200 })
  expect(JSON.parse(String(lines[0]))).toMatchObject({ msg: 'request', status: 200, latency_ms: 1.3 })
  answered({ ...of, status: 401, error: new GatewayError('authentication', 'no such key') })
  expect(JSON.parse(String(lines[1]))).toMatchObject({ msg: 'request refused', error_kind: 'authentication' })
  expect(rows).toEqual([])
  const caller = { id: 'key_1', name: 'c"i' }
  answered({ ...of, status: 404, caller, error: new GatewayError('not-found', 'no such model') } as Parameters<typeof answered>[0])
  expect(JSON.parse(String(lines[2]))).toMatchObject({ msg: 'request', key: 'c"i', error: 'no such model' })
  expect(rows).toMatchObject([{ key: 'key_1', status: 404, at: clock.now() - 1, error: 'not-found: no such model' }])
})

test('a row keeps the counts of the usage, and nothing that a vendor said besides', () => {
  const { rows, write } = setUp()
  const counts = { inputTokens: 1, outputTokens: 2, cachedInputTokens: 3, cacheWriteTokens: 4, reasoningTokens: 5, estimated: true }
  write(record({ usage: { ...counts, raw: { origin: 'openai-chat', value: { credits: 1 } } } }))
  expect(rows[0]?.usage).toEqual(counts)
})

test('a cause that is no error of ours is not logged: it may quote the conversation', () => {
  const { lines, write } = setUp()
  write(record({ status: 502, error: { kind: 'bad-gateway', message: 'm' }, cause: 'what was said' }))
  expect(lines.join('')).toContain('request failed')
  expect(lines.join('')).not.toContain('what was said')
})
