import type { Json } from '../../checkers/json.ts'
import { rulesOf } from './model-rules.ts'
import { refuse } from './refuse.ts'

const NEWEST = Date.UTC(2026, 9, 1)
const MONTH = 30 * 24 * 3600 * 1000

export function modelEntry(id: string, index: number): Json {
  const rules = rulesOf(id)
  return {
    type: 'model',
    id,
    display_name: id.replaceAll('-', ' '),
    created_at: new Date(NEWEST - index * MONTH).toISOString().replace('.000Z', 'Z'),
    capabilities: null,
    max_input_tokens: null,
    max_tokens: rules.maxOutput,
    lifecycle: 'active',
    deprecated_at: null,
    retires_at: null,
  }
}

/** A page of the list: `limit` (20 unless told), `after_id`, `before_id`. */
export function listModels(names: readonly string[], query: Record<string, string>): Json {
  const limit = Number(query.limit ?? 20)
  if (!Number.isInteger(limit) || limit < 1 || limit > 1000) refuse('limit: Input should be between 1 and 1000')
  const entries = names.map(modelEntry)
  const after = query.after_id === undefined ? 0 : names.indexOf(query.after_id) + 1
  const before = query.before_id === undefined ? names.length : names.indexOf(query.before_id)
  const within = entries.slice(after, before)
  const data = query.before_id === undefined ? within.slice(0, limit) : within.slice(-limit)
  return { data, has_more: data.length < within.length, first_id: data[0]?.id ?? null, last_id: data.at(-1)?.id ?? null }
}
