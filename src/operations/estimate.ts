import type { JsonValue } from '../core/json.ts'
import type { Usage } from '../ir/usage.ts'

/** English text has about four characters a token, code and JSON fewer (dialects.md §2.11). */
const CHARACTERS_PER_TOKEN = 3.5

/** An image of unknown size; vendors charge between 85 and 1,600 tokens for usual ones. */
const TOKENS_PER_IMAGE = 1200

/** Longer texts of nothing but base64's characters are data, not words. Absence of spaces would not do: Chinese and Japanese have none. */
const DATA_LENGTH = 2000
const BASE64 = /^[\w+/=-]+$/

/**
 * Tokens of a request in any dialect, by its texts: keys, numbers and structure are left out, embedded media count as one image each. Linear in
 * the size of the request; an estimate, and to be called one.
 */
export function estimateInputTokens(body: JsonValue | undefined): number {
  let characters = 0
  let images = 0
  const waiting: (JsonValue | undefined)[] = [body]
  while (waiting.length > 0) {
    const value = waiting.pop()
    if (typeof value === 'string') {
      const data = value.startsWith('data:') || (value.length > DATA_LENGTH && BASE64.test(value.slice(0, DATA_LENGTH)))
      if (data) images++
      else characters += value.length
    } else if (Array.isArray(value)) {
      for (const item of value) waiting.push(item)
    } else if (value !== null && typeof value === 'object') {
      for (const key in value) waiting.push(value[key])
    }
  }
  return Math.ceil(characters / CHARACTERS_PER_TOKEN) + images * TOKENS_PER_IMAGE
}

export const estimateUsage = (body: JsonValue, outputCharacters: number): Usage => ({
  inputTokens: estimateInputTokens(body),
  outputTokens: Math.ceil(outputCharacters / CHARACTERS_PER_TOKEN),
  estimated: true,
})
