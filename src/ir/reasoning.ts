import type { DialectId } from './dialect-id.ts'
import type { Sealed } from './message.ts'

/** One scale for all vendors (dialects.md §2.6.2). */
export const EFFORTS = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'] as const
export type Effort = (typeof EFFORTS)[number]

/**
 * What the client asked of the model's reasoning. `mode` is Anthropic's: `adaptive` (the model decides), `enabled` (with a
 * budget), `disabled`. `display` says whether the text is wanted (`summarized`) or not (`omitted`).
 */
export interface Reasoning {
  mode?: 'adaptive' | 'enabled' | 'disabled'
  effort?: Effort
  budgetTokens?: number
  display?: string
}

/** Budget → effort: ≤ 512 minimal, ≤ 1,024 low, ≤ 8,192 medium, ≤ 24,576 high, else xhigh (dialects.md §2.6.2). */
export function effortOfBudget(tokens: number): Effort {
  if (tokens <= 512) return 'minimal'
  if (tokens <= 1024) return 'low'
  if (tokens <= 8192) return 'medium'
  if (tokens <= 24_576) return 'high'
  return 'xhigh'
}

/** Effort → tokens for models that only know budgets (dialects.md §2.6.2). */
export const BUDGET_OF_EFFORT: Record<Effort, number> = {
  none: 0,
  minimal: 1024,
  low: 1024,
  medium: 8192,
  high: 24_576,
  xhigh: 32_768,
  max: 65_536,
}

const CARRIER = 'gw1.'

/** A foreign seal as text that a client of any dialect can carry back: `gw1.<issuer>.<base64url>`. */
export const carrySeal = (seal: Sealed): string => `${CARRIER}${seal.issuer}.${Buffer.from(seal.value).toString('base64url')}`

/** A carried text as the seal it holds; any other text is the carrying dialect's own seal; `''` is none. */
export function readSeal(text: string, carrier: DialectId): Sealed | undefined {
  if (text === '') return undefined
  if (!text.startsWith(CARRIER)) return { issuer: carrier, value: text }
  const dot = text.indexOf('.', CARRIER.length)
  if (dot === -1) return undefined
  const issuer = text.slice(CARRIER.length, dot) as DialectId
  return { issuer, value: Buffer.from(text.slice(dot + 1), 'base64url').toString() }
}
