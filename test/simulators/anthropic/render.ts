import { isObject, type Json, parseOrUndefined } from '../../checkers/json.ts'
import type { Answer } from '../answer.ts'
import type { Reply } from '../reply.ts'

export interface RenderOptions {
  id: string
  model: string
  /** The final usage object. */
  usage: Json
  sign: (text: string, scripted?: string) => string
}

/** A content block, and the deltas that build it up from its empty beginning. */
interface Block {
  whole: Json
  start: Json
  deltas: Json[]
}

export function stopReasonOf(reply: Reply): string {
  if (reply.finish !== undefined) return reply.finish
  if (reply.refusal !== undefined) return 'refusal'
  if (reply.cut === 'length') return 'max_tokens'
  if (reply.toolCalls.length > 0) return 'tool_use'
  return reply.stopSequence === undefined ? 'end_turn' : 'stop_sequence'
}

const ending = (reply: Reply): Json => ({
  stop_reason: stopReasonOf(reply),
  stop_sequence: reply.stopSequence ?? null,
  stop_details: stopReasonOf(reply) === 'refusal' ? { type: 'refusal', category: null, explanation: reply.refusal ?? null } : null,
  container: null,
})

const envelope = ({ id, model }: RenderOptions): Json => ({ model, id, type: 'message', role: 'assistant' })

export function renderBody(reply: Reply, options: RenderOptions): Json {
  const content = blocksOf(reply, options).map(block => block.whole)
  return { ...envelope(options), content, ...ending(reply), diagnostics: null, usage: options.usage }
}

/** The stream's frames in the vendor's order, and `message_stop` apart. An error of the script takes the place of what ends the message. */
export function renderFrames(reply: Reply, options: RenderOptions, error: Answer['streamError']): { frames: string[]; end: string[] } {
  const { output_tokens, output_tokens_details, ...input } = options.usage
  const unfinished = { stop_reason: null, stop_sequence: null, stop_details: null, container: null, diagnostics: null }
  const begun = { ...input, output_tokens: Math.min(1, Number(output_tokens)), output_tokens_details: null }
  const events: Json[] = [
    { type: 'message_start', message: { ...envelope(options), content: [], ...unfinished, usage: begun } },
    { type: 'ping' },
  ]
  for (const [index, block] of blocksOf(reply, options).entries()) {
    events.push({ type: 'content_block_start', index, content_block: block.start })
    for (const delta of block.deltas) events.push({ type: 'content_block_delta', index, delta })
    events.push({ type: 'content_block_stop', index })
  }
  if (error) {
    const failure = { type: 'error', error: { type: error.type, message: error.message } }
    return { frames: [...events, failure].map(frameOf), end: [] }
  }
  const { input_tokens, cache_creation_input_tokens, cache_read_input_tokens, server_tool_use } = input
  const usage = {
    input_tokens,
    cache_creation_input_tokens,
    cache_read_input_tokens,
    output_tokens,
    output_tokens_details,
    server_tool_use,
  }
  events.push({ type: 'message_delta', delta: ending(reply), usage })
  return { frames: events.map(frameOf), end: [frameOf({ type: 'message_stop' })] }
}

export const frameOf = (data: Json): string => `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`

function blocksOf(reply: Reply, { sign }: RenderOptions): Block[] {
  const blocks: Block[] = []
  if (reply.reasoning.length > 0 || reply.signature !== undefined) {
    const thinking = reply.reasoning.join('')
    const signature = sign(thinking, reply.signature)
    blocks.push({
      whole: { type: 'thinking', thinking, signature },
      start: { type: 'thinking', thinking: '', signature: '' },
      deltas: [...reply.reasoning.map(piece => ({ type: 'thinking_delta', thinking: piece })), { type: 'signature_delta', signature }],
    })
  }
  if (reply.redacted !== undefined) {
    const block = { type: 'redacted_thinking', data: reply.redacted }
    blocks.push({ whole: block, start: block, deltas: [] })
  }
  if (reply.text.length > 0) {
    blocks.push({
      whole: { type: 'text', text: reply.text.join(''), citations: null },
      start: { type: 'text', text: '', citations: null },
      deltas: reply.text.map(text => ({ type: 'text_delta', text })),
    })
  }
  for (const { id, name, pieces } of reply.toolCalls) {
    const block = { type: 'tool_use', id, name, caller: { type: 'direct' } }
    const input = parseOrUndefined(pieces.join(''))
    blocks.push({
      whole: { ...block, input: isObject(input) ? input : {} },
      start: { ...block, input: {} },
      deltas: ['', ...pieces].map(partial_json => ({ type: 'input_json_delta', partial_json })),
    })
  }
  return blocks
}

/** The vendor's usage object; scripted members replace computed ones. */
export function usageOf(
  tokens: { input: number; written: number; read: number; output: number; thinking: number },
  scripted: Json = {},
): Json {
  return {
    input_tokens: tokens.input,
    cache_creation_input_tokens: tokens.written,
    cache_read_input_tokens: tokens.read,
    cache_creation: { ephemeral_5m_input_tokens: tokens.written, ephemeral_1h_input_tokens: 0 },
    output_tokens: tokens.output,
    output_tokens_details: { thinking_tokens: tokens.thinking },
    server_tool_use: null,
    service_tier: 'standard',
    inference_geo: null,
    speed: 'standard',
    ...scripted,
  }
}
