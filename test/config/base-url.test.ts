import { describe, expect, test } from 'bun:test'
import { effectiveBaseUrl } from '../../src/config/base-url.ts'
import { vendorOfAddress } from '../../src/core/vendor-hosts.ts'
import { VENDORS, type VendorName } from '../../src/routing/vendors.ts'

const vendors = (Object.keys(VENDORS) as VendorName[]).flatMap(vendor => {
  const url = effectiveBaseUrl(vendor, undefined)
  return url === undefined || vendor === 'vllm' || vendor === 'sglang' ? [] : [[vendor, url] as const]
})

describe('a vendor’s address', () => {
  test.each(vendors)('%s is known by it', (vendor, url) => {
    expect<string | undefined>(vendorOfAddress(url)).toBe(vendor)
  })

  test.each(vendors)('%s has its own version also where only the host says who it is', (_, url) => {
    for (const type of ['openai', 'custom'] as const) {
      expect(effectiveBaseUrl(type, new URL(url).origin)).toBe(url)
      expect(effectiveBaseUrl(type, url)).toBe(url)
    }
  })

  test('of Azure gets no version', () => {
    expect(effectiveBaseUrl('openai', 'https://us.openai.azure.com')).toBe('https://us.openai.azure.com')
  })

  test('of nobody gets OpenAI’s', () => {
    expect(effectiveBaseUrl('custom', 'https://llm.example.com')).toBe('https://llm.example.com/v1')
  })

  test('says nothing about a kind that is named', () => {
    expect(effectiveBaseUrl('qwen', 'https://api.groq.com')).toBe('https://api.groq.com/v1')
    for (const given of ['', '/compatible-mode', '/compatible-mode/', '/compatible-mode/v1', '/compatible-mode/v1/chat/completions'])
      expect(effectiveBaseUrl('qwen', `https://dashscope-intl.aliyuncs.com${given}`)).toBe(
        'https://dashscope-intl.aliyuncs.com/compatible-mode/v1',
      )
    expect(effectiveBaseUrl('qwen', 'https://coding-intl.dashscope.aliyuncs.com')).toBe('https://coding-intl.dashscope.aliyuncs.com/v1')
    expect(effectiveBaseUrl('qwen', 'https://portal.qwen.ai')).toBe('https://portal.qwen.ai/v1')
  })
})
