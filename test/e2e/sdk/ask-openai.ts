import type OpenAI from 'openai'
import { chatFinish, chatTokens } from '../../golden/said.ts'
import type { Mode, Question, Reply, ToolResult, Turn, UserPart } from './question.ts'

type Message = OpenAI.ChatCompletionMessageParam
type Params = Omit<OpenAI.ChatCompletionCreateParams, 'stream'>

/** Members that servers add to messages and deltas, which the SDK's types do not have. */
interface Spoken {
  content?: string | null
  refusal?: string | null
  reasoning_content?: string | null
  reasoning_details?: unknown[]
}

const partOf = (part: UserPart): OpenAI.ChatCompletionContentPart => {
  if ('text' in part) return { type: 'text', text: part.text }
  const url = 'imageUrl' in part ? part.imageUrl : `data:${part.mediaType};base64,${part.imageData}`
  return { type: 'image_url', image_url: { url } }
}

/** Chat has no mark for a failed tool: the text says so. */
const resultOf = ({ callId, content, isError }: ToolResult): Message => ({
  role: 'tool',
  tool_call_id: callId,
  content: (isError ? '[tool error] ' : '') + content.map(part => ('text' in part ? part.text : '')).join(''),
})

function messagesOf(turn: Turn): Message[] {
  if ('said' in turn) return [turn.said as Message]
  if ('results' in turn) {
    const text: Message[] = turn.text === undefined ? [] : [{ role: 'user', content: turn.text }]
    return [...turn.results.map(resultOf), ...text]
  }
  return [{ role: 'user', content: typeof turn.user === 'string' ? turn.user : turn.user.map(partOf) }]
}

export function openAiParams(question: Question): Params {
  const { model, system, turns, tools, toolChoice, parallel, maxTokens, stop, effort, schema } = question
  return {
    model,
    messages: [...(system === undefined ? [] : [{ role: 'system' as const, content: system }]), ...turns.flatMap(messagesOf)],
    ...(tools && {
      tools: tools.map(({ name, description, schema: parameters }) => ({
        type: 'function' as const,
        function: { name, description, parameters },
      })),
    }),
    ...(toolChoice && { tool_choice: typeof toolChoice === 'string' ? toolChoice : { type: 'function', function: toolChoice } }),
    ...(parallel !== undefined && { parallel_tool_calls: parallel }),
    ...(maxTokens !== undefined && { max_completion_tokens: maxTokens }),
    ...(stop && { stop }),
    ...(effort && { reasoning_effort: effort }),
    ...(schema && { response_format: { type: 'json_schema', json_schema: { name: 'answer', strict: true, schema } } }),
  }
}

export async function askOpenAi(client: OpenAI, question: Question, mode: Mode): Promise<Reply> {
  const params = openAiParams(question)
  const usage = { stream_options: { include_usage: true } }
  if (mode === 'create') return replyOf(await client.chat.completions.create(params))
  if (mode === 'helper') return replyOf(await client.chat.completions.stream({ ...params, ...usage }).finalChatCompletion())
  return iterated(await client.chat.completions.create({ ...params, ...usage, stream: true }))
}

function replyOf(completion: OpenAI.ChatCompletion): Reply {
  const [choice] = completion.choices
  if (!choice) throw new Error('the completion has no choice')
  const { message } = choice
  const spoken: Spoken = message
  return {
    model: completion.model,
    text: message.content ?? '',
    reasoning: spoken.reasoning_content ?? '',
    refusal: message.refusal ?? '',
    calls: (message.tool_calls ?? []).map(call => {
      if (call.type !== 'function') throw new Error(`a call of type ${call.type}`)
      return { id: call.id, name: call.function.name, input: JSON.parse(call.function.arguments) }
    }),
    finish: chatFinish(choice.finish_reason),
    tokens: chatTokens(completion.usage),
    said: withoutParsed(message),
  }
}

/** The helper's own additions are no members of a message. */
function withoutParsed(message: OpenAI.ChatCompletionMessage): unknown {
  return JSON.parse(JSON.stringify(message, (key, value: unknown) => (key === 'parsed' || key === 'parsed_arguments' ? undefined : value)))
}

/** What clients do that read the chunks themselves. */
async function iterated(stream: AsyncIterable<OpenAI.ChatCompletionChunk>): Promise<Reply> {
  let model = ''
  let text = ''
  let reasoning = ''
  let refusal = ''
  let finish: string | null = null
  let usage: unknown
  const details: unknown[] = []
  const calls: { id: string; type: 'function'; function: { name: string; arguments: string } }[] = []
  for await (const chunk of stream) {
    model = chunk.model
    usage = chunk.usage ?? usage
    const [choice] = chunk.choices
    if (!choice) continue
    finish = choice.finish_reason ?? finish
    const spoken: Spoken = choice.delta
    text += spoken.content ?? ''
    refusal += spoken.refusal ?? ''
    reasoning += spoken.reasoning_content ?? ''
    details.push(...(spoken.reasoning_details ?? []))
    for (const { index, id, function: piece } of choice.delta.tool_calls ?? []) {
      calls[index] ??= { id: id ?? '', type: 'function', function: { name: piece?.name ?? '', arguments: '' } }
      const call = calls[index]
      if (call) call.function.arguments += piece?.arguments ?? ''
    }
  }
  const said = {
    role: 'assistant',
    content: text === '' ? null : text,
    ...(reasoning !== '' && { reasoning_content: reasoning }),
    ...(details.length > 0 && { reasoning_details: details }),
    ...(calls.length > 0 && { tool_calls: calls }),
  }
  return {
    model,
    text,
    reasoning,
    refusal,
    calls: calls.map(call => ({ id: call.id, name: call.function.name, input: JSON.parse(call.function.arguments) })),
    finish: chatFinish(finish),
    tokens: chatTokens(usage),
    said,
  }
}
