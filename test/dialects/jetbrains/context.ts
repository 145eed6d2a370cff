import type { JsonObject } from '../../../src/core/json.ts'
import { anthropic } from '../../../src/dialects/anthropic/index.ts'
import type {
  ClientCodec,
  CodecContext,
  Dialect,
  EncodedRequest,
  EncodeOptions,
  UpstreamCodec,
  UpstreamTraits,
} from '../../../src/dialects/dialect.ts'
import { jetbrains, jetbrainsV7 } from '../../../src/dialects/jetbrains/index.ts'
import { openaiChat } from '../../../src/dialects/openai-chat/index.ts'
import { createLifecycle } from '../../../src/ir/lifecycle.ts'
import type { ContentPart, Message } from '../../../src/ir/message.ts'
import type { GenerateRequest } from '../../../src/ir/request.ts'
import type { StreamEvent } from '../../../src/ir/stream.ts'
import type { Tool } from '../../../src/ir/tools.ts'
import { FrameCutter } from '../../../src/sse/cutter.ts'
import { parseFrames } from '../../../src/sse/parser.ts'
import { writeFrames } from '../../../src/sse/writer.ts'
import { testContext } from '../../support/codec-context.ts'

export const upstream = jetbrains.upstream as UpstreamCodec
export const olderUpstream = jetbrainsV7.upstream as UpstreamCodec

export const CLIENTS = { 'openai-chat': openaiChat.client as ClientCodec, anthropic: anthropic.client as ClientCodec }

export const CLAUDE = 'anthropic-claude-4-5-sonnet'
export const GPT = 'openai-gpt-4o'
export const GEMINI = 'google-gemini-3-0-flash'

export const options = (model = GPT, traits: UpstreamTraits = {}): EncodeOptions => ({ model, traits })

export const text = (value: string): ContentPart => ({ type: 'text', text: value })
export const image = (data = 'iVBORw0KGgo=', mediaType = 'image/png'): ContentPart => ({
  type: 'media',
  mediaType,
  source: { kind: 'base64', data },
})
export const call = (id: string, name: string, args: string): ContentPart => ({ type: 'tool-call', id, name, arguments: args })
export const result = (callId: string, ...content: (ContentPart | string)[]): ContentPart => ({
  type: 'tool-result',
  callId,
  isError: false,
  content: content.map(part => (typeof part === 'string' ? text(part) : part)),
})

export const message = (role: Message['role'], ...content: (ContentPart | string)[]): Message => ({
  role,
  content: content.map(part => (typeof part === 'string' ? text(part) : part)),
})

export const tool = (name: string, parameters?: JsonObject): Tool => ({ type: 'function', name, ...(parameters && { parameters }) })

export const request = (fields: Partial<GenerateRequest> = {}): GenerateRequest => ({
  origin: 'openai-chat',
  model: 'some-alias',
  messages: [message('user', 'Hi')],
  stream: true,
  ...fields,
})

export interface Encoded extends EncodedRequest {
  messages: JsonObject[]
  /** Parameters by what stands behind `llm.parameters.`. */
  parameters: Record<string, unknown>
  notes: string[]
}

/** What goes up for a request, and what was noted on the way. */
export function encoded(fields: Partial<GenerateRequest>, encodeOptions = options(), dialect: Dialect = jetbrains): Encoded {
  const context = testContext()
  const made = (dialect.upstream as UpstreamCodec).encodeRequest(request(fields), encodeOptions, context)
  const { chat, parameters } = made.body as { chat: { messages: JsonObject[] }; parameters?: { data: JsonObject[] } }
  return { ...made, messages: chat.messages, parameters: pairsOf(parameters?.data ?? []), notes: context.fields() }
}

/** The list of parameters, read as strictly as the service reads it. */
function pairsOf(data: readonly JsonObject[]): Record<string, unknown> {
  const found: Record<string, unknown> = {}
  for (let at = 0; at < data.length; at += 2) {
    const [key, value] = [data[at], data[at + 1]]
    if (typeof key?.fqdn !== 'string' || !value || value.type !== key.type)
      throw new Error(`no pair at ${at}: ${JSON.stringify([key, value])}`)
    const read = value.type === 'json' ? JSON.parse(String(value.value)) : value.value
    const wanted = { json: 'string', text: 'string', bool: 'boolean', int: 'number', double: 'number' }[String(value.type)]
    if (typeof value.value !== wanted) throw new Error(`${key.fqdn} is no ${String(value.type)}`)
    found[key.fqdn.replace('llm.parameters.', '')] = read
  }
  return found
}

export const data = (type: string, fields: JsonObject = {}): JsonObject => ({ type, event_type: 'data', ...fields })
export const content = (value: string, choiceIndex?: number): JsonObject =>
  data('Content', { content: value, ...(choiceIndex !== undefined && { choiceIndex }) })

/** Events as a stream: objects become JSON, strings stand as they are behind `data:`. */
export const stream = (...events: (JsonObject | string)[]): string =>
  events.map(event => `data: ${typeof event === 'string' ? event : JSON.stringify(event)}\n\n`).join('')

/** What the decoder makes of a whole stream, before the lifecycle. */
export function rawEvents(sse: string, context: CodecContext = testContext()): StreamEvent[] {
  const decoder = upstream.streamDecoder(context)
  return [...parseFrames(sse).flatMap(frame => decoder.push(frame)), ...decoder.end()]
}

/** The same through the lifecycle. */
export function events(sse: string, context: CodecContext = testContext()): StreamEvent[] {
  const lifecycle = createLifecycle()
  return [...rawEvents(sse, context).flatMap(event => lifecycle.push(event)), ...lifecycle.end()]
}

/** What a client of a dialect reads when the bytes come in these pieces and then end. */
export function relayed(client: keyof typeof CLIENTS, pieces: Iterable<Uint8Array>, fields: Partial<GenerateRequest> = {}): string {
  const context = testContext()
  const codec = CLIENTS[client]
  const encoder = codec.streamEncoder(request({ origin: client, includeUsage: true, ...fields }), context)
  const decoder = upstream.streamDecoder(context)
  const lifecycle = createLifecycle()
  const cutter = new FrameCutter(1_000_000)
  const words = new TextDecoder()
  let out = ''
  const take = (all: readonly StreamEvent[]): void => {
    for (const event of all) {
      const frames = event.type === 'error' ? codec.encodeStreamError(event.error, 'req_1') : encoder.push(event)
      out += writeFrames(frames)
    }
  }
  const read = (bytes: Uint8Array | undefined): void => {
    for (const frame of bytes ? parseFrames(words.decode(bytes)) : []) for (const event of decoder.push(frame)) take(lifecycle.push(event))
  }
  for (const piece of pieces) read(cutter.push(piece))
  read(cutter.end())
  for (const event of decoder.end()) take(lifecycle.push(event))
  take(lifecycle.end())
  return out
}
