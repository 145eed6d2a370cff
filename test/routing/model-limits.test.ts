import { describe, expect, test } from 'bun:test'
import { Catalog, type ModelEntry } from '../../src/routing/catalog.ts'
import { type DeclaredLimits, limitsOfTarget } from '../../src/routing/model-limits.ts'
import { paperProvider } from './providers.ts'

const qwen = paperProvider('Q', { type: 'qwen', models: ['coder-model', 'qwen3-max'] })
const other = paperProvider('O', { type: 'openai', models: ['coder-model', 'gpt-4o'], priority: 2 })

const limits = (name: string, provider = qwen, model = name, declared: Record<string, object> = {}) =>
  limitsOfTarget(name, { provider, model }, new Map(Object.entries(declared)) as DeclaredLimits)

describe('the limits of a target', () => {
  test("a Qwen provider's are what is known of the model, another one's none", () => {
    expect(limits('big', qwen, 'coder-model')).toEqual({ contextWindow: 1_000_000, maxInput: 983_616, maxOutput: 65_536 })
    expect(limits('coder-model', other)).toBeUndefined()
    expect(limits('no-such-model', qwen)).toBeUndefined()
  })

  test('an entry says otherwise, of any provider, by the name asked for before the name there', () => {
    expect(limits('gpt-4o', other, 'gpt-4o', { 'gpt-4o': { maxOutput: 5 } })).toEqual({ maxOutput: 5 })
    const declared = { fast: { maxOutput: 5 }, 'gpt-4o': { contextWindow: 100, maxOutput: 9 } }
    expect(limits('fast', other, 'gpt-4o', declared)).toEqual({ contextWindow: 100, maxOutput: 5 })
    expect(limits('slow', other, 'gpt-4o', declared)).toEqual({ contextWindow: 100, maxOutput: 9 })
  })

  test('an entry keeps what it does not speak of, and its window stands for the cap that was known', () => {
    expect(limits('coder-model', qwen, 'coder-model', { 'coder-model': { maxOutput: 10 } })).toEqual({
      contextWindow: 1_000_000,
      maxInput: 983_616,
      maxOutput: 10,
    })
    expect(limits('coder-model', qwen, 'coder-model', { 'coder-model': { contextWindow: 2_000_000 } })).toEqual({
      contextWindow: 2_000_000,
      maxOutput: 65_536,
    })
  })
})

test('a catalog gives every target its own', () => {
  const models = new Map<string, ModelEntry>([
    ['fast', { alias: 'gpt-4o' }],
    ['mixed', { targets: ['Q', 'O'].map(provider => ({ provider, model: 'coder-model' })) }],
  ])
  const declared: DeclaredLimits = new Map([['gpt-4o', { contextWindow: 128_000 }]])
  const catalog = new Catalog({ providers: [qwen, other], models, anthropicMappings: new Map(), limits: declared })
  const found = (name: string) => {
    const resolution = catalog.resolve(name, 'openai-chat')
    return resolution.found
      ? resolution.targets.map(({ provider, limits }) => [provider.name, limits?.maxInput ?? limits?.contextWindow])
      : []
  }
  expect(found('mixed')).toEqual([
    ['Q', 983_616],
    ['O', undefined],
  ])
  expect(found('coder-model')).toEqual(found('mixed'))
  expect(found('fast')).toEqual([['O', 128_000]])
  expect(found('qwen3-max')).toEqual([['Q', 262_144]])
})
