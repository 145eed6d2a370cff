import type { GatewayError } from '../core/errors.ts'
import type { JsonObject, JsonValue } from '../core/json.ts'
import type { DialectId } from '../ir/dialect-id.ts'
import type { Note } from '../ir/note.ts'
import type { Effort } from '../ir/reasoning.ts'
import type { GenerateRequest } from '../ir/request.ts'
import type { GenerateResponse } from '../ir/response.ts'
import type { Reversal } from '../ir/reversal.ts'
import type { StreamEvent } from '../ir/stream.ts'
import type { SseFrame } from '../sse/frame.ts'
import type { FramePattern } from '../sse/frame-pattern.ts'

/** What a codec may not have of its own: time, chance, and a place to say what was lost. One per request. */
export interface CodecContext {
  /** Milliseconds since the epoch. */
  now(): number
  newId(prefix: string): string
  /** Records a loss. Throws `invalid-request` instead of a drop under `strict`. */
  note(note: Note): void
}

/**
 * What the upstream at hand takes, as far as servers of one dialect differ. Absent members mean the vendor's own service as documented.
 */
export interface UpstreamTraits {
  /** Anthropic: the `anthropic-version` that the provider's own headers set, where they do. */
  apiVersion?: string
  /** The only field for the output limit that the server knows (OpenAI chat). Absent: whichever suits the model. */
  maxTokensField?: 'max_tokens' | 'max_completion_tokens'
  /** The most tokens the server lets a model write, where its models' names do not tell. */
  maxOutput?: number
  /** Role for instructions: `developer` only where the server knows it; false where it is known to refuse it. */
  developerRole?: boolean
  /** False: nothing that the client says in headers of its own is told to the server. */
  clientHeaders?: false
  /** False: the server refuses `stream_options`. */
  streamOptions?: boolean
  /** Server takes `top_k` and similar extensions. */
  extraSampling?: boolean
  /** Unknown members of the request are passed on rather than dropped. */
  unknownFields?: boolean
  /** Assistant messages carry earlier reasoning back (see `reasoningField`). False: the server refuses such members in a message. */
  replaysReasoning?: boolean
  /** Members of messages beyond role, content and calls are refused, those of OpenAI's own answers among them. */
  strictMessages?: boolean
  /** The member of a message that reasoning goes back in. */
  reasoningField?: 'reasoning_content' | 'reasoning'
  /** Whose proofs of reasoning the server passes on to where they came from, in `reasoning_details` (OpenRouter). */
  sealsOf?: DialectId
  /** Messages with tool calls are refused without their reasoning, unless reasoning is off. */
  requiresReasoning?: boolean
  /** Top-level request fields that the server answers with an error. */
  refuses?: readonly string[]
  /** False: instructions are taken at the start of a conversation only. */
  midSystem?: boolean
  /** User and assistant must take turns. */
  alternates?: boolean
  /** An assistant message must stand between tool results and what the user says next. */
  answersResults?: boolean
  /** `content` must be a string, never a list of parts. */
  stringContent?: boolean
  /** False: no images. */
  images?: boolean
  /** How documents are sent: OpenAI's `file` parts, Mistral's `document_url` ones, or not at all. */
  documents?: 'file' | 'document_url' | 'none'
  /** False: messages that only call tools need an empty text, because `null` is refused. */
  nullContent?: boolean
  /** False: no function calling at all. */
  tools?: boolean
  /** The word for "any tool, but one": Mistral's is `any`; `auto` where there is no such thing. */
  requiredChoice?: 'required' | 'any' | 'auto'
  /** False: `tool_choice` names no tool; the one wanted is offered alone instead. */
  namedChoice?: boolean
  /** A forced tool is refused while the model reasons. */
  forcedStopsReasoning?: boolean
  /** Ids of tool calls must be of this form (Mistral: nine letters and digits). */
  toolCallIds?: 'nine-alphanumeric'
  /** How an answer that the client began is marked: a member of the message, or vLLM's request fields. */
  prefill?: 'prefix' | 'partial' | 'continue_final_message'
  /** How reasoning is turned on, off and up. */
  reasoningSwitch?: 'reasoning_effort' | 'thinking' | 'enable_thinking' | 'chat_template_kwargs' | 'reasoning' | 'none'
  /** The efforts the server takes, weakest first; with `none` among them, reasoning can be turned off. */
  efforts?: readonly Effort[]
  /** False: `response_format` of type `json_schema` is refused, `json_object` is not. */
  jsonSchema?: boolean
  /** Reasoning comes inline, between `<think>` and `</think>` at the start of the text. */
  thinkTags?: boolean
  /** The field for the end user's identifier. */
  endUserField?: 'user' | 'safety_identifier'
  /** The field for a seed. */
  seedField?: 'seed' | 'random_seed'
  /** The server's own words for service tiers; others are not sent. */
  serviceTiers?: readonly string[]
  /** Parts carry Anthropic's `cache_control` on (OpenRouter, Alibaba). */
  cacheControl?: boolean
  /** What may be marked, where that is known: the most marks in a request, whether a mark has a `ttl`, and whether tools are marked too. */
  cacheMarks?: { most: number; ttl: boolean; tools: boolean }
  /**
   * `cached-parts`: the server wants one system message, the first of all, its content a list of parts of which the first has a cache mark (Qwen's portal,
   * qwen.md §2.3). `any`: whatever the client sent.
   */
  leadingSystem?: 'cached-parts' | 'any'
  /** False: a tool with `strict: false` is refused; it goes without the member. */
  strictFalse?: boolean
  /** An answer that calls tools may end in `stop`, on which clients end their loop: a pass-through corrects it. */
  falseStop?: boolean
  /** Every answer has a finish reason: a stream without one was broken off, `[DONE]` or not. */
  alwaysFinishes?: boolean
  /** Whose meanings the words of errors have, where others use the same words for something else (qwen.md §3.2). */
  errors?: 'alibaba'
  /** JetBrains: the parameters (fqdn) that the live profile names for the model. Absent: those of its family. */
  parameters?: readonly string[]
  /** Media types the model takes. Absent: all that the dialect knows. */
  mediaTypes?: readonly string[]
  /** What differs for some models, by a pattern of their names in lower case; all that fit hold, the last one first. */
  models?: readonly { name: RegExp; traits: Omit<UpstreamTraits, 'models'> }[]
}

export interface EncodeOptions {
  /** The model's name at the upstream. */
  model: string
  traits: UpstreamTraits
}

/** The traits that hold for the model in question. */
export function traitsOf({ model, traits }: EncodeOptions): UpstreamTraits {
  if (!traits.models) return traits
  const name = model.toLowerCase()
  const { models, ...general } = traits
  return Object.assign(general, ...models.filter(row => row.name.test(name)).map(row => row.traits))
}

/** Pure, synchronous, one per stream. `end()` is called once, when the upstream's bytes have ended. */
export interface StreamDecoder {
  push(frame: SseFrame): StreamEvent[]
  end(): StreamEvent[]
  /**
   * While it is set, and the last event was a delta: frames of this pattern say more of the same block and nothing else, and need not be pushed. The piece is
   * the delta's text as the inside of a JSON string.
   */
  readonly pattern?: FramePattern | undefined
}

/** Pure, synchronous, one per stream; takes events in the lifecycle's order. */
export interface StreamEncoder {
  push(event: StreamEvent): SseFrame[]
  /** The frames, as text for the wire, of another delta of the block that the last one belonged to. @param inside its text as the inside of a JSON string */
  more?(inside: string): string
}

export interface ErrorBody {
  status: number
  body: JsonObject
}

/** What a request asks for, read without decoding it whole: enough to route it and to pass it through. */
export interface RequestSummary {
  model: string
  stream: boolean
  /** Turns of conversation; more than one has a prompt cache to lose. */
  messages: number
  /** Whether the client asked for usage in its stream (OpenAI); always true in dialects that always have it. */
  includeUsage: boolean
}

/** A dialect as spoken by clients. */
export interface ClientCodec {
  /**
   * Checks the shape that every request must have (members' types at the top, messages that are objects with a role) and sums it up. Lenient in
   * depth: on a pass-through the upstream is the judge. @throws GatewayError `invalid-request` naming the field.
   */
  inspectRequest(body: JsonObject): RequestSummary
  /** @throws GatewayError `invalid-request` naming the field. */
  decodeRequest(body: JsonObject, context: CodecContext): GenerateRequest
  encodeResponse(response: GenerateResponse, request: GenerateRequest, context: CodecContext): JsonObject
  streamEncoder(request: GenerateRequest, context: CodecContext): StreamEncoder
  encodeError(error: GatewayError, requestId: string): ErrorBody
  /** An error as the last frames of a stream that has begun. */
  encodeStreamError(error: GatewayError, requestId: string): SseFrame[]
  /** Bytes that keep a silent stream alive and mean nothing to a client, whole frames. */
  readonly heartbeat: string
}

/** A request as its upstream takes it. */
export interface EncodedRequest {
  body: JsonObject
  /** Path below the base URL, where it is not the codec's own. */
  path?: string
  /** What the upstream needs to be told beyond authentication. */
  headers?: Record<string, string>
  /** What the answer has to be freed of again; absent where nothing was changed that would show in it. */
  reversal?: Reversal
}

/** A dialect as spoken by upstreams. */
export interface UpstreamCodec {
  /** Path below the provider's base URL. */
  readonly path: string
  /** False: the wire has no token counts, so they are ours to estimate. */
  readonly reportsUsage?: false
  encodeRequest(request: GenerateRequest, options: EncodeOptions, context: CodecContext): EncodedRequest
  /** @throws GatewayError `bad-gateway` where the body is no answer of this dialect. */
  decodeResponse(body: JsonValue, context: CodecContext, traits?: UpstreamTraits): GenerateResponse
  streamDecoder(context: CodecContext, traits?: UpstreamTraits): StreamDecoder
  /** An answer of status ≥ 400. The message is fit for the caller: text of the body is taken over only where the dialect has a place for it. */
  decodeError(status: number, headers: Headers, body: string, traits?: UpstreamTraits): GatewayError
}

/**
 * The same dialect on both sides: frames and bodies go through as bytes, and only what breaks the dialect is mended. One per answer.
 */
export interface PassThrough {
  /**
   * A frame from the upstream: `undefined` where it is legal and goes on as it is, else the frames to send in its place (none to drop it). Reads usage,
   * finish and errors on the way.
   */
  frame(frame: SseFrame): SseFrame[] | undefined
  /**
   * The upstream's bytes have ended without the dialect's end marker. Where the answer was complete all the same, sets `seen.ended` and returns what a
   * client still waits for. Absent in dialects where nothing but the marker ends an answer.
   */
  end?(): SseFrame[]
  /** Frames of this pattern are legal content behind content, as long as it is set, and need not be shown. */
  readonly pattern?: FramePattern | undefined
  /** What the frames so far, or the body, said. */
  readonly seen: PassThroughSeen
  /** A whole body: the text to send, mended where it broke the dialect; the same string where it did not. */
  body(text: string): string
}

export interface PassThroughSeen {
  /** True from the first frame that carries content on: before it, failing over is free. */
  content: boolean
  /** True once the dialect's end marker has gone by, or what counts as one. */
  ended: boolean
  usage?: import('../ir/usage.ts').Usage
  model?: string
  finish?: string
  /** An error the upstream sent inside a stream. */
  error?: GatewayError
}

export interface PassThroughOptions {
  /** The usage chunk was asked for by us, not by the client: take it out again. */
  stripUsage: boolean
  /** False (`normalize: "never"`): read only, mend nothing. */
  repair: boolean
  /** The upstream's. */
  traits?: UpstreamTraits
}

export interface Dialect {
  readonly id: DialectId
  readonly client?: ClientCodec
  readonly upstream?: UpstreamCodec
  /**
   * For dialects with both sides. The changes to make to a request's top-level members (JSON text by key, null to take one out) beyond the
   * model's name, noted where they lose something, and the reader of the answer.
   */
  readonly passThrough?: {
    changes(body: JsonObject, options: EncodeOptions, context?: CodecContext): { changes: Map<string, string | null>; stripUsage: boolean }
    open(options: PassThroughOptions, context: CodecContext): PassThrough
  }
}

/** The dialect as some upstreams speak it: with what `change` puts in place of the codec's own members. */
export const withUpstream = (dialect: Dialect, change: (upstream: UpstreamCodec) => Partial<UpstreamCodec>): Dialect =>
  dialect.upstream ? { ...dialect, upstream: { ...dialect.upstream, ...change(dialect.upstream) } } : dialect
