import { isObject, type JsonObject, type JsonValue } from '../../core/json.ts'
import { tokenCount, type Usage } from '../../ir/usage.ts'
import { DIALECT } from './wire.ts'

/**
 * The vendors' counts in the inclusive convention (dialects.md §3.2); undefined where `value` holds none. xAI counts reasoning beside the completion, DeepSeek
 * and Moonshot name the cached tokens in their own ways, and gateways before Anthropic count the cache beside the prompt.
 */
export function decodeUsage(value: JsonValue | undefined): Usage | undefined {
  if (!isObject(value)) return undefined
  const prompt = tokenCount(value.prompt_tokens)
  const completion = tokenCount(value.completion_tokens)
  const total = tokenCount(value.total_tokens)
  if (prompt === undefined && completion === undefined && total === undefined) return undefined
  const promptDetails = isObject(value.prompt_tokens_details) ? value.prompt_tokens_details : {}
  const completionDetails = isObject(value.completion_tokens_details) ? value.completion_tokens_details : {}
  const cached = tokenCount(promptDetails.cached_tokens) ?? tokenCount(value.prompt_cache_hit_tokens) ?? tokenCount(value.cached_tokens)
  const written = writtenOf(promptDetails) ?? tokenCount(value.cache_creation_input_tokens)
  // Perplexity counts its reasoning at the top.
  const reasoning = tokenCount(completionDetails.reasoning_tokens) ?? tokenCount(value.reasoning_tokens)
  const input = prompt ?? Math.max(0, (total ?? 0) - (completion ?? 0))
  const output = completion ?? Math.max(0, (total ?? 0) - input)
  return {
    inputTokens: (cached ?? 0) > input ? input + (cached ?? 0) + (written ?? 0) : input,
    outputTokens: countsBeside(input, output, reasoning, total) ? output + (reasoning ?? 0) : output,
    cachedInputTokens: cached,
    cacheWriteTokens: written,
    reasoningTokens: reasoning,
    raw: { origin: DIALECT, value },
  }
}

/** Alibaba counts in Anthropic's words what it wrote into its cache, among the details of the prompt (qwen.md §2.4). */
function writtenOf({ cache_write_tokens, cache_creation_input_tokens, cache_creation }: JsonObject): number | undefined {
  const short = isObject(cache_creation) ? tokenCount(cache_creation.ephemeral_5m_input_tokens) : undefined
  return tokenCount(cache_write_tokens) ?? tokenCount(cache_creation_input_tokens) ?? short
}

/** Whether reasoning is not part of the completion: the total says so, or the completion is too small to hold it. */
function countsBeside(input: number, output: number, reasoning: number | undefined, total: number | undefined): boolean {
  if (!reasoning) return false
  return total === input + output + reasoning || reasoning > output
}

/** Where vendors put the usage of a stream: the chunk, Groq's own object, or Moonshot's choice. */
export function usageOfChunk(chunk: JsonObject): Usage | undefined {
  const groq = isObject(chunk.x_groq) ? chunk.x_groq.usage : undefined
  const first = Array.isArray(chunk.choices) ? chunk.choices[0] : undefined
  return decodeUsage(chunk.usage) ?? decodeUsage(groq) ?? (isObject(first) ? decodeUsage(first.usage) : undefined)
}

/** Usage as OpenAI writes it; the vendor's further details are kept where they came from this dialect. */
export function encodeUsage(usage: Usage): JsonObject {
  const raw = usage.raw?.origin === DIALECT && isObject(usage.raw.value) ? usage.raw.value : {}
  return {
    prompt_tokens: usage.inputTokens,
    completion_tokens: usage.outputTokens,
    total_tokens: usage.inputTokens + usage.outputTokens,
    prompt_tokens_details: {
      audio_tokens: 0,
      ...(isObject(raw.prompt_tokens_details) && raw.prompt_tokens_details),
      cached_tokens: Math.min(usage.cachedInputTokens ?? 0, usage.inputTokens),
      ...(usage.cacheWriteTokens !== undefined && { cache_write_tokens: usage.cacheWriteTokens }),
    },
    completion_tokens_details: {
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
      ...(isObject(raw.completion_tokens_details) && raw.completion_tokens_details),
      reasoning_tokens: Math.min(usage.reasoningTokens ?? 0, usage.outputTokens),
    },
  }
}
