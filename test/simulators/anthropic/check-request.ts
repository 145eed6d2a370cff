import { isObject, type Json } from '../../checkers/json.ts'
import { estimateTokens } from '../tokens.ts'
import { checkCacheMarks } from './check-cache.ts'
import { checkMessages } from './check-messages.ts'
import { checkSchemaBudget } from './check-schema.ts'
import { checkOutputConfig, checkSampling, checkThinking } from './check-thinking.ts'
import { checkTools } from './check-tools.ts'
import { type CheckContext, SAMPLING_FREE_VERSION } from './context.ts'
import { checkInteger, checkOneOf, checkString, extraInput, onlyKnown, refuse, required } from './refuse.ts'

/** Every member of `MessageCreateParams` (@anthropic-ai/sdk 1.11.0), and of `MessageCountTokensParams`. */
const COUNT_FIELDS = ['messages', 'model', 'system', 'tools', 'tool_choice', 'thinking', 'output_config', 'cache_control', 'speed']
const FIELDS = [
  ...COUNT_FIELDS,
  ...['max_tokens', 'container', 'diagnostics', 'inference_geo', 'metadata', 'service_tier', 'stop_sequences', 'stream'],
  ...['user_profile_id', 'workspace_id'],
]
const SAMPLING = ['temperature', 'top_p', 'top_k']

/** Members that exist only together with a beta whose name begins so. */
const BETA_FIELDS: Record<string, string> = {
  context_management: 'context-management-',
  mcp_servers: 'mcp-client-',
  output_format: 'structured-outputs-',
  fallbacks: 'server-side-fallback-',
  compaction: 'compact-',
  thread: 'message-threads-',
  billing_policy: 'billing-policy-',
}

/** Checks a Messages request as the service does. @throws Refusal */
export function checkRequest(body: Json, context: CheckContext): void {
  checkFields(body, [...FIELDS, ...(context.version === SAMPLING_FREE_VERSION ? [] : SAMPLING)], context)
  checkInteger('max_tokens', body.max_tokens, 0)
  const { maxOutput } = context.rules
  if (body.max_tokens > maxOutput) {
    refuse(`max_tokens: ${body.max_tokens} > ${maxOutput}, which is the maximum allowed number of output tokens for ${context.model}`)
  }
  checkPrompt(body, context)
  checkSampling(body, context)
  checkScalars(body, context)
  checkSize(body, context)
}

/** Checks a token count, which has no output and so none of its members. */
export function checkCountRequest(body: Json, context: CheckContext): void {
  checkFields(body, COUNT_FIELDS, context)
  checkPrompt(body, context)
}

function checkFields(body: Json, allowed: readonly string[], { betas }: CheckContext): void {
  for (const name of Object.keys(body)) {
    if (allowed.includes(name)) continue
    const beta = BETA_FIELDS[name]
    if (!beta || !betas.some(given => given.startsWith(beta))) extraInput(name)
  }
}

function checkPrompt(body: Json, context: CheckContext): void {
  checkSystem(body.system)
  checkTools(body, context.rules)
  checkSchemaBudget(body)
  checkThinking(body, context.rules)
  checkOutputConfig(body, context)
  checkMessages(body, context)
  checkCacheMarks(body)
}

function checkSystem(system: unknown): void {
  if (system === undefined || typeof system === 'string') return
  if (!Array.isArray(system)) refuse('system: Input should be a valid list')
  for (const [index, block] of system.entries()) {
    const path = `system.${index}`
    if (!isObject(block)) return refuse(`${path}: Input should be an object`)
    checkOneOf(`${path}.type`, block.type, ['text'])
    onlyKnown(path, block, ['type', 'text', 'cache_control', 'citations'])
    checkString(`${path}.text`, block.text)
    if (block.text.trim() === '') refuse('system: text content blocks must be non-empty')
  }
}

function checkScalars(body: Json, { rules, betas }: CheckContext): void {
  const { stream, stop_sequences: stops, metadata, service_tier: tier, speed } = body
  if (stream !== undefined && typeof stream !== 'boolean') refuse('stream: Input should be a valid boolean')
  if (tier !== undefined) checkOneOf('service_tier', tier, ['auto', 'standard_only'])
  if (speed !== undefined && speed !== null) {
    checkOneOf('speed', speed, ['standard', 'fast'])
    if (rules.fast === 'beta' && !betas.some(name => name.startsWith('fast-mode-'))) extraInput('speed')
    if (speed === 'fast' && rules.fast === false) refuse('speed: fast mode is not supported on this model')
  }
  if (stops !== undefined) {
    if (!Array.isArray(stops)) return refuse('stop_sequences: Input should be a valid list')
    for (const [index, stop] of stops.entries()) {
      checkString(`stop_sequences.${index}`, stop)
      if (stop.trim() === '') refuse('stop_sequences: each stop sequence must contain non-whitespace')
    }
  }
  if (metadata === undefined) return
  if (!isObject(metadata)) return refuse('metadata: Input should be an object')
  onlyKnown('metadata', metadata, ['user_id'])
  if (metadata.user_id !== undefined && metadata.user_id !== null) checkString('metadata.user_id', metadata.user_id)
  if (String(metadata.user_id ?? '').length > 256) refuse('metadata.user_id: String should have at most 256 characters')
}

function checkSize(body: Json, { contextWindow }: CheckContext): void {
  if (body.model === undefined) required('model')
  const tokens = estimateTokens([body.system, body.messages, body.tools])
  if (tokens > contextWindow) refuse(`prompt is too long: ${tokens} tokens > ${contextWindow} maximum`)
  const output = Number(body.max_tokens)
  if (tokens + output > contextWindow) {
    refuse(
      `input length and \`max_tokens\` exceed context limit: ${tokens} + ${output} > ${contextWindow}, ` +
        'decrease input length or `max_tokens` and try again',
    )
  }
}
