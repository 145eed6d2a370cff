import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { legalToolId } from '../../../src/dialects/anthropic/tool-ids.ts'
import { decodeUsage, encodeUsage } from '../../../src/dialects/anthropic/usage.ts'

test('100 tokens, 75 read and 10 written are 15/75/10, and 100 again', () => {
  const wire = encodeUsage({ inputTokens: 100, outputTokens: 1, cachedInputTokens: 75, cacheWriteTokens: 10 })
  expect(wire).toMatchObject({ input_tokens: 15, cache_read_input_tokens: 75, cache_creation_input_tokens: 10 })
  expect(decodeUsage(wire)).toMatchObject({ inputTokens: 100, cachedInputTokens: 75, cacheWriteTokens: 10 })
})

test('a prompt smaller than its cache was counted like Anthropic already', () => {
  expect(encodeUsage({ inputTokens: 5, outputTokens: 1, cachedInputTokens: 75 })).toMatchObject({
    input_tokens: 5,
    cache_read_input_tokens: 75,
  })
})

test('counts survive the way there and back', () => {
  const count = fc.nat(1_000_000)
  fc.assert(
    fc.property(count, count, count, count, count, (input, read, write, output, reasoning) => {
      const usage = {
        inputTokens: input + read + write,
        outputTokens: output,
        cachedInputTokens: read,
        cacheWriteTokens: write,
        reasoningTokens: reasoning,
      }
      expect(decodeUsage(encodeUsage(usage))).toMatchObject(usage)
    }),
  )
})

test("what only Anthropic reports comes back to Anthropic's clients", () => {
  const wire = { input_tokens: 1, output_tokens: 2, service_tier: 'priority', server_tool_use: { web_search_requests: 1 }, iterations: [] }
  expect(encodeUsage(decodeUsage(wire))).toMatchObject(wire)
  expect(decodeUsage({ service_tier: 'x' })).toBeUndefined()
  expect(decodeUsage(null)).toBeUndefined()
})

test('tool ids: legal ones stay, others are replaced, each by its own', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (a, b) => {
      expect(legalToolId(a)).toMatch(/^[a-zA-Z0-9_-]+$/)
      expect(legalToolId(legalToolId(a))).toBe(legalToolId(a))
      if (a !== b) expect(legalToolId(a)).not.toBe(legalToolId(b))
    }),
  )
  expect(legalToolId('toolu_01-a')).toBe('toolu_01-a')
})
