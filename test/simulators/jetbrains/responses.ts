import { isObject, type Json, objectsOf, stringOf } from '../../checkers/json.ts'
import { newId } from '../ids.ts'
import { outputTokens, type Reply, type Wish } from '../reply.ts'
import { estimateTokens } from '../tokens.ts'

/** Reads from a Responses request what the default answer depends on. */
export function wishOf(body: Json): Wish {
  const input = typeof body.input === 'string' ? [{ role: 'user', content: body.input }] : objectsOf(body.input)
  const result = (item: Json | undefined): boolean => item?.type === 'function_call_output'
  const afterToolResult = result(input.at(-1))
  const results = input.slice(input.findLastIndex(item => !result(item)) + 1)
  const choice = body.tool_choice
  const tools = objectsOf(body.tools).filter(tool => tool.type === 'function')
  const named = isObject(choice) && choice.type === 'function' ? String(choice.name) : undefined
  const offered = named === undefined ? tools : tools.filter(tool => tool.name === named)
  return {
    lastText: afterToolResult ? results.map(item => stringOf(item.output)).join('') : textOf(input.at(-1)?.content),
    afterToolResult,
    tools: choice === 'none' ? [] : offered.map(tool => ({ name: stringOf(tool.name), schema: tool.parameters ?? { type: 'object' } })),
    forced: choice === 'required' || named !== undefined,
    parallel: body.parallel_tool_calls !== false,
    reasoning: false,
    maxTokens: Number(body.max_output_tokens ?? Number.MAX_SAFE_INTEGER),
    stop: [],
  }
}

const textOf = (content: unknown): string =>
  typeof content === 'string'
    ? content
    : objectsOf(content)
        .map(part => stringOf(part.text))
        .join('')

/** An output item, and the events between its beginning and its end. */
interface Item {
  begun: Json
  whole: Json
  events: Json[]
}

function itemsOf(reply: Reply): Item[] {
  const text = reply.text.join('')
  const items: Item[] = []
  if (reply.text.length > 0) {
    const message = { id: newId('msg_', 24), type: 'message', role: 'assistant' }
    const part = { type: 'output_text', text, annotations: [], logprobs: [] }
    const at = { item_id: message.id, content_index: 0 }
    items.push({
      begun: { ...message, status: 'in_progress', content: [] },
      whole: { ...message, status: 'completed', content: [part] },
      events: [
        { type: 'response.content_part.added', ...at, part: { ...part, text: '' } },
        ...reply.text.map(delta => ({ type: 'response.output_text.delta', ...at, delta, logprobs: [] })),
        { type: 'response.output_text.done', ...at, text, logprobs: [] },
        { type: 'response.content_part.done', ...at, part },
      ],
    })
  }
  for (const { id, name, pieces } of reply.toolCalls) {
    const call = { id: newId('fc_', 24), type: 'function_call', call_id: id, name }
    const json = pieces.join('')
    items.push({
      begun: { ...call, status: 'in_progress', arguments: '' },
      whole: { ...call, status: 'completed', arguments: json },
      events: [
        ...pieces.map(delta => ({ type: 'response.function_call_arguments.delta', item_id: call.id, delta })),
        { type: 'response.function_call_arguments.done', item_id: call.id, arguments: json },
      ],
    })
  }
  return items
}

/** A Responses answer: the object, or its event stream as frames. Small, but whole (OpenAI's reference, "Responses", "Streaming events"). */
export function renderResponse(reply: Reply, body: Json): { whole: Json; frames: string[] } {
  const items = itemsOf(reply)
  const cut = reply.cut === 'length'
  const input = estimateTokens([body.instructions, body.input, body.tools])
  const output = outputTokens(reply)
  const response: Json = {
    id: newId('resp_', 24),
    object: 'response',
    created_at: Math.floor(Date.now() / 1000),
    model: body.model,
    error: null,
    incomplete_details: null,
    instructions: body.instructions ?? null,
    metadata: {},
    parallel_tool_calls: body.parallel_tool_calls ?? true,
    tool_choice: body.tool_choice ?? 'auto',
    tools: body.tools ?? [],
  }
  const begun = { ...response, status: 'in_progress', output: [], usage: null }
  const whole: Json = {
    ...response,
    status: cut ? 'incomplete' : 'completed',
    incomplete_details: cut ? { reason: 'max_output_tokens' } : null,
    output: items.map(item => item.whole),
    usage: {
      input_tokens: input,
      input_tokens_details: { cached_tokens: 0 },
      output_tokens: output,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: input + output,
    },
  }
  const events: Json[] = [
    { type: 'response.created', response: begun },
    { type: 'response.in_progress', response: begun },
    ...items.flatMap((item, output_index) => [
      { type: 'response.output_item.added', output_index, item: item.begun },
      ...item.events.map(event => ({ ...event, output_index })),
      { type: 'response.output_item.done', output_index, item: item.whole },
    ]),
    { type: cut ? 'response.incomplete' : 'response.completed', response: whole },
  ]
  const frames = events.map((event, sequence_number) => `event: ${event.type}\ndata: ${JSON.stringify({ ...event, sequence_number })}\n\n`)
  return { whole, frames }
}
