import type { JsonObject } from '../../core/json.ts'
import { sha256 } from '../../core/secret.ts'
import type { GenerateRequest } from '../../ir/request.ts'
import { type CodecContext, type EncodeOptions, traitsOf, type UpstreamTraits } from '../dialect.ts'
import { markPrefill } from './conversation-shape.ts'
import type { Draft } from './draft.ts'
import { encodeExtensions } from './encode-extensions.ts'
import { encodeMessages } from './encode-messages.ts'
import { encodeReasoning, stopsReasoning } from './encode-reasoning.ts'
import { encodeLimit, encodeSampling } from './encode-sampling.ts'
import { encodeTools } from './encode-tools.ts'
import { withFewerMarks, withLeadingSystem } from './leading-system.ts'
import { modelFamily } from './model-family.ts'
import { dropRefused } from './refused-fields.ts'
import { encodeResponseFormat } from './response-format.ts'
import { DIALECT } from './wire.ts'

/** The longest `safety_identifier` that OpenAI takes; Claude Code's own value is longer. */
const LONGEST_IDENTIFIER = 128

const SERVICE_TIERS: readonly string[] = ['auto', 'default', 'flex', 'scale', 'priority', 'fast']

/** The body for an upstream that speaks Chat Completions (dialects.md §2.2). */
export function encodeRequest(request: GenerateRequest, options: EncodeOptions, context: CodecContext): { body: JsonObject } {
  const family = modelFamily(options.model)
  const traits = traitsOf(options)
  const reasoning = encodeReasoning(withForcedTool(request, traits, context), traits, family, context)
  const messages = encodeMessages(request, traits, family, !stopsReasoning(reasoning), context)
  const body: JsonObject = { model: options.model, messages, stream: request.stream }
  if (request.stream && traits.streamOptions !== false) body.stream_options = { include_usage: true }
  const draft: Draft = { request, traits, family, body, context }
  encodeLimit(draft)
  Object.assign(body, reasoning)
  encodeSampling(draft)
  Object.assign(body, encodeTools(request, traits, family, context))
  encodeResponseFormat(request, traits, body, context)
  encodeEndUser(draft)
  encodeServiceTier(draft)
  encodeExtensions(draft)
  if (request.origin !== DIALECT) Object.assign(body, markPrefill(messages, traits, context))
  fitMarks(draft)
  dropRefused(body, request, traits, context)
  return { body }
}

/** Instructions where the server wants them, and no more cache marks than it takes. */
function fitMarks({ traits, body, context }: Draft): void {
  if (!traits.cacheMarks && !traits.leadingSystem) return
  const all = body.messages as JsonObject[]
  const keepsLead = traits.leadingSystem === 'cached-parts'
  const messages = keepsLead ? withLeadingSystem(all) : all
  const most = traits.cacheMarks?.most ?? Number.POSITIVE_INFINITY
  const tools = body.tools as JsonObject[] | undefined
  const fitted = withFewerMarks({ messages, tools: tools ?? [] }, most, keepsLead)
  body.messages = [...fitted.messages]
  if (tools) body.tools = [...fitted.tools]
  if (fitted.dropped > 0) context.note({ action: 'approximated', field: 'cache_control', detail: `only the last ${most} are marked` })
}

/** A forced tool is worth more than thoughts about it where an upstream grants only one of the two (dialects.md §2.4.3). */
function withForcedTool(request: GenerateRequest, traits: UpstreamTraits, context: CodecContext): GenerateRequest {
  const { toolChoice: choice, reasoning } = request
  if (!traits.forcedStopsReasoning || (choice?.type !== 'required' && choice?.type !== 'tool')) return request
  if (reasoning && reasoning.mode !== 'disabled')
    context.note({ action: 'approximated', field: 'thinking', detail: 'off, because a tool is forced' })
  return { ...request, reasoning: { mode: 'disabled' } }
}

/** A value too long for the field stays stable, and tells less, as its hash. */
function encodeEndUser({ request, traits, family, body }: Draft): void {
  if (request.endUser === undefined || request.endUser === '') return
  const value = request.endUser.length > LONGEST_IDENTIFIER ? sha256(request.endUser) : request.endUser
  body[traits.endUserField ?? (family.openAi ? 'safety_identifier' : 'user')] = value
}

function encodeServiceTier({ request, traits, family, body, context }: Draft): void {
  const speed = request.extensions?.anthropic?.speed
  if (speed === 'fast' && family.openAi) body.service_tier = 'fast'
  if (request.serviceTier === undefined || body.service_tier !== undefined) return
  const standard = request.serviceTier === 'standard_only' || request.serviceTier === 'standard'
  const tier = standard ? 'default' : request.serviceTier
  if ((traits.serviceTiers ?? SERVICE_TIERS).includes(tier) || (request.origin === DIALECT && !traits.serviceTiers))
    body.service_tier = tier
  // What is served without a word is the ordinary tier.
  else if (tier !== 'default') context.note({ action: 'dropped', field: 'service_tier', detail: 'no such tier' })
}
