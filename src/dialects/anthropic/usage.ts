import { isObject, type JsonObject, type JsonValue } from '../../core/json.ts'
import { tokenCount, type Usage } from '../../ir/usage.ts'

/** Later counts over earlier ones; null means not reported, never none. */
export function mergeUsage(earlier: JsonObject | undefined, later: JsonValue | undefined): JsonObject | undefined {
  if (!isObject(later)) return earlier
  const merged: JsonObject = { ...earlier }
  for (const key in later) {
    if (later[key] !== null || merged[key] === undefined) merged[key] = later[key]
  }
  return merged
}

/** Anthropic counts cached reads and writes apart from `input_tokens`; the internal model counts them in (dialects.md §3.2). */
export function decodeUsage(value: JsonValue | undefined): Usage | undefined {
  if (!isObject(value)) return undefined
  const input = tokenCount(value.input_tokens)
  const output = tokenCount(value.output_tokens)
  if (input === undefined && output === undefined) return undefined
  const read = tokenCount(value.cache_read_input_tokens)
  const writes = isObject(value.cache_creation) ? value.cache_creation : {}
  const write = tokenCount(value.cache_creation_input_tokens) ?? sumOf(writes.ephemeral_5m_input_tokens, writes.ephemeral_1h_input_tokens)
  const details = isObject(value.output_tokens_details) ? value.output_tokens_details : {}
  return {
    inputTokens: (input ?? 0) + (read ?? 0) + (write ?? 0),
    outputTokens: output ?? 0,
    cachedInputTokens: read,
    cacheWriteTokens: write,
    cacheWrite1hTokens: tokenCount(writes.ephemeral_1h_input_tokens),
    reasoningTokens: tokenCount(details.thinking_tokens),
    raw: { origin: 'anthropic', value },
  }
}

/** The sum of the counts that were reported; undefined where none was. */
function sumOf(...values: (JsonValue | undefined)[]): number | undefined {
  const counts = values.map(tokenCount).filter(count => count !== undefined)
  return counts.length > 0 ? counts.reduce((sum, count) => sum + count, 0) : undefined
}

const TIERS: Record<string, string> = { standard: 'default', priority: 'priority' }

/** The capacity that served the answer, in the words that a request asks for it; undefined where the usage does not say. */
export function servedBy(usage: JsonValue | undefined): string | undefined {
  if (!isObject(usage)) return undefined
  return usage.speed === 'fast' ? 'fast' : TIERS[String(usage.service_tier)]
}

/** Every key the SDK's type has; what the upstream did not say is null, counts are 0. */
export function encodeUsage(usage: Usage | undefined): JsonObject {
  const read = usage?.cachedInputTokens ?? 0
  const write = usage?.cacheWriteTokens ?? 0
  const input = usage?.inputTokens ?? 0
  const write1h = Math.min(usage?.cacheWrite1hTokens ?? 0, write)
  return {
    cache_creation:
      usage?.cacheWriteTokens === undefined ? null : { ephemeral_5m_input_tokens: write - write1h, ephemeral_1h_input_tokens: write1h },
    inference_geo: null,
    server_tool_use: null,
    service_tier: null,
    speed: null,
    ...ownUsage(usage),
    // More cached than there was: the upstream already counted like Anthropic, and there is nothing to take out.
    input_tokens: read + write > input ? input : input - read - write,
    output_tokens: usage?.outputTokens ?? 0,
    cache_creation_input_tokens: write,
    cache_read_input_tokens: read,
    output_tokens_details: usage?.reasoningTokens === undefined ? null : { thinking_tokens: usage.reasoningTokens },
  }
}

/** What only Anthropic reports: server tools, tier, region, iterations. */
function ownUsage(usage: Usage | undefined): JsonObject {
  const raw = usage?.raw
  return raw?.origin === 'anthropic' && isObject(raw.value) ? raw.value : {}
}
