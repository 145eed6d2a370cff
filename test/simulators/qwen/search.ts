import type { Json } from '../../checkers/json.ts'

const MAX_ROWS = 100

/** The answer of the web search plugin (qwen.md §2.8): documents that name the query. Failures are answers too, told by `status`. */
export function searchBody(body: Json | undefined, exhausted: boolean): Json {
  const { uq, page = 1, rows = 10 } = body ?? {}
  if (exhausted) return failure(429, 'the daily allowance is used up')
  if (typeof uq !== 'string' || uq === '') return failure(400, 'uq is required')
  if (!isWithin(page, Number.MAX_SAFE_INTEGER)) return failure(400, 'page must be at least 1')
  if (!isWithin(rows, MAX_ROWS)) return failure(400, `rows must be from 1 to ${MAX_ROWS}`)
  const docs = Array.from({ length: rows }, (_, index) => documentOf(uq, (page - 1) * rows + index + 1))
  return {
    headers: { __d_head_qto: 1, __d_head_app: 'simulated' },
    rid: crypto.randomUUID(),
    status: 0,
    success: true,
    message: 'success',
    data: {
      total: docs.length,
      totalDistinct: docs.length,
      docs,
      qpInfos: [{ query: uq, cleanQuery: uq.trim(), sensitive: false, spellchecked: '', rewrite: false, multiQuery: [] }],
    },
  }
}

const isWithin = (value: unknown, max: number): value is number => Number.isInteger(value) && Number(value) >= 1 && Number(value) <= max

const documentOf = (query: string, number: number): Json => ({
  _id: `doc-${number}`,
  _score: 1 / number,
  title: `${query} ${number}`,
  url: `https://example.com/${number}`,
  snippet: `What page ${number} says about ${query}.`,
  hostname: 'example.com',
  timestamp: 1_700_000_000,
  timestamp_format: '2023-11-14 22:13:20',
})

const failure = (status: number, message: string): Json => ({ rid: crypto.randomUUID(), status, success: false, message, data: null })
