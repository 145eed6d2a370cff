/** The names by which parameters go on the wire (jetbrains-ai.md §2.4), with the types that a key may have there. */
export const PARAMETER_TYPES: Readonly<Record<string, readonly string[]>> = {
  'llm.parameters.tools': ['json'],
  'llm.parameters.functions': ['json'],
  'llm.parameters.function.mode': ['json'],
  'llm.parameters.tool-choice-auto': ['bool'],
  'llm.parameters.tool-choice-none': ['bool'],
  'llm.parameters.tool-choice-required': ['bool'],
  'llm.parameters.tool-choice-named': ['text', 'json'],
  'llm.parameters.parallel-tool-calls': ['bool'],
  'llm.parameters.temperature': ['double'],
  'llm.parameters.top-p': ['double'],
  'llm.parameters.top-k': ['int'],
  'llm.parameters.length': ['int'],
  'llm.parameters.stop-token': ['text'],
  'llm.parameters.seed': ['int'],
  'llm.parameters.number-of-choices': ['int'],
  'llm.parameters.response-format': ['json'],
  'llm.parameters.reasoning-effort': ['text'],
  'llm.parameters.thinking-budget': ['int'],
  'llm.parameters.verbosity': ['text'],
  'llm.parameters.predicted-output': ['text', 'json'],
  'llm.parameters.cache-points': ['json'],
  'llm.parameters.no-repeat': ['int'],
  'llm.parameters.dimension': ['int'],
}

const PREFIX = 'llm.parameters.'
const named = (...names: string[]): string[] => names.map(name => PREFIX + name)

const TOOLS = named('tools', 'tool-choice-auto', 'tool-choice-none', 'tool-choice-required', 'tool-choice-named', 'parallel-tool-calls')
const FUNCTIONS = named('functions', 'function.mode')
/** v7, of all but OpenAI: one of the two at a time. */
const SAMPLED = [...named('temperature', 'top-p'), ...FUNCTIONS]
const REASONING = named('length', 'seed', 'reasoning-effort', 'number-of-choices')

const NAME = /^[a-zA-Z0-9_.-]{1,64}$/
/** OpenAI and Anthropic, behind the gateway, take no dots. */
const DOTLESS = /^[a-zA-Z0-9_-]{1,64}$/

export interface Family {
  vendor: 'openai' | 'anthropic' | 'google' | 'xai' | 'other'
  /** What v8 takes. */
  v8: readonly string[]
  /** What v7 takes. */
  v7: readonly string[]
  /** Names of tools. */
  toolName: RegExp
  /** Highest temperature. */
  temperature: number
}

/** First match wins: the order of jetbrains-ai.md §2.4. */
const FAMILIES: readonly [RegExp, Family][] = [
  [/^openai-.*codex/, { vendor: 'openai', v8: [], v7: [], toolName: DOTLESS, temperature: 2 }],
  [
    /^openai-gpt-5/,
    {
      vendor: 'openai',
      v8: [...named('length', 'reasoning-effort', 'verbosity'), ...TOOLS],
      v7: FUNCTIONS,
      toolName: DOTLESS,
      temperature: 2,
    },
  ],
  [
    /^openai-o[34]/,
    { vendor: 'openai', v8: [...REASONING, ...TOOLS], v7: [...named('reasoning-effort'), ...FUNCTIONS], toolName: DOTLESS, temperature: 2 },
  ],
  [/^openai-o\d/, { vendor: 'openai', v8: [...REASONING, ...TOOLS], v7: FUNCTIONS, toolName: DOTLESS, temperature: 2 }],
  [
    /^openai-/,
    {
      vendor: 'openai',
      v8: [...named('length', 'temperature', 'top-p', 'seed', 'number-of-choices'), ...TOOLS],
      v7: FUNCTIONS,
      toolName: DOTLESS,
      temperature: 2,
    },
  ],
  [
    /^anthropic-/,
    {
      vendor: 'anthropic',
      v8: [...named('length', 'stop-token'), ...TOOLS],
      v7: SAMPLED,
      toolName: DOTLESS,
      temperature: 1,
    },
  ],
  [
    /^google-/,
    {
      vendor: 'google',
      v8: [...named('length', 'temperature', 'top-p', 'reasoning-effort'), ...TOOLS],
      v7: SAMPLED,
      toolName: NAME,
      temperature: 1,
    },
  ],
  [
    /^xai-/,
    {
      vendor: 'xai',
      v8: [...named('length', 'temperature', 'top-p', 'seed', 'number-of-choices'), ...TOOLS],
      v7: SAMPLED,
      toolName: NAME,
      temperature: 2,
    },
  ],
]

const UNKNOWN: Family = { vendor: 'other', v8: TOOLS, v7: FUNCTIONS, toolName: NAME, temperature: 2 }

export const familyOf = (profile: string): Family => FAMILIES.find(([pattern]) => pattern.test(profile))?.[1] ?? UNKNOWN

/** Claude from 4.6 on wants the user to speak last. */
export const takesPrefill = (profile: string): boolean => !/^anthropic-claude-(4-[6-9]|[5-9])/.test(profile)
