import { isObject, type Json, objectsOf, stringOf } from '../checkers/json.ts'
import { type Call, type Conversation, member, normal, type Part, type Turn, textOf } from './conversation.ts'

const ERROR = '[tool error] '

const partOf = (part: Part): Json =>
  'text' in part ? { type: 'text', text: part.text } : { type: 'image_url', image_url: { url: part.image } }

const callOf = ({ id, name, input }: Call): Json => ({ id, type: 'function', function: { name, arguments: JSON.stringify(input) } })

function messagesOf(turn: Turn): Json[] {
  if ('user' in turn) return [{ role: 'user', content: turn.user.map(partOf) }]
  if ('results' in turn)
    return turn.results.map(({ id, text, isError }) => ({ role: 'tool', tool_call_id: id, content: isError ? ERROR + text : text }))
  const calls = turn.calls.length > 0 && { tool_calls: turn.calls.map(callOf) }
  return [{ role: 'assistant', content: turn.assistant === '' ? null : turn.assistant, ...calls }]
}

const choiceOf = (choice: Conversation['choice']): unknown =>
  choice === 'any' ? 'required' : typeof choice === 'object' ? { type: 'function', function: choice } : choice

/** The conversation as a Chat Completions request. */
export function writeChat(said: Conversation): Json {
  const { system, turns, tools, choice, single, limit, temperature, stops, schema, user } = said
  return {
    model: 'm',
    messages: [...(system === '' ? [] : [{ role: 'system', content: system }]), ...turns.flatMap(messagesOf)],
    tools: tools.map(({ name, description, schema: parameters }) => ({
      type: 'function',
      function: { name, ...(description !== '' && { description }), parameters },
    })),
    max_tokens: limit,
    ...(choice !== undefined && { tool_choice: choiceOf(choice) }),
    ...(single && { parallel_tool_calls: false }),
    ...(temperature !== undefined && { temperature }),
    ...(stops.length > 0 && { stop: stops }),
    ...(schema && { response_format: { type: 'json_schema', json_schema: { name: 'output', strict: true, schema } } }),
    ...(user !== '' && { safety_identifier: user }),
  }
}

const readParts = (content: unknown): Part[] =>
  typeof content === 'string'
    ? [{ text: content }]
    : objectsOf(content).map(part =>
        part.type === 'image_url' ? { image: stringOf(member(part.image_url, 'url')) } : { text: stringOf(part.text) },
      )

function readTurns(messages: readonly Json[]): Turn[] {
  const turns: Turn[] = []
  for (const message of messages) {
    const last = turns.at(-1)
    if (message.role === 'tool') {
      const given = textOf(message.content)
      const isError = given.startsWith(ERROR)
      const result = { id: stringOf(message.tool_call_id), text: isError ? given.slice(ERROR.length) : given, isError }
      if (last && 'results' in last) last.results.push(result)
      else turns.push({ results: [result] })
    } else if (message.role === 'user') turns.push({ user: readParts(message.content) })
    else {
      const calls = objectsOf(message.tool_calls).map(({ id, function: called }) => ({
        id: stringOf(id),
        name: stringOf(member(called, 'name')),
        input: JSON.parse(stringOf(member(called, 'arguments'))) as unknown,
      }))
      turns.push({ assistant: textOf(message.content), calls })
    }
  }
  return normal(turns)
}

function readChoice(choice: unknown): Conversation['choice'] {
  if (isObject(choice)) return { name: stringOf(member(choice.function, 'name')) }
  return choice === 'required' ? 'any' : (choice as 'auto' | 'none' | undefined)
}

/** A Chat Completions request in no dialect's words. */
export function readChat(body: Json): Conversation {
  const messages = objectsOf(body.messages)
  const format = member(member(body.response_format, 'json_schema'), 'schema')
  return {
    system: messages
      .filter(({ role }) => role === 'system')
      .map(({ content }) => textOf(content))
      .join('\n\n'),
    turns: readTurns(messages.filter(({ role }) => role !== 'system')),
    tools: objectsOf(body.tools).map(({ function: tool }) => ({
      name: stringOf(member(tool, 'name')),
      description: stringOf(member(tool, 'description')),
      schema: member(tool, 'parameters') as Json,
    })),
    choice: readChoice(body.tool_choice),
    single: body.parallel_tool_calls === false,
    limit: Number(body.max_tokens ?? body.max_completion_tokens),
    temperature: body.temperature as number | undefined,
    stops: Array.isArray(body.stop) ? body.stop.map(String) : [],
    schema: isObject(format) ? format : undefined,
    user: stringOf(body.safety_identifier ?? body.user),
  }
}
