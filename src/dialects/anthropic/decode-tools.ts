import { invalidField } from '../../core/errors.ts'
import { asObject, at, optionalBoolean, optionalObject, optionalString, requiredString, unknownFields } from '../../core/fields.ts'
import type { JsonObject } from '../../core/json.ts'
import type { FunctionTool, Tool, ToolChoice } from '../../ir/tools.ts'
import { cacheMark } from './part-base.ts'
import { TOOL_FIELDS } from './wire.ts'

/** One entry of `tools`: a custom tool with a schema, or one of Anthropic's own types, kept whole. */
export function decodeTool(value: JsonObject, path: string): Tool {
  const type = optionalString(value, 'type', path) ?? 'custom'
  if (type !== 'custom') {
    const name = optionalString(value, 'name', path)
    return { type: 'vendor', origin: 'anthropic', kind: type, ...(name !== undefined && { name }), value, path }
  }
  const tool: FunctionTool = { type: 'function', name: requiredString(value, 'name', path) }
  const description = optionalString(value, 'description', path)
  if (description !== undefined) tool.description = description
  const parameters = optionalObject(value, 'input_schema', path)
  if (parameters) tool.parameters = parameters
  const strict = optionalBoolean(value, 'strict', path)
  if (strict !== undefined) tool.strict = strict
  const cache = cacheMark(value, path)
  if (cache) tool.cache = cache
  const rest = unknownFields(value, TOOL_FIELDS)
  if (rest) tool.extensions = { anthropic: rest }
  return tool
}

export interface DecodedTools {
  tools: Tool[]
  /** Tools to be loaded later that nothing named so far, in the wire's shape. */
  deferred: JsonObject[]
}

/**
 * `tools`, without those that are deferred and that no `tool_reference` or call has named: other vendors should see them no earlier than the
 * model would (dialects.md §2.4.1). Anthropic's encoder puts them back.
 */
export function decodeTools(values: readonly unknown[], loaded: ReadonlySet<string>): DecodedTools {
  const decoded: DecodedTools = { tools: [], deferred: [] }
  for (const [index, value] of values.entries()) {
    const path = `tools.${index}`
    const tool = asObject(value as JsonObject, path)
    const decodedTool = decodeTool(tool, path)
    const hidden = tool.defer_loading === true && decodedTool.type === 'function' && !loaded.has(decodedTool.name)
    if (hidden) decoded.deferred.push(tool)
    else decoded.tools.push(decodedTool)
  }
  return decoded
}

/** `tool_choice` and its `disable_parallel_tool_use`. @throws GatewayError `invalid-request` */
export function decodeToolChoice(value: JsonObject): { toolChoice: ToolChoice; parallelToolCalls?: boolean } {
  const disabled = optionalBoolean(value, 'disable_parallel_tool_use', 'tool_choice')
  const toolChoice = choiceOf(value)
  return disabled === undefined ? { toolChoice } : { toolChoice, parallelToolCalls: !disabled }
}

function choiceOf(value: JsonObject): ToolChoice {
  const type = requiredString(value, 'type', 'tool_choice')
  switch (type) {
    case 'auto':
    case 'none':
      return { type }
    case 'any':
      return { type: 'required' }
    case 'tool':
      return { type: 'tool', name: requiredString(value, 'name', 'tool_choice') }
    default:
      throw invalidField(at('tool_choice', 'type'), 'must be one of auto, any, tool, none', 'invalid_value')
  }
}
