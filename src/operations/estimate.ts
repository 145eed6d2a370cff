import type { JsonObject, JsonValue } from '../core/json.ts'
import type { Usage } from '../ir/usage.ts'

/** English text has about four characters a token, code and JSON fewer (dialects.md §2.11). */
const CHARACTERS_PER_TOKEN = 3.5

/** An image of unknown size; vendors charge between 85 and 1,600 tokens for usual ones. */
const TOKENS_PER_IMAGE = 1200

/** Longer texts of nothing but base64's characters are data, not words. Absence of spaces would not do: Chinese and Japanese have none. */
const DATA_LENGTH = 2000
const BASE64 = /^[\w+/=-]+$/

/** The members of a request that become the prompt; the others are settings, which no model reads. */
const PROMPT = ['system', 'messages', 'tools', 'functions', 'response_format', 'output_config'] as const

/** Chinese, Japanese and Korean writing and the like: about a token a character. */
const WIDE = /[\u2e80-\uffff]/g

/**
 * Tokens of a request in any dialect, by its texts: keys, numbers and structure are left out, embedded media count as one image each. Linear in
 * the size of the request; an estimate, and to be called one.
 */
export function estimateInputTokens(request: JsonObject): number {
  let characters = 0
  let wide = 0
  let images = 0
  const waiting: (JsonValue | undefined)[] = PROMPT.map(name => request[name])
  while (waiting.length > 0) {
    const value = waiting.pop()
    if (typeof value === 'string') {
      const data = value.startsWith('data:') || (value.length > DATA_LENGTH && BASE64.test(value.slice(0, DATA_LENGTH)))
      if (data) images++
      else {
        const inside = value.match(WIDE)?.length ?? 0
        wide += inside
        characters += value.length - inside
      }
    } else if (Array.isArray(value)) {
      for (const item of value) waiting.push(item)
    } else if (value !== null && typeof value === 'object') {
      for (const key in value) waiting.push(value[key])
    }
  }
  return Math.ceil(characters / CHARACTERS_PER_TOKEN) + wide + images * TOKENS_PER_IMAGE
}

export const estimateUsage = (request: JsonObject, outputCharacters: number): Usage => ({
  inputTokens: estimateInputTokens(request),
  outputTokens: Math.ceil(outputCharacters / CHARACTERS_PER_TOKEN),
  estimated: true,
})
