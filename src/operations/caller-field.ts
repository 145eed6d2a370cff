import { isObject, type JsonObject } from '../core/json.ts'
import type { Call } from './call.ts'

/** Fields that carry the same in different dialects; a name may stand in several rows, and the first one that the caller sent is meant. */
const SAME: readonly (readonly string[])[] = [
  ['max_completion_tokens', 'max_tokens', 'max_output_tokens'],
  ['stop', 'stop_sequences'],
  ['reasoning_effort', 'thinking', 'output_config.effort', 'reasoning'],
  ['response_format', 'output_config.format', 'text'],
  ['system', 'instructions', 'messages'],
  ['metadata', 'user', 'safety_identifier'],
  ['functions', 'tools'],
  ['function_call', 'tool_choice'],
  ['parallel_tool_calls', 'tool_choice'],
]

/**
 * A field of a translated request that an upstream complains of, in the caller's words (dialects.md §5.2): only what the caller sent can be named. Positions
 * within lists are left out, because translation moves them. Undefined where the caller has no such field.
 */
export function callerField(param: string, { body }: { body?: Call['body'] }): string | undefined {
  const field = /^\w+/.exec(param)?.[0]
  if (field === undefined || !isObject(body)) return undefined
  const meant = (name: string) => name === param || (param.startsWith(name) && /^[.[]/.test(param.slice(name.length)))
  const names = [field, ...SAME.filter(row => row.some(meant)).flat()]
  return names.map(name => name.split('.', 1)[0] as string).find(name => isSent(body, name))
}

const isSent = (body: JsonObject, name: string): boolean => Object.hasOwn(body, name) && body[name] !== null
