import { isObject, type JsonObject, type JsonValue } from '../../core/json.ts'
import { type EncodeOptions, traitsOf, type UpstreamTraits } from '../dialect.ts'
import { stopsReasoning } from './encode-reasoning.ts'
import { fittedMessages } from './pass-through-messages.ts'

/** Text by key; null takes the member out. */
type Changes = Map<string, string | null>

/**
 * What changes in a request that goes through: usage is asked for where the client did not, seals that are not the upstream's are taken out, and what the
 * server has another word for is said in that. What it would refuse for other reasons is its own to refuse.
 */
export function passThroughChanges(body: JsonObject, options: EncodeOptions): { changes: Changes; stripUsage: boolean } {
  const traits = traitsOf(options)
  const changes: Changes = new Map()
  const stripUsage = changeStreamOptions(body, traits, changes)
  const { maxTokensField, seedField } = traits
  if (maxTokensField) rename(body, maxTokensField === 'max_tokens' ? 'max_completion_tokens' : 'max_tokens', maxTokensField, changes)
  if (seedField === 'random_seed') rename(body, 'seed', seedField, changes)
  if (body.tool_choice === 'required' && traits.requiredChoice === 'any') changes.set('tool_choice', '"any"')
  const messages = fittedMessages(body.messages, stopsReasoning(body) ? { ...traits, requiresReasoning: false } : traits)
  if (messages !== body.messages) changes.set('messages', JSON.stringify(messages))
  return { changes, stripUsage }
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
