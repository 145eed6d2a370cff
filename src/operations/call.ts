import type { JsonObject } from '../core/json.ts'
import type { ClientCodec, CodecContext, Dialect } from '../dialects/dialect.ts'
import type { Note } from '../ir/note.ts'
import type { RequestTrace } from './tracing/request-trace.ts'

/** Whose request it is. */
export interface Caller {
  /** Identifier of the client key, for records. */
  id: string
  name: string
  /** Whether the key may use the model of this name. */
  allows(model: string): boolean
  /** Whether it is forbidden by name, which no other name of the model gets around. */
  denies?(model: string): boolean
}

export type ClientDialect = Dialect & { readonly client: ClientCodec }

/** A request as it came in: authenticated, read whole, parsed. */
export interface Call {
  requestId: string
  /** The route's path, for records. */
  route: string
  dialect: ClientDialect
  caller: Caller
  /** The body as received: what a pass-through sends on. */
  text: string
  body: JsonObject
  headers: Headers
  /** `?…` or empty. */
  query: string
  /** What cannot be carried over is refused instead of dropped. */
  strict: boolean
  /** Aborts when the client leaves. */
  readonly signal: AbortSignal
  /** Present where the request leaves a debugging file. */
  readonly trace?: RequestTrace
}

/** What goes back to the client. */
export interface Answer {
  status: number
  headers: Record<string, string>
  body: string | Uint8Array | ReadableStream<Uint8Array> | null
}

/** A codec context whose losses end up in `notes`. */
export type MakeContext = (notes: Note[], strict: boolean) => CodecContext
