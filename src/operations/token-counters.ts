import type { JsonObject } from '../core/json.ts'
import { spliceTopLevel } from '../core/json-splice.ts'
import type { DialectId } from '../ir/dialect-id.ts'
import type { Lease } from '../routing/attempt.ts'
import type { Call } from './call.ts'
import { headersToUpstream } from './headers.ts'
import { codecOf, namesModelOnce } from './open-answer.ts'
import type { UpstreamCall } from './upstream-call.ts'

/** How an upstream of some dialect is asked for the tokens of a request. */
export interface UpstreamCounter {
  /** Dialects of clients whose requests it can count. */
  readonly clients: ReadonlySet<DialectId>
  request(call: Call, lease: Lease): Omit<UpstreamCall, 'client'>
  /** The count in its answer; undefined where that holds none. */
  read(answer: JsonObject): number | undefined
}

/**
 * Anthropic's own route. What a call for an answer would change in the conversation (another vendor's thinking) is changed here too, so that what is
 * counted is what would be read.
 */
const anthropic: UpstreamCounter = {
  clients: new Set(['anthropic']),
  request(call, lease) {
    const codec = codecOf(lease)
    const { model, traits, dialect } = lease.wire
    const changes = dialect.passThrough?.changes(call.body, { model, traits }).changes ?? new Map<string, string>()
    for (const key of changes.keys()) if (!Object.hasOwn(call.body, key)) changes.delete(key)
    if (call.body.model !== model || !namesModelOnce(call.text)) changes.set('model', JSON.stringify(model))
    return {
      body: spliceTopLevel(call.text, changes),
      headers: headersToUpstream(call),
      path: `${codec.path}/count_tokens${call.query}`,
    }
  },
  read: ({ input_tokens }) => (typeof input_tokens === 'number' ? input_tokens : undefined),
}

/** Upstreams that count, by dialect. For all others there is the estimate. */
export const TOKEN_COUNTERS: Partial<Record<DialectId, UpstreamCounter>> = { anthropic }
