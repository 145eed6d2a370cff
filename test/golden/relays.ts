import { anthropic } from '../../src/dialects/anthropic/index.ts'
import type { ClientCodec, CodecContext, UpstreamCodec } from '../../src/dialects/dialect.ts'
import { openaiChat } from '../../src/dialects/openai-chat/index.ts'
import type { Note } from '../../src/ir/note.ts'
import type { GenerateRequest } from '../../src/ir/request.ts'
import { PassThroughRelay, type Relay, TranslationRelay } from '../../src/operations/relay.ts'

export type Format = 'openai-chat' | 'anthropic'

export const FORMATS: readonly Format[] = ['openai-chat', 'anthropic']

const DIALECTS = { 'openai-chat': openaiChat, anthropic }

const REQUEST_ID = 'req_golden'

/** The name the client asked for; translated answers carry it. */
export const CLIENT_MODEL = 'golden-model'

/** A still clock, numbered ids, and the list of what was noted. */
export function goldenContext(): CodecContext & { notes: Note[] } {
  const notes: Note[] = []
  let ids = 0
  return { notes, now: () => 1_790_000_000_000, newId: prefix => `${prefix}golden${++ids}`, note: note => void notes.push(note) }
}

export function clientCodec(format: Format): ClientCodec {
  const { client } = DIALECTS[format]
  if (!client) throw new Error(`${format} is not spoken by clients`)
  return client
}

export function upstreamCodec(format: Format): UpstreamCodec {
  const { upstream } = DIALECTS[format]
  if (!upstream) throw new Error(`${format} is not spoken by upstreams`)
  return upstream
}

/** A request that wants everything a stream can tell. */
export const clientRequest = (client: Format): GenerateRequest => ({
  origin: client,
  model: CLIENT_MODEL,
  messages: [{ role: 'user', content: [{ type: 'text', text: 'Hi' }] }],
  stream: true,
  includeUsage: true,
})

/** The stage between an upstream of one format and a client of another (or the same, translated all the same). */
export function translation(upstream: Format, client: Format, context: CodecContext = goldenContext()): Relay {
  const codec = clientCodec(client)
  const encoder = codec.streamEncoder(clientRequest(client), context)
  return new TranslationRelay(upstreamCodec(upstream).streamDecoder(context), encoder, codec, REQUEST_ID)
}

/** The stage where both sides speak one format. */
export function passThrough(format: Format, context: CodecContext = goldenContext()): Relay {
  const same = DIALECTS[format].passThrough
  if (!same) throw new Error(`${format} has no pass-through`)
  return new PassThroughRelay(same.open({ stripUsage: false, repair: true }, context), clientCodec(format), REQUEST_ID)
}

/** A whole body as a client of the same format gets it. */
export const passedBody = (format: Format, text: string): string | undefined =>
  DIALECTS[format].passThrough?.open({ stripUsage: false, repair: true }, goldenContext()).body(text)

/** What a client reads when the upstream's bytes come in these pieces and then end. */
export function relayed(relay: Relay, pieces: Iterable<Uint8Array>): string {
  const decoder = new TextDecoder()
  let text = ''
  const take = (output: string | Uint8Array | undefined): void => {
    if (output !== undefined) text += typeof output === 'string' ? output : decoder.decode(output, { stream: true })
  }
  for (const piece of pieces) {
    if (relay.done) break
    take(relay.push(piece))
  }
  if (!relay.done) take(relay.end())
  return text
}

const encoder = new TextEncoder()

export const bytesOf = (text: string): Uint8Array => encoder.encode(text)

/** The bytes in two pieces, the first `at` long. */
export const cutAt = (bytes: Uint8Array, at: number): Uint8Array[] => [bytes.subarray(0, at), bytes.subarray(at)]

/** The bytes in pieces of `size`. */
export function* slices(bytes: Uint8Array, size: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}
