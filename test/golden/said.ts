import { isCount, isObject, type Json, objectsOf, parseOrUndefined, stringOf } from '../checkers/json.ts'

/** Tokens in the inclusive convention: the whole prompt, and output with its reasoning (dialects.md §3.2). */
export interface TokensSaid {
  input: number
  output: number
  cached: number
  written: number
  reasoning: number
}

/** What an answer says, in neither dialect's words. Read from raw JSON, apart from the code under test. */
export interface Said {
  text: string
  reasoning: string
  refusal: string
  /** Arguments as the value they stand for; as text where they are no JSON. */
  toolCalls: { id: string; name: string; input: unknown }[]
  finish: string
  tokens: TokensSaid | undefined
  /** Proofs of the reasoning, in order. */
  signatures: string[]
}

const count = (value: unknown): number => (isCount(value) ? value : 0)
const member = (value: unknown, name: string): unknown => (isObject(value) ? value[name] : undefined)
const inputOf = (text: string): unknown => (text.trim() === '' ? {} : (parseOrUndefined(text) ?? text))

/** Chat usage. xAI counts reasoning beside the completion, which its own total tells; DeepSeek and Moonshot name cached tokens their own way. */
export function chatTokens(usage: unknown): TokensSaid | undefined {
  if (!isObject(usage)) return undefined
  const input = count(usage.prompt_tokens)
  const completion = count(usage.completion_tokens)
  const reasoning = count(member(usage.completion_tokens_details, 'reasoning_tokens'))
  const beside = reasoning > 0 && usage.total_tokens === input + completion + reasoning
  const cached = member(usage.prompt_tokens_details, 'cached_tokens') ?? usage.prompt_cache_hit_tokens ?? usage.cached_tokens
  const written = count(member(usage.prompt_tokens_details, 'cache_write_tokens'))
  return { input, output: beside ? completion + reasoning : completion, cached: count(cached), written, reasoning }
}

/** Anthropic's usage: `input_tokens` is what was neither read from the cache nor written to it. */
export function messagesTokens(usage: unknown): TokensSaid | undefined {
  if (!isObject(usage)) return undefined
  const cached = count(usage.cache_read_input_tokens)
  const written = count(usage.cache_creation_input_tokens)
  const reasoning = count(member(usage.output_tokens_details, 'thinking_tokens'))
  return { input: count(usage.input_tokens) + cached + written, output: count(usage.output_tokens), cached, written, reasoning }
}

const CHAT_FINISH: Record<string, string> = { stop: 'stop', length: 'length', tool_calls: 'tools', content_filter: 'refused' }
const MESSAGES_FINISH: Record<string, string> = {
  end_turn: 'stop',
  stop_sequence: 'stop',
  pause_turn: 'stop',
  compaction: 'stop',
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
  tool_use: 'tools',
  refusal: 'refused',
}

/** A reason's meaning, the same word for both dialects. @throws where neither dialect has it */
export function meaningOf(finish: unknown, words: Record<string, string>): string {
  const meaning = words[stringOf(finish)]
  if (meaning === undefined) throw new Error(`no such finish: ${JSON.stringify(finish)}`)
  return meaning
}

export const chatFinish = (finish: unknown): string => meaningOf(finish, CHAT_FINISH)
export const messagesFinish = (finish: unknown): string => meaningOf(finish, MESSAGES_FINISH)

/** Text of Chat content: a string, or Mistral's parts. */
const contentText = (content: unknown): string =>
  stringOf(content) ||
  objectsOf(content)
    .map(part => stringOf(part.text))
    .join('')

/** The lines of the first message: behind its end, some transcripts hold the answers to further requests. */
export function firstAnswer(lines: readonly string[]): string[] {
  const end = lines.findIndex(line => line.includes('"type":"message_stop"'))
  return end === -1 ? [...lines] : lines.slice(0, end + 1)
}

/** Chunks of the first choice, one JSON text each, the quirks of the recorded vendors included. */
export function saidInChunks(lines: readonly string[]): Said {
  const said: Said = { text: '', reasoning: '', refusal: '', toolCalls: [], finish: '', tokens: undefined, signatures: [] }
  const calls = new Map<unknown, { id: string; name: string; text: string }>()
  let finish: unknown
  for (const line of lines) {
    const chunk: unknown = JSON.parse(line)
    if (!isObject(chunk)) continue
    said.tokens = chatTokens(chunk.usage) ?? said.tokens
    const choice = objectsOf(chunk.choices)[0]
    finish = choice?.finish_reason ?? finish
    const delta = isObject(choice?.delta) ? choice.delta : {}
    said.text += contentText(delta.content)
    said.reasoning += stringOf(delta.reasoning_content ?? delta.reasoning)
    said.refusal += stringOf(delta.refusal)
    for (const part of objectsOf(delta.tool_calls)) {
      const call = calls.get(part.index) ?? { id: '', name: '', text: '' }
      calls.set(part.index, call)
      call.id ||= stringOf(part.id)
      call.name ||= stringOf(member(part.function, 'name'))
      call.text += stringOf(member(part.function, 'arguments'))
    }
  }
  said.toolCalls = [...calls.values()].map(({ id, name, text }) => ({ id, name, input: inputOf(text) }))
  said.finish = chatFinish(finish)
  return said
}

/** Events of the first message, one JSON text each: what stands behind its end is another answer. */
export function saidInEvents(lines: readonly string[]): Said {
  const said: Said = { text: '', reasoning: '', refusal: '', toolCalls: [], finish: '', tokens: undefined, signatures: [] }
  const calls = new Map<unknown, { id: string; name: string; text: string }>()
  let usage: Json = {}
  let finish: unknown
  for (const line of lines) {
    const event: unknown = JSON.parse(line)
    if (!isObject(event)) continue
    if (event.type === 'message_stop') break
    const message = isObject(event.message) ? event.message : undefined
    const block = isObject(event.content_block) ? event.content_block : {}
    const delta = isObject(event.delta) ? event.delta : {}
    const later = event.usage ?? message?.usage
    if (isObject(later)) usage = { ...usage, ...Object.fromEntries(Object.entries(later).filter(([, value]) => value !== null)) }
    finish = delta.stop_reason ?? message?.stop_reason ?? finish
    // Programmatic tool calls come whole, in the start of their message.
    for (const whole of objectsOf(message?.content)) {
      if (whole.type === 'tool_use') said.toolCalls.push({ id: stringOf(whole.id), name: stringOf(whole.name), input: whole.input ?? {} })
    }
    if (block.type === 'tool_use') {
      // A held input counts where no deltas follow.
      const held = isObject(block.input) && Object.keys(block.input).length > 0 ? JSON.stringify(block.input) : ''
      calls.set(event.index, { id: stringOf(block.id), name: stringOf(block.name), text: held })
    }
    if (delta.type === 'text_delta') said.text += stringOf(delta.text)
    if (delta.type === 'thinking_delta') said.reasoning += stringOf(delta.thinking)
    if (delta.type === 'signature_delta') said.signatures.push(stringOf(delta.signature))
    const call = calls.get(event.index)
    if (delta.type === 'input_json_delta' && call) call.text += stringOf(delta.partial_json)
  }
  said.toolCalls.push(...[...calls.values()].map(({ id, name, text }) => ({ id, name, input: inputOf(text) })))
  said.tokens = messagesTokens(usage)
  said.finish = messagesFinish(finish)
  return said
}

/** A whole Chat answer. */
export function saidInChatBody(body: Json): Said {
  const choice = objectsOf(body.choices)[0] ?? {}
  const message = isObject(choice.message) ? choice.message : {}
  return {
    text: contentText(message.content),
    reasoning: stringOf(message.reasoning_content ?? message.reasoning),
    refusal: stringOf(message.refusal),
    toolCalls: objectsOf(message.tool_calls).map(call => ({
      id: stringOf(call.id),
      name: stringOf(member(call.function, 'name')),
      input: inputOf(stringOf(member(call.function, 'arguments'))),
    })),
    finish: chatFinish(choice.finish_reason),
    tokens: chatTokens(body.usage),
    signatures: [],
  }
}

/** A whole Anthropic message. */
export function saidInMessage(body: Json): Said {
  const blocks = objectsOf(body.content)
  const all = (type: string, name: string): string[] => blocks.filter(block => block.type === type).map(block => stringOf(block[name]))
  return {
    text: all('text', 'text').join(''),
    reasoning: all('thinking', 'thinking').join(''),
    refusal: '',
    toolCalls: blocks
      .filter(block => block.type === 'tool_use')
      .map(block => ({ id: stringOf(block.id), name: stringOf(block.name), input: block.input })),
    finish: messagesFinish(body.stop_reason),
    tokens: messagesTokens(body.usage),
    signatures: all('thinking', 'signature'),
  }
}
