import type { Tiers } from '../provider.ts'
import type { Profile } from './profiles.ts'

/** Vendors' own names where no rule gives them (jetbrains-ai.md §7.1). */
const VENDOR_IDS: Readonly<Record<string, string>> = {
  'anthropic-claude-4-sonnet': 'claude-sonnet-4-20250514',
  'anthropic-claude-4-opus': 'claude-opus-4-20250514',
  'anthropic-claude-4.1-opus': 'claude-opus-4-1-20250805',
  'anthropic-claude-4-5-sonnet': 'claude-sonnet-4-5-20250929',
  'anthropic-claude-4-5-haiku': 'claude-haiku-4-5-20251001',
  'anthropic-claude-4-5-opus': 'claude-opus-4-5-20251101',
  'anthropic-claude-3-haiku': 'claude-3-haiku-20240307',
  'anthropic-claude-3-opus': 'claude-3-opus-20240229',
  'anthropic-claude-3.5-haiku': 'claude-3-5-haiku-20241022',
  'anthropic-claude-3.5-sonnet': 'claude-3-5-sonnet-20241022',
  'anthropic-claude-3.7-sonnet': 'claude-3-7-sonnet-20250219',
  'xai-grok-4': 'grok-4-0709',
  'xai-grok-4-fast': 'grok-4-fast-reasoning',
  'xai-grok-4-1-fast-non-reasoning': 'grok-4-1-fast-non-reasoning',
  'xai-grok-4-1-fast': 'grok-4-1-fast-reasoning',
  'xai-grok-code-fast-1': 'grok-code-fast-1-0825',
}

const PREFIX = /^(?:openai|anthropic|xai|google-chat|google)-/

/** `4-5` as `4.5`, where two numbers stand side by side. */
const dotted = (name: string): string => name.replace(/(?<=^|[-a-z])(\d{1,2})-(\d{1,2})(?=-|$)/, '$1.$2')
const dashed = (name: string): string => name.replace(/(\d)\.(\d)/g, '$1-$2')

/** The vendor's own way to put the same words. */
function reordered(name: string): string {
  const claude = /^claude-(\d[\d.-]*)-(opus|sonnet|haiku)$/.exec(name)
  // From the fourth generation on Anthropic puts the size first.
  if (claude && Number.parseInt(claude[1] ?? '', 10) >= 4) return `claude-${claude[2]}-${claude[1]}`
  const gemini = /^gemini-(pro|flash|flash-lite)-(\d[\d.]*)$/.exec(name)
  if (gemini) return `gemini-${gemini[2]}-${gemini[1]}`
  return name.replace(/^gpt(?=\d)/, 'gpt-')
}

/** The vendor's name for a profile: the one its native route takes. */
export function vendorIdOf(id: string): string {
  const known = VENDOR_IDS[id]
  if (known !== undefined) return known
  const name = reordered(id.replace(PREFIX, ''))
  return name.startsWith('claude-') ? dashed(name) : dotted(name)
}

/** What the older proxies' users, and the vendors' own, call a profile; the short one first. */
export function namesOf({ id, vendorId }: Profile): string[] {
  const short = id.replace(PREFIX, '')
  const turned = reordered(short)
  const all = [short, turned, dotted(short), dotted(turned), dashed(turned), vendorIdOf(id), ...(vendorId === undefined ? [] : [vendorId])]
  return [...new Set(all)].filter(name => name !== id)
}

/** Every name a profile is known by, where no other has it already: profiles' own ids first, then the short names, in the list's order. */
export function aliasesOf(profiles: readonly Profile[]): Map<string, string> {
  const taken = new Set(profiles.map(({ id }) => id))
  const aliases = new Map<string, string>()
  for (const profile of profiles) {
    for (const name of namesOf(profile)) if (!taken.has(name) && !aliases.has(name)) aliases.set(name, profile.id)
  }
  return aliases
}

/** The name that a list shows beside the profile's id. */
export const shortName = (id: string): string => id.replace(PREFIX, '')

function versionOf(id: string): number {
  const [, major = '0', minor = '0'] = /claude-(?:[a-z]+-)?(\d+)(?:[.-](\d{1,2})(?=-|$))?/.exec(id) ?? []
  return Number(major) * 100 + Number(minor)
}

/** The newest Claude of each size. */
export function tiersOf(profiles: readonly Profile[]): Tiers {
  const newest = (size: string): string | undefined =>
    profiles
      .map(({ id }) => id)
      .filter(id => id.startsWith('anthropic-claude-') && id.includes(size))
      .sort((a, b) => versionOf(b) - versionOf(a))[0]
  return { big: newest('opus'), medium: newest('sonnet'), small: newest('haiku') }
}
