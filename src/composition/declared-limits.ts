import type { Config } from '../config/schema.ts'
import type { DeclaredLimits } from '../routing/model-limits.ts'

/** Context windows and output limits that the config's `models` entries name. */
export function declaredLimits({ models }: Pick<Config, 'models'>): DeclaredLimits {
  const declared = new Map<string, { contextWindow?: number; maxOutput?: number }>()
  for (const [name, entry] of Object.entries(models)) {
    if (typeof entry === 'string' || (entry.context_window === undefined && entry.max_output === undefined)) continue
    declared.set(name, { contextWindow: entry.context_window, maxOutput: entry.max_output })
  }
  return declared
}
