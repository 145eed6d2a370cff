import type { JsonObject } from '../../../src/core/json.ts'
import type { ClientCodec, CodecContext, EncodeOptions, UpstreamCodec, UpstreamTraits } from '../../../src/dialects/dialect.ts'
import { openaiChat } from '../../../src/dialects/openai-chat/index.ts'
import { createLifecycle } from '../../../src/ir/lifecycle.ts'
import type { ContentPart, Message } from '../../../src/ir/message.ts'
import type { GenerateRequest } from '../../../src/ir/request.ts'
import type { StreamEvent } from '../../../src/ir/stream.ts'
import { parseFrames } from '../../../src/sse/parser.ts'
import { testContext } from '../../support/codec-context.ts'

export const client = openaiChat.client as ClientCodec
export const upstream = openaiChat.upstream as UpstreamCodec

export const options = (model = 'gpt-4o', traits: UpstreamTraits = {}): EncodeOptions => ({ model, traits })

export const chatBody = (fields: JsonObject = {}): JsonObject => ({
  model: 'some-alias',
  messages: [{ role: 'user', content: 'Hi' }],
  ...fields,
})

export const text = (value: string): ContentPart => ({ type: 'text', text: value })

export const message = (role: Message['role'], ...content: (ContentPart | string)[]): Message => ({
  role,
  content: content.map(part => (typeof part === 'string' ? text(part) : part)),
})

/** A request in the model, as an Anthropic client's would be. */
export const request = (fields: Partial<GenerateRequest> = {}): GenerateRequest => ({
  origin: 'anthropic',
  model: 'some-alias',
  messages: [message('user', 'Hi')],
  stream: false,
  ...fields,
})

/** The body that goes up, and what was noted on the way. */
export function encoded(fields: Partial<GenerateRequest>, encodeOptions: EncodeOptions = options()): { body: JsonObject; notes: string[] } {
  const context = testContext()
  const { body } = upstream.encodeRequest(request(fields), encodeOptions, context)
  return { body, notes: context.fields() }
}

export const decoded = (fields: JsonObject): GenerateRequest => client.decodeRequest(chatBody(fields), testContext())

/** What a decoder makes of a whole stream, before the lifecycle. */
export function rawEvents(sse: string, context: CodecContext = testContext()): StreamEvent[] {
  const decoder = upstream.streamDecoder(context)
  return [...parseFrames(sse).flatMap(frame => decoder.push(frame)), ...decoder.end()]
}

/** The same through the lifecycle. */
export function events(sse: string, context: CodecContext = testContext()): StreamEvent[] {
  const lifecycle = createLifecycle()
  return [...rawEvents(sse, context).flatMap(event => lifecycle.push(event)), ...lifecycle.end()]
}

/** Chunks as a stream: objects become `data:` frames, strings stand as they are behind `data:`. */
export const stream = (...chunks: (JsonObject | string)[]): string =>
  chunks.map(chunk => `data: ${typeof chunk === 'string' ? chunk : JSON.stringify(chunk)}\n\n`).join('')

export const chunk = (delta: JsonObject, finish: string | null = null, fields: JsonObject = {}): JsonObject => ({
  id: 'chatcmpl-up',
  object: 'chat.completion.chunk',
  created: 1_780_000_000,
  model: 'up-model',
  choices: [{ index: 0, delta, finish_reason: finish }],
  ...fields,
})
