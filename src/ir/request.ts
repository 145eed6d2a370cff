import type { JsonObject } from '../core/json.ts'
import type { DialectId } from './dialect-id.ts'
import type { Extensions, Message } from './message.ts'
import type { Reasoning } from './reasoning.ts'
import type { Tool, ToolChoice } from './tools.ts'

export type ResponseFormat =
  | { type: 'text' }
  | { type: 'json-object' }
  | { type: 'json-schema'; schema: JsonObject; name?: string; description?: string; strict?: boolean }

/**
 * A request for one generated answer, in no vendor's words. Absent means the client did not say, and the upstream's own default
 * holds; encoders never invent a value the upstream does not require.
 */
export interface GenerateRequest {
  /** The dialect the client spoke. */
  origin: DialectId
  /** The name the client asked for; an encoder sends the target's own name instead (`EncodeOptions.model`). */
  model: string
  messages: Message[]
  stream: boolean
  /** OpenAI's `stream_options.include_usage`: whether the client wants usage in its stream. Other dialects always do. */
  includeUsage?: boolean
  maxOutputTokens?: number
  temperature?: number
  topP?: number
  topK?: number
  frequencyPenalty?: number
  presencePenalty?: number
  seed?: number
  stopSequences?: string[]
  tools?: Tool[]
  toolChoice?: ToolChoice
  /** False: at most one tool call an answer. */
  parallelToolCalls?: boolean
  reasoning?: Reasoning
  responseFormat?: ResponseFormat
  choices?: number
  logprobs?: { top?: number }
  /** An identifier of the end user, for the vendor's abuse monitoring. */
  endUser?: string
  serviceTier?: string
  extensions?: Extensions
}
