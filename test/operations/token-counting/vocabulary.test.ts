import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { type Encoding, encodingOf } from '../../../src/operations/token-counting/encodings.ts'
import { countTokens } from '../../../src/operations/token-counting/vocabulary.ts'
import { holds } from '../../properties/runs.ts'
import { ENCODINGS, exactly, mixedText, TEXTS } from './texts.ts'

describe.each(ENCODINGS)('counting by %s', encoding => {
  test.each(Object.entries(TEXTS))('is exact for %s, short and long', (_, text) => {
    for (const times of [1, 5, 200]) expect(countTokens(encoding, text.repeat(times))).toBe(exactly[encoding](text.repeat(times)))
  })

  test('is exact for any mixture', () => {
    holds(
      fc.property(mixedText, text => {
        expect(countTokens(encoding, text)).toBe(exactly[encoding](text))
      }),
      300,
    )
  })

  test('takes time in proportion, whatever comes in a row', () => {
    for (const run of ['a', '_', ' ', '\n', '语', '👍', '\u0301', '7']) {
      const since = performance.now()
      const tokens = countTokens(encoding, run.repeat(100_000))
      // The library alone would take minutes for some of these.
      expect(performance.now() - since).toBeLessThan(4000)
      const whole = exactly[encoding](run.repeat(1000)) * 100
      expect(tokens / whole).toBeWithin(0.8, 1.2)
    }
  })
})

test('nothing is nothing', () => {
  expect(countTokens('o200k_base', '')).toBe(0)
})

test.each<[string, Encoding]>([
  ['gpt-4', 'cl100k_base'],
  ['gpt-4-turbo', 'cl100k_base'],
  ['openai-gpt-4-0613', 'cl100k_base'],
  ['gpt-3.5-turbo', 'cl100k_base'],
  ['gpt-35-turbo', 'cl100k_base'],
  ['openai-gpt-4o', 'o200k_base'],
  ['gpt-4.1-mini', 'o200k_base'],
  ['openai-gpt4.1', 'o200k_base'],
  ['gpt-5.2', 'o200k_base'],
  ['o4-mini', 'o200k_base'],
  ['anthropic-claude-4-sonnet', 'o200k_base'],
  ['', 'o200k_base'],
])('%j has the vocabulary %s', (model, encoding) => {
  expect(encodingOf(model)).toBe(encoding)
})
