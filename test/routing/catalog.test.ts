import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import type { DialectId } from '../../src/ir/dialect-id.ts'
import { Catalog, type ModelEntry } from '../../src/routing/catalog.ts'
import { fits, type Provider } from '../../src/routing/provider.ts'
import { paperProvider } from './providers.ts'

const catalog = (providers: Provider[], models: Record<string, ModelEntry> = {}, mappings: Record<string, string> = {}) =>
  new Catalog({ providers, models: new Map(Object.entries(models)), anthropicMappings: new Map(Object.entries(mappings)) })

function targets(of: Catalog, name: string, dialect: DialectId = 'openai-chat'): string {
  const resolution = of.resolve(name, dialect)
  return resolution.found ? resolution.targets.map(({ provider, model }) => `${provider.name}:${model}`).join(' ') : 'none'
}

describe('who gets a name', () => {
  const providers = [
    paperProvider('open'),
    paperProvider('pattern', { models: ['gpt-*', 'exact'] }),
    paperProvider('lists', { models: ['gpt-4o', 'claude-opus-4'], priority: 2 }),
    paperProvider('tiers', { models: ['deep'], tiers: { big: 'deep', small: 'tiny' } }),
  ]
  const all = catalog(providers, {
    'gpt-4o-entry': {
      targets: [
        { provider: 'tiers', model: 'x' },
        { provider: 'open', model: 'y' },
      ],
    },
    fast: { alias: 'gpt-4o' },
  })

  test('entries first, in their own order', () => expect(targets(all, 'gpt-4o-entry')).toBe('tiers:x open:y'))
  test('then who lists it, before who would take anything', () => expect(targets(all, 'gpt-4o')).toBe('lists:gpt-4o'))
  test('a list before a tier', () => expect(targets(all, 'claude-opus-4')).toBe('lists:claude-opus-4'))
  test('then the tier of a Claude name', () => {
    expect(targets(all, 'claude-opus-9')).toBe('tiers:deep')
    expect(targets(all, 'Claude-3-HAIKU-20240307')).toBe('tiers:tiny')
    expect(all.resolve('claude-opus-9', 'anthropic')).toMatchObject({ byTier: true, name: 'claude-opus-9' })
    expect(all.resolve('gpt-4o', 'anthropic')).toMatchObject({ byTier: false })
  })
  test('then open lists and patterns, with the name as it is', () => {
    expect(targets(all, 'gpt-new')).toBe('open:gpt-new pattern:gpt-new')
    expect(targets(all, 'claude-sonnet-9')).toBe('open:claude-sonnet-9')
    expect(targets(all, 'anything')).toBe('open:anything')
  })
  test('an entry wins over a list of the same name', () => {
    expect(targets(catalog(providers, { 'gpt-4o': { targets: [{ provider: 'open', model: 'other' }] } }), 'gpt-4o')).toBe('open:other')
  })
  test('else nobody, with the nearest names', () => {
    const closed = catalog(providers.slice(1), { 'gpt-4o-mine': { alias: 'gpt-4o' } })
    expect(closed.resolve('gtp-4o', 'openai-chat')).toEqual({ found: false, nearest: ['gpt-4o'] })
  })
})

describe('priority', () => {
  const at = (name: string, priority: number, settings: Partial<Provider> = {}) => paperProvider(name, { priority, ...settings })

  test('orders every kind of target, the file’s order within one', () => {
    const listing = { models: ['m'], tiers: { big: 'b' } }
    const some = catalog([at('c', 3, listing), at('a', 1, listing), at('b', 2, listing), at('a2', 1, listing)])
    expect(targets(some, 'm')).toBe('a:m a2:m b:m c:m')
    expect(targets(some, 'x-opus')).toBe('a:b a2:b b:b c:b')
    expect(targets(catalog([at('late', 9), at('early', 0)]), 'x')).toBe('early:x late:x')
  })

  test('a name listed twice is one target', () => {
    expect(targets(catalog([paperProvider('p', { models: ['m', 'n', 'm'] })]), 'm')).toBe('p:m')
  })
})

describe('aliases', () => {
  const provider = paperProvider('p', { models: ['real', 'claude-real'] })

  test('lead to their name, also through another', () => {
    const some = catalog([provider], { a: { alias: 'b' }, b: { alias: 'real' } })
    expect(targets(some, 'a')).toBe('p:real')
    expect(some.resolve('a', 'openai-chat')).toMatchObject({ name: 'real' })
  })

  test('that go round in circles lead nowhere, and end', () => {
    const some = catalog([provider], { a: { alias: 'b' }, b: { alias: 'a' }, self: { alias: 'self' } }, { x: 'y', y: 'x' })
    expect([targets(some, 'a'), targets(some, 'self'), targets(some, 'x', 'anthropic')]).toEqual(['none', 'none', 'none'])
  })

  test('for Anthropic callers hold for them only', () => {
    const some = catalog([provider], {}, { 'claude-x': 'claude-real' })
    expect(targets(some, 'claude-x', 'anthropic')).toBe('p:claude-real')
    expect(targets(some, 'claude-x')).toBe('none')
  })

  test('`claude-via-` stands before any name, but for one that is listed so', () => {
    const some = catalog([provider, paperProvider('q', { models: ['claude-via-own', 'own'] })], { fast: { alias: 'real' } })
    expect(targets(some, 'claude-via-real', 'anthropic')).toBe('p:real')
    expect(targets(some, 'claude-via-fast', 'anthropic')).toBe('p:real')
    expect(targets(some, 'claude-via-own', 'anthropic')).toBe('q:claude-via-own')
  })

  test('`[1m]` is no part of a name', () => {
    expect(targets(catalog([provider]), 'claude-real[1m]', 'anthropic')).toBe('p:claude-real')
    expect(targets(catalog([provider]), 'claude-via-real[200K]', 'anthropic')).toBe('p:real')
  })

  test('an entry that names nobody active has no targets', () => {
    expect(catalog([provider], { m: { targets: [{ provider: 'gone', model: 'x' }] } }).resolve('m', 'anthropic')).toMatchObject({
      found: true,
      targets: [],
    })
  })
})

test('names: entries, lists and tiers, no patterns, each once', () => {
  const some = catalog([paperProvider('p', { models: ['a', 'b-*'], tiers: { big: 'a', small: 's' } })], { alias: { alias: 'a' } })
  expect(some.names()).toEqual(['alias', 'a', 's'])
  expect([some.owner('alias'), some.owner('nobody')]).toEqual(['p', undefined])
})

describe('patterns', () => {
  test.each([
    ['gpt-4o', 'gpt-*', true],
    ['gpt-', 'gpt-*', true],
    ['xgpt-4', 'gpt-*', false],
    ['gptx4', 'gpt.4', false],
    ['a/b:free', '*:free', true],
    ['a/b', '*', true],
    ['', '*', true],
    ['aba', 'ab*ba', false],
    ['abba', 'ab*ba', true],
    ['axbxc', 'a*b*c', true],
    ['axcxb', 'a*b*c', false],
    ['line\nbreak', 'line*', true],
    ['exact', 'exact', true],
    ['exact2', 'exact', false],
  ])('%j and %j: %p', (name, pattern, expected) => expect(fits(name, pattern)).toBe(expected))

  test('agree with a regular expression', () => {
    const letters = (of: string, maxLength: number) => fc.string({ unit: fc.constantFrom(...of), maxLength })
    fc.assert(
      fc.property(letters('ab', 8), letters('ab*', 6), (name, pattern) => {
        expect(fits(name, pattern)).toBe(new RegExp(`^${pattern.replaceAll('*', '.*')}$`).test(name))
      }),
      { numRuns: 3000 },
    )
  })

  test('are linear in a stranger’s name', () => {
    const started = performance.now()
    expect(fits('a'.repeat(200_000), '*a*a*a*a*b')).toBe(false)
    expect(performance.now() - started).toBeLessThan(500)
  })
})
