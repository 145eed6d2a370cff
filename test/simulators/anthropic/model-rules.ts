/** What a Claude model takes (dialects.md §2.6.1). */
export interface ModelRules {
  /** Values of `thinking.type` besides `disabled`. */
  thinking: readonly string[]
  /** Whether thinking can be turned off; `to-high`: only at effort up to `high`. */
  disable: boolean | 'to-high'
  efforts: readonly string[]
  sampling: boolean
  forcedTools: boolean
  prefill: boolean
  /** Whether `role: "system"` may stand within `messages`. */
  systemTurns: boolean
  /** Whether thinking text is shown without `display: "summarized"`. */
  showsThinking: boolean
  structuredOutputs: boolean
  /** `speed`: `beta` only with the header that names it. */
  fast: boolean | 'beta'
  maxOutput: number
}

const ALL_EFFORTS = ['low', 'medium', 'high', 'xhigh', 'max']

const CURRENT: ModelRules = {
  thinking: ['adaptive'],
  disable: true,
  efforts: ALL_EFFORTS,
  sampling: false,
  forcedTools: true,
  prefill: false,
  systemTurns: false,
  showsThinking: false,
  structuredOutputs: true,
  fast: false,
  maxOutput: 128_000,
}

const FOUR_SIX: ModelRules = {
  ...CURRENT,
  thinking: ['adaptive', 'enabled'],
  efforts: ['low', 'medium', 'high', 'max'],
  sampling: true,
  showsThinking: true,
}

const FOUR_FIVE: ModelRules = { ...FOUR_SIX, thinking: ['enabled'], efforts: [], prefill: true, maxOutput: 64_000 }

const OLDER: ModelRules = { ...FOUR_FIVE, structuredOutputs: false }

/** First match wins, so longer names stand before the names that they contain. */
const RULES: readonly [RegExp, ModelRules][] = [
  [/sonnet-5-5/, { ...CURRENT, thinking: ['adaptive', 'between_tools'], disable: false, forcedTools: false }],
  [/opus-5-5/, { ...CURRENT, disable: false, forcedTools: false, systemTurns: true, fast: true }],
  [/(fable|mythos)-5-[12]/, { ...CURRENT, disable: false, forcedTools: false, systemTurns: true }],
  [/haiku-5-5/, { ...CURRENT, disable: 'to-high' }],
  [/opus-5/, { ...CURRENT, disable: 'to-high', systemTurns: true, fast: true }],
  [/(fable|mythos)-5/, { ...CURRENT, disable: false, systemTurns: true }],
  [/sonnet-5/, CURRENT],
  [/opus-4-8/, { ...CURRENT, systemTurns: true, fast: 'beta' }],
  [/opus-4-7/, { ...CURRENT, fast: 'beta' }],
  [/opus-4-6/, { ...FOUR_SIX, fast: 'beta' }],
  [/sonnet-4-6/, FOUR_SIX],
  [/opus-4-5/, { ...FOUR_FIVE, efforts: ['low', 'medium', 'high'] }],
  [/(sonnet|haiku)-4-5/, FOUR_FIVE],
  [/opus-4-1/, { ...OLDER, structuredOutputs: true, maxOutput: 32_000 }],
  [/opus-4/, { ...OLDER, maxOutput: 32_000 }],
  [/sonnet-4|3-7-sonnet/, OLDER],
  [/3-5/, { ...OLDER, thinking: [], maxOutput: 8192 }],
  [/claude-3/, { ...OLDER, thinking: [], maxOutput: 4096 }],
]

export const rulesOf = (model: string): ModelRules => RULES.find(([pattern]) => pattern.test(model))?.[1] ?? CURRENT

/** Models in the list of an account, newest first. */
export const MODELS: readonly string[] = [
  'claude-sonnet-5-5',
  'claude-opus-5-5',
  'claude-haiku-5-5',
  'claude-opus-5',
  'claude-sonnet-5',
  'claude-opus-4-6',
  'claude-sonnet-4-5-20250929',
  'claude-haiku-4-5-20251001',
]

export const isVendorModel = (model: string): boolean => model.startsWith('claude-')
