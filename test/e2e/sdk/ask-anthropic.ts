import type Anthropic from '@anthropic-ai/sdk'
import { messagesFinish, messagesTokens } from '../../golden/said.ts'
import type { Mode, Question, Reply, ToolResult, Turn, UserPart } from './question.ts'

type Params = Omit<Anthropic.MessageCreateParams, 'stream'>

/** The API wants a limit; the answers here are far shorter. */
const LIMIT = 2000

const partOf = (part: UserPart): Anthropic.TextBlockParam | Anthropic.ImageBlockParam => {
  if ('text' in part) return { type: 'text', text: part.text }
  if ('imageUrl' in part) return { type: 'image', source: { type: 'url', url: part.imageUrl } }
  return { type: 'image', source: { type: 'base64', media_type: part.mediaType as 'image/png', data: part.imageData } }
}

const resultOf = ({ callId, content, isError }: ToolResult): Anthropic.ToolResultBlockParam => ({
  type: 'tool_result',
  tool_use_id: callId,
  content: content.map(partOf),
  ...(isError && { is_error: true }),
})

function messageOf(turn: Turn): Anthropic.MessageParam {
  if ('said' in turn) return turn.said as Anthropic.MessageParam
  if ('results' in turn) {
    const text: Anthropic.ContentBlockParam[] = turn.text === undefined ? [] : [{ type: 'text', text: turn.text }]
    return { role: 'user', content: [...turn.results.map(resultOf), ...text] }
  }
  return { role: 'user', content: typeof turn.user === 'string' ? turn.user : turn.user.map(partOf) }
}

function choiceOf({ toolChoice, parallel }: Question): Anthropic.ToolChoice | undefined {
  const single = parallel === false ? { disable_parallel_tool_use: true } : {}
  if (toolChoice === 'none') return { type: 'none' }
  if (toolChoice === 'required') return { type: 'any', ...single }
  if (typeof toolChoice === 'object') return { type: 'tool', name: toolChoice.name, ...single }
  return toolChoice === 'auto' || parallel === false ? { type: 'auto', ...single } : undefined
}

export function anthropicParams(question: Question): Params {
  const { model, system, turns, tools, maxTokens = LIMIT, stop, effort, schema } = question
  const choice = choiceOf(question)
  return {
    model,
    max_tokens: maxTokens,
    messages: turns.map(messageOf),
    ...(system !== undefined && { system }),
    ...(tools && {
      tools: tools.map(({ name, description, schema: input }) => ({
        name,
        description,
        input_schema: { type: 'object' as const, ...input },
      })),
    }),
    ...(choice && { tool_choice: choice }),
    ...(stop && { stop_sequences: stop }),
    ...(effort && { thinking: { type: 'adaptive', display: 'summarized' } as const }),
    ...((effort || schema) && {
      output_config: { ...(effort && { effort }), ...(schema && { format: { type: 'json_schema', schema } as const }) },
    }),
  }
}

export async function askAnthropic(client: Anthropic, question: Question, mode: Mode): Promise<Reply> {
  const params = anthropicParams(question)
  if (mode === 'create') return replyOf(await client.messages.create(params))
  if (mode === 'helper') return replyOf(await client.messages.stream(params).finalMessage())
  return iterated(await client.messages.create({ ...params, stream: true }))
}

function replyOf(message: Anthropic.Message): Reply {
  const { content } = message
  return {
    model: message.model,
    text: content.map(block => (block.type === 'text' ? block.text : '')).join(''),
    reasoning: content.map(block => (block.type === 'thinking' ? block.thinking : '')).join(''),
    refusal: message.stop_details?.explanation ?? '',
    calls: content.flatMap(block => (block.type === 'tool_use' ? [{ id: block.id, name: block.name, input: block.input }] : [])),
    finish: messagesFinish(message.stop_reason),
    tokens: messagesTokens(message.usage),
    said: { role: 'assistant', content },
  }
}

/** What clients do that read the events themselves. */
async function iterated(stream: AsyncIterable<Anthropic.RawMessageStreamEvent>): Promise<Reply> {
  let message: Anthropic.Message | undefined
  const inputs: string[] = []
  for await (const event of stream) {
    if (event.type === 'message_start') message = structuredClone(event.message)
    if (!message) throw new Error(`${event.type} before message_start`)
    if (event.type === 'content_block_start') message.content.push(structuredClone(event.content_block))
    else if (event.type === 'content_block_delta') append(message.content[event.index], event.delta, inputs, event.index)
    else if (event.type === 'message_delta') {
      Object.assign(message, event.delta)
      message.usage = { ...message.usage, ...event.usage } as Anthropic.Usage
    }
  }
  if (!message) throw new Error('the stream had no message')
  for (const [index, block] of message.content.entries()) if (block.type === 'tool_use') block.input = JSON.parse(inputs[index] || '{}')
  return replyOf(message)
}

function append(block: Anthropic.ContentBlock | undefined, delta: Anthropic.RawContentBlockDelta, inputs: string[], index: number): void {
  if (block?.type === 'text' && delta.type === 'text_delta') block.text += delta.text
  else if (block?.type === 'thinking' && delta.type === 'thinking_delta') block.thinking += delta.thinking
  else if (block?.type === 'thinking' && delta.type === 'signature_delta') block.signature = delta.signature
  else if (block?.type === 'tool_use' && delta.type === 'input_json_delta') inputs[index] = (inputs[index] ?? '') + delta.partial_json
  else throw new Error(`${delta.type} in block ${index}, which is ${block?.type}`)
}
