import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import type { JsonValue } from '../../../src/core/json.ts'
import { decodeUsage, encodeUsage } from '../../../src/dialects/openai-chat/usage.ts'

const counts = (value: JsonValue) => {
  const { raw: _, ...rest } = decodeUsage(value) ?? {}
  return JSON.parse(JSON.stringify(rest)) as unknown
}

describe('decodeUsage', () => {
  test('with all details', () => {
    const usage = {
      prompt_tokens: 100,
      completion_tokens: 20,
      total_tokens: 120,
      prompt_tokens_details: { cached_tokens: 75, cache_write_tokens: 10 },
      completion_tokens_details: { reasoning_tokens: 5 },
    }
    expect(counts(usage)).toEqual({ inputTokens: 100, outputTokens: 20, cachedInputTokens: 75, cacheWriteTokens: 10, reasoningTokens: 5 })
  })

  test("DeepSeek's and Moonshot's cached tokens", () => {
    expect(counts({ prompt_tokens: 10, completion_tokens: 1, prompt_cache_hit_tokens: 4, prompt_cache_miss_tokens: 6 })).toMatchObject({
      cachedInputTokens: 4,
    })
    expect(counts({ prompt_tokens: 10, completion_tokens: 1, cached_tokens: 3 })).toMatchObject({ cachedInputTokens: 3 })
  })

  test('reasoning beside the completion is added, reasoning within it is not', () => {
    const usage = (total: number) => ({
      prompt_tokens: 307,
      completion_tokens: 26,
      total_tokens: total,
      completion_tokens_details: { reasoning_tokens: 227 },
    })
    expect(counts(usage(560))).toMatchObject({ outputTokens: 253 })
    const alone = { prompt_tokens: 10, completion_tokens: 2, completion_tokens_details: { reasoning_tokens: 7 } }
    expect(counts(alone)).toMatchObject({ outputTokens: 9, reasoningTokens: 7 })
    const within = { prompt_tokens: 10, completion_tokens: 30, total_tokens: 40, completion_tokens_details: { reasoning_tokens: 22 } }
    expect(counts(within)).toMatchObject({ outputTokens: 30 })
  })

  test('a cache beside the prompt is added', () => {
    expect(counts({ prompt_tokens: 5, completion_tokens: 1, prompt_tokens_details: { cached_tokens: 90 } })).toMatchObject({
      inputTokens: 95,
      cachedInputTokens: 90,
    })
  })

  test('what is no number counts as not reported', () => {
    expect(
      counts({ prompt_tokens: 5, completion_tokens: 2, prompt_tokens_details: null, completion_tokens_details: { reasoning_tokens: 'x' } }),
    ).toEqual({
      inputTokens: 5,
      outputTokens: 2,
    })
    for (const value of [null, 'x', [], {}, { prompt_tokens: null }]) expect(decodeUsage(value)).toBeUndefined()
    expect(counts({ prompt_tokens: 5, total_tokens: 9 })).toEqual({ inputTokens: 5, outputTokens: 4 })
  })
})

test('what is encoded obeys the dialect and reads the same', () => {
  const count = fc.option(fc.nat(1000), { nil: undefined })
  const usage = fc.record({
    inputTokens: fc.nat(1000),
    outputTokens: fc.nat(1000),
    cachedInputTokens: count,
    cacheWriteTokens: count,
    reasoningTokens: count,
  })
  fc.assert(
    fc.property(usage, value => {
      const wire = encodeUsage(value)
      const prompt = wire.prompt_tokens_details as { cached_tokens: number }
      const completion = wire.completion_tokens_details as { reasoning_tokens: number }
      expect(wire.total_tokens).toBe(value.inputTokens + value.outputTokens)
      expect(prompt.cached_tokens).toBeLessThanOrEqual(value.inputTokens)
      expect(completion.reasoning_tokens).toBeLessThanOrEqual(value.outputTokens)
      const again = decodeUsage(wire)
      expect([again?.inputTokens, again?.outputTokens]).toEqual([value.inputTokens, value.outputTokens])
      expect(again?.cacheWriteTokens).toBe(value.cacheWriteTokens)
    }),
  )
})
