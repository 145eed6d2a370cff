import { describe, expect, test } from 'bun:test'
import { withPlan } from '../../src/composition/qwen-plans.ts'
import type { ProviderConfig } from '../../src/config/schema.ts'
import { qwenPlan } from '../../src/routing/model-data.ts'

const provider = (given: Partial<ProviderConfig>): ProviderConfig =>
  ({
    name: 'q',
    provider_type: 'qwen',
    models: [],
    headers: {},
    is_active: true,
    priority: 1,
    normalize: 'auto',
    ...given,
  }) as ProviderConfig

describe('where a key leads (qwen.md §4.1)', () => {
  test.each([
    [{ plan: 'coding', region: 'china' }, 'https://coding.dashscope.aliyuncs.com/v1'],
    [{ plan: 'coding', region: 'singapore' }, 'https://coding-intl.dashscope.aliyuncs.com/v1'],
    [{ plan: 'coding' }, 'https://coding-intl.dashscope.aliyuncs.com/v1'],
    [{ plan: 'token', region: 'china' }, 'https://token-plan.cn-beijing.maas.aliyuncs.com/compatible-mode/v1'],
    [{ plan: 'token' }, 'https://token-plan.ap-southeast-1.maas.aliyuncs.com/compatible-mode/v1'],
    [{ plan: 'standard', region: 'china' }, 'https://dashscope.aliyuncs.com/compatible-mode/v1'],
    [{ plan: 'standard', region: 'singapore' }, 'https://dashscope-intl.aliyuncs.com/compatible-mode/v1'],
    [{ plan: 'standard', region: 'us' }, 'https://dashscope-us.aliyuncs.com/compatible-mode/v1'],
    [{ plan: 'standard', region: 'hongkong' }, 'https://cn-hongkong.dashscope.aliyuncs.com/compatible-mode/v1'],
    // What nobody says the key tells, as far as it does.
    [{ api_key: 'sk-sp-1234' }, 'https://coding-intl.dashscope.aliyuncs.com/v1'],
    [{ api_key: 'sk-sp-1234', plan: 'token' }, 'https://token-plan.ap-southeast-1.maas.aliyuncs.com/compatible-mode/v1'],
    [{ api_key: 'sk-1234' }, 'https://dashscope-intl.aliyuncs.com/compatible-mode/v1'],
  ] as const)('%j: %s', (given, url) => {
    expect(withPlan(provider({ api_key: 'sk-1234', ...given })).provider.base_url).toBe(url)
  })

  test('its own address wins, of which nobody knows the models', () => {
    const { provider: found } = withPlan(provider({ plan: 'coding', api_key: 'sk-sp-1234', base_url: 'https://example.com/v1' }))
    expect(found).toMatchObject({ base_url: 'https://example.com/v1', models: [] })
  })

  test('a plan brings its models, unless some are named', () => {
    expect(withPlan(provider({ plan: 'coding', api_key: 'sk-sp-1234' })).provider.models).toEqual([...(qwenPlan('coding').models ?? [])])
    expect(withPlan(provider({ plan: 'coding', api_key: 'sk-sp-1234', models: ['glm-5'] })).provider.models).toEqual(['glm-5'])
    expect(withPlan(provider({ plan: 'standard', api_key: 'sk-1234' })).provider.models).toEqual([])
  })

  test.each([
    ['coding', 'us'],
    ['coding', 'hongkong'],
    ['token', 'us'],
  ] as const)('%s is not sold in %s, and says where it is', (plan, region) => {
    const { fault } = withPlan(provider({ plan, region, api_key: 'sk-sp-1234' }))
    expect(fault).toMatch(new RegExp(`not sold in the region ${region}; it is in china, singapore`))
  })

  test('accounts that sign in, and other vendors, are left as they are', () => {
    for (const given of [provider({}), provider({ provider_type: 'openai', api_key: 'sk-sp-1234' })]) {
      expect(withPlan(given)).toEqual({ provider: given })
    }
  })
})
