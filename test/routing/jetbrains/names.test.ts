import { describe, expect, test } from 'bun:test'
import { aliasesOf, namesOf, shortName, tiersOf, vendorIdOf } from '../../../src/routing/jetbrains/names.ts'
import { BUILT_IN_PROFILES } from '../../../src/routing/jetbrains/profiles.ts'

const built = aliasesOf(BUILT_IN_PROFILES)
const profiles = (...ids: string[]) => ids.map(id => ({ id }))

describe('names that users know', () => {
  // The fixed names of the older balancer (jetbrains-ai.md §9), and what the service calls them.
  test.each([
    ['gpt-4o', 'openai-gpt-4o'],
    ['o1', 'openai-o1'],
    ['o3', 'openai-o3'],
    ['o3-mini', 'openai-o3-mini'],
    ['o4-mini', 'openai-o4-mini'],
    ['gpt4.1', 'openai-gpt4.1'],
    ['gpt4.1-mini', 'openai-gpt4.1-mini'],
    ['gpt4.1-nano', 'openai-gpt4.1-nano'],
    ['gemini-pro-2.5', 'google-chat-gemini-pro-2.5'],
    ['gemini-flash-2.0', 'google-chat-gemini-flash-2.0'],
    ['gemini-flash-2.5', 'google-chat-gemini-flash-2.5'],
    ['claude-3.5-haiku', 'anthropic-claude-3.5-haiku'],
    ['claude-3.5-sonnet', 'anthropic-claude-3.5-sonnet'],
    ['claude-3.7-sonnet', 'anthropic-claude-3.7-sonnet'],
    ['claude-4-sonnet', 'anthropic-claude-4-sonnet'],
  ])('%s of the older balancer is %s', (name, id) => {
    expect(built.get(name)).toBe(id)
    expect(shortName(id)).toBe(name)
  })

  test.each([
    ['gpt-4.1', 'openai-gpt4.1'],
    ['gpt-5.1-codex-max', 'openai-gpt-5-1-codex-max'],
    ['gpt-5.4-mini', 'openai-gpt-5-4-mini'],
    ['gpt-5', 'openai-gpt-5'],
    ['claude-sonnet-4-20250514', 'anthropic-claude-4-sonnet'],
    ['claude-sonnet-4-5', 'anthropic-claude-4-5-sonnet'],
    ['claude-sonnet-4-5-20250929', 'anthropic-claude-4-5-sonnet'],
    ['claude-opus-4-7', 'anthropic-claude-4-7-opus'],
    ['claude-4.5-haiku', 'anthropic-claude-4-5-haiku'],
    ['claude-3-5-haiku-20241022', 'anthropic-claude-3.5-haiku'],
    ['claude-3-5-sonnet', 'anthropic-claude-3.5-sonnet'],
    ['claude-opus-4-1', 'anthropic-claude-4.1-opus'],
    ['gemini-2.5-pro', 'google-chat-gemini-pro-2.5'],
    ['gemini-2.5-flash-lite', 'google-chat-gemini-flash-lite-2.5'],
    ['gemini-3.1-pro', 'google-gemini-3-1-pro'],
    ['grok-4', 'xai-grok-4'],
    ['grok-4.1-fast', 'xai-grok-4-1-fast'],
    ['grok-code-fast-1-0825', 'xai-grok-code-fast-1'],
  ])('%s of the vendor is %s', (name, id) => expect(built.get(name)).toBe(id))

  test('of a profile never hold its own id, and each once', () => {
    for (const profile of BUILT_IN_PROFILES) {
      const names = namesOf(profile)
      expect(names).not.toContain(profile.id)
      expect(new Set(names).size).toBe(names.length)
      expect(names[0]).toBe(shortName(profile.id))
    }
    expect(namesOf({ id: 'qwen-max' })).toEqual([])
  })

  test('the list’s own word for the vendor’s name counts too', () =>
    expect(namesOf({ id: 'openai-gpt-6', vendorId: 'gpt-6-2026-08-01' })).toEqual(['gpt-6', 'gpt-6-2026-08-01']))

  test('belong to the profile that is called so, then to the first in the list', () => {
    const aliases = aliasesOf(profiles('openai-gpt-4o', 'gpt-4o', 'google-chat-gemini-pro-2.5', 'google-gemini-2-5-pro'))
    expect(aliases.get('gpt-4o')).toBeUndefined()
    expect(aliases.get('gemini-2.5-pro')).toBe('google-chat-gemini-pro-2.5')
    expect(aliases.get('gemini-2-5-pro')).toBe('google-chat-gemini-pro-2.5')
  })
})

// jetbrains-ai.md §7.1, "Native ids for passthrough".
test.each([
  ['anthropic-claude-4-sonnet', 'claude-sonnet-4-20250514'],
  ['anthropic-claude-4.1-opus', 'claude-opus-4-1-20250805'],
  ['anthropic-claude-4-5-sonnet', 'claude-sonnet-4-5-20250929'],
  ['anthropic-claude-4-5-haiku', 'claude-haiku-4-5-20251001'],
  ['anthropic-claude-4-5-opus', 'claude-opus-4-5-20251101'],
  ['anthropic-claude-4-6-opus', 'claude-opus-4-6'],
  ['anthropic-claude-4-6-sonnet', 'claude-sonnet-4-6'],
  ['anthropic-claude-4-7-opus', 'claude-opus-4-7'],
  ['anthropic-claude-3-haiku', 'claude-3-haiku-20240307'],
  ['openai-gpt-4o', 'gpt-4o'],
  ['openai-gpt4.1', 'gpt-4.1'],
  ['openai-gpt4.1-nano', 'gpt-4.1-nano'],
  ['openai-gpt-5-4', 'gpt-5.4'],
  ['openai-gpt-5-1-codex-max', 'gpt-5.1-codex-max'],
  ['openai-o4-mini', 'o4-mini'],
  ['xai-grok-4', 'grok-4-0709'],
  ['xai-grok-4-fast', 'grok-4-fast-reasoning'],
  ['xai-grok-4-1-fast', 'grok-4-1-fast-reasoning'],
  ['xai-grok-4-1-fast-non-reasoning', 'grok-4-1-fast-non-reasoning'],
  ['xai-grok-code-fast-1', 'grok-code-fast-1-0825'],
  ['gpt-4-1106-preview', 'gpt-4-1106-preview'],
])('the native route of %s takes %s', (id, vendorId) => expect(vendorIdOf(id)).toBe(vendorId))

describe('tiers', () => {
  test('are the newest Claude of each size', () =>
    expect(tiersOf(BUILT_IN_PROFILES)).toEqual({
      big: 'anthropic-claude-4-7-opus',
      medium: 'anthropic-claude-4-6-sonnet',
      small: 'anthropic-claude-4-5-haiku',
    }))

  test('whatever the order, the dots and where the size stands', () => {
    const some = profiles(
      'anthropic-claude-4-10-sonnet',
      'anthropic-claude-3.7-sonnet',
      'anthropic-claude-4.9-sonnet',
      'anthropic-claude-4-sonnet',
      'anthropic-claude-4.1-opus',
      'anthropic-claude-opus-5-1',
      'anthropic-claude-opus-5',
      'anthropic-claude-3-haiku',
      'someone-claude-9-haiku',
    )
    expect(tiersOf(some)).toEqual({
      big: 'anthropic-claude-opus-5-1',
      medium: 'anthropic-claude-4-10-sonnet',
      small: 'anthropic-claude-3-haiku',
    })
  })

  test('there are none where there is no Claude', () =>
    expect(tiersOf(profiles('openai-gpt-4o'))).toEqual({ big: undefined, medium: undefined, small: undefined }))
})
