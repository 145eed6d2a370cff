import { invalidField } from '../../core/errors.ts'
import {
  at,
  optionalBoolean,
  optionalEnum,
  optionalNumber,
  optionalObject,
  optionalString,
  required,
  requiredObject,
  unknownFields,
} from '../../core/fields.ts'
import { isObject, type JsonObject } from '../../core/json.ts'
import { EFFORTS, type Reasoning } from '../../ir/reasoning.ts'
import type { GenerateRequest, ResponseFormat } from '../../ir/request.ts'
import { decodeMessages } from './decode-message.ts'
import { decodeToolChoice, decodeTools } from './decode-tools.ts'
import { readIncludeUsage, readMessages, readModel, readStop } from './inspect.ts'
import { DIALECT, MAPPED_FIELDS, MAPPED_VENDOR_FIELDS, ownExtensions } from './wire.ts'

const MAPPED: ReadonlySet<string> = new Set([...MAPPED_FIELDS, ...MAPPED_VENDOR_FIELDS])
const MODES = ['adaptive', 'enabled', 'disabled'] as const
const COUNT = { integer: true, min: 0 }

/** A Chat Completions body in the model. What has no place there travels in `extensions['openai-chat']`. */
export function decodeRequest(body: JsonObject): GenerateRequest {
  const logprobs = optionalBoolean(body, 'logprobs')
  const user = optionalString(body, 'user')
  const identifier = optionalString(body, 'safety_identifier')
  return {
    origin: DIALECT,
    model: readModel(body),
    messages: decodeMessages(readMessages(body)),
    stream: optionalBoolean(body, 'stream') ?? false,
    includeUsage: readIncludeUsage(body),
    maxOutputTokens: optionalNumber(body, 'max_completion_tokens', '', COUNT) ?? optionalNumber(body, 'max_tokens', '', COUNT),
    temperature: optionalNumber(body, 'temperature'),
    topP: optionalNumber(body, 'top_p'),
    topK: optionalNumber(body, 'top_k', '', { integer: true }),
    frequencyPenalty: optionalNumber(body, 'frequency_penalty'),
    presencePenalty: optionalNumber(body, 'presence_penalty'),
    seed: optionalNumber(body, 'seed', '', { integer: true }),
    stopSequences: readStop(body),
    tools: decodeTools(body),
    toolChoice: decodeToolChoice(body),
    parallelToolCalls: optionalBoolean(body, 'parallel_tool_calls'),
    reasoning: decodeReasoning(body),
    responseFormat: decodeResponseFormat(body),
    choices: optionalNumber(body, 'n', '', { integer: true, min: 1 }),
    logprobs: logprobs ? { top: optionalNumber(body, 'top_logprobs', '', COUNT) } : undefined,
    endUser: identifier ?? user,
    serviceTier: optionalString(body, 'service_tier'),
    extensions: ownExtensions(unmapped(body, { logprobs, user, identifier })),
  }
}

/** Members without a place in the model. `null` is as good as absent. */
function unmapped(body: JsonObject, read: { logprobs?: boolean; user?: string; identifier?: string }): JsonObject | undefined {
  const rest: JsonObject = {}
  for (const [key, value] of Object.entries(unknownFields(body, MAPPED) ?? {})) if (value !== null) rest[key] = value
  // Other vendors' forms of it are theirs to read.
  if (isObject(body.thinking) && !MODES.some(known => known === (body.thinking as JsonObject).type)) rest.thinking = body.thinking
  if (!read.logprobs && typeof body.top_logprobs === 'number') rest.top_logprobs = body.top_logprobs
  if (read.identifier !== undefined && read.user !== undefined && read.user !== read.identifier) rest.user = read.user
  if (isObject(body.stream_options)) {
    const options = unknownFields(body.stream_options, new Set(['include_usage', 'include_obfuscation']))
    if (options) rest.stream_options = options
  }
  return Object.keys(rest).length > 0 ? rest : undefined
}

/**
 * `reasoning_effort`, Anthropic's `thinking` as clients of many gateways send it in this dialect, and OpenRouter's `reasoning`; of what they say twice the
 * first holds.
 */
function decodeReasoning(body: JsonObject): Reasoning | undefined {
  const effort = optionalEnum(body, 'reasoning_effort', EFFORTS)
  const all: Reasoning = { ...decodeRouterReasoning(body), ...decodeThinking(body), ...(effort && { effort }) }
  return Object.keys(all).length > 0 ? all : undefined
}

function decodeThinking(body: JsonObject): Reasoning | undefined {
  const thinking = optionalObject(body, 'thinking')
  const mode = MODES.find(known => known === thinking?.type)
  if (!thinking || !mode) return undefined
  const budgetTokens = optionalNumber(thinking, 'budget_tokens', 'thinking', COUNT)
  const display = optionalString(thinking, 'display', 'thinking')
  return { mode, ...(budgetTokens !== undefined && { budgetTokens }), ...(display !== undefined && { display }) }
}

/** OpenRouter's `reasoning`: an effort or a budget, `enabled`, and `exclude` for reasoning that is not to be shown. */
function decodeRouterReasoning(body: JsonObject): Reasoning | undefined {
  const path = 'reasoning'
  const wire = optionalObject(body, path)
  if (!wire) return undefined
  const effort = optionalEnum(wire, 'effort', EFFORTS, path)
  const budgetTokens = optionalNumber(wire, 'max_tokens', path, COUNT)
  const enabled = optionalBoolean(wire, 'enabled', path)
  const reasoning: Reasoning = { ...(effort && { effort }), ...(budgetTokens !== undefined && { budgetTokens }) }
  if (enabled === false) reasoning.mode = 'disabled'
  else if (budgetTokens !== undefined) reasoning.mode = 'enabled'
  else if (enabled === true && !effort) reasoning.mode = 'adaptive'
  if (optionalBoolean(wire, 'exclude', path)) reasoning.display = 'omitted'
  return reasoning
}

function decodeResponseFormat(body: JsonObject): ResponseFormat | undefined {
  const path = 'response_format'
  const format = optionalObject(body, path)
  if (!format) return undefined
  const type = optionalEnum(format, 'type', ['text', 'json_object', 'json_schema'], path) ?? required(at(path, 'type'))
  if (type === 'text') return { type }
  if (type === 'json_object') return { type: 'json-object' }
  const field = at(path, 'json_schema')
  const wire = requiredObject(format, 'json_schema', path)
  const schema = optionalObject(wire, 'schema', field)
  if (!schema) throw invalidField(at(field, 'schema'), 'is required', 'missing_required_parameter')
  return {
    type: 'json-schema',
    schema,
    name: optionalString(wire, 'name', field),
    description: optionalString(wire, 'description', field),
    strict: optionalBoolean(wire, 'strict', field),
  }
}
