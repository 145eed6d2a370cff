import type { Answer } from './answer.ts'

export interface ReplyToolCall {
  id: string
  name: string
  pieces: string[]
}

/** What is going to be said, before it takes a vendor's shape. */
export interface Reply {
  reasoning: string[]
  signature?: string
  redacted?: string
  text: string[]
  refusal?: string
  toolCalls: ReplyToolCall[]
  interleaved: boolean
  /** In the vendor's words; derived from the content where absent. */
  finish?: string
  /** The output limit or a stop sequence cut the answer. */
  cut?: 'length' | 'stop'
  stopSequence?: string
}

const emptyReply = (): Reply => ({ reasoning: [], text: [], toolCalls: [], interleaved: false })

/** What the request asks for, as far as the default answer looks at it. */
export interface Wish {
  /** Text of the last user turn, or of its tool results. */
  lastText: string
  afterToolResult: boolean
  /** Tools that may be called, with their schemas. */
  tools: { name: string; schema: unknown }[]
  /** A tool must be called. */
  forced: boolean
  parallel: boolean
  reasoning: boolean
  /** The answer must be JSON that fits this schema. */
  schema?: unknown
  maxTokens?: number
  stop: readonly string[]
}

/** The default answer: an echo in pieces, or a tool call where one is forced or the user's text says "use tool" (two: "use tools"). */
export function defaultReply(wish: Wish, newToolId: () => string, sample: (schema: unknown) => unknown): Reply {
  const reply = emptyReply()
  if (wish.reasoning) reply.reasoning = piecesOf(`The user said: ${wish.lastText}. I will answer.`)
  const asked = /\buse tools?\b/i.exec(wish.lastText)?.[0]
  if (wish.tools.length > 0 && (wish.forced || (asked && !wish.afterToolResult))) {
    const twice = asked?.toLowerCase() === 'use tools' && wish.parallel
    for (const index of twice ? [0, 1] : [0]) {
      const tool = wish.tools[index % wish.tools.length]
      if (tool) reply.toolCalls.push({ id: newToolId(), name: tool.name, pieces: slice(JSON.stringify(sample(tool.schema)), 8) })
    }
  } else if (wish.schema !== undefined) reply.text = slice(JSON.stringify(sample(wish.schema)), 8)
  else reply.text = piecesOf(`${wish.afterToolResult ? 'The tool said' : 'You said'}: ${wish.lastText}`)
  stopAt(reply, wish.stop)
  return limit(reply, wish.maxTokens)
}

/** The reply that a script spells out; undefined where it says nothing about content. */
export function scriptedReply(answer: Answer, newToolId: () => string): Reply | undefined {
  const { text, reasoning, signature, redacted, toolCalls, refusal } = answer
  const content = [text, reasoning, signature, redacted, toolCalls, refusal, answer.finish]
  if (content.every(part => part === undefined)) return undefined
  return {
    reasoning: listOf(reasoning),
    signature,
    redacted,
    text: listOf(text),
    refusal,
    toolCalls: (toolCalls ?? []).map(call => ({ id: call.id ?? newToolId(), name: call.name, pieces: listOf(call.arguments) })),
    interleaved: answer.interleaved ?? false,
  }
}

/** Overrides of a script that hold for scripted and default content alike. */
export function withOverrides(reply: Reply, answer: Answer): Reply {
  return { ...reply, finish: answer.finish ?? reply.finish, stopSequence: answer.stopSequence ?? reply.stopSequence }
}

const listOf = (value: string | readonly string[] | undefined): string[] =>
  value === undefined ? [] : typeof value === 'string' ? [value] : [...value]

/** Words with the space before them: one token each, as the simulators count. */
const piecesOf = (text: string): string[] => text.match(/\s*\S+|\s+$/g) ?? []

function slice(text: string, size: number): string[] {
  const pieces: string[] = []
  for (let at = 0; at < text.length; at += size) pieces.push(text.slice(at, at + size))
  return pieces
}

function stopAt(reply: Reply, stops: readonly string[]): void {
  const text = reply.text.join('')
  let first: { at: number; sequence: string } | undefined
  for (const sequence of stops) {
    const at = text.indexOf(sequence)
    if (at !== -1 && (!first || at < first.at)) first = { at, sequence }
  }
  if (!first) return
  reply.text = piecesOf(text.slice(0, first.at))
  reply.cut = 'stop'
  reply.stopSequence = first.sequence
}

function limit(reply: Reply, max: number | undefined): Reply {
  if (max === undefined || outputTokens(reply) <= max) return reply
  let left = max
  const take = (pieces: string[]): string[] => {
    const taken = pieces.slice(0, left)
    left -= taken.length
    return taken
  }
  const reasoning = take(reply.reasoning)
  const text = take(reply.text)
  const toolCalls = reply.toolCalls.flatMap(call => (left > 0 ? [{ ...call, pieces: take(call.pieces) }] : []))
  return { ...reply, reasoning, text, toolCalls, cut: 'length', stopSequence: undefined }
}

/** Pieces are the simulators' tokens. */
export function outputTokens(reply: Reply): number {
  const tools = reply.toolCalls.reduce((sum, call) => sum + call.pieces.length, 0)
  return reply.reasoning.length + reply.text.length + tools + (reply.refusal ? 1 : 0)
}
