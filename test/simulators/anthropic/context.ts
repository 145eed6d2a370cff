import { type ModelRules, rulesOf } from './model-rules.ts'
import type { Seals } from './seals.ts'

/** What the checks know besides the body. */
export interface CheckContext {
  rules: ModelRules
  model: string
  /** Value of `anthropic-version`. */
  version: string
  /** Names in `anthropic-beta`. */
  betas: readonly string[]
  seals: Seals
  contextWindow: number
}

export const SAMPLING_FREE_VERSION = '2026-10-21'
export const VERSIONS: readonly string[] = ['2023-01-01', '2023-06-01', SAMPLING_FREE_VERSION]

export function contextOf(model: string, headers: Record<string, string>, seals: Seals, contextWindow: number): CheckContext {
  const betas = (headers['anthropic-beta'] ?? '').split(',').map(name => name.trim())
  return { model, rules: rulesOf(model), version: headers['anthropic-version'] ?? '', betas, seals, contextWindow }
}
