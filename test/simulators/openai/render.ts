import { isObject, type Json } from '../../checkers/json.ts'
import type { Answer } from '../answer.ts'
import type { Reply, ReplyToolCall } from '../reply.ts'

/** What every chunk and the body share. */
export interface Envelope {
  id: string
  created: number
  model: string
  service_tier: string
  system_fingerprint: string
}

export interface RenderOptions {
  envelope: Envelope
  /** Names of tools of type `custom`. */
  customTools: readonly string[]
  choices: number
  usage: Json
}

export const finishOf = (reply: Reply): string => {
  if (reply.finish !== undefined) return reply.finish
  if (reply.cut === 'length') return 'length'
  return reply.toolCalls.length > 0 ? 'tool_calls' : 'stop'
}

export function renderBody(reply: Reply, options: RenderOptions): Json {
  const { id, created, model, ...rest } = options.envelope
  const choices = range(options.choices).map(index => ({
    index,
    message: messageOf(reply, options.customTools),
    logprobs: null,
    finish_reason: finishOf(reply),
  }))
  return { id, object: 'chat.completion', created, model, choices, usage: options.usage, ...rest }
}

function messageOf(reply: Reply, customTools: readonly string[]): Json {
  const text = reply.text.join('')
  const message: Json = {
    role: 'assistant',
    content: text === '' && (reply.toolCalls.length > 0 || reply.refusal !== undefined) ? null : text,
    refusal: reply.refusal ?? null,
    annotations: [],
  }
  if (reply.reasoning.length > 0) message.reasoning_content = reply.reasoning.join('')
  if (reply.toolCalls.length > 0) {
    message.tool_calls = reply.toolCalls.map(call => toolCall(call, call.pieces.join(''), customTools))
  }
  return message
}

function toolCall(call: ReplyToolCall, text: string, customTools: readonly string[]): Json {
  if (customTools.includes(call.name)) return { id: call.id, type: 'custom', custom: { name: call.name, input: text } }
  return { id: call.id, type: 'function', function: { name: call.name, arguments: text } }
}

export interface StreamRenderOptions extends RenderOptions {
  includeUsage: boolean
  /** Real streams pad each chunk with `obfuscation`. */
  obfuscate: boolean
}

/** The stream's frames in the vendor's order, and `[DONE]` apart. An error of the script takes the place of finish, usage and end. */
export function renderFrames(
  reply: Reply,
  options: StreamRenderOptions,
  error: Answer['streamError'],
): { frames: string[]; end: string[] } {
  const chunks: Json[] = []
  const { id, created, model, ...rest } = options.envelope
  const chunk = (choices: Json[], usage: Json | null): void => {
    const padding = options.obfuscate ? { obfuscation: 'x'.repeat(1 + (chunks.length % 8)) } : {}
    chunks.push({
      id,
      object: 'chat.completion.chunk',
      created,
      model,
      ...rest,
      choices,
      ...(options.includeUsage && { usage }),
      ...padding,
    })
  }
  for (const index of range(options.choices)) {
    const delta = (change: Json, finish: string | null = null): void =>
      chunk([{ index, delta: change, logprobs: null, finish_reason: finish }], null)
    delta({ role: 'assistant', content: '', refusal: null })
    for (const piece of reply.reasoning) delta({ reasoning_content: piece })
    for (const piece of reply.text) delta({ content: piece })
    if (reply.refusal !== undefined) delta({ refusal: reply.refusal })
    for (const change of toolDeltas(reply, options.customTools)) delta({ tool_calls: [change] })
    if (!error) delta({}, finishOf(reply))
  }
  if (error) return { frames: [...chunks.map(frameOf), frameOf({ error: { param: null, code: null, ...error } })], end: [] }
  if (options.includeUsage) chunk([], options.usage)
  return { frames: chunks.map(frameOf), end: ['data: [DONE]\n\n'] }
}

export const frameOf = (data: Json): string => `data: ${JSON.stringify(data)}\n\n`

function toolDeltas(reply: Reply, customTools: readonly string[]): Json[] {
  const opened = reply.toolCalls.map((call, index) => ({ index, ...toolCall(call, '', customTools) }))
  const more = reply.toolCalls.map((call, index) => call.pieces.map(piece => continued(index, call, piece, customTools)))
  if (!reply.interleaved) return opened.flatMap((opening, index) => [opening, ...(more[index] ?? [])])
  const longest = Math.max(0, ...more.map(list => list.length))
  return [...opened, ...range(longest).flatMap(at => more.flatMap(list => list.slice(at, at + 1)))]
}

const continued = (index: number, call: ReplyToolCall, piece: string, customTools: readonly string[]): Json =>
  customTools.includes(call.name) ? { index, custom: { input: piece } } : { index, function: { arguments: piece } }

const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index)

/** The vendor's usage object; scripted members replace computed ones, nested ones too, and `total_tokens` follows. */
export function usageOf(tokens: { prompt: number; completion: number; reasoning: number; cached: number }, scripted: Json = {}): Json {
  const usage: Json = {
    prompt_tokens: tokens.prompt,
    completion_tokens: tokens.completion,
    total_tokens: 0,
    prompt_tokens_details: { cached_tokens: tokens.cached, audio_tokens: 0 },
    completion_tokens_details: {
      reasoning_tokens: tokens.reasoning,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  }
  for (const [name, value] of Object.entries(scripted)) {
    const computed = usage[name]
    usage[name] = isObject(value) && isObject(computed) ? { ...computed, ...value } : value
  }
  if (scripted.total_tokens === undefined) usage.total_tokens = Number(usage.prompt_tokens) + Number(usage.completion_tokens)
  return usage
}
