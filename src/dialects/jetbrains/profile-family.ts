import type { ParameterKey } from './parameters.ts'

/** What the name of a profile tells about what its endpoint takes (jetbrains-ai.md §2.4). A parameter that is not taken is a 400. */
export interface ProfileFamily {
  name: 'codex' | 'openai' | 'anthropic' | 'google' | 'xai' | 'unknown'
  /** On v8, where no live list of the profile is at hand. */
  parameters: readonly ParameterKey[]
  /** On v7. */
  olderParameters: readonly ParameterKey[]
  /** The highest temperature. */
  hottest: number
  /** Names of tools. */
  toolName: RegExp
  /** Instructions are taken in mid-conversation, too. */
  midSystem: boolean
  /** The conversation must begin with the user. */
  userFirst: boolean
}

/** As the service checks it; OpenAI and Anthropic behind it take no dots. */
const NAME = /^[a-zA-Z0-9_.-]{1,64}$/
const DOTLESS_NAME = /^[a-zA-Z0-9_-]{1,64}$/

const UNKNOWN: ProfileFamily = {
  name: 'unknown',
  parameters: ['tools'],
  olderParameters: ['functions'],
  hottest: 2,
  toolName: NAME,
  midSystem: false,
  userFirst: true,
}

/** v7, of all but OpenAI: one of the two at a time. */
const SAMPLED: readonly ParameterKey[] = ['functions', 'temperature', 'top-p']

const OPENAI: ProfileFamily = {
  name: 'openai',
  parameters: ['tools', 'length', 'temperature', 'top-p', 'seed', 'number-of-choices'],
  olderParameters: ['functions'],
  hottest: 2,
  toolName: DOTLESS_NAME,
  midSystem: true,
  userFirst: false,
}

/** First match wins. */
const FAMILIES: readonly { profile: RegExp; family: ProfileFamily }[] = [
  { profile: /-codex/, family: { ...OPENAI, name: 'codex', parameters: [], olderParameters: [] } },
  { profile: /^openai-gpt-5/, family: { ...OPENAI, parameters: ['tools', 'length', 'reasoning-effort', 'verbosity'] } },
  {
    profile: /^openai-o[34]/,
    family: {
      ...OPENAI,
      parameters: ['tools', 'length', 'seed', 'reasoning-effort', 'number-of-choices'],
      olderParameters: ['functions', 'reasoning-effort'],
    },
  },
  { profile: /^openai-o\d/, family: { ...OPENAI, parameters: ['tools', 'length', 'seed', 'reasoning-effort', 'number-of-choices'] } },
  { profile: /^openai-/, family: OPENAI },
  {
    profile: /^anthropic-/,
    family: {
      ...UNKNOWN,
      name: 'anthropic',
      parameters: ['tools', 'length', 'stop-token'],
      olderParameters: SAMPLED,
      hottest: 1,
      toolName: DOTLESS_NAME,
    },
  },
  {
    profile: /^google-/,
    family: {
      ...UNKNOWN,
      name: 'google',
      parameters: ['tools', 'length', 'temperature', 'top-p', 'reasoning-effort'],
      olderParameters: SAMPLED,
      hottest: 1,
    },
  },
  {
    profile: /^xai-/,
    family: {
      ...UNKNOWN,
      name: 'xai',
      parameters: ['tools', 'length', 'temperature', 'top-p', 'seed', 'number-of-choices'],
      olderParameters: SAMPLED,
      midSystem: true,
      userFirst: false,
    },
  },
]

export function profileFamily(profile: string): ProfileFamily {
  const id = profile.toLowerCase()
  return FAMILIES.find(row => row.profile.test(id))?.family ?? UNKNOWN
}

const CLAUDE_VERSION = /claude-(?:[a-z]+-)?(\d{1,2})(?:[.-](\d{1,2})(?!\d))?/

/** Whether an answer that the client began is gone on with: only Claude does so, and not from 4.6 on (jetbrains-ai.md §2.3). */
export function continuesAnswers(profile: string): boolean {
  const [, major, minor = '0'] = CLAUDE_VERSION.exec(profile.toLowerCase()) ?? []
  return major !== undefined && Number(major) * 100 + Number(minor) < 406
}
