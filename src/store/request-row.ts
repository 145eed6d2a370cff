import { type JsonValue, tryParseJson } from '../core/json.ts'
import type { RequestsTable } from './tables.ts'

/** One try at a target. `outcome` is the router's word for how it ended; `status` the upstream's, where it answered. */
export interface AttemptRow {
  provider: string
  account: string
  model?: string
  outcome: string
  status?: number
  ms: number
}

/** A target that was not tried, and why; `until` in epoch ms. */
export interface SkippedRow {
  provider: string
  account: string
  reason: string
  until?: number
}

/** Tokens in the inclusive convention of the IR's `Usage`: `inputTokens` is the whole prompt, `outputTokens` includes reasoning. */
export interface RequestUsage {
  inputTokens: number
  outputTokens: number
  cachedInputTokens?: number
  cacheWriteTokens?: number
  reasoningTokens?: number
  /** Counted by us, not reported by the vendor. */
  estimated?: boolean
  /** The vendor's own unit, where it has one. */
  spent?: JsonValue
}

export interface NoteRow {
  action: string
  field: string
  detail?: string
}

/** What is kept of a request: never a prompt or an answer. Times in ms, `at` since the epoch. */
export interface RequestRow {
  id: string
  at: number
  /** The id of the client key. */
  key?: string
  route: string
  /** The name that the client asked for. */
  model?: string
  provider?: string
  /** The label of the account that served it, or was tried last. */
  account?: string
  upstreamModel?: string
  /** The HTTP status of our answer. */
  status: number
  stream: boolean
  latencyMs: number
  firstTokenMs?: number
  attempts: AttemptRow[]
  skipped: SkippedRow[]
  usage?: RequestUsage
  /** US dollars; absent where no price is known. */
  costUsd?: number
  notes: NoteRow[]
  error?: string
}

/** The caller chooses the model's name: what is kept of a text has a limit. */
const LONGEST_NAME = 256
const LONGEST_ERROR = 2000

const clip = (text: string, limit: number): string => (text.length > limit ? `${text.slice(0, limit - 1)}…` : text)
const name = (text: string | undefined): string | null => (text === undefined ? null : clip(text, LONGEST_NAME))
const whole = (value: number | undefined): number | null => (value === undefined || !Number.isFinite(value) ? null : Math.round(value))
const optional = <T>(value: T | null): T | undefined => value ?? undefined
const optionalNumber = (value: number | null): number | undefined => (value === null ? undefined : Number(value))

/** Every column that must be there is, whatever the row holds: no number can make the whole batch fail. */
export const requestToColumns = (row: RequestRow): RequestsTable => ({
  id: row.id,
  at: whole(row.at) ?? 0,
  key_id: name(row.key),
  route: clip(row.route, LONGEST_NAME),
  model: name(row.model),
  provider: name(row.provider),
  account: name(row.account),
  upstream_model: name(row.upstreamModel),
  status: whole(row.status) ?? 0,
  stream: row.stream ? 1 : 0,
  latency_ms: whole(row.latencyMs) ?? 0,
  first_token_ms: whole(row.firstTokenMs),
  attempts: JSON.stringify(row.attempts),
  skipped: JSON.stringify(row.skipped),
  input_tokens: whole(row.usage?.inputTokens),
  output_tokens: whole(row.usage?.outputTokens),
  cached_tokens: whole(row.usage?.cachedInputTokens),
  cache_write_tokens: whole(row.usage?.cacheWriteTokens),
  reasoning_tokens: whole(row.usage?.reasoningTokens),
  estimated: row.usage?.estimated ? 1 : 0,
  spent: row.usage?.spent === undefined ? null : JSON.stringify(row.usage.spent),
  cost_usd: row.costUsd !== undefined && Number.isFinite(row.costUsd) ? row.costUsd : null,
  notes: JSON.stringify(row.notes),
  error: row.error === undefined ? null : clip(row.error, LONGEST_ERROR),
})

export const requestFromColumns = (row: RequestsTable): RequestRow => ({
  id: row.id,
  at: Number(row.at),
  key: optional(row.key_id),
  route: row.route,
  model: optional(row.model),
  provider: optional(row.provider),
  account: optional(row.account),
  upstreamModel: optional(row.upstream_model),
  status: row.status,
  stream: row.stream !== 0,
  latencyMs: Number(row.latency_ms),
  firstTokenMs: optionalNumber(row.first_token_ms),
  attempts: list<AttemptRow>(row.attempts),
  skipped: list<SkippedRow>(row.skipped),
  usage: usageFromColumns(row),
  costUsd: optionalNumber(row.cost_usd),
  notes: list<NoteRow>(row.notes),
  error: optional(row.error),
})

/** Absent where nothing was counted at all. */
function usageFromColumns(row: RequestsTable): RequestUsage | undefined {
  if (row.input_tokens === null && row.output_tokens === null) return undefined
  return {
    inputTokens: Number(row.input_tokens ?? 0),
    outputTokens: Number(row.output_tokens ?? 0),
    cachedInputTokens: optionalNumber(row.cached_tokens),
    cacheWriteTokens: optionalNumber(row.cache_write_tokens),
    reasoningTokens: optionalNumber(row.reasoning_tokens),
    estimated: row.estimated !== 0,
    spent: row.spent === null ? undefined : tryParseJson(row.spent),
  }
}

/** We wrote the text ourselves; a text that is no list any more reads as an empty one. */
function list<T>(text: string): T[] {
  const value = tryParseJson(text)
  return Array.isArray(value) ? (value as T[]) : []
}
