import type { JsonObject, JsonValue } from '../../src/core/json.ts'
import { isObject, type Json, objectsOf, stringOf } from '../checkers/json.ts'
import { readBody, readStream } from '../golden/client-reading.ts'
import { bytesOf, clientCodec, clientRequest, type Format, goldenContext, relayed, translation, upstreamCodec } from '../golden/relays.ts'
import type { Word } from './decision.ts'

/** Something an answer can say. */
export interface AnswerCase {
  /** The whole body that says it. */
  says: JsonObject
  /** The same answer without it. */
  without: JsonObject
  becomes: Exclude<Word, 'refused'>
  /** In a stream, where that has no place for it or another one. */
  streamed?: Exclude<Word, 'refused'>
}

const event = (type: string, members: JsonObject): string => `event: ${type}\ndata: ${JSON.stringify({ type, ...members })}\n\n`
const data = (chunk: Json): string => `data: ${JSON.stringify(chunk)}\n\n`

/** A block's deltas, and the start they belong to. */
function startAndDeltas(block: Json): { start: Json; deltas: Json[] } {
  switch (block.type) {
    case 'text': {
      const citations = objectsOf(block.citations).map(citation => ({ type: 'citations_delta', citation }))
      return { start: { ...block, text: '', citations: null }, deltas: [{ type: 'text_delta', text: block.text }, ...citations] }
    }
    case 'thinking': {
      const signature = { type: 'signature_delta', signature: block.signature }
      return { start: { ...block, thinking: '', signature: '' }, deltas: [{ type: 'thinking_delta', thinking: block.thinking }, signature] }
    }
    case 'tool_use':
    case 'server_tool_use':
    case 'mcp_tool_use':
      return { start: { ...block, input: {} }, deltas: [{ type: 'input_json_delta', partial_json: JSON.stringify(block.input) }] }
    case 'compaction':
      return { start: { ...block, content: null }, deltas: [{ type: 'compaction_delta', content: block.content }] }
    default:
      return { start: block, deltas: [] }
  }
}

/** A whole message as the stream that Anthropic would have made of it (dialects.md §4.2). */
export function messageStream(body: Json): string {
  const { content, stop_reason, stop_sequence, stop_details, container, context_management, usage, ...head } = body
  const message = { ...head, content: [], stop_reason: null, stop_sequence: null, usage } as JsonObject
  const later = { stop_reason, stop_sequence, stop_details, container } as JsonObject
  const blocks = objectsOf(content).map((block, index) => {
    const { start, deltas } = startAndDeltas(block)
    const pieces = deltas.map(delta => event('content_block_delta', { index, delta: delta as JsonObject }))
    return [
      event('content_block_start', { index, content_block: start as JsonObject }),
      ...pieces,
      event('content_block_stop', { index }),
    ].join('')
  })
  const managed = context_management === undefined ? {} : { context_management: context_management as JsonValue }
  const end = event('message_delta', { delta: later, usage: usage as JsonObject, ...managed }) + event('message_stop', {})
  return event('message_start', { message }) + event('ping', {}) + blocks.join('') + end
}

/** A whole completion as the stream that OpenAI would have made of it (dialects.md §4.1). */
export function chatStream(body: Json): string {
  const { choices, usage, ...head } = body
  const base: Json = { ...head, object: 'chat.completion.chunk', ...(usage !== undefined && { usage: null }) }
  const chunks: Json[] = []
  for (const choice of objectsOf(choices)) {
    const { role, tool_calls, function_call, ...said } = isObject(choice.message) ? choice.message : {}
    const index = choice.index as number
    const delta = (value: Json, more: Json = {}): void =>
      void chunks.push({ ...base, choices: [{ index, delta: value, finish_reason: null, ...more }] })
    delta({ role, content: '' })
    for (const [name, value] of Object.entries(said)) {
      if (value !== null) delta({ [name]: value }, name === 'content' && choice.logprobs ? { logprobs: choice.logprobs } : {})
    }
    if (isObject(function_call)) delta({ function_call })
    for (const [position, call] of objectsOf(tool_calls).entries()) delta({ tool_calls: [{ index: position, ...call }] })
    chunks.push({ ...base, choices: [{ index, delta: {}, finish_reason: choice.finish_reason }] })
  }
  if (usage) chunks.push({ ...base, choices: [], usage })
  return `${chunks.map(data).join('')}data: [DONE]\n\n`
}

interface Told {
  text: string
  notes: string[]
}

const CLIENTS: Record<Format, Format> = { anthropic: 'openai-chat', 'openai-chat': 'anthropic' }

/** What the other dialect's client is told by a whole answer; it must be legal. */
export function toldWhole(upstream: Format, body: JsonObject): Told {
  const context = goldenContext()
  const client = CLIENTS[upstream]
  const response = upstreamCodec(upstream).decodeResponse(body, context)
  const encoded = clientCodec(client).encodeResponse(response, clientRequest(client), context)
  readBody(client, JSON.parse(JSON.stringify(encoded)))
  return { text: JSON.stringify(encoded), notes: context.notes.map(note => note.action) }
}

/** The same for the stream of that answer. */
export function toldStreamed(upstream: Format, body: JsonObject): Told {
  const context = goldenContext()
  const client = CLIENTS[upstream]
  const sse = upstream === 'anthropic' ? messageStream(body) : chatStream(body)
  const text = relayed(translation(upstream, client, context), [bytesOf(sse)])
  readStream(client, text)
  return { text, notes: context.notes.map(note => note.action) }
}

/** What became of it: what was noted about it, a difference in what the client got, or nothing. */
export function observeAnswer(tell: (body: JsonObject) => Told, { says, without }: AnswerCase): string {
  const told = tell(says)
  const plain = tell(without)
  const notes = told.notes.slice(plain.notes.length)
  if (notes.length > 0) return stringOf(notes.includes('dropped') ? 'dropped' : notes[0])
  return told.text === plain.text ? 'silent' : 'mapped'
}
