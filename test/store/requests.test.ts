import { describe, expect, test } from 'bun:test'
import { openDatabase } from '../../src/store/database.ts'
import { type RequestRow, requestToColumns } from '../../src/store/request-row.ts'
import { createRequests, insertRequests, sweepRequests } from '../../src/store/requests.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { requestRow } from './request-rows.ts'

const clock = new FakeClock()
const START = clock.now()
const DAY = 86_400_000

async function withRows(rows: RequestRow[]) {
  const store = await openDatabase({ path: ':memory:', clock })
  await store.db.transaction().execute(tx => insertRequests(tx, rows.map(requestToColumns)))
  return { store, requests: createRequests({ store }) }
}

const series = (count: number) =>
  Array.from({ length: count }, (_, i) => requestRow({ id: `req_${String(i).padStart(3, '0')}`, at: START + i }))

describe('recentRequests', () => {
  test('gives back everything that was kept', async () => {
    const full = requestRow({
      id: 'req_a',
      at: START,
      latencyMs: 1200,
      status: 502,
      skipped: [{ provider: 'OpenAI', account: 'OpenAI-2', reason: 'cooling down', until: START + 5 }],
      usage: {
        inputTokens: 100,
        outputTokens: 0,
        cachedInputTokens: 0,
        cacheWriteTokens: 7,
        reasoningTokens: 5,
        estimated: true,
        spent: { credits: '1.5' },
      },
      notes: [{ action: 'dropped', field: 'seed', detail: 'not known there' }],
      error: 'upstream gave up',
    })
    const { requests } = await withRows([full])
    expect(await requests.recentRequests()).toEqual({ data: [full], next: null })
  })

  test('absent stays absent', async () => {
    const lists = { attempts: [], skipped: [], notes: [] }
    const bare: RequestRow = { id: 'req_a', at: START, route: '/v1/models', status: 200, stream: false, latencyMs: 1, ...lists }
    const { requests } = await withRows([bare])
    expect((await requests.recentRequests()).data).toEqual([bare])
  })

  test('pages through, newest first, although rows come in between', async () => {
    const { store, requests } = await withRows(series(120))
    const first = await requests.recentRequests()
    expect(first.data.map(row => row.id).slice(0, 2)).toEqual(['req_119', 'req_118'])
    expect(first.data).toHaveLength(50)
    await insertRequests(store.db, [requestToColumns(requestRow({ id: 'req_new', at: START + 9999 }))])
    const second = await requests.recentRequests({ limit: 70, cursor: first.next ?? '' })
    expect(second.data.at(0)?.id).toBe('req_069')
    expect(second.data.at(-1)?.id).toBe('req_000')
    expect(second.next).toBeNull()
  })

  test('filters', async () => {
    const { requests } = await withRows([
      requestRow({ id: 'a', at: START, key: 'key_2' }),
      requestRow({ id: 'b', at: START, model: 'm' }),
      requestRow({ id: 'c', at: START, provider: 'p', status: 429 }),
    ])
    const ids = async (filters: object) => (await requests.recentRequests({ filters })).data.map(row => row.id).sort()
    expect(await ids({ key: 'key_2' })).toEqual(['a'])
    expect(await ids({ model: 'm' })).toEqual(['b'])
    expect(await ids({ provider: 'p', status: 429 })).toEqual(['c'])
    expect(await ids({ provider: 'p', status: 200 })).toEqual([])
    expect(await ids({ status: 200 })).toEqual(['a', 'b'])
  })

  test('no number and no length of a text can make a row fail', async () => {
    const { requests } = await withRows([
      requestRow({ id: 'a', at: START, latencyMs: Number.NaN, status: Number.NaN, costUsd: Infinity, model: 'm'.repeat(5000) }),
    ])
    const [row] = (await requests.recentRequests()).data
    expect(row).toMatchObject({ latencyMs: 0, status: 0 })
    expect(row?.costUsd).toBeUndefined()
    expect(row?.model).toHaveLength(256)
  })
})

describe('usage', () => {
  const rows = [
    requestRow({ id: '1', at: START }),
    requestRow({ id: '2', at: START + DAY - 1, costUsd: 0.2 }),
    requestRow({ id: '3', at: START + DAY, model: 'claude', provider: 'Anthropic', status: 529, usage: undefined, costUsd: undefined }),
    requestRow({ id: '4', at: START + DAY, key: undefined, provider: undefined, status: 200, error: 'cut off' }),
  ]
  const sums = { requests: 1, errors: 0, inputTokens: 100, outputTokens: 20, cachedTokens: 40, reasoningTokens: 5, costUsd: 0.1 }
  const doubled = { requests: 2, errors: 0, inputTokens: 200, outputTokens: 40, cachedTokens: 80, reasoningTokens: 10, costUsd: 0.3 }
  const nothing = { requests: 0, errors: 0, inputTokens: 0, outputTokens: 0, cachedTokens: 0, reasoningTokens: 0, costUsd: 0 }

  test('over everything', async () => {
    const { requests } = await withRows(rows)
    expect(await requests.usage({ groupBy: [] })).toEqual([
      { requests: 4, errors: 2, inputTokens: 300, outputTokens: 60, cachedTokens: 120, reasoningTokens: 15, costUsd: 0.4 },
    ])
  })

  test('by names and days, in batches that add up', async () => {
    const { store, requests } = await withRows(rows.slice(0, 1))
    await insertRequests(store.db, rows.slice(1).map(requestToColumns))
    expect(await requests.usage({ groupBy: ['day', 'model'] })).toEqual([
      { ...nothing, model: 'claude', day: '2026-01-02', requests: 1, errors: 1 },
      { model: 'gpt-4o', day: '2026-01-01', ...doubled },
      { ...sums, model: 'gpt-4o', day: '2026-01-02', errors: 1 },
    ])
    expect(await requests.usage({ groupBy: ['key', 'provider'], from: START + DAY })).toEqual([
      { ...sums, key: null, provider: null, errors: 1 },
      { ...nothing, key: 'key_1', provider: 'Anthropic', requests: 1, errors: 1 },
    ])
  })

  test('days that the span touches count as a whole, the end is exclusive', async () => {
    const { requests } = await withRows(rows)
    const days = async (from?: number, to?: number) => (await requests.usage({ groupBy: ['day'], from, to })).map(row => row.day)
    expect(await days(START + 5, START + DAY)).toEqual(['2026-01-01'])
    expect(await days(START, START + DAY + 1)).toEqual(['2026-01-01', '2026-01-02'])
    expect(await days(START + DAY)).toEqual(['2026-01-02'])
    expect(await days(START + 9 * DAY)).toEqual([])
    expect(await requests.usage({ groupBy: [], from: START + 9 * DAY })).toEqual([nothing])
    await expect(requests.usage({ groupBy: [], from: Number.NaN })).rejects.toMatchObject({ param: 'from' })
  })
})

describe('sweepRequests', () => {
  const left = async (rows: RequestRow[], maxRows: number, maxAgeMs: number, now: number, batch = 1000) => {
    const { store, requests } = await withRows(rows)
    const deleted = await sweepRequests(store.db, { maxRows, maxAgeMs }, now, batch)
    const kept = (await requests.recentRequests({ limit: 1000 })).data.map(row => row.id)
    const [total] = await requests.usage({ groupBy: [] })
    return { deleted, kept, total: total?.requests }
  }

  test('keeps the newest, and the sums', async () => {
    expect(await left(series(10), 3, DAY, START + 10)).toEqual({ deleted: 7, kept: ['req_009', 'req_008', 'req_007'], total: 10 })
  })

  test('keeps none that are too old', async () => {
    const { deleted, kept } = await left(series(10), 100, 5, START + 10)
    expect(deleted).toBe(5)
    expect(kept).toEqual(['req_009', 'req_008', 'req_007', 'req_006', 'req_005'])
  })

  test('keeps to the stricter of both, and to its batch, oldest first', async () => {
    expect((await left(series(10), 8, 5, START + 10)).deleted).toBe(5)
    const { deleted, kept } = await left(series(10), 2, DAY, START + 10, 3)
    expect(deleted).toBe(3)
    expect(kept).toHaveLength(7)
    expect(kept.at(-1)).toBe('req_003')
  })

  test('deletes nothing without need', async () => {
    expect((await left(series(10), 10, 10, START + 10)).deleted).toBe(0)
    expect((await left([], 10, 10, START + 10)).deleted).toBe(0)
  })
})
