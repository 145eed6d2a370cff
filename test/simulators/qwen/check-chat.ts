import { isObject, type Json, objectsOf, stringOf } from '../../checkers/json.ts'
import { checkRequest } from '../openai/check-request.ts'
import { Refusal } from '../refusal.ts'
import { estimateTokens } from '../tokens.ts'
import { refuse, refuseByModel, refuseLength, refuseParameter } from './errors.ts'
import { modelsOn, type QwenModel, type Shelf } from './models.ts'
import type { QwenRules } from './rules.ts'

const MAX_MARKERS = 4
const OUTPUT_LIMITS = ['max_tokens', 'max_completion_tokens']
const BOOLEANS = ['enable_thinking', 'preserve_thinking', 'vl_high_resolution_images', 'enable_search']
/** Fields that OpenAI does not have, or that its checks judge by OpenAI's models. */
const OWN = [...BOOLEANS, ...OUTPUT_LIMITS, 'thinking_budget', 'top_k', 'repetition_penalty', 'search_options', 'reasoning_effort', 'model']
/** A name in whose place OpenAI's checks take every sampling parameter. */
const PLAIN_MODEL = 'gpt-4'

/**
 * Checks a chat request in the service's order (qwen.md §6.5): system rule, model, `max_tokens`, length, and then everything else as OpenAI
 * does it, with Qwen's extras.
 * @throws Refusal
 */
export function checkChat(body: Json | undefined, shelf: Shelf, rules: QwenRules): QwenModel {
  if (!body) return refuseParameter('The request body is no valid JSON object.')
  if (shelf === 'portal' && rules.strictSystem) checkSystem(body)
  const model = modelOf(body, shelf)
  for (const name of OUTPUT_LIMITS) checkOutput(body[name], model)
  const limit = rules.inputLimit ?? model.input
  if (estimateTokens([body.messages, body.tools]) > limit) refuseLength(limit)
  checkExtras(body, model, rules)
  checkAsOpenAi(plain(body))
  return model
}

export function modelOf(body: Json, shelf: Shelf): QwenModel {
  const found = modelsOn(shelf).find(({ id }) => id === body.model)
  return found ?? refuse('unknown-model', `model \`${body.model}\` is not supported.`)
}

/** Whether an answer to a checked request thinks first. */
export function thinks(body: Json, model: QwenModel): boolean {
  if (model.thinking === 'never') return false
  if (typeof body.enable_thinking === 'boolean') return body.enable_thinking
  return model.efforts && typeof body.reasoning_effort === 'string' ? body.reasoning_effort !== 'none' : model.thinking === 'on'
}

function checkSystem({ messages }: Json): void {
  const [first, ...rest] = objectsOf(messages)
  const control = Array.isArray(first?.content) ? objectsOf(first.content)[0]?.cache_control : undefined
  const led = first?.role === 'system' && isObject(control) && control.type === 'ephemeral'
  if (!led || rest.some(({ role }) => role === 'system')) refuse('bad-request')
}

function checkOutput(value: unknown, { output }: QwenModel): void {
  if (value === undefined || value === null) return
  if (Number.isInteger(value) && Number(value) >= 1 && Number(value) <= output) return
  refuse('max-tokens', `Range of max_tokens should be [1, ${output}]`)
}

function checkExtras(body: Json, model: QwenModel, rules: QwenRules): void {
  const given = (name: string): boolean => body[name] !== undefined && body[name] !== null
  for (const name of BOOLEANS) if (given(name) && typeof body[name] !== 'boolean') refuseByModel(`${name} must be a boolean`)
  for (const name of ['thinking_budget', 'top_k']) {
    if (given(name) && !(Number.isInteger(body[name]) && Number(body[name]) >= 0)) refuseByModel(`${name} must be a positive integer`)
  }
  if (given('repetition_penalty') && !(Number(body.repetition_penalty) > 0)) refuseByModel('repetition_penalty must be above 0')
  if (given('reasoning_effort')) {
    if (!model.efforts) refuseByModel(`reasoning_effort is not supported by ${model.id}`)
    if (given('thinking_budget')) refuseByModel('reasoning_effort and thinking_budget must not be set together')
  }
  const forced = body.tool_choice === 'required' || isObject(body.tool_choice)
  if (forced && thinks(body, model)) {
    refuseByModel('The tool_choice parameter does not support being set to required or object in thinking mode')
  }
  checkMarkers(body)
  for (const tool of objectsOf(body.tools)) {
    if (tool.type !== 'function') refuseParameter(`'${tool.type}' is not a tool type: only 'function' is`)
    if (rules.refuseStrictFalse && isObject(tool.function) && tool.function.strict === false) refuse('bad-request')
  }
  for (const { role, reasoning_content: reasoning } of objectsOf(body.messages)) {
    if (role === 'developer') refuseParameter("developer is not one of ['system', 'assistant', 'user', 'tool', 'function'] - 'messages'")
    if (reasoning === undefined || reasoning === null) continue
    if (role !== 'assistant' || typeof reasoning !== 'string') refuseParameter('reasoning_content is text of assistant messages')
  }
}

/** At most four markers, all of the one type there is. */
function checkMarkers({ tools, messages }: Json): void {
  const marked = [...objectsOf(tools), ...objectsOf(messages).flatMap(({ content }) => objectsOf(content))]
  const controls = marked.flatMap(({ cache_control: control }) => (control === undefined ? [] : [control]))
  const odd = controls.find(control => !isObject(control) || control.type !== 'ephemeral' || Object.keys(control).length > 1)
  if (odd !== undefined) refuseByModel(`cache_control must be {"type":"ephemeral"}, not ${JSON.stringify(odd)}`)
  if (controls.length > MAX_MARKERS) refuseByModel(`at most ${MAX_MARKERS} cache_control markers are allowed, not ${controls.length}`)
}

/** The request without what is Qwen's own. */
function plain(body: Json): Json {
  const rest = Object.fromEntries(Object.entries(body).filter(([name]) => !OWN.includes(name)))
  const unmarked = ({ cache_control: _, ...part }: Json): Json => part
  const each = (value: unknown, change: (item: Json) => Json): unknown =>
    Array.isArray(value) ? value.map(item => (isObject(item) ? change(item) : item)) : value
  // Its own answers number their calls, and clients send back what they got.
  const unnumbered = ({ index: _, ...call }: Json): Json => call
  const message = ({ reasoning_content: _, ...said }: Json): Json => ({
    ...said,
    ...(Array.isArray(said.content) && { content: each(said.content, unmarked) }),
    ...(Array.isArray(said.tool_calls) && { tool_calls: each(said.tool_calls, unnumbered) }),
  })
  return {
    ...rest,
    model: PLAIN_MODEL,
    messages: each(body.messages, message),
    ...(body.tools !== undefined && { tools: each(body.tools, unmarked) }),
  }
}

/** OpenAI's checks, whose refusals are put into Qwen's form. */
function checkAsOpenAi(body: Json): void {
  try {
    checkRequest(body, Number.MAX_SAFE_INTEGER)
  } catch (error) {
    if (!(error instanceof Refusal) || !isObject(error.body) || !isObject(error.body.error)) throw error
    refuseParameter(stringOf(error.body.error.message))
  }
}
