/** The plans that are paid for by key (qwen.md §4.1). */
export type Plan = 'coding' | 'token' | 'standard'

/** Where a model can be asked for: over OAuth, or with a key of a plan. */
export type Shelf = 'portal' | Plan

export interface QwenModel {
  id: string
  shelves: readonly Shelf[]
  /** Tokens that a prompt may have. */
  input: number
  /** Tokens that `max_tokens` may ask for. */
  output: number
  /** Whether it thinks unasked; `never` where it can't. */
  thinking: 'on' | 'off' | 'never'
  /** Takes `reasoning_effort`. */
  efforts?: boolean
}

const model = (id: string, shelves: readonly Shelf[], thinking: QwenModel['thinking'], input = 983_616, output = 65_536): QwenModel => ({
  id,
  shelves,
  thinking,
  input,
  output,
})

const PAID: readonly Plan[] = ['coding', 'token', 'standard']

/** What is served where (qwen.md §2.6, §4.1). Input limits that no error message told are the context windows. */
export const MODELS: readonly QwenModel[] = [
  model('coder-model', ['portal'], 'on'),
  model('vision-model', ['portal'], 'off', 131_072, 32_768),
  model('qwen3-coder-plus', ['portal', 'coding', 'standard'], 'never', 997_952),
  model('qwen3-coder-flash', ['portal', 'standard'], 'never', 997_952),
  model('qwen3.5-plus', ['coding', 'standard'], 'on'),
  model('qwen3.6-plus', PAID, 'on'),
  model('qwen3.7-plus', PAID, 'on'),
  model('qwen3-coder-next', ['coding', 'standard'], 'never', 204_800),
  model('qwen3-max-2026-01-23', ['coding', 'standard'], 'off', 262_144),
  model('qwen3-max', ['standard'], 'off', 262_144),
  model('qwen-plus', ['standard'], 'off', 997_952, 32_768),
  model('qwen3-vl-plus', ['standard'], 'off', 262_144, 32_768),
  model('glm-5', ['coding', 'token'], 'on', 202_752),
  model('glm-4.7', ['coding'], 'on', 202_752),
  model('kimi-k2.5', ['coding', 'token'], 'on', 262_144),
  model('MiniMax-M2.5', ['coding'], 'on', 196_608),
  model('qwen3.7-max', ['token', 'standard'], 'on'),
  model('qwen3.6-flash', ['token', 'standard'], 'on'),
  model('qwen3.8-flash', ['token', 'standard'], 'on'),
  model('deepseek-v4', ['token'], 'on', 131_072),
  { ...model('qwen3.8-max', ['token', 'standard'], 'on'), efforts: true },
  { ...model('qwen3.8-max-preview', ['token'], 'on'), efforts: true },
]

export const modelsOn = (shelf: Shelf): readonly QwenModel[] => MODELS.filter(({ shelves }) => shelves.includes(shelf))
