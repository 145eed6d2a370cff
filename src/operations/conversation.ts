import type { Affinity } from '../accounts/affinity.ts'
import { isObject, type JsonValue } from '../core/json.ts'
import type { RequestSummary } from '../dialects/dialect.ts'
import type { Conversation } from '../routing/candidates.ts'
import type { Call } from './call.ts'

/**
 * The conversation that a request goes on with, for accounts' prompt caches. Its name is what stays the same from turn to turn: whose it is, the instructions and
 * the first thing that was said, or the name that the client gave its cache.
 */
export const conversationOf = (call: Pick<Call, 'body' | 'caller'>, { messages }: RequestSummary, affinity: Affinity): Conversation => ({
  affinity,
  goesOn: messages > 1,
  key: () => `${call.caller.id} ${Bun.hash(beginning(call)).toString(36)}`,
})

function beginning({ body }: Pick<Call, 'body'>): string {
  if (typeof body.prompt_cache_key === 'string') return body.prompt_cache_key
  const messages = Array.isArray(body.messages) ? body.messages : []
  const first = messages.findIndex(message => isObject(message) && message.role === 'user')
  const said = messages
    .slice(0, first + 1)
    .map(message => (isObject(message) ? { role: message.role, content: lasting(message.content) } : null))
  return JSON.stringify([lasting(body.system), said])
}

/** Claude Code tells its server about the request in a line of the instructions that is another one each time. */
const PASSING = /^x-anthropic-billing-header:/

/** A message's content, or the instructions, without what changes from turn to turn: clients move their cache marks on, and write a text as a block to mark it. */
function lasting(content: JsonValue | undefined): JsonValue {
  if (!Array.isArray(content)) return typeof content === 'string' ? [{ type: 'text', text: content }] : (content ?? null)
  return content
    .filter(block => !(isObject(block) && typeof block.text === 'string' && PASSING.test(block.text)))
    .map(block => (isObject(block) ? { ...block, cache_control: undefined } : block))
}
