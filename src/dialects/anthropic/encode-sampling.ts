import { invalidField } from '../../core/errors.ts'
import type { JsonObject } from '../../core/json.ts'
import type { GenerateRequest } from '../../ir/request.ts'
import type { CodecContext } from '../dialect.ts'
import type { Capabilities } from './capabilities.ts'

/** What is asked for where the caller set no limit and nobody waits for a stream: more would risk the client's own time limit. */
const DEFAULT_LIMIT = 32_000

/** `max_tokens`, which Anthropic requires; 0 is legal there (it warms a cache). */
export function encodeMaxTokens(request: GenerateRequest, capabilities: Capabilities, context: CodecContext): number {
  const { maxOutput } = capabilities
  const wanted = request.maxOutputTokens
  if (wanted === undefined) return request.stream ? (maxOutput ?? DEFAULT_LIMIT) : Math.min(maxOutput ?? DEFAULT_LIMIT, DEFAULT_LIMIT)
  if (maxOutput === undefined || wanted <= maxOutput) return wanted
  context.note({ action: 'approximated', field: 'max_tokens', detail: `this model writes at most ${maxOutput}` })
  return maxOutput
}

/** temperature, top_p and top_k as far as the model and its thinking allow them. @throws GatewayError `invalid-request` below 0 */
export function encodeSampling(request: GenerateRequest, capabilities: Capabilities, thinks: boolean, context: CodecContext): JsonObject {
  const sampling: JsonObject = {}
  const { temperature, topP, topK } = request
  const drop = (field: string, detail: string): void => context.note({ action: 'dropped', field, detail })
  const refused = capabilities.sampling ? undefined : 'this model takes no sampling parameters'
  if (temperature !== undefined) {
    if (temperature < 0) throw invalidField('temperature', 'must not be negative', 'invalid_value')
    if (refused) drop('temperature', refused)
    else if (thinks && temperature !== 1) drop('temperature', 'not while thinking')
    else if (temperature > 1) {
      context.note({ action: 'approximated', field: 'temperature', detail: 'at most 1' })
      sampling.temperature = 1
    } else sampling.temperature = temperature
  }
  if (topP !== undefined) {
    if (refused) drop('top_p', refused)
    else if (thinks && topP < 0.95) drop('top_p', 'below 0.95 not while thinking')
    else if (sampling.temperature !== undefined && !capabilities.samplingPair) drop('top_p', 'not together with temperature')
    else sampling.top_p = topP
  }
  if (topK !== undefined) {
    if (refused) drop('top_k', refused)
    else if (thinks) drop('top_k', 'not while thinking')
    else sampling.top_k = topK
  }
  return sampling
}

/** `stop_sequences` without those that Anthropic refuses: empty ones and mere white space. */
export function encodeStops(request: GenerateRequest, context: CodecContext): string[] | undefined {
  const stops = (request.stopSequences ?? []).filter(stop => stop !== '')
  const usable = stops.filter(stop => stop.trim() !== '')
  if (usable.length < stops.length) context.note({ action: 'dropped', field: 'stop', detail: 'white space cannot be a stop sequence' })
  return usable.length > 0 ? usable : undefined
}

/** Parameters that other vendors have and Anthropic has not. @throws GatewayError `invalid-request` for more than one choice */
export function dropUnknownSampling(request: GenerateRequest, context: CodecContext): void {
  if (request.choices !== undefined && request.choices > 1) throw invalidField('n', 'must be 1 with this model', 'unsupported_value')
  if (request.frequencyPenalty) context.note({ action: 'dropped', field: 'frequency_penalty' })
  if (request.presencePenalty) context.note({ action: 'dropped', field: 'presence_penalty' })
  if (request.seed !== undefined) context.note({ action: 'dropped', field: 'seed' })
  if (request.logprobs) context.note({ action: 'dropped', field: 'logprobs' })
}
