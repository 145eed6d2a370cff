import { isObject, type JsonObject, type JsonValue } from '../../core/json.ts'

/** What the demo model will do with a request: tokens are words, so that `max_tokens` can be seen to work. */
export interface DemoPlan {
  reasoning: string[]
  text: string[]
  toolCall?: { name: string; arguments: string }
  finish: 'stop' | 'length' | 'tool_calls'
  promptTokens: number
}

/** Words with the space before them: joined they are the text again, but for space at its end (on which the pattern would take quadratic time). */
const words = (text: string): string[] => text.trimEnd().match(/\s*\S+/g) ?? []

function textOf(content: JsonValue | undefined): string {
  if (typeof content === 'string') return content
  if (!Array.isArray(content)) return ''
  return content.map(part => (isObject(part) && typeof part.text === 'string' ? part.text : '')).join('')
}

/** The smallest value that a JSON Schema's type allows, with the user's words where a text is wanted. */
function sample(schema: JsonValue | undefined, text: string, depth = 0): JsonValue {
  if (!isObject(schema) || depth > 8) return null
  if (Array.isArray(schema.enum) && schema.enum.length > 0) return schema.enum[0] as JsonValue
  if (schema.const !== undefined) return schema.const
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type
  switch (type) {
    case 'object': {
      const properties = isObject(schema.properties) ? schema.properties : {}
      const names = Array.isArray(schema.required) ? schema.required.filter(name => typeof name === 'string') : Object.keys(properties)
      return Object.fromEntries(names.map(name => [name, sample(properties[name], text, depth + 1)]))
    }
    case 'array':
      return []
    case 'integer':
    case 'number':
      return typeof schema.minimum === 'number' ? schema.minimum : 1
    case 'boolean':
      return true
    case 'string':
      return text
    default:
      return null
  }
}

function toolFor(body: JsonObject): JsonObject | undefined {
  const choice = body.tool_choice
  if (choice === 'none') return undefined
  const tools = (Array.isArray(body.tools) ? body.tools : []).flatMap(tool =>
    isObject(tool) && tool.type === 'function' && isObject(tool.function) ? [tool.function] : [],
  )
  const wanted = isObject(choice) && isObject(choice.function) ? choice.function.name : undefined
  return tools.find(tool => tool.name === wanted) ?? tools[0]
}

const outputLimit = (body: JsonObject): number => {
  const limit = body.max_completion_tokens ?? body.max_tokens
  return typeof limit === 'number' ? limit : Number.POSITIVE_INFINITY
}

/** A model that is always there: it answers with what it was told, calls a tool when given one, and reasons when asked. */
export function planDemo(body: JsonObject): DemoPlan {
  const messages = (Array.isArray(body.messages) ? body.messages : []).filter(isObject)
  const last = messages.at(-1)
  const said = textOf(messages.findLast(message => message.role === 'user')?.content).trim()
  const effort = body.reasoning_effort
  const reasons = typeof effort === 'string' && effort !== 'none'
  const reasoning = reasons ? words(`The user says: ${said || 'nothing'}. A short, friendly answer will do.`) : []
  const tool = last?.role === 'tool' ? undefined : toolFor(body)
  const call = tool && { name: String(tool.name), arguments: JSON.stringify(sample(tool.parameters, said) ?? {}) }
  const promptTokens = words(messages.map(message => textOf(message.content)).join(' ')).length
  const answer =
    last?.role === 'tool'
      ? `The tool answered: ${textOf(last.content)}`
      : `You said: ${said || 'nothing'}. I am the demo model inside Dragoman: no account is behind me, so all I can do is answer like this.`
  const limit = outputLimit(body)
  const text = call ? [] : words(answer)
  const kept = { reasoning: reasoning.slice(0, limit), text: text.slice(0, Math.max(0, limit - reasoning.length)) }
  const cut = kept.reasoning.length + kept.text.length < reasoning.length + text.length || (call && limit <= reasoning.length)
  if (cut) return { ...kept, finish: 'length', promptTokens }
  return { ...kept, toolCall: call, finish: call ? 'tool_calls' : 'stop', promptTokens }
}
