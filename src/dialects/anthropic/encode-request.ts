import { isObject, type JsonObject } from '../../core/json.ts'
import type { GenerateRequest } from '../../ir/request.ts'
import type { CodecContext, EncodeOptions } from '../dialect.ts'
import { limitCacheMarks } from './cache-marks.ts'
import { type Capabilities, capabilitiesOf } from './capabilities.ts'
import { dropUnknownSampling, encodeMaxTokens, encodeSampling, encodeStops } from './encode-sampling.ts'
import { encodeThinking } from './encode-thinking.ts'
import { encodeTools } from './encode-tools.ts'
import { dropForeignExtensions, withForeignThinking } from './foreign.ts'
import { outputSchema } from './schema.ts'
import { encodeConversation } from './turns.ts'
import { API_VERSION, type Block, DEFERRED_TOOLS } from './wire.ts'

/** A request for `/v1/messages` of the target model (dialects.md §2.1). @throws GatewayError `invalid-request` naming the caller's field */
export function encodeRequest(
  given: GenerateRequest,
  options: EncodeOptions,
  context: CodecContext,
): { body: JsonObject; headers: Record<string, string> } {
  const request = withForeignThinking(given)
  const capabilities = capabilitiesOf(options.model)
  const { [DEFERRED_TOOLS]: _deferred, output_config: ownOutput, metadata: ownMetadata, ...own } = request.extensions?.anthropic ?? {}
  dropUnknownSampling(request, context)
  dropForeignExtensions(request, context)
  const maxTokens = encodeMaxTokens(request, capabilities, context)
  const { system, messages } = encodeConversation(request, capabilities, context)
  const format = encodeFormat(request, capabilities, context)
  if (format.instruction) system.push(format.instruction)
  const tools = encodeTools(request, messages, capabilities, context)
  const forcedTool = tools.tool_choice?.type === 'any' || tools.tool_choice?.type === 'tool'
  const { thinking, effort } = encodeThinking(request, capabilities, { maxTokens, forcedTool, messages }, context)
  const thinks = thinking !== undefined && thinking.type !== 'disabled'
  const body: JsonObject = {
    model: options.model,
    max_tokens: maxTokens,
    ...(system.length > 0 && { system }),
    messages,
    ...tools,
    ...encodeSampling(request, capabilities, thinks, context),
  }
  const stops = encodeStops(request, context)
  if (stops) body.stop_sequences = stops
  if (thinking) body.thinking = thinking
  const output: JsonObject = { ...(isObject(ownOutput) && ownOutput), ...(effort && { effort }), ...format.output }
  if (Object.keys(output).length > 0) body.output_config = output
  const metadata: JsonObject = { ...(isObject(ownMetadata) && ownMetadata), ...encodeEndUser(request, context) }
  if (Object.keys(metadata).length > 0) body.metadata = metadata
  const tier = encodeServiceTier(request, context)
  if (tier) body.service_tier = tier
  if (request.stream) body.stream = true
  Object.assign(body, own)
  limitCacheMarks(body, context)
  return { body, headers: { 'anthropic-version': API_VERSION } }
}

interface EncodedFormat {
  /** The member of `output_config`. */
  output?: { format: JsonObject }
  /** What the model is told where it has no such member. */
  instruction?: Block
}

function encodeFormat(request: GenerateRequest, capabilities: Capabilities, context: CodecContext): EncodedFormat {
  const format = request.responseFormat
  if (!format || format.type === 'text') return {}
  const field = request.origin === 'anthropic' ? 'output_config.format' : 'response_format'
  if (format.type === 'json-schema' && capabilities.structuredOutputs) {
    const { schema, changed } = outputSchema(format.schema)
    if (changed.length > 0) {
      context.note({ action: 'approximated', field, detail: `not enforced: ${changed.join(' ')}` })
    }
    return { output: { format: { type: 'json_schema', schema } } }
  }
  context.note({ action: 'approximated', field, detail: 'asked for in words; this model does not enforce it' })
  const text =
    format.type === 'json-object'
      ? 'Respond only with a JSON object.'
      : `Respond only with a JSON value that matches this JSON Schema:\n${JSON.stringify(format.schema)}`
  return { instruction: { type: 'text', text } }
}

/** Anthropic wants no personal data here. */
function encodeEndUser(request: GenerateRequest, context: CodecContext): JsonObject {
  const { endUser } = request
  if (endUser === undefined || endUser === '') return {}
  if (/^\S+@\S+\.\S+$/.test(endUser) || /^(?=.*[+\s().-])\+?[\d\s().-]{7,20}$/.test(endUser)) {
    context.note({ action: 'dropped', field: 'user', detail: 'looks like an e-mail address or a phone number' })
    return {}
  }
  return { user_id: endUser }
}

const SERVICE_TIERS: Record<string, string> = { auto: 'auto', priority: 'auto', default: 'standard_only', standard_only: 'standard_only' }

function encodeServiceTier(request: GenerateRequest, context: CodecContext): string | undefined {
  if (request.serviceTier === undefined) return undefined
  const tier = SERVICE_TIERS[request.serviceTier]
  if (tier === undefined) context.note({ action: 'dropped', field: 'service_tier', detail: 'Anthropic has no such tier' })
  return tier
}
