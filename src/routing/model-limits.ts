import { limitsOfModel, type ModelLimits } from './model-data.ts'
import type { Target } from './provider.ts'

/** What `models` entries of the config say, by the entry's name. */
export type DeclaredLimits = ReadonlyMap<string, Omit<ModelLimits, 'maxInput'>>

/** Kinds of provider whose models are held to what is known of them without being told to. */
const HELD: ReadonlySet<string> = new Set(['qwen'])

/**
 * The limits that a request for `name` is held to at a target. The entry of that name counts, then the one of the target's own name, then what is known of a
 * Qwen model. Undefined: whatever is asked goes on as it is, and the upstream is the judge.
 */
export function limitsOfTarget(name: string, { provider, model }: Target, declared: DeclaredLimits): ModelLimits | undefined {
  const known = HELD.has(provider.type) ? limitsOfModel(model) : undefined
  const own = declared.get(name)
  const general = declared.get(model)
  if (!own && !general) return known
  const contextWindow = own?.contextWindow ?? general?.contextWindow
  const maxOutput = own?.maxOutput ?? general?.maxOutput ?? known?.maxOutput
  return {
    // A server's known cap says nothing of a window that somebody knows better.
    ...(contextWindow === undefined ? { contextWindow: known?.contextWindow, maxInput: known?.maxInput } : { contextWindow }),
    maxOutput,
  }
}
