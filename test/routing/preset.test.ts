import { describe, expect, test } from 'bun:test'
import { PROVIDER_TYPES } from '../../src/config/schema/provider.ts'
import { traitsOf } from '../../src/dialects/dialect.ts'
import { azureUrl } from '../../src/routing/azure.ts'
import { presetOf } from '../../src/routing/preset.ts'
import { VENDORS, type VendorName } from '../../src/routing/vendors.ts'

describe('whose server it is', () => {
  test.each<[string, string, VendorName]>([
    ['openai', 'https://api.openai.com/v1', 'openai'],
    ['openai', 'https://eu.api.openai.com/v1', 'openai'],
    ['openai', 'https://api.deepseek.com', 'deepseek'],
    ['custom', 'https://api.x.ai/v1', 'xai'],
    ['custom', 'https://api.moonshot.cn/v1', 'moonshot'],
    ['openai', 'https://api.moonshot.ai/v1', 'moonshot'],
    ['openai', 'https://api.together.xyz/v1', 'together'],
    ['openai', 'https://api.together.ai/v1', 'together'],
    ['openai', 'https://openrouter.ai/api/v1', 'openrouter'],
    ['openai', 'https://dashscope-intl.aliyuncs.com/compatible-mode/v1', 'alibaba'],
    ['openai', 'https://ws1.ap-southeast-1.maas.aliyuncs.com/compatible-mode/v1', 'alibaba'],
    ['openai', 'https://me.openai.azure.com', 'azure'],
    ['openai', 'https://me.services.ai.azure.com', 'azure'],
    ['openai', 'https://me.cognitiveservices.azure.com', 'azure'],
    ['openai', 'https://eu-west-1.api.x.ai/v1', 'xai'],
    ['openai', 'https://eu.api.fireworks.ai/inference/v1', 'fireworks'],
    ['openai', 'https://api.z.ai/api/paas/v4', 'zai'],
    ['openai', 'https://open.bigmodel.cn/api/paas/v4', 'zai'],
    ['openai', 'https://api.minimax.io/v1', 'minimax'],
    ['openai', 'https://api.minimaxi.com/v1', 'minimax'],
    ['openai', 'https://ollama.com/v1', 'ollama'],
    ['custom', 'http://127.0.0.1:11434/v1', 'ollama'],
    ['custom', 'http://localhost:1234/v1', 'lmstudio'],
    ['openai', 'https://api.groq.com/openai/v1', 'groq'],
    ['custom', 'https://api.mistral.ai/v1', 'mistral'],
    ['custom', 'https://api.perplexity.ai', 'perplexity'],
    ['custom', 'https://api.fireworks.ai/inference/v1', 'fireworks'],
    ['custom', 'https://api.cerebras.ai/v1', 'cerebras'],
    ['custom', 'http://localhost:11434/v1', 'ollama'],
    ['custom', 'http://127.0.0.1:1234/v1', 'lmstudio'],
    ['custom', 'http://127.0.0.1:9999/v1', 'custom'],
    ['custom', 'https://api.mistral.ai.evil.example/v1', 'custom'],
    ['openai', 'https://notapi.x.ai/v1', 'openai'],
    ['vllm', 'https://api.mistral.ai/v1', 'vllm'],
    ['qwen', 'https://host.example/v1', 'qwen'],
  ])('%s at %s is %s', (type, url, vendor) => {
    expect(presetOf(type, url)?.traits).toEqual(VENDORS[vendor])
  })

  test('only the beta address of DeepSeek goes on with a begun answer', () => {
    expect(presetOf('openai', 'https://api.deepseek.com/beta')?.traits.prefill).toBe('prefix')
    expect(presetOf('deepseek', 'https://api.deepseek.com')?.traits.prefill).toBeUndefined()
  })

  test('every type of the config is known, or known to be for later', () => {
    const later = ['gemini', 'cohere', 'jetbrains', 'ideogram', 'recraft']
    for (const type of PROVIDER_TYPES) expect([type, presetOf(type, undefined) === undefined]).toEqual([type, later.includes(type)])
  })

  test('names that every object has are no types', () => {
    for (const type of ['constructor', 'toString', '__proto__']) expect(presetOf(type, undefined)).toBeUndefined()
  })
})

test('each shows the key in its own header', () => {
  const shown = (type: string) => presetOf(type, undefined)?.authorize({ kind: 'api_key', apiKey: 'k' })
  expect(shown('azure')).toEqual({ 'api-key': 'k' })
  expect(shown('mistral')).toEqual({ authorization: 'Bearer k' })
  expect(shown('anthropic')).toEqual({ 'x-api-key': 'k' })
  expect(presetOf('ollama', undefined)?.authorize({ kind: 'none' })).toEqual({})
})

test.each([
  [
    'https://me.openai.azure.com',
    undefined,
    'https://me.openai.azure.com/openai/deployments/my%20gpt/chat/completions?api-version=2024-10-21',
  ],
  [
    'https://me.openai.azure.com/openai',
    '2025-01-01-preview',
    'https://me.openai.azure.com/openai/deployments/my%20gpt/chat/completions?api-version=2025-01-01-preview',
  ],
  [
    'https://me.openai.azure.com/openai/deployments/other',
    undefined,
    'https://me.openai.azure.com/openai/deployments/other/chat/completions?api-version=2024-10-21',
  ],
  [
    'https://me.openai.azure.com/openai/deployments/other/chat/completions',
    undefined,
    'https://me.openai.azure.com/openai/deployments/other/chat/completions?api-version=2024-10-21',
  ],
  ['https://me.openai.azure.com/openai/v1/', undefined, 'https://me.openai.azure.com/openai/v1/chat/completions'],
  ['https://me.openai.azure.com/openai/v1', 'preview', 'https://me.openai.azure.com/openai/v1/chat/completions?api-version=preview'],
])('Azure at %s, version %p', (base, version, url) => {
  expect(azureUrl(base, '/chat/completions', 'my gpt', version)).toBe(url)
})

describe('traits of single models', () => {
  const traits = (vendor: VendorName, model: string) => traitsOf({ model, traits: VENDORS[vendor] })

  test.each<[VendorName, string, object]>([
    ['xai', 'grok-4', { reasoningSwitch: 'none', refuses: ['presence_penalty', 'frequency_penalty', 'stop'] }],
    ['xai', 'grok-4-1-fast-non-reasoning', { reasoningSwitch: 'none', refuses: [] }],
    ['xai', 'grok-4-0709', { reasoningSwitch: 'none' }],
    ['xai', 'grok-code-fast-1', { reasoningSwitch: 'none' }],
    ['moonshot', 'kimi-k2.6', { reasoningSwitch: 'thinking', forcedStopsReasoning: true }],
    ['moonshot', 'kimi-k2.7', { reasoningSwitch: 'none', requiredChoice: 'auto', namedChoice: false }],
    ['moonshot', 'kimi-k3', { reasoningSwitch: 'reasoning_effort', efforts: ['low', 'high', 'max'] }],
    ['moonshot', 'moonshot-v1-8k', { reasoningSwitch: 'none', requiresReasoning: false }],
    ['groq', 'openai/gpt-oss-120b', { reasoningSwitch: 'reasoning_effort', efforts: ['low', 'medium', 'high'] }],
    ['groq', 'qwen/qwen3-32b', { efforts: ['none'] }],
    ['groq', 'qwen/qwen-3.6-27b', { efforts: ['none'] }],
    ['together', 'openai/gpt-oss-20b', { reasoningSwitch: 'reasoning_effort', efforts: ['low', 'medium', 'high'] }],
    ['groq', 'llama-3.3-70b-versatile', { reasoningSwitch: 'none' }],
    ['mistral', 'Mistral-Small-2603', { reasoningSwitch: 'reasoning_effort', efforts: ['none', 'high'] }],
    ['mistral', 'mistral-large-latest', { reasoningSwitch: 'none' }],
    ['openrouter', 'anthropic/claude-sonnet-5', { cacheControl: true, sealsOf: 'anthropic' }],
    ['openrouter', '~anthropic/claude-sonnet-latest', { cacheControl: true }],
    ['perplexity', 'sonar-deep-research', { reasoningSwitch: 'reasoning_effort', efforts: ['minimal', 'low', 'medium', 'high'] }],
  ])('%s %s', (vendor, model, expected) => {
    expect(traits(vendor, model)).toMatchObject(expected)
  })

  test('models that take an effort are not told otherwise', () => {
    for (const model of ['grok-4.3', 'grok-4.7', 'grok-3-mini', 'grok-4.20-multi-agent-0309'])
      expect(traits('xai', model)).not.toHaveProperty('reasoningSwitch')
    expect(traits('openrouter', 'openai/gpt-5.5')).not.toHaveProperty('cacheControl')
  })
})
