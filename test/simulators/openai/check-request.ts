import { isObject, type Json } from '../../checkers/json.ts'
import { estimateTokens } from '../tokens.ts'
import { checkMessages } from './check-messages.ts'
import { checkName, checkSchema, checkTools } from './check-tools.ts'
import { EFFORTS, type ModelRules, rulesOf } from './model-rules.ts'
import { checkCount, checkLength, emptyArray, missing, onlyKnown, refuse, wrongType, wrongValue } from './refuse.ts'

/** Every member of `ChatCompletionCreateParams` (openai 7.55.0). */
export const FIELDS: readonly string[] = [
  ...['messages', 'model', 'audio', 'frequency_penalty', 'function_call', 'functions', 'logit_bias', 'logprobs', 'max_completion_tokens'],
  ...[
    'max_tokens',
    'metadata',
    'modalities',
    'moderation',
    'n',
    'parallel_tool_calls',
    'prediction',
    'presence_penalty',
    'prompt_cache_key',
  ],
  ...['prompt_cache_options', 'prompt_cache_retention', 'reasoning_effort', 'response_format', 'safety_identifier', 'seed', 'service_tier'],
  ...['stop', 'store', 'stream', 'stream_options', 'temperature', 'tool_choice', 'tools', 'top_logprobs', 'top_p', 'user', 'verbosity'],
  'web_search_options',
]

const BOOLEANS = ['stream', 'store', 'logprobs']
const STRINGS = ['user', 'safety_identifier', 'prompt_cache_key']
const RANGES: Record<string, [number, number]> = {
  temperature: [0, 2],
  top_p: [0, 1],
  frequency_penalty: [-2, 2],
  presence_penalty: [-2, 2],
}
const INTEGERS: Record<string, [number, number]> = { n: [1, 128], top_logprobs: [0, 20], seed: [-(2 ** 63), 2 ** 63] }
const ENUMS: Record<string, readonly string[]> = {
  reasoning_effort: EFFORTS,
  verbosity: ['low', 'medium', 'high'],
  service_tier: ['auto', 'default', 'flex', 'scale', 'priority', 'fast'],
  prompt_cache_retention: ['in_memory', '24h'],
}

/** Checks a chat request as the service does. @throws Refusal */
export function checkRequest(body: Json, contextWindow: number): void {
  for (const name of Object.keys(body)) {
    if (!FIELDS.includes(name)) refuse(`Unrecognized request argument supplied: ${name}`, null)
  }
  checkScalars(body)
  checkMessages(body.messages)
  checkTools(body)
  checkStop(body)
  checkStream(body)
  checkFormat(body)
  checkMetadata(body.metadata)
  const rules = rulesOf(String(body.model))
  checkLimits(body, rules, contextWindow)
  if (rules.reasoning) checkReasoningModel(body, rules)
  else if ((body.reasoning_effort ?? undefined) !== undefined) refuse('Unrecognized request argument supplied: reasoning_effort', null)
}

function checkScalars(body: Json): void {
  const given = (name: string): boolean => body[name] !== undefined && body[name] !== null
  for (const name of BOOLEANS) if (given(name) && typeof body[name] !== 'boolean') wrongType(name, 'a boolean', body[name])
  for (const name of STRINGS) if (given(name) && typeof body[name] !== 'string') wrongType(name, 'a string', body[name])
  for (const [name, [low, high]] of Object.entries(RANGES)) if (given(name)) checkRange(name, body[name], low, high, false)
  for (const [name, [low, high]] of Object.entries(INTEGERS)) if (given(name)) checkRange(name, body[name], low, high, true)
  for (const [name, allowed] of Object.entries(ENUMS)) {
    if (given(name) && !allowed.includes(String(body[name]))) wrongValue(name, body[name], allowed)
  }
  if (typeof body.safety_identifier === 'string') checkLength('safety_identifier', body.safety_identifier, 128)
  if (given('top_logprobs') && body.logprobs !== true)
    refuse("The 'top_logprobs' parameter is only allowed when 'logprobs' is enabled.", 'top_logprobs')
  if (given('logit_bias') && !isObject(body.logit_bias)) wrongType('logit_bias', 'an object', body.logit_bias)
}

function checkRange(path: string, value: unknown, low: number, high: number, integer: boolean): void {
  const kind = integer ? 'integer' : 'decimal'
  if (typeof value !== 'number' || (integer && !Number.isInteger(value)))
    return wrongType(path, integer ? 'an integer' : 'a decimal', value)
  const fail = (side: string, bound: string): never =>
    refuse(
      `Invalid '${path}': ${kind} ${side} value. Expected a value ${bound}, but got ${value} instead.`,
      path,
      `${kind}_${side.replace(' ', '_')}_value`,
    )
  if (value > high) fail('above maximum', `<= ${high}`)
  if (value < low) fail('below minimum', `>= ${low}`)
}

function checkStop({ stop }: Json): void {
  if (stop === undefined || stop === null || typeof stop === 'string') return
  if (!Array.isArray(stop) || stop.some(item => typeof item !== 'string'))
    return wrongType('stop', 'one of a string or array of strings', stop)
  if (stop.length === 0) emptyArray('stop')
  checkCount('stop', stop, 4)
}

function checkStream({ stream, stream_options: options }: Json): void {
  if (options === undefined || options === null) return
  if (!isObject(options)) return wrongType('stream_options', 'an object', options)
  onlyKnown('stream_options', options, ['include_usage', 'include_obfuscation'])
  if (stream !== true) refuse("The 'stream_options' parameter is only allowed when 'stream' is enabled.", 'stream_options')
  const { include_usage: usage } = options
  if (usage !== undefined && typeof usage !== 'boolean') wrongType('stream_options.include_usage', 'a boolean', usage)
}

function checkFormat({ response_format: format, messages }: Json): void {
  if (format === undefined) return
  if (!isObject(format)) return wrongType('response_format', 'an object', format)
  const types = ['text', 'json_object', 'json_schema']
  const type = String(format.type)
  if (!types.includes(type)) wrongValue('response_format.type', format.type, types)
  onlyKnown('response_format', format, type === 'json_schema' ? ['type', 'json_schema'] : ['type'])
  if (type === 'json_object' && !/json/i.test(JSON.stringify(messages))) {
    const rule = "to use 'response_format' of type 'json_object'."
    refuse(`'messages' must contain the word 'json' in some form, ${rule}`, 'messages')
  }
  if (type !== 'json_schema') return
  const schema = format.json_schema
  if (!isObject(schema)) return missing('response_format.json_schema')
  onlyKnown('response_format.json_schema', schema, ['name', 'description', 'schema', 'strict'])
  checkName('response_format.json_schema.name', schema.name)
  checkSchema(schema.schema, [], schema.strict === true, detail =>
    refuse(`Invalid schema for response_format '${schema.name}': ${detail}`, 'response_format', null),
  )
}

function checkMetadata(metadata: unknown): void {
  if (metadata === undefined || metadata === null) return
  if (!isObject(metadata)) return wrongType('metadata', 'an object', metadata)
  const pairs = Object.entries(metadata)
  if (pairs.length > 16)
    refuse(
      `Invalid 'metadata': too many properties. Expected at most 16, but got ${pairs.length}.`,
      'metadata',
      'object_above_max_properties',
    )
  for (const [name, value] of pairs) {
    if (typeof value !== 'string') wrongType(`metadata.${name}`, 'a string', value)
    else checkLength(`metadata.${name}`, value, 512)
  }
}

function checkLimits(body: Json, rules: ModelRules, contextWindow: number): void {
  const { max_tokens: old, max_completion_tokens: current } = body
  if (typeof old === 'number' && typeof current === 'number') {
    refuse(
      "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.",
      'max_tokens',
      'invalid_parameter_combination',
    )
  }
  for (const name of ['max_tokens', 'max_completion_tokens']) {
    const value = body[name]
    if (value === undefined || value === null) continue
    checkRange(name, value, 1, Number.MAX_SAFE_INTEGER, true)
    if (Number(value) <= rules.maxOutput) continue
    const most = `This model supports at most ${rules.maxOutput} completion tokens, whereas you provided ${value}.`
    refuse(`${name} is too large: ${value}. ${most}`, name, 'invalid_value')
  }
  const tokens = estimateTokens(body.messages)
  if (tokens <= contextWindow) return
  const most = `This model's maximum context length is ${contextWindow} tokens. However, your messages resulted in ${tokens} tokens.`
  refuse(`${most} Please reduce the length of the messages.`, 'messages', 'context_length_exceeded')
}

function checkReasoningModel(body: Json, rules: ModelRules): void {
  const unsupported = (name: string, hint = ''): never =>
    refuse(`Unsupported parameter: '${name}' is not supported with this model.${hint}`, name, 'unsupported_parameter')
  if (typeof body.max_tokens === 'number') unsupported('max_tokens', " Use 'max_completion_tokens' instead.")
  if (body.stop !== undefined && body.stop !== null && !rules.stop) unsupported('stop')
  if (rules.samplingWithoutEffort && body.reasoning_effort === 'none') return
  for (const [name, neutral] of Object.entries({ temperature: 1, top_p: 1, presence_penalty: 0, frequency_penalty: 0 })) {
    const value = body[name]
    if (value === undefined || value === null || value === neutral) continue
    const only = `Unsupported value: '${name}' does not support ${value} with this model. Only the default (${neutral}) value is supported.`
    refuse(only, name, 'unsupported_value')
  }
  for (const name of ['logprobs', 'logit_bias']) {
    const value = body[name]
    if (value === true || (isObject(value) && Object.keys(value).length > 0)) unsupported(name)
  }
}
