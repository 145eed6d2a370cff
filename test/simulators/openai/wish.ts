import { isObject, type Json, objectsOf, stringOf } from '../../checkers/json.ts'
import type { Wish } from '../reply.ts'

/** Reads from a checked request what the default answer depends on. */
export function wishOf(body: Json): Wish {
  const messages = objectsOf(body.messages)
  const last = messages[messages.length - 1]
  const choice = body.tool_choice
  const allowed = isObject(choice) && isObject(choice.allowed_tools) ? choice.allowed_tools : undefined
  const named = isObject(choice) && !allowed ? [nameOf(choice)] : allowed ? objectsOf(allowed.tools).map(nameOf) : undefined
  const tools = choice === 'none' ? [] : objectsOf(body.tools).map(tool => ({ name: nameOf(tool), schema: schemaOf(tool) }))
  const effort = body.reasoning_effort ?? undefined
  return {
    lastText: textOf(last?.content),
    afterToolResult: last?.role === 'tool',
    tools: named ? tools.filter(tool => named.includes(tool.name)) : tools,
    forced: choice === 'required' || (isObject(choice) && !allowed) || allowed?.mode === 'required',
    parallel: body.parallel_tool_calls !== false,
    reasoning: effort !== undefined && effort !== 'none',
    schema: formatSchema(body.response_format),
    maxTokens: Number(body.max_completion_tokens ?? body.max_tokens ?? Number.MAX_SAFE_INTEGER),
    stop: typeof body.stop === 'string' ? [body.stop] : Array.isArray(body.stop) ? body.stop.map(String) : [],
  }
}

const nameOf = (tool: Json): string => {
  const target = tool.type === 'custom' ? tool.custom : tool.function
  return isObject(target) ? stringOf(target.name) : ''
}

const schemaOf = (tool: Json): unknown => (isObject(tool.function) ? (tool.function.parameters ?? { type: 'object' }) : { type: 'object' })

const textOf = (content: unknown): string =>
  typeof content === 'string'
    ? content
    : objectsOf(content)
        .map(part => stringOf(part.text))
        .join('')

function formatSchema(format: unknown): unknown {
  if (!isObject(format)) return undefined
  if (format.type === 'json_object') return { type: 'object', properties: { ok: { type: 'boolean' } } }
  return isObject(format.json_schema) ? (format.json_schema.schema ?? { type: 'object' }) : undefined
}
