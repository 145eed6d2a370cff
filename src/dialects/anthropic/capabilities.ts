import type { Effort } from '../../ir/reasoning.ts'
import { API_VERSION } from './wire.ts'

/** What one version of the API takes of any model (dialects.md §0.3). */
interface VersionRules {
  /** temperature, top_p, top_k: any value is refused where they are gone. */
  sampling: boolean
  /** A document directly in an assistant's message. */
  assistantDocuments: boolean
  /** Citations on text that the user sends, also within a search result. */
  userCitations: boolean
}

const EVERYTHING: VersionRules = { sampling: true, assistantDocuments: true, userCitations: true }

/** Versions that took something away, newest first; one that we do not know is taken for the last known before it. */
const VERSIONS: readonly { from: string; rules: VersionRules }[] = [
  { from: '2026-10-21', rules: { sampling: false, assistantDocuments: false, userCitations: false } },
]

const rulesOf = (version: string): VersionRules => VERSIONS.find(({ from }) => version >= from)?.rules ?? EVERYTHING

/** What a Claude model takes (dialects.md §2.6.1) by an API version. Requests that ask for more are answered with a 400 by the vendor. */
export interface Capabilities extends VersionRules {
  /** Forms of `thinking` that switch it on. `both`: adaptive is preferred, budgets still work. */
  thinking: 'adaptive' | 'both' | 'budget' | 'none'
  /** Whether `thinking: disabled` is taken; `up-to-high`: not with an effort above high; `between-tools`: that is the least there is. */
  disable: 'yes' | 'up-to-high' | 'between-tools' | 'no'
  /** Levels of `output_config.effort`, lowest first. */
  efforts: readonly Effort[]
  /** What `xhigh` becomes where there is no such level. Absent: the one below. */
  insteadOfXhigh?: Effort
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
  /** `speed: "fast"`. */
  fastMode: boolean
}

const ALL: readonly Effort[] = ['low', 'medium', 'high', 'xhigh', 'max']

const CURRENT: Capabilities = {
  ...EVERYTHING,
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
  fastMode: false,
}

const ALWAYS_ON: Capabilities = { ...CURRENT, disable: 'no' }
const UNFORCED: Capabilities = { ...ALWAYS_ON, forcedTools: false }

const V4_6: Capabilities = {
  ...CURRENT,
  thinking: 'both',
  efforts: ['low', 'medium', 'high', 'max'],
  insteadOfXhigh: 'max',
  sampling: true,
}

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
  'opus-5-5': { ...UNFORCED, fastMode: true },
  'haiku-5-5': { ...CURRENT, disable: 'up-to-high' },
  'fable-5-1': UNFORCED,
  'fable-5-2': UNFORCED,
  'mythos-5-1': UNFORCED,
  'mythos-5-2': UNFORCED,
  'mythos-preview': UNFORCED,
  'opus-5': { ...CURRENT, disable: 'up-to-high', midSystem: true, fastMode: true },
  'fable-5': { ...ALWAYS_ON, midSystem: true },
  'mythos-5': { ...ALWAYS_ON, midSystem: true },
  'sonnet-5': CURRENT,
  'opus-4-8': { ...CURRENT, midSystem: true, fastMode: true },
  'opus-4-7': { ...CURRENT, fastMode: true },
  'opus-4-6': { ...V4_6, fastMode: true },
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

/** What a model takes when it is asked by this version of the API. @param maxOutput what the server at hand lets it write, where that is less */
export function capabilitiesOf(model: string, version: string = API_VERSION, maxOutput = Number.POSITIVE_INFINITY): Capabilities {
  const known = modelCapabilities(model)
  const ofModel = maxOutput < (known.maxOutput ?? Number.POSITIVE_INFINITY) ? { ...known, maxOutput } : known
  const { sampling, ...rules } = rulesOf(version)
  return { ...ofModel, ...rules, sampling: ofModel.sampling && sampling }
}

/** A Claude we do not know is taken for a current one, as the vendor's own clients do. */
function modelCapabilities(model: string): Capabilities {
  const key = familyVersion(model)
  const known = key === undefined ? undefined : MODELS[key.replace(/-0$/, '')]
  if (known) return known
  return key !== undefined || model.toLowerCase().includes('claude') ? CURRENT : UNKNOWN
}
