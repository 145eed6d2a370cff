import { describe, expect, test } from 'bun:test'
import type { Caller } from '../../src/operations/call.ts'
import { mayUse } from '../../src/operations/route.ts'
import { Catalog } from '../../src/routing/catalog.ts'
import type { Provider } from '../../src/routing/provider.ts'
import { paperProvider } from './providers.ts'

const catalogOf = (...providers: Provider[]) =>
  new Catalog({ providers, models: new Map([['fast', { alias: '4o' }]]), anthropicMappings: new Map() })

const jetbrains = (priority = 1) =>
  paperProvider('jb', {
    priority,
    models: ['openai-gpt-4o', 'gpt-4o', 'anthropic-claude-4-sonnet'],
    aliases: new Map([
      ['gpt-4o', 'openai-gpt-4o'],
      ['4o', 'openai-gpt-4o'],
      ['claude-sonnet-4-20250514', 'anthropic-claude-4-sonnet'],
    ]),
    tiers: { medium: 'anthropic-claude-4-sonnet' },
  })

function targets(catalog: Catalog, name: string): string {
  const resolution = catalog.resolve(name, 'openai-chat')
  return resolution.found ? resolution.targets.map(({ provider, model }) => `${provider.name}:${model}`).join(' ') : 'none'
}

describe('other names of a provider’s models', () => {
  test('lead to the model, listed or not', () => {
    const catalog = catalogOf(jetbrains())
    expect(['openai-gpt-4o', 'gpt-4o', '4o', 'fast'].map(name => targets(catalog, name))).toEqual(Array(4).fill('jb:openai-gpt-4o'))
    expect(targets(catalog, 'claude-sonnet-4-20250514')).toBe('jb:anthropic-claude-4-sonnet')
    expect(targets(catalog, 'gpt-4o-mini')).toBe('none')
  })

  test('are shown where they are listed, and not else', () =>
    expect(catalogOf(jetbrains()).names()).toEqual(['fast', 'openai-gpt-4o', 'gpt-4o', 'anthropic-claude-4-sonnet']))

  test('share a name with other providers by priority', () => {
    const openai = paperProvider('openai', { models: ['gpt-4o'], priority: 2 })
    expect(targets(catalogOf(openai, jetbrains()), 'gpt-4o')).toBe('jb:openai-gpt-4o openai:gpt-4o')
    expect(targets(catalogOf(openai, jetbrains(3)), 'gpt-4o')).toBe('openai:gpt-4o jb:openai-gpt-4o')
  })

  test('come before a tier', () => {
    const tiers = paperProvider('tiers', { models: ['x'], tiers: { medium: 'x' }, priority: 0 })
    expect(targets(catalogOf(tiers, jetbrains()), 'claude-sonnet-4-20250514')).toBe('jb:anthropic-claude-4-sonnet')
    expect(targets(catalogOf(tiers, jetbrains()), 'claude-sonnet-9')).toBe('tiers:x jb:anthropic-claude-4-sonnet')
  })
})

describe('a key’s model list', () => {
  const caller = (allow: string[], deny: string[] = []): Caller => ({
    id: 'k',
    name: 'k',
    denies: model => deny.includes(model),
    allows: model => !deny.includes(model) && (allow.length === 0 || allow.includes(model)),
  })
  const may = (name: string, of: Caller) => mayUse(name, of, 'openai-chat', catalogOf(jetbrains()))

  test('that denies a model denies it under every name', () => {
    const denied = caller([], ['openai-gpt-4o'])
    expect(['openai-gpt-4o', 'gpt-4o', '4o', 'fast'].map(name => may(name, denied))).toEqual([false, false, false, false])
    expect(may('anthropic-claude-4-sonnet', denied)).toBe(true)
    expect(may('gpt-4o', caller([], ['gpt-4o']))).toBe(false)
  })

  test('that allows a model allows its other names, and may allow one of them alone', () => {
    expect(['openai-gpt-4o', 'gpt-4o', '4o'].map(name => may(name, caller(['openai-gpt-4o'])))).toEqual([true, true, true])
    expect(['openai-gpt-4o', 'gpt-4o', '4o'].map(name => may(name, caller(['gpt-4o'])))).toEqual([false, true, false])
    expect(may('gpt-4o', caller(['gpt-4o'], ['openai-gpt-4o']))).toBe(false)
  })

  test('holds for callers without a list of their own', () => {
    expect(may('gpt-4o', { id: 'k', name: 'k', allows: () => true })).toBe(true)
    expect(may('gpt-4o', { id: 'k', name: 'k', allows: () => false })).toBe(false)
  })
})
