export type JsonPrimitive = string | number | boolean | null
export type JsonValue = JsonPrimitive | JsonValue[] | JsonObject
export interface JsonObject {
  [key: string]: JsonValue | undefined
}

export const isObject = (value: unknown): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value)

/** Why a text was refused as JSON; `reason` fits into a message to the caller and repeats none of the text. */
export class JsonError extends Error {
  constructor(
    readonly kind: 'malformed' | 'too-deep',
    readonly reason: string,
  ) {
    super(reason)
  }
}

/**
 * Parses JSON that a stranger sent. Nesting is measured first, because `JSON.parse` takes a million levels and whatever
 * serialises the result later would overflow the stack.
 * @throws {JsonError}
 */
export function parseJson(text: string, maxDepth: number): JsonValue {
  if (deeperThan(text, maxDepth)) throw new JsonError('too-deep', `JSON is nested deeper than ${maxDepth} levels`)
  try {
    return JSON.parse(text) as JsonValue
  } catch (error) {
    throw new JsonError('malformed', `malformed JSON: ${describe(error)}`)
  }
}

/** The value of `text`, or undefined where it is not JSON. For what upstreams send, which is never trusted to parse. */
export function tryParseJson(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text) as JsonValue
  } catch {
    return undefined
  }
}

/** One pass over the characters; strings are jumped over with `indexOf`, so that embedded media costs next to nothing. */
function deeperThan(text: string, maxDepth: number): boolean {
  let depth = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === 0x22) at = endOfString(text, at)
    else if (code === 0x7b || code === 0x5b) {
      if (++depth > maxDepth) return true
    } else if (code === 0x7d || code === 0x5d) depth--
  }
  return false
}

/** Index of the quote that closes the string opened at `open`, or the text's length where nothing closes it. */
export function endOfString(text: string, open: number): number {
  let at = open + 1
  for (;;) {
    const quote = text.indexOf('"', at)
    if (quote === -1) return text.length
    let slashes = 0
    while (text.charCodeAt(quote - 1 - slashes) === 0x5c && quote - 1 - slashes > open) slashes++
    if (slashes % 2 === 0) return quote
    at = quote + 1
  }
}

/** The engine's message without the piece of input that it quotes. */
function describe(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  return message.replace(/^JSON Parse error: /, '').replace(/:? ?['"“].*$/s, '') || 'unexpected input'
}
