import { isObject, type JsonObject, type JsonValue } from '../../core/json.ts'
import type { CodecContext, UpstreamTraits } from '../dialect.ts'

/** What an assistant is made to say between results and the next question, for servers that want it to have answered. */
const ANSWERED = 'Understood.'

/** Puts wire messages into the order and form that the server insists on. */
export function shapeConversation(messages: JsonObject[], traits: UpstreamTraits, context: CodecContext): JsonObject[] {
  let shaped = traits.tools === false ? messages.map(message => withoutCalls(message, context)) : messages
  if (traits.answersResults) shaped = withAnswers(shaped)
  if (traits.alternates) shaped = alternating(shaped, context)
  if (traits.stringContent) shaped = shaped.map(message => withStringContent(message, context))
  return shaped
}

/** What tools did before is told where there are none: servers that know no calls know no results either. */
function withoutCalls(message: JsonObject, context: CodecContext): JsonObject {
  if (message.role === 'tool') return { role: 'user', content: `[tool result] ${textOf(message.content)}` }
  if (!Array.isArray(message.tool_calls)) return message
  context.note({ action: 'approximated', field: 'messages', detail: 'tool calls as text' })
  const { tool_calls: calls, ...rest } = message
  const told = (calls as JsonObject[]).map(call => `[called ${JSON.stringify(call.function ?? call.custom)}]`)
  return { ...rest, content: [textOf(message.content), ...told].filter(line => line !== '').join('\n') }
}

const textOf = (content: JsonValue | undefined): string =>
  typeof content === 'string'
    ? content
    : partsOf(content)
        .map(part => (isObject(part) && typeof part.text === 'string' ? part.text : ''))
        .join('\n')

/** Mistral refuses a user's message directly behind a result ("Unexpected role 'user' after role 'tool'"). */
function withAnswers(messages: readonly JsonObject[]): JsonObject[] {
  return messages.flatMap((message, index) =>
    message.role === 'user' && messages[index - 1]?.role === 'tool' ? [{ role: 'assistant', content: ANSWERED }, message] : [message],
  )
}

/** Messages of one speaker in a row become one, and the first one after the instructions is the user's. */
function alternating(messages: readonly JsonObject[], context: CodecContext): JsonObject[] {
  const out: JsonObject[] = []
  for (const message of messages) {
    const last = out.at(-1)
    if (last && last.role === message.role && (message.role === 'user' || (message.role === 'assistant' && !last.tool_calls))) {
      out[out.length - 1] = { ...last, ...message, content: joinedContents(last.content, message.content) }
      continue
    }
    if (message.role === 'assistant' && (last === undefined || last.role === 'system')) {
      context.note({ action: 'approximated', field: 'messages', detail: 'the conversation begins with the assistant' })
      out.push({ role: 'user', content: '(conversation continues)' })
    }
    out.push(message)
  }
  return out
}

export const partsOf = (content: JsonValue | undefined): JsonValue[] =>
  typeof content === 'string' ? (content === '' ? [] : [{ type: 'text', text: content }]) : Array.isArray(content) ? content : []

/** Two contents as one: text by text where both are text, else part after part. */
export function joinedContents(first: JsonValue | undefined, second: JsonValue | undefined): JsonValue {
  if (typeof first === 'string' && typeof second === 'string')
    return first === '' || second === '' ? first + second : `${first}\n\n${second}`
  return [...partsOf(first), ...partsOf(second)]
}

function withStringContent(message: JsonObject, context: CodecContext): JsonObject {
  if (!Array.isArray(message.content)) return message
  const texts: string[] = []
  for (const part of message.content as JsonObject[]) {
    if (typeof part.text === 'string') texts.push(part.text)
    else context.note({ action: 'dropped', field: 'messages', detail: `${String(part.type)}: the upstream takes text only` })
  }
  return { ...message, content: texts.join('\n\n') }
}

/**
 * An answer that the client has begun is marked as such where the server can go on with it; elsewhere the model starts anew, with the beginning before its
 * eyes. Returns request fields to add.
 */
export function markPrefill(messages: JsonObject[], traits: UpstreamTraits, context: CodecContext): JsonObject {
  const last = messages.at(-1)
  if (last?.role !== 'assistant' || last.tool_calls) return {}
  switch (traits.prefill) {
    case 'prefix':
    case 'partial':
      messages[messages.length - 1] = { ...last, [traits.prefill]: true }
      return {}
    case 'continue_final_message':
      return { continue_final_message: true, add_generation_prompt: false }
    default:
      context.note({ action: 'approximated', field: 'messages', detail: 'the upstream does not go on with an answer that was begun' })
      return {}
  }
}
