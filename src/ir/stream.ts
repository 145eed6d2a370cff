import type { GatewayError } from '../core/errors.ts'
import type { JsonValue } from '../core/json.ts'
import type { DialectId } from './dialect-id.ts'
import type { Finish } from './finish.ts'
import type { Annotation, Extensions, Sealed } from './message.ts'
import type { Usage } from './usage.ts'

/**
 * A block as it opens. A tool call's `arguments`, a text's or refusal's or reasoning's `text` follow as deltas. An opaque block comes
 * whole in `value`; deltas on it are the vendor's raw partial JSON (Anthropic's server tools).
 */
export type BlockStart =
  | { type: 'text' }
  | { type: 'refusal' }
  | { type: 'reasoning'; redacted?: boolean }
  | { type: 'tool-call'; id: string; name: string; kind?: 'function' | 'custom'; extensions?: Extensions }
  | { type: 'opaque'; origin: DialectId; value: JsonValue }

/**
 * What a stream consists of. `index` numbers blocks within a choice; `choice` is absent for the first (only) one.
 *
 * A decoder may hand these out in the order its upstream wrote them: blocks may interleave, indexes may have gaps, usage may come before
 * or after finish, or several times (cumulative: the last holds). The lifecycle stage (`lifecycle.ts`) makes the legal order an encoder may
 * rely on: one `response-start`; blocks one after the other within a choice, indexes 0, 1, 2…; every started block ended; then `usage` at
 * most once, one `finish` a choice, `response-end`. Or, at any point, one `error` as the last event.
 */
export type StreamEvent =
  | { type: 'response-start'; id?: string; model?: string; created?: number; usage?: Usage; serviceTier?: string; extensions?: Extensions }
  | { type: 'block-start'; index: number; choice?: number; block: BlockStart }
  | { type: 'block-delta'; index: number; choice?: number; text: string; logprobs?: JsonValue }
  | { type: 'annotation'; index: number; choice?: number; annotation: Annotation }
  | { type: 'block-end'; index: number; choice?: number; seal?: Sealed }
  | { type: 'usage'; usage: Usage }
  | { type: 'metadata'; origin: DialectId; value: JsonValue }
  | { type: 'finish'; choice?: number; finish: Finish }
  | { type: 'response-end' }
  | { type: 'error'; error: GatewayError }
