import { isObject, type JsonObject, type JsonValue } from '../../core/json.ts'
import { type CodecContext, type EncodeOptions, traitsOf, type UpstreamTraits } from '../dialect.ts'
import { stopsReasoning } from './encode-reasoning.ts'
import { withFewerMarks, withLeadingSystem } from './leading-system.ts'
import { fittedMessages } from './pass-through-messages.ts'
import { reasoningChanges } from './pass-through-reasoning.ts'

/** Text by key; null takes the member out. */
type Changes = Map<string, string | null>

/**
 * What changes in a request that goes through: usage is asked for where the client did not, seals that are not the upstream's are taken out, and what the
 * server has another word for is said in that. What it would refuse for other reasons is its own to refuse.
 */
export function passThroughChanges(
  body: JsonObject,
  options: EncodeOptions,
  context?: CodecContext,
): { changes: Changes; stripUsage: boolean } {
  const traits = traitsOf(options)
  const changes: Changes = new Map()
  const stripUsage = changeStreamOptions(body, traits, changes)
  const { maxTokensField, seedField } = traits
  if (maxTokensField) rename(body, maxTokensField === 'max_tokens' ? 'max_completion_tokens' : 'max_tokens', maxTokensField, changes)
  if (seedField === 'random_seed') rename(body, 'seed', seedField, changes)
  if (body.tool_choice === 'required' && traits.requiredChoice === 'any') changes.set('tool_choice', '"any"')
  for (const [field, value] of Object.entries(reasoningChanges(body, traits, context)))
    changes.set(field, value === null ? null : JSON.stringify(value))
  const messages = fittedMessages(body.messages, stopsReasoning(body) ? { ...traits, requiresReasoning: false } : traits)
  const tools = fittedTools(body.tools, traits)
  const fitted = withLead(messages, tools, traits, context)
  if (fitted.messages !== body.messages) changes.set('messages', JSON.stringify(fitted.messages))
  if (fitted.tools !== body.tools) changes.set('tools', JSON.stringify(fitted.tools))
  return { changes, stripUsage }
}

type Members = Record<'messages' | 'tools', JsonValue | readonly JsonValue[] | undefined>

/** Instructions where the server wants them. The mark that this takes may be one too many, and then one of the client's goes; its own are its own affair. */
function withLead(messages: Members['messages'], tools: Members['tools'], traits: UpstreamTraits, context?: CodecContext): Members {
  if (traits.leadingSystem !== 'cached-parts' || !Array.isArray(messages)) return { messages, tools }
  const led = withLeadingSystem(messages)
  if (led === messages) return { messages, tools }
  const { most = Number.POSITIVE_INFINITY } = traits.cacheMarks ?? {}
  const fitted = withFewerMarks({ messages: led, tools: Array.isArray(tools) ? tools : [] }, most, true)
  if (fitted.dropped === 0) return { messages: led, tools }
  context?.note({ action: 'approximated', field: 'cache_control', detail: `only the last ${most} are marked` })
  return { messages: fitted.messages, tools: Array.isArray(tools) ? fitted.tools : tools }
}

/** Tools without what the server refuses in them; the same list where there is nothing of it. */
function fittedTools(tools: JsonValue | undefined, { strictFalse }: UpstreamTraits): JsonValue | undefined {
  if (strictFalse !== false || !Array.isArray(tools)) return tools
  const fitted = tools.map(tool => {
    const inner = isObject(tool) ? tool.function : undefined
    if (!isObject(tool) || !isObject(inner) || inner.strict !== false) return tool
    const { strict: _, ...rest } = inner
    return { ...tool, function: rest }
  })
  return fitted.some((tool, index) => tool !== tools[index]) ? fitted : tools
}

function changeStreamOptions(body: JsonObject, traits: UpstreamTraits, changes: Changes): boolean {
  const asked = isObject(body.stream_options) ? body.stream_options : undefined
  if (traits.streamOptions === false) {
    if (body.stream_options !== undefined) changes.set('stream_options', null)
    return false
  }
  const stripUsage = body.stream === true && asked?.include_usage !== true
  if (stripUsage) changes.set('stream_options', JSON.stringify({ ...asked, include_usage: true }))
  return stripUsage
}

/** A field under the name that the server knows; where both stand, that one holds. */
function rename(body: JsonObject, from: string, to: string, changes: Changes): void {
  const value: JsonValue | undefined = body[from]
  if (value === undefined) return
  changes.set(from, null)
  if (value !== null && (body[to] === undefined || body[to] === null)) changes.set(to, JSON.stringify(value))
}
