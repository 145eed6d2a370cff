import { invalidField } from '../../core/errors.ts'
import type { JsonObject } from '../../core/json.ts'
import { sha256 } from '../../core/secret.ts'
import type { DialectId } from '../../ir/dialect-id.ts'
import type { GenerateRequest } from '../../ir/request.ts'
import type { CodecContext, EncodeOptions } from '../dialect.ts'
import { encodeMessages } from './encode-messages.ts'
import { encodeEffort } from './encode-reasoning.ts'
import { encodeTools } from './encode-tools.ts'
import { type ModelFamily, modelFamily } from './model-family.ts'
import { fitsStrict, withItems } from './strict-schema.ts'
import { DIALECT, EXTENSION_FIELDS, MAPPED_FIELDS } from './wire.ts'

/** The longest `safety_identifier` that OpenAI takes; Claude Code's own value is longer. */
const LONGEST_IDENTIFIER = 128
const MOST_STOPS = 4

/** Fields of other dialects that mean nothing outside them, so that their loss is none (dialects.md §2.1, §2.2). */
const MEANINGLESS = new Set([
  'context_management',
  'deferred_tools',
  'diagnostics',
  'store',
  'include',
  'client_metadata',
  'metadata',
  'prompt_cache_key',
  'prompt_cache_retention',
  'truncation',
])

/** Anthropic's fields that change what the request means: leaving them out would answer another question. */
const REFUSED = new Set(['container', 'compaction', 'thread', 'mcp_servers'])

/** Anthropic's own code, on which its SDKs send the conversation again, whole (`error.details.error_code`). */
const NO_THREADS = 'thread_unsupported_request'

const SERVICE_TIERS = new Set(['auto', 'default', 'flex', 'scale', 'priority', 'fast'])
const DOCUMENTED: ReadonlySet<string> = new Set([...EXTENSION_FIELDS, ...MAPPED_FIELDS])

/** The body for an upstream that speaks Chat Completions (dialects.md §2.2). */
export function encodeRequest(request: GenerateRequest, options: EncodeOptions, context: CodecContext): { body: JsonObject } {
  const family = modelFamily(options.model)
  const body: JsonObject = { model: options.model, messages: encodeMessages(request, options, family, context), stream: request.stream }
  if (request.stream && options.traits.streamOptions !== false) body.stream_options = { include_usage: true }
  encodeLimit(request, options, family, body, context)
  const effort = encodeEffort(request, family, context)
  if (effort !== undefined) body.reasoning_effort = effort
  encodeSampling(request, options, family, body, context)
  Object.assign(body, encodeTools(request, family, context))
  encodeResponseFormat(request, body, context)
  encodeEndUser(request, family, body)
  encodeServiceTier(request, family, body, context)
  encodeExtensions(request, options, family, body, context)
  return { body }
}

/** Clients that believe to speak to another model ask for more than this one can give, which is a 400. */
function encodeLimit(request: GenerateRequest, options: EncodeOptions, family: ModelFamily, body: JsonObject, context: CodecContext): void {
  const wanted = request.maxOutputTokens
  if (wanted === undefined) return
  const limit = Math.min(wanted, family.maxOutput)
  const field = options.traits.maxTokensField ?? (family.reasoning ? 'max_completion_tokens' : 'max_tokens')
  if (limit < wanted) context.note({ action: 'approximated', field: 'max_tokens', detail: `the model's limit is ${limit}` })
  body[field] = limit
}

function encodeSampling(
  request: GenerateRequest,
  options: EncodeOptions,
  family: ModelFamily,
  body: JsonObject,
  context: CodecContext,
): void {
  const refused = family.reasoning && !(family.canDisableReasoning && body.reasoning_effort === 'none')
  const set = (field: string, value: number | undefined, harmless: number) => {
    if (value === undefined) return
    if (!refused || value === harmless) body[field] = value
    else context.note({ action: 'dropped', field, detail: 'reasoning model' })
  }
  set('temperature', request.temperature, 1)
  set('top_p', request.topP, 1)
  set('frequency_penalty', request.frequencyPenalty, 0)
  set('presence_penalty', request.presencePenalty, 0)
  if (request.topK !== undefined) {
    if (options.traits.extraSampling) body.top_k = request.topK
    else context.note({ action: 'dropped', field: 'top_k' })
  }
  if (request.seed !== undefined) body.seed = request.seed
  if (request.choices !== undefined) body.n = request.choices
  if (request.logprobs && family.reasoning) context.note({ action: 'dropped', field: 'logprobs', detail: 'reasoning model' })
  else if (request.logprobs) {
    body.logprobs = true
    if (request.logprobs.top !== undefined) body.top_logprobs = request.logprobs.top
  }
  encodeStop(request, family, body, context)
}

function encodeStop(request: GenerateRequest, family: ModelFamily, body: JsonObject, context: CodecContext): void {
  const stops = request.stopSequences?.filter(stop => stop !== '') ?? []
  if (stops.length === 0) return
  const field = request.origin === 'anthropic' ? 'stop_sequences' : 'stop'
  if (family.reasoning) {
    context.note({ action: 'dropped', field, detail: 'reasoning model' })
    return
  }
  if (stops.length > MOST_STOPS) context.note({ action: 'approximated', field, detail: `only the first ${MOST_STOPS}` })
  body.stop = stops.slice(0, MOST_STOPS)
}

/** Anthropic's formats are always strict and have no name; OpenAI wants one (dialects.md §2.5). */
function encodeResponseFormat(request: GenerateRequest, body: JsonObject, context: CodecContext): void {
  const format = request.responseFormat
  if (format?.type === 'json-object') body.response_format = { type: 'json_object' }
  if (format?.type !== 'json-schema') return
  const strict = format.strict ?? (request.origin === 'anthropic' ? true : undefined)
  const schema = withItems(format.schema)
  const loose = strict === true && request.origin !== DIALECT && !fitsStrict(schema)
  if (loose)
    context.note({ action: 'approximated', field: 'output_config.format', detail: 'the schema is not strict in the sense of OpenAI' })
  body.response_format = {
    type: 'json_schema',
    json_schema: {
      name: format.name ?? 'output',
      ...(format.description !== undefined && { description: format.description }),
      schema,
      ...(strict !== undefined && { strict: loose ? false : strict }),
    },
  }
}

/** A value too long for the field stays stable, and tells less, as its hash. */
function encodeEndUser(request: GenerateRequest, family: ModelFamily, body: JsonObject): void {
  if (request.endUser === undefined || request.endUser === '') return
  const value = request.endUser.length > LONGEST_IDENTIFIER ? sha256(request.endUser) : request.endUser
  body[family.openAi ? 'safety_identifier' : 'user'] = value
}

function encodeServiceTier(request: GenerateRequest, family: ModelFamily, body: JsonObject, context: CodecContext): void {
  const speed = request.extensions?.anthropic?.speed
  if (speed === 'fast' && family.openAi) body.service_tier = 'fast'
  const tier = request.serviceTier
  if (tier === undefined || body.service_tier !== undefined) return
  if (tier === 'standard_only' || tier === 'standard') body.service_tier = 'default'
  else if (SERVICE_TIERS.has(tier) || request.origin === DIALECT) body.service_tier = tier
  else context.note({ action: 'dropped', field: 'service_tier', detail: 'no such tier' })
}

function encodeExtensions(
  request: GenerateRequest,
  options: EncodeOptions,
  family: ModelFamily,
  body: JsonObject,
  context: CodecContext,
): void {
  for (const [origin, members] of Object.entries(request.extensions ?? {}) as [DialectId, JsonObject][]) {
    for (const [field, value] of Object.entries(members)) {
      if (value === undefined || value === null) continue
      if (origin === DIALECT) {
        if (!options.traits.unknownFields && !DOCUMENTED.has(field)) context.note({ action: 'dropped', field })
        else if (field === 'stream_options') body.stream_options &&= { ...(value as JsonObject), ...(body.stream_options as JsonObject) }
        else body[field] ??= value
        continue
      }
      if (origin === 'anthropic' && REFUSED.has(field))
        throw invalidField(field, 'cannot be carried over to this upstream', field === 'thread' ? NO_THREADS : 'unsupported_parameter')
      const mapped = field === 'speed' && (value === 'standard' || family.openAi)
      if (!mapped && !MEANINGLESS.has(field)) context.note({ action: 'dropped', field })
    }
  }
}
