import type { Effort } from '../../ir/reasoning.ts'

/** What a Claude model takes (dialects.md §2.6.1). Requests that ask for more are answered with a 400 by the vendor. */
export interface Capabilities {
  /** Forms of `thinking` that switch it on. `both`: adaptive is preferred, budgets still work. */
  thinking: 'adaptive' | 'both' | 'budget' | 'none'
  /** Whether `thinking: disabled` is taken; `up-to-high`: not with an effort above high; `between-tools`: that is the least there is. */
  disable: 'yes' | 'up-to-high' | 'between-tools' | 'no'
  /** Levels of `output_config.effort`, lowest first. */
  efforts: readonly Effort[]
  /** temperature, top_p, top_k. */
  sampling: boolean
  /** temperature and top_p in one request. */
  samplingPair: boolean
  /** tool_choice `any` and `tool`. */
  forcedTools: boolean
  /** An assistant message at the end, to be continued. */
  prefill: boolean
  /** Absent where we do not know it. */
  maxOutput?: number
  /** `role: "system"` in mid-conversation. */
  midSystem: boolean
  /** `output_config.format`. */
  structuredOutputs: boolean
}

const ALL: readonly Effort[] = ['low', 'medium', 'high', 'xhigh', 'max']

const CURRENT: Capabilities = {
  thinking: 'adaptive',
  disable: 'yes',
  efforts: ALL,
  sampling: false,
  samplingPair: false,
  forcedTools: true,
  prefill: false,
  maxOutput: 128_000,
  midSystem: false,
  structuredOutputs: true,
}

const ALWAYS_ON: Capabilities = { ...CURRENT, disable: 'no' }
const UNFORCED: Capabilities = { ...ALWAYS_ON, forcedTools: false }

const V4_6: Capabilities = { ...CURRENT, thinking: 'both', efforts: ['low', 'medium', 'high', 'max'], sampling: true }

const V4_5: Capabilities = {
  ...CURRENT,
  thinking: 'budget',
  efforts: [],
  sampling: true,
  prefill: true,
  maxOutput: 64_000,
}

const V4: Capabilities = { ...V4_5, structuredOutputs: false }
const V3_7: Capabilities = { ...V4, samplingPair: true }
const V3: Capabilities = { ...V3_7, thinking: 'none', maxOutput: 4096 }

/** By family and version. Mid-conversation system turns: only where the vendor lists the model; later ones are added as it does. */
const MODELS: Record<string, Capabilities> = {
  'sonnet-5-5': { ...UNFORCED, disable: 'between-tools' },
  'opus-5-5': UNFORCED,
  'haiku-5-5': { ...CURRENT, disable: 'up-to-high' },
  'fable-5-1': UNFORCED,
  'fable-5-2': UNFORCED,
  'mythos-5-1': UNFORCED,
  'mythos-5-2': UNFORCED,
  'mythos-preview': UNFORCED,
  'opus-5': { ...CURRENT, disable: 'up-to-high', midSystem: true },
  'fable-5': { ...ALWAYS_ON, midSystem: true },
  'mythos-5': { ...ALWAYS_ON, midSystem: true },
  'sonnet-5': CURRENT,
  'opus-4-8': { ...CURRENT, midSystem: true },
  'opus-4-7': CURRENT,
  'opus-4-6': V4_6,
  'sonnet-4-6': V4_6,
  'opus-4-5': { ...V4_5, efforts: ['low', 'medium', 'high'] },
  'sonnet-4-5': V4_5,
  'haiku-4-5': V4_5,
  'opus-4-1': { ...V4_5, maxOutput: 32_000 },
  'opus-4': { ...V4, maxOutput: 32_000 },
  'sonnet-4': V4,
  'sonnet-3-7': V3_7,
  'sonnet-3-5': { ...V3, maxOutput: 8192 },
  'haiku-3-5': { ...V3, maxOutput: 8192 },
  'opus-3': V3,
  'sonnet-3': V3,
  'haiku-3': V3,
}

/** Another vendor's model behind an Anthropic-style API: the older forms are what such servers know, and nothing else is held back. */
const UNKNOWN: Capabilities = {
  ...CURRENT,
  thinking: 'budget',
  efforts: [],
  sampling: true,
  samplingPair: true,
  prefill: true,
  maxOutput: undefined,
}

const FAMILY_FIRST = /(opus|sonnet|haiku|fable|mythos)-(preview|\d{1,2}(?!\d))(?:-(\d{1,2})(?!\d))?/
const VERSION_FIRST = /(?:^|[^\d])(\d{1,2})(?:-(\d{1,2}))?-(opus|sonnet|haiku|fable|mythos)/

/** `claude-opus-4-5-20251101`, `anthropic/claude-opus-4.5`, `claude-3-5-haiku` … → `opus-4-5`, `opus-4-5`, `haiku-3-5`. */
function familyVersion(model: string): string | undefined {
  const id = model.toLowerCase().replaceAll('.', '-')
  const first = FAMILY_FIRST.exec(id)
  if (first) return [first[1], first[2], first[3]].filter(Boolean).join('-')
  const last = VERSION_FIRST.exec(id)
  return last ? [last[3], last[1], last[2]].filter(Boolean).join('-') : undefined
}

/** A Claude we do not know is taken for a current one, as the vendor's own clients do. */
export function capabilitiesOf(model: string): Capabilities {
  const key = familyVersion(model)
  const known = key === undefined ? undefined : MODELS[key.replace(/-0$/, '')]
  if (known) return known
  return key !== undefined || model.toLowerCase().includes('claude') ? CURRENT : UNKNOWN
}
