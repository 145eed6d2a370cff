import { describe, expect, test } from 'bun:test'
import { capabilitiesOf } from '../../src/dialects/anthropic/capabilities.ts'
import { modelFamily } from '../../src/dialects/openai-chat/model-family.ts'
import {
  embeddingLimitsOf,
  limitsOfModel,
  modelData,
  QWEN_OAUTH_ALIASES,
  QWEN_OAUTH_MODELS,
  QWEN_PLANS,
  type QwenPlanName,
  qwenPlan,
  qwenPlanUrl,
} from '../../src/routing/model-data.ts'

describe('limits of a model', () => {
  test.each([
    ['coder-model', { contextWindow: 1_000_000, maxInput: 983_616, maxOutput: 65_536 }],
    ['qwen3-coder-plus', { contextWindow: 1_000_000, maxInput: 997_952, maxOutput: 65_536 }],
    ['qwen3-coder-plus-2025-09-23', { contextWindow: 1_000_000, maxInput: 997_952, maxOutput: 65_536 }],
    ['qwen3-coder-next', { contextWindow: 262_144 }],
    ['qwen3-max-2026-01-23', { contextWindow: 262_144, maxOutput: 65_536 }],
    ['glm-5', { contextWindow: 202_752 }],
    ['kimi-k2.5', { contextWindow: 262_144 }],
    ['minimax-m2.5', { contextWindow: 196_608 }],
  ])('%s', (model, limits) => expect(limitsOfModel(model)).toEqual(limits))

  test('are absent where nobody knows them', () => {
    for (const model of ['qwen-turbo', 'qwen3', 'qwen3-coder', 'my-coder-model', 'constructor', '']) {
      expect(limitsOfModel(model)).toBeUndefined()
    }
  })

  test('a name counts before a pattern, whatever their order', () => {
    const names = modelData.models.flatMap(({ match }) => match)
    expect(new Set(names.map(name => name.toLowerCase())).size).toBe(names.length)
    expect(limitsOfModel('QWEN3.8-Max')).toEqual({ contextWindow: 1_000_000 })
  })

  test("are what the dialects hold their vendors' own models to", () => {
    const example = (match: string) => match.replace(/-2\*$/, '-20250514').replace('*', '')
    const rows = modelData.models.flatMap(row => row.match.map(match => ({ model: example(match), most: row.max_output })))
    const claudes = rows.filter(({ model }) => model.startsWith('claude-'))
    expect(claudes.length).toBeGreaterThan(10)
    expect(claudes.filter(({ model, most }) => capabilitiesOf(model).maxOutput !== most)).toEqual([])
    const openAi = rows.filter(({ model }) => /^(gpt-|o\d)/.test(model))
    expect(openAi.length).toBeGreaterThan(5)
    expect(openAi.filter(({ model, most }) => modelFamily(model).maxOutput !== most)).toEqual([])
  })

  test('make sense', () => {
    for (const { match } of modelData.models) {
      const { contextWindow = Infinity, maxInput = contextWindow, maxOutput = 1 } = limitsOfModel(match[0] as string) ?? {}
      expect(maxInput).toBeLessThanOrEqual(contextWindow)
      expect(maxOutput).toBeLessThan(contextWindow)
    }
  })
})

describe('Qwen', () => {
  const PLANS: [QwenPlanName, number][] = [
    ['coding', 2],
    ['token', 2],
    ['standard', 4],
  ]

  test.each(PLANS)('the %s plan has its addresses', (plan, regions) => {
    const urls = [...qwenPlan(plan).regions.values()]
    expect(urls).toHaveLength(regions)
    for (const url of urls) {
      expect(URL.parse(url)?.hostname).toEndWith('.aliyuncs.com')
      expect(url).toEndWith('/v1')
    }
  })

  test('a plan is found by region, the international one by default', () => {
    expect(qwenPlanUrl('coding')).toBe('https://coding-intl.dashscope.aliyuncs.com/v1')
    expect(qwenPlanUrl('coding', 'china')).toBe('https://coding.dashscope.aliyuncs.com/v1')
    expect(qwenPlanUrl('coding', 'us')).toBeUndefined()
    expect(qwenPlanUrl('standard', 'us')).toBe('https://dashscope-us.aliyuncs.com/compatible-mode/v1')
  })

  test('what a plan offers has a known window', () => {
    const offered = QWEN_PLANS.flatMap(({ models = [] }) => models).filter(model => !model.includes('*'))
    expect(offered.length).toBeGreaterThan(20)
    expect(offered.filter(model => limitsOfModel(model)?.contextWindow === undefined)).toEqual([])
    expect(qwenPlan('standard').models).toBeUndefined()
  })

  test('further names of a signed-in account lead to models that it has', () => {
    expect(QWEN_OAUTH_ALIASES.get('qwen3.6-plus')).toBe('coder-model')
    for (const model of QWEN_OAUTH_ALIASES.values()) expect(QWEN_OAUTH_MODELS).toContain(model)
  })

  test('embeddings models have vectors, batches and rows', () => {
    expect(embeddingLimitsOf('text-embedding-v4')).toMatchObject({ defaultDimensions: 1024, maxBatch: 10, maxRowTokens: 8192 })
    expect(embeddingLimitsOf('text-embedding-v1')).toEqual({
      dimensions: [1536],
      defaultDimensions: 1536,
      maxBatch: 25,
      maxRowTokens: 2048,
    })
    expect(embeddingLimitsOf('text-embedding-3-small')).toBeUndefined()
    for (const { dimensions, default_dimensions } of modelData.embeddings) expect(dimensions).toContain(default_dimensions)
  })
})
