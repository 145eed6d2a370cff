import { isObject, type Json, objectsOf, stringOf } from '../checkers/json.ts'
import { type Conversation, member, normal, type Part, type Turn, textOf } from './conversation.ts'

const DATA_URL = /^data:(image\/png);base64,(.*)$/

function blockOf(part: Part): Json {
  if ('text' in part) return { type: 'text', text: part.text }
  const [, media_type, data] = DATA_URL.exec(part.image) ?? []
  return { type: 'image', source: media_type ? { type: 'base64', media_type, data } : { type: 'url', url: part.image } }
}

function blocksOf(turn: Turn): Json[] {
  if ('user' in turn) return turn.user.map(blockOf)
  if ('results' in turn)
    return turn.results.map(({ id, text, isError }) => ({
      type: 'tool_result',
      tool_use_id: id,
      content: text,
      ...(isError && { is_error: true }),
    }))
  const text = turn.assistant === '' ? [] : [{ type: 'text', text: turn.assistant }]
  return [...text, ...turn.calls.map(({ id, name, input }) => ({ type: 'tool_use', id, name, input }))]
}

/** Results and what the user says behind them are one message here. */
function messagesOf(turns: readonly Turn[]): Json[] {
  const messages: { role: string; content: Json[] }[] = []
  for (const turn of turns) {
    const role = 'assistant' in turn ? 'assistant' : 'user'
    const last = messages.at(-1)
    if (last?.role === role) last.content.push(...blocksOf(turn))
    else messages.push({ role, content: blocksOf(turn) })
  }
  return messages.map(message => ({ ...message }))
}

function choiceOf({ choice, single }: Conversation): Json | undefined {
  if (choice === undefined && !single) return undefined
  const type = typeof choice === 'object' ? { type: 'tool', name: choice.name } : { type: choice ?? 'auto' }
  return single ? { ...type, disable_parallel_tool_use: true } : type
}

/** The conversation as a Messages request. */
export function writeMessages(said: Conversation): Json {
  const { system, turns, tools, limit, temperature, stops, schema, user } = said
  const choice = choiceOf(said)
  return {
    model: 'm',
    max_tokens: limit,
    ...(system !== '' && { system }),
    messages: messagesOf(turns),
    tools: tools.map(({ name, description, schema: input_schema }) => ({
      name,
      ...(description !== '' && { description }),
      input_schema,
    })),
    ...(choice && { tool_choice: choice }),
    ...(temperature !== undefined && { temperature }),
    ...(stops.length > 0 && { stop_sequences: stops }),
    ...(schema && { output_config: { format: { type: 'json_schema', schema } } }),
    ...(user !== '' && { metadata: { user_id: user } }),
  }
}

function readPart(block: Json): Part {
  if (block.type !== 'image') return { text: stringOf(block.text) }
  const { type, url, media_type, data } = isObject(block.source) ? block.source : {}
  return { image: type === 'url' ? stringOf(url) : `data:${media_type};base64,${data}` }
}

function readTurns(messages: readonly Json[]): Turn[] {
  const turns: Turn[] = []
  for (const { role, content } of messages) {
    const blocks = typeof content === 'string' ? [{ type: 'text', text: content }] : objectsOf(content)
    if (role === 'assistant') {
      const calls = blocks
        .filter(({ type }) => type === 'tool_use')
        .map(({ id, name, input }) => ({ id: stringOf(id), name: stringOf(name), input }))
      turns.push({ assistant: textOf(blocks), calls })
      continue
    }
    const results = blocks.filter(({ type }) => type === 'tool_result')
    const rest = blocks.filter(({ type }) => type !== 'tool_result')
    if (results.length > 0) {
      turns.push({
        results: results.map(result => ({
          id: stringOf(result.tool_use_id),
          text: textOf(result.content),
          isError: result.is_error === true,
        })),
      })
    }
    if (rest.length > 0) turns.push({ user: rest.map(readPart) })
  }
  return normal(turns)
}

function readChoice(choice: unknown, single: boolean): Conversation['choice'] {
  if (!isObject(choice)) return undefined
  if (choice.type === 'tool') return { name: stringOf(choice.name) }
  // A choice made up to hold the other wish says nothing of its own.
  return choice.type === 'auto' && single ? undefined : (choice.type as 'auto' | 'none' | 'any')
}

/** A Messages request in no dialect's words. */
export function readMessages(body: Json): Conversation {
  const single = member(body.tool_choice, 'disable_parallel_tool_use') === true
  const format = member(member(body.output_config, 'format'), 'schema')
  return {
    system: textOf(body.system),
    turns: readTurns(objectsOf(body.messages)),
    tools: objectsOf(body.tools).map(({ name, description, input_schema }) => ({
      name: stringOf(name),
      description: stringOf(description),
      schema: input_schema as Json,
    })),
    choice: readChoice(body.tool_choice, single),
    single,
    limit: Number(body.max_tokens),
    temperature: body.temperature as number | undefined,
    stops: Array.isArray(body.stop_sequences) ? body.stop_sequences.map(String) : [],
    schema: isObject(format) ? format : undefined,
    user: stringOf(member(body.metadata, 'user_id')),
  }
}
