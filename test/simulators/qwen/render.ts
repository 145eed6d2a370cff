import { isObject, type Json } from '../../checkers/json.ts'
import { finishOf, frameOf } from '../openai/render.ts'
import type { Reply } from '../reply.ts'
import type { QwenAnswer } from './answer.ts'

/** What every chunk and the body share. */
export interface Envelope {
  id: string
  created: number
  model: string
}

export interface RenderOptions {
  envelope: Envelope
  choices: number
  usage: Json
}

const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index)

/** A whole answer (qwen.md §2.4). */
export function renderBody(reply: Reply, { envelope, choices, usage }: RenderOptions, answer: QwenAnswer): Json {
  const { id, created, model } = envelope
  const calls = reply.toolCalls.map((call, index) => ({
    id: call.id,
    type: 'function',
    index,
    function: { name: call.name, arguments: argumentsOf(call.pieces, answer).join('') },
  }))
  const message = {
    role: 'assistant',
    content: reply.text.join(''),
    ...(reply.reasoning.length > 0 && { [reasoningName(answer)]: reply.reasoning.join('') }),
    ...(calls.length > 0 && { tool_calls: calls }),
  }
  const finish = answer.omitFinish ? null : reasonOf(reply, answer)
  return {
    choices: range(choices).map(index => ({ message, finish_reason: finish, index, logprobs: null })),
    object: 'chat.completion',
    usage,
    created,
    system_fingerprint: null,
    model,
    id,
  }
}

function reasonOf(reply: Reply, { errorFinish, stopWithCalls }: QwenAnswer): string {
  if (errorFinish !== undefined) return 'error_finish'
  const finish = finishOf(reply)
  return stopWithCalls && finish === 'tool_calls' ? 'stop' : finish
}

const reasoningName = ({ reasoningMember }: QwenAnswer): string => (reasoningMember ? 'reasoning' : 'reasoning_content')

const argumentsOf = (pieces: readonly string[], { brokenTail }: QwenAnswer): string[] =>
  brokenTail ? [...pieces.slice(0, -1), (pieces.at(-1) ?? '').slice(0, -1)] : [...pieces]

/** The stream (qwen.md §2.5) with the quirks that `answer` asks for, and `[DONE]` apart. */
export function renderFrames(
  reply: Reply,
  options: RenderOptions & { includeUsage: boolean },
  answer: QwenAnswer,
): { frames: string[]; end: string[] } {
  const end = ['data: [DONE]\n\n']
  if (answer.emptyStream) return { frames: [], end }
  const { created, model, id } = options.envelope
  const frames: string[] = []
  const add = (choices: Json[], usage: Json | null = null): void => {
    frames.push(frameOf({ choices, object: 'chat.completion.chunk', usage, created, system_fingerprint: null, model, id }))
  }
  const failure = failureOf(answer, id)
  const silent = reply.reasoning.length + reply.text.length + reply.toolCalls.length === 0
  for (const index of failure && silent ? [] : range(options.choices)) {
    const say = (delta: Json): void => add([{ delta, index, logprobs: null, finish_reason: null }])
    for (const delta of deltasOf(reply, answer)) say(delta)
  }
  if (failure) return { frames: [...frames, failure], end: [] }
  const finish = reasonOf(reply, answer)
  const onFinish = options.includeUsage && answer.usageOnFinish ? options.usage : null
  for (const index of answer.omitFinish ? [] : range(options.choices)) {
    add([{ finish_reason: finish, delta: { content: answer.errorFinish ?? '' }, index, logprobs: null }], onFinish)
  }
  if (options.includeUsage && !answer.usageOnFinish) add([], options.usage)
  return { frames, end }
}

function deltasOf(reply: Reply, answer: QwenAnswer): Json[] {
  const name = reasoningName(answer)
  return [
    { content: '', role: 'assistant' },
    ...reply.reasoning.map(piece => ({ content: null, [name]: piece })),
    ...reply.text.map(piece => ({ content: piece, ...(reply.reasoning.length > 0 && { [name]: null }) })),
    ...callDeltas(reply, answer).map(call => ({ content: null, tool_calls: [call] })),
  ]
}

function callDeltas({ toolCalls, interleaved }: Reply, answer: QwenAnswer): Json[] {
  const later = answer.continuedIds === 'absent' ? {} : { id: '' }
  const lists = toolCalls.map(({ id, name, pieces }, at) => {
    const index = answer.reuseIndex ? 0 : at
    const said = argumentsOf(pieces, answer)
    const more = answer.resendArguments ? [...said, said.join('')] : said
    return [
      { index, id, type: 'function', function: { name, arguments: '' } },
      ...more.map(piece => ({ index, ...later, type: 'function', function: { arguments: piece } })),
    ]
  })
  if (!interleaved) return lists.flat()
  const longest = Math.max(0, ...lists.map(list => list.length))
  return range(longest).flatMap(at => lists.flatMap(list => list.slice(at, at + 1)))
}

/** An error after the headers: as data, or as an event of its own. */
function failureOf({ streamError, errorEvent }: QwenAnswer, id: string): string | undefined {
  if (streamError) return frameOf({ error: { code: null, param: null, ...streamError }, id })
  if (!errorEvent) return undefined
  const { status, code, message } = errorEvent
  const data = JSON.stringify({ request_id: id.replace('chatcmpl-', ''), code, message })
  return `id:1\nevent:error\n:HTTP_STATUS/${status}\ndata:${data}\n\n`
}

export interface Counted {
  prompt: number
  completion: number
  reasoning: number
  /** Where the prompt has cache markers. */
  cache?: { read: number; created: number }
}

/** The usage object; scripted members replace computed ones, nested ones too, and `total_tokens` follows. */
export function usageOf({ prompt, completion, reasoning, cache }: Counted, scripted: Json = {}): Json {
  const written = cache && {
    cache_creation_input_tokens: cache.created,
    cache_creation: { ephemeral_5m_input_tokens: cache.created },
    cache_type: 'ephemeral',
  }
  const usage: Json = {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: 0,
    prompt_tokens_details: { cached_tokens: cache?.read ?? 0, ...written },
    ...(reasoning > 0 && { completion_tokens_details: { reasoning_tokens: reasoning } }),
  }
  for (const [name, value] of Object.entries(scripted)) {
    const computed = usage[name]
    usage[name] = isObject(value) && isObject(computed) ? { ...computed, ...value } : value
  }
  if (scripted.total_tokens === undefined) usage.total_tokens = Number(usage.prompt_tokens) + Number(usage.completion_tokens)
  return usage
}
