import type { JsonValue } from '../core/json.ts'
import type { DialectId } from './dialect-id.ts'

/**
 * Tokens, in the inclusive convention: `inputTokens` is the whole prompt, cached reads and writes included; `outputTokens`
 * includes reasoning. A part that the vendor did not report is absent, one it reported as none is 0.
 */
export interface Usage {
  inputTokens: number
  outputTokens: number
  cachedInputTokens?: number
  cacheWriteTokens?: number
  /** The share of `cacheWriteTokens` with the one-hour lifetime (Anthropic). */
  cacheWrite1hTokens?: number
  reasoningTokens?: number
  /** Counted by us, not reported by the vendor. */
  estimated?: boolean
  /** What the vendor charged, in its own unit, where it says so. */
  spent?: JsonValue
  /** The vendor's own object, for an encoder of the same dialect and for records. */
  raw?: { origin: DialectId; value: JsonValue }
}

/** A count from an upstream: what is no non-negative number counts as not reported. */
export const tokenCount = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0 ? Math.round(value) : undefined
