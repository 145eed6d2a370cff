import type { JsonValue } from '../core/json.ts'
import type { DialectId } from './dialect-id.ts'
import type { Finish } from './finish.ts'
import type { ContentPart, Extensions } from './message.ts'
import type { Usage } from './usage.ts'

export interface Choice {
  content: ContentPart[]
  finish: Finish
  /** Log probabilities in OpenAI's shape. */
  logprobs?: JsonValue
}

/** A whole answer. `choices` has one entry but where the client asked for more (`n`). */
export interface GenerateResponse {
  id?: string
  /** The upstream's own name for the model. */
  model?: string
  /** Seconds since the epoch. */
  created?: number
  choices: Choice[]
  usage?: Usage
  /** The capacity that served it, in the words of `GenerateRequest.serviceTier`. */
  serviceTier?: string
  /** What the upstream said of the account rather than of the answer (JetBrains: quota and cost). */
  metadata?: { origin: DialectId; value: JsonValue }
  extensions?: Extensions
}
