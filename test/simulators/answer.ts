import type { Json } from '../checkers/json.ts'

/** Which of a service's routes an answer is for. */
export type Route = 'generate' | 'count' | 'models' | 'embed' | TokenRoute | DeviceRoute

/** Routes of services that people sign in to with a code on another device (Qwen); `control` is the tests' own. */
export type DeviceRoute = 'device' | 'poll' | 'refresh' | 'search' | 'control'

/** Routes of services whose accounts hold tokens and quotas (JetBrains). */
export type TokenRoute = 'access' | 'register' | 'user' | 'token' | 'login' | 'quota' | 'refill'

export interface ScriptedToolCall {
  /** Made up where absent. */
  id?: string
  name: string
  /** JSON text; as an array, the pieces to stream it in. */
  arguments: string | readonly string[]
}

/** What goes wrong on the way. Frames count as sent, pings and the end marker included; a body that is no stream has two halves. */
export interface Faults {
  delayHeadersMs?: number
  /** Pause before each frame but the first. */
  delayBetweenMs?: number
  /** After so many frames nothing more comes, until the client leaves. */
  stallAfter?: number
  /** After so many frames the body ends: as if it were whole, and then FIN. */
  cutAfter?: number
  /** With `cutAfter`: FIN without the end of the chunked body. */
  cutBody?: boolean
  /** After so many frames the connection is reset. */
  resetAfter?: number
  /** The connection closes before a byte of the answer. */
  closeBeforeHeaders?: boolean
  /** Bytes that are no HTTP, and then FIN. */
  garbage?: boolean | string
  /** The request is taken and never answered, until the client leaves. */
  hangConnection?: boolean
  /** The stream is written in pieces of so many bytes, whatever they cut through. */
  chunkBytes?: number
  lineEnding?: '\n' | '\r\n' | '\r'
  /** Leaves out `[DONE]` or `message_stop`. */
  omitEnd?: boolean
  /** Text sent behind the end marker. */
  afterEnd?: string
  contentType?: string
}

/**
 * What to answer. Nothing given = as the request asks. Content comes in the order reasoning, text, tool calls. A string is streamed
 * as one piece, an array as its members.
 */
export interface Answer extends Faults {
  /** Default `generate`. */
  on?: Route
  /** Only for requests that carry this key. */
  forKey?: string
  text?: string | readonly string[]
  reasoning?: string | readonly string[]
  /** Anthropic: signature of the reasoning; the service's own where absent. */
  signature?: string
  /** Anthropic: a `redacted_thinking` block with this data. */
  redacted?: string
  toolCalls?: readonly ScriptedToolCall[]
  /** OpenAI: the pieces of parallel tool calls take turns. Anthropic's protocol has no such thing. */
  interleaved?: boolean
  refusal?: string
  /** In the vendor's own words; derived from the content where absent. */
  finish?: string
  stopSequence?: string
  /** The vendor's own usage object, merged over the computed one. */
  usage?: Json
  /** An error object (OpenAI) or event (Anthropic) after the content, in place of the end. */
  streamError?: { type: string; message: string; code?: string | null }
  /** The whole stream, as text. */
  sse?: string
  /** The stream as the lines of a recording. */
  lines?: readonly string[]
  /** The whole body: text as it is, anything else as JSON. */
  body?: unknown
  /** From 400 on an error in the vendor's shape, unless `body` says otherwise. */
  status?: number
  /** The error's message. */
  message?: string
  headers?: Record<string, string>
}
