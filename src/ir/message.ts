import type { JsonObject, JsonValue } from '../core/json.ts'
import type { DialectId } from './dialect-id.ts'

/** Wire fields a codec did not model, by the dialect they came from; an encoder of that dialect writes them back. */
export type Extensions = Partial<Record<DialectId, JsonObject>>

/**
 * A vendor's opaque proof (signature, encrypted reasoning): valid for its issuer only, so no encoder of another dialect may
 * send it upstream. A client of another dialect may carry it (see `reasoning.ts`) so that it can come back.
 */
export interface Sealed {
  issuer: DialectId
  value: string
}

/** A prompt-cache breakpoint after this part. `ttl` in the vendor's words (`5m`, `1h`, `30m`); absent = vendor's default. */
export interface CacheMark {
  ttl?: string
}

export interface PartBase {
  extensions?: Extensions
  seal?: Sealed
  cache?: CacheMark
}

/** A citation. The common fields are filled where the vendor gives them; `raw` is its own object, for its own dialect. */
export interface Annotation {
  origin: DialectId
  raw: JsonValue
  url?: string
  title?: string
  citedText?: string
}

export interface TextPart extends PartBase {
  type: 'text'
  text: string
  annotations?: Annotation[]
}

/** What the model said instead of answering; OpenAI has a field for it, elsewhere it is text. */
export interface RefusalPart extends PartBase {
  type: 'refusal'
  text: string
}

export type MediaSource =
  | { kind: 'base64'; data: string }
  | { kind: 'text'; text: string }
  | { kind: 'url'; url: string }
  | { kind: 'file'; id: string; origin: DialectId }

/** An image, document or sound. `mediaType` is a MIME type, or a range (`image/*`) where the source does not tell. */
export interface MediaPart extends PartBase {
  type: 'media'
  mediaType: string
  source: MediaSource
  /** File name or document title. */
  name?: string
}

/** `redacted`: the text is hidden and only the seal holds it. */
export interface ReasoningPart extends PartBase {
  type: 'reasoning'
  text: string
  redacted?: boolean
}

/**
 * `arguments` stays the string that the model wrote (JSON text; `''` means none): models emit broken JSON, and parsing and
 * printing again reorders keys and rounds numbers. For `custom` tools it is free text.
 */
export interface ToolCallPart extends PartBase {
  type: 'tool-call'
  id: string
  name: string
  arguments: string
  kind?: 'function' | 'custom'
}

export interface ToolResultPart extends PartBase {
  type: 'tool-result'
  callId: string
  content: ContentPart[]
  isError: boolean
}

/** A part only its origin understands, kept whole and replayed only to its origin. */
export interface OpaquePart extends PartBase {
  type: 'opaque'
  origin: DialectId
  value: JsonValue
}

export type ContentPart = TextPart | RefusalPart | MediaPart | ReasoningPart | ToolCallPart | ToolResultPart | OpaquePart

/**
 * - `system`, `developer`: instructions, leading or in mid-conversation; text parts (and opaque ones).
 * - `user`: text, media, opaque.
 * - `assistant`: reasoning, text, refusal, tool-call, media, opaque, in the order the model made them.
 * - `tool`: only tool-result parts; every result of one step stands in one message.
 */
export interface Message {
  role: 'system' | 'developer' | 'user' | 'assistant' | 'tool'
  content: ContentPart[]
  name?: string
  extensions?: Extensions
}
