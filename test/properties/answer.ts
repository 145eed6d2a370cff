import fc from 'fast-check'
import type { Json } from '../checkers/json.ts'
import type { Said } from '../golden/said.ts'
import { toolInput, words } from './runs.ts'

export type Piece =
  | { type: 'text'; text: string }
  | { type: 'reasoning'; text: string }
  | { type: 'call'; id: string; name: string; input: unknown }

/** What an upstream answers, in no dialect's words. */
export interface GivenAnswer {
  pieces: Piece[]
  finish: 'stop' | 'length' | 'tools'
  tokens: { input: number; cached: number; written: number; output: number; reasoning: number }
}

/** How its stream is made up: every number is taken in turn, modulo what there is to choose from. */
export type Whims = readonly number[]

export const whims: fc.Arbitrary<Whims> = fc.array(fc.nat({ max: 1000 }), { minLength: 8, maxLength: 24 })

/** Takes whims in turn, over and over. */
export class Chooser {
  #at = 0

  constructor(private readonly whims: Whims) {}

  upTo(most: number): number {
    return (this.whims[this.#at++ % this.whims.length] ?? 0) % (most + 1)
  }

  /** The text in pieces of one to nine characters, never within one. */
  cut(text: string): string[] {
    const characters = [...text]
    const pieces: string[] = []
    for (let at = 0; at < characters.length; ) {
      const size = 1 + this.upTo(8)
      pieces.push(characters.slice(at, at + size).join(''))
      at += size
    }
    return pieces
  }
}

const talk = fc.oneof(
  { weight: 3, arbitrary: words(40).map((text): Piece => ({ type: 'text', text })) },
  { weight: 1, arbitrary: words(40).map((text): Piece => ({ type: 'reasoning', text })) },
)

const call = fc.record({ name: fc.constantFrom('look', 'read_wind'), input: toolInput })

/** Answers: talk and thought in turns, then calls, as every vendor makes them. */
export const answer: fc.Arbitrary<GivenAnswer> = fc
  .record({
    talks: fc.array(talk, { maxLength: 4 }),
    calls: fc.array(call, { maxLength: 3 }),
    cutOff: fc.boolean(),
    counts: fc.array(fc.nat({ max: 5000 }), { minLength: 5, maxLength: 5 }),
  })
  .map(({ talks, calls, cutOff, counts }) => {
    const [fresh = 0, cached = 0, written = 0, spoken = 0, reasoning = 0] = counts
    const made = calls.map((each, index): Piece => ({ type: 'call', id: `call_${index}`, ...each }))
    return {
      pieces: [...talks, ...made],
      finish: cutOff ? 'length' : calls.length > 0 ? 'tools' : 'stop',
      tokens: { input: fresh + cached + written, cached, written, output: spoken + reasoning, reasoning },
    }
  })

const textOf = (pieces: readonly Piece[], type: 'text' | 'reasoning'): string =>
  pieces.map(piece => (piece.type === type ? piece.text : '')).join('')

/** What any client should read. */
export const expected = ({ pieces, finish, tokens }: GivenAnswer): Omit<Said, 'signatures' | 'refusal'> => ({
  text: textOf(pieces, 'text'),
  reasoning: textOf(pieces, 'reasoning'),
  toolCalls: pieces.flatMap(piece => (piece.type === 'call' ? [{ id: piece.id, name: piece.name, input: piece.input }] : [])),
  finish,
  tokens,
})

const frame = (data: Json, event?: string): string => `${event === undefined ? '' : `event: ${event}\n`}data: ${JSON.stringify(data)}\n\n`

const CHAT_FINISH = { stop: 'stop', length: 'length', tools: 'tool_calls' }
const MESSAGES_FINISH = { stop: 'end_turn', length: 'max_tokens', tools: 'tool_use' }

export const chatUsage = ({ tokens }: GivenAnswer): Json => ({
  prompt_tokens: tokens.input,
  completion_tokens: tokens.output,
  total_tokens: tokens.input + tokens.output,
  prompt_tokens_details: { cached_tokens: tokens.cached, cache_write_tokens: tokens.written },
  completion_tokens_details: { reasoning_tokens: tokens.reasoning },
})

/** A whole completion. */
export function chatBody(given: GivenAnswer): Json {
  const { text, reasoning, toolCalls } = expected(given)
  const calls = toolCalls.map(({ id, name, input }) => ({ id, type: 'function', function: { name, arguments: JSON.stringify(input) } }))
  const message = {
    role: 'assistant',
    content: text === '' ? null : text,
    ...(reasoning !== '' && { reasoning_content: reasoning }),
    ...(calls.length > 0 && { tool_calls: calls }),
  }
  const choices = [{ index: 0, message, finish_reason: CHAT_FINISH[given.finish] }]
  return { id: 'chatcmpl-1', object: 'chat.completion', created: 1, model: 'm', choices, usage: chatUsage(given) }
}

/** Deltas of the calls: the pieces of each in order, those of different calls in any. */
function callDeltas(given: GivenAnswer, choose: Chooser): Json[] {
  const queues = expected(given).toolCalls.map(({ id, name, input }, index) => {
    const pieces = choose.cut(JSON.stringify(input))
    const first = choose.upTo(1) === 0 ? (pieces.shift() ?? '') : ''
    const opening = { index, id, type: 'function', function: { name, arguments: first } }
    return [opening, ...pieces.map(text => ({ index, function: { arguments: text } }))]
  })
  const deltas: Json[] = []
  // Openings come in order; what follows takes turns.
  for (const queue of queues) {
    const opening = queue.shift()
    if (opening) deltas.push({ tool_calls: [opening] })
  }
  for (let left = queues.filter(queue => queue.length > 0); left.length > 0; left = left.filter(queue => queue.length > 0)) {
    const next = left[choose.upTo(left.length - 1)]?.shift()
    if (next) deltas.push({ tool_calls: [next] })
  }
  return deltas
}

/** A stream of chunks, in one of the ways that servers write it. */
export function chatStream(given: GivenAnswer, whimsOfIt: Whims): string {
  const choose = new Chooser(whimsOfIt)
  const reasoning = choose.upTo(1) === 0 ? 'reasoning_content' : 'reasoning'
  const usagePlace = choose.upTo(2)
  const chunk = (delta: Json, finish: string | null = null, more: Json = {}): Json => ({
    id: 'chatcmpl-1',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'm',
    choices: [{ index: 0, delta, finish_reason: finish }],
    ...more,
  })
  const chunks: Json[] = choose.upTo(3) === 0 ? [] : [chunk({ role: 'assistant', content: choose.upTo(1) === 0 ? '' : null })]
  for (const piece of given.pieces) {
    if (piece.type === 'call') continue
    for (const text of choose.cut(piece.text)) chunks.push(chunk({ [piece.type === 'text' ? 'content' : reasoning]: text }))
  }
  for (const delta of callDeltas(given, choose)) chunks.push(chunk(delta))
  const usage = { usage: chatUsage(given) }
  if (usagePlace === 0) chunks.push({ ...chunk({}), choices: [], ...usage })
  chunks.push(chunk({}, CHAT_FINISH[given.finish], usagePlace === 1 ? usage : {}))
  if (usagePlace === 2) chunks.push({ ...chunk({}), choices: [], ...usage })
  const strange = (): string => ['', '', '', ': keep-alive\n\n', 'data: {"novelty":1}\n\n'][choose.upTo(4)] ?? ''
  return `${chunks.map(each => strange() + frame(each)).join('')}${strange()}data: [DONE]\n\n`
}

export const messagesUsage = ({ tokens }: GivenAnswer): Json => ({
  input_tokens: tokens.input - tokens.cached - tokens.written,
  cache_read_input_tokens: tokens.cached,
  cache_creation_input_tokens: tokens.written,
  output_tokens: tokens.output,
  output_tokens_details: { thinking_tokens: tokens.reasoning },
})

const blockOf = (piece: Piece): Json => {
  if (piece.type === 'text') return { type: 'text', text: piece.text }
  if (piece.type === 'reasoning') return { type: 'thinking', thinking: piece.text, signature: 'c2ln' }
  const { id, name, input } = piece
  return { type: 'tool_use', id, name, input }
}

/** A whole message. */
export const messagesBody = (given: GivenAnswer): Json => ({
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'm',
  content: given.pieces.map(blockOf),
  stop_reason: MESSAGES_FINISH[given.finish],
  stop_sequence: null,
  usage: messagesUsage(given),
})

/** A stream of events, with pings and strangers anywhere. */
export function messagesStream(given: GivenAnswer, whimsOfIt: Whims): string {
  const choose = new Chooser(whimsOfIt)
  const events: Json[] = []
  const early = choose.upTo(1) === 0
  const { output_tokens, output_tokens_details, ...input } = messagesUsage(given)
  const begun = { ...(early ? input : { input_tokens: 0 }), output_tokens: 0 }
  events.push({ type: 'message_start', message: { ...messagesBody(given), content: [], stop_reason: null, usage: begun } })
  for (const [index, piece] of given.pieces.entries()) {
    const block = blockOf(piece)
    const empty = piece.type === 'call' ? { input: {} } : piece.type === 'text' ? { text: '' } : { thinking: '', signature: '' }
    const deltaOf = (text: string): Json => {
      if (piece.type === 'call') return { type: 'input_json_delta', partial_json: text }
      return piece.type === 'text' ? { type: 'text_delta', text } : { type: 'thinking_delta', thinking: text }
    }
    events.push({ type: 'content_block_start', index, content_block: { ...block, ...empty } })
    const whole = piece.type === 'call' ? JSON.stringify(piece.input) : piece.text
    for (const text of choose.cut(whole)) events.push({ type: 'content_block_delta', index, delta: deltaOf(text) })
    if (piece.type === 'reasoning')
      events.push({ type: 'content_block_delta', index, delta: { type: 'signature_delta', signature: 'c2ln' } })
    events.push({ type: 'content_block_stop', index })
  }
  const usage = { ...(early ? {} : input), output_tokens, output_tokens_details }
  events.push({ type: 'message_delta', delta: { stop_reason: MESSAGES_FINISH[given.finish], stop_sequence: null }, usage })
  events.push({ type: 'message_stop' })
  const strange = (): string =>
    ['', '', '', frame({ type: 'ping' }, 'ping'), frame({ type: 'novelty', value: 1 }, 'novelty'), ': hello\n\n'][choose.upTo(5)] ?? ''
  return events.map(event => frame(event, String(event.type)) + (event.type === 'message_stop' ? '' : strange())).join('')
}
