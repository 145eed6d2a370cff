import type { Effort } from '../../ir/reasoning.ts'

/** What the name of a model says about what OpenAI's API takes for it. Names of other vendors' models say nothing. */
export interface ModelFamily {
  /** Served by OpenAI itself (or Azure), so that OpenAI's own fields and limits hold. */
  openAi: boolean
  /** Refuses sampling parameters and `stop`, takes `max_completion_tokens` only. */
  reasoning: boolean
  /** Takes `prompt_cache_breakpoint` on parts (gpt-5.6 and later). */
  cacheBreakpoints: boolean
  /** Takes effort `none` (gpt-5.1 and later). */
  canDisableReasoning: boolean
  /** The most tokens it can write; infinite where the name does not tell. */
  maxOutput: number
  /** The efforts it takes, weakest first. */
  efforts: readonly Effort[]
}

const COMMON_EFFORTS: readonly Effort[] = ['low', 'medium', 'high']

/** As OpenAI documents them, longer names first; reasoning models of the GPT line write up to 128,000 tokens. */
const MAX_OUTPUT: readonly (readonly [string, number])[] = [
  ['gpt-4o', 16_384],
  ['chatgpt-4o', 16_384],
  ['gpt-4.1', 32_768],
  ['gpt-4-turbo', 4096],
  ['gpt-3', 4096],
  ['o1', 100_000],
  ['o3', 100_000],
  ['o4', 100_000],
]

/** Names may carry a router's prefix: `openai/gpt-5.1`. `gpt-oss` models are served by others. */
export function modelFamily(name: string): ModelFamily {
  const model = name
    .slice(name.lastIndexOf('/') + 1)
    .toLowerCase()
    .replace(/^ft:/, '')
  // Azure writes gpt-35-turbo, because its deployment names have no dots.
  const version = model.startsWith('gpt-35') ? 3.5 : Number(/^gpt-(\d+(?:\.\d+)?)/.exec(model)?.[1] ?? 0)
  const openAi = version > 0 || /^(o\d|chatgpt-|codex-|gpt-4o|gpt-realtime|computer-use)/.test(model)
  const reasoning = /^o\d/.test(model) || /^codex-/.test(model) || (version >= 5 && !/-chat\b/.test(model))
  return {
    openAi,
    reasoning,
    cacheBreakpoints: version >= 5.6,
    canDisableReasoning: reasoning && version >= 5.1,
    maxOutput: MAX_OUTPUT.find(([start]) => openAi && model.startsWith(start))?.[1] ?? (reasoning ? 128_000 : Number.POSITIVE_INFINITY),
    efforts: effortsOf(openAi, version),
  }
}

function effortsOf(openAi: boolean, version: number): readonly Effort[] {
  if (!openAi || version < 5) return COMMON_EFFORTS
  if (version < 5.1) return ['minimal', ...COMMON_EFFORTS]
  if (version < 5.2) return ['none', ...COMMON_EFFORTS]
  return version < 6 ? ['none', ...COMMON_EFFORTS, 'xhigh'] : ['none', ...COMMON_EFFORTS, 'xhigh', 'max']
}
