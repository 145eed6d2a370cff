import { isObject, type JsonObject } from '../../core/json.ts'
import { sha256 } from '../../core/secret.ts'
import type { GenerateRequest } from '../../ir/request.ts'
import type { Reversal } from '../../ir/reversal.ts'
import { fitTools } from '../../ir/tool-limits.ts'
import type { CodecContext, EncodedRequest, EncodeOptions } from '../dialect.ts'
import { betasFor } from './betas.ts'
import { fitCacheMarks } from './cache-marks.ts'
import { type Capabilities, capabilitiesOf } from './capabilities.ts'
import { encodeFormat } from './encode-format.ts'
import { dropUnknownSampling, encodeMaxTokens, encodeSampling, encodeStops } from './encode-sampling.ts'
import { encodeThinking, thinksWithBudget } from './encode-thinking.ts'
import { encodeTools, withAnswerTool } from './encode-tools.ts'
import { automaticCache, dropForeignExtensions, withForeignThinking } from './foreign.ts'
import { SchemaBudget } from './schema-limits.ts'
import { TOOL_LIMITS } from './tool-ids.ts'
import { encodeConversation } from './turns.ts'
import { API_VERSION, DEFERRED_TOOLS, isBegun } from './wire.ts'

/** A request for `/v1/messages` of the target model (dialects.md §2.1). @throws GatewayError `invalid-request` naming the caller's field */
export function encodeRequest(given: GenerateRequest, options: EncodeOptions, context: CodecContext): EncodedRequest {
  const version = options.traits.apiVersion ?? API_VERSION
  const capabilities = capabilitiesOf(options.model, version, options.traits.maxOutput)
  const { request, names } = fitTools(withForeignThinking(given, context), TOOL_LIMITS)
  const {
    [DEFERRED_TOOLS]: _deferred,
    output_config: ownOutput,
    metadata: ownMetadata,
    thinking: _thinking,
    ...own
  } = request.extensions?.anthropic ?? {}
  dropUnknownSampling(request, context)
  dropForeignExtensions(request, context)
  const maxTokens = encodeMaxTokens(request, capabilities, context)
  const { system, messages } = encodeConversation(request, capabilities, context)
  const budget = new SchemaBudget()
  const situation = { budgeted: thinksWithBudget(request, capabilities), begun: isBegun(messages), budget }
  const format = encodeFormat(request, capabilities, situation, context)
  if (format.instruction) system.push(format.instruction)
  const ownTools = encodeTools(request, messages, capabilities, budget, context)
  const tools = format.answerTool ? withAnswerTool(ownTools, format.answerTool) : ownTools
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
  Object.assign(body, encodeServiceTier(request, capabilities, context))
  if (request.stream) body.stream = true
  const cache = automaticCache(request)
  if (cache) body.cache_control = cache
  Object.assign(body, own)
  fitCacheMarks(body, context)
  const betas = betasFor(body)
  const reversal: Reversal = { ...(names && { names }), ...(format.answerTool && { answerTool: format.answerTool.name }) }
  return {
    body,
    headers: { 'anthropic-version': version, ...(betas && { 'anthropic-beta': betas }) },
    ...(Object.keys(reversal).length > 0 && { reversal }),
  }
}

/** The longest identifier of an end user that Anthropic takes. */
const LONGEST_IDENTIFIER = 256
const E_MAIL = /^\S+@\S+\.\S+$/
const PHONE = /^(?=.*[+\s().-])\+?[\d\s().-]{7,20}$/

/** Anthropic wants no personal data here: what looks like some goes as its hash, which stays the same for one user. */
function encodeEndUser(request: GenerateRequest, context: CodecContext): JsonObject {
  const { endUser } = request
  if (endUser === undefined || endUser === '') return {}
  const personal = E_MAIL.test(endUser) || PHONE.test(endUser)
  if (!personal && endUser.length <= LONGEST_IDENTIFIER) return { user_id: endUser }
  const detail = personal ? 'looks like an e-mail address or a phone number; its hash was sent' : 'too long; its hash was sent'
  context.note({ action: 'approximated', field: 'user', detail })
  return { user_id: sha256(endUser) }
}

const SERVICE_TIERS: Record<string, string> = { auto: 'auto', priority: 'auto', default: 'standard_only', standard_only: 'standard_only' }

/** Which capacity serves the request; OpenAI's `fast` is a matter of `speed` here. */
function encodeServiceTier({ serviceTier }: GenerateRequest, capabilities: Capabilities, context: CodecContext): JsonObject {
  if (serviceTier === undefined) return {}
  if (serviceTier === 'fast' && capabilities.fastMode) return { speed: 'fast' }
  const tier = SERVICE_TIERS[serviceTier]
  if (tier !== undefined) return { service_tier: tier }
  context.note({ action: 'dropped', field: 'service_tier', detail: 'this model has no such tier' })
  return {}
}
