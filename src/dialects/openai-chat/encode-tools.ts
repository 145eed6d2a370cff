import { invalidField } from '../../core/errors.ts'
import { isObject, type JsonObject } from '../../core/json.ts'
import type { GenerateRequest } from '../../ir/request.ts'
import type { CustomTool, FunctionTool, Tool, ToolChoice, VendorTool } from '../../ir/tools.ts'
import type { CodecContext } from '../dialect.ts'
import { LEGACY } from './decode-tools.ts'
import type { ModelFamily } from './model-family.ts'
import { fitsStrict, functionSchema } from './strict-schema.ts'
import { functionOfVendorTool } from './vendor-tools.ts'
import { DIALECT } from './wire.ts'

/** `tools`, `tool_choice` and `parallel_tool_calls`; nothing where no tool can be sent. */
export function encodeTools(request: GenerateRequest, family: ModelFamily, context: CodecContext): JsonObject {
  const all = request.tools ?? []
  if (all.length === 0) return {}
  const lost: { tool: VendorTool; index: number }[] = []
  let tools: { name?: string; wire: JsonObject }[] = []
  for (const [index, tool] of all.entries()) {
    const wire = encodeTool(tool, index, context)
    if (wire) tools.push({ name: tool.name, wire })
    else if (tool.type === 'vendor') lost.push({ tool, index })
  }
  for (const { tool, index } of lost) dropVendorTool(tool, index, tools.length === 0, request.toolChoice, context)
  if (tools.length === 0) return {}
  let choice = request.toolChoice
  if (choice?.type === 'allowed' && !family.openAi) {
    // Only OpenAI has the word; elsewhere the others are not offered at all.
    const { names, mode } = choice
    const kept = tools.filter(tool => tool.name !== undefined && names.includes(tool.name))
    if (kept.length > 0) tools = kept
    context.note({ action: 'approximated', field: 'tool_choice', detail: 'tools that are not allowed were left out' })
    choice = { type: mode }
  }
  return {
    tools: tools.map(tool => tool.wire),
    ...(choice && { tool_choice: encodeToolChoice(choice, all) }),
    ...(request.parallelToolCalls === false && { parallel_tool_calls: false }),
  }
}

function encodeTool(tool: Tool, index: number, context: CodecContext): JsonObject | undefined {
  switch (tool.type) {
    case 'function':
      return encodeFunction(tool, index, context)
    case 'custom':
      return encodeCustom(tool)
    case 'vendor': {
      if (tool.origin === DIALECT) return tool.value
      const substitute = functionOfVendorTool(tool)
      return substitute && { type: 'function', function: substitute }
    }
  }
}

function encodeFunction(tool: FunctionTool, index: number, context: CodecContext): JsonObject {
  const { function: inner, [LEGACY]: _, ...outer } = tool.extensions?.[DIALECT] ?? {}
  const parameters = functionSchema(tool.parameters)
  // Vendors mean different things by strict: what would be refused for it is better sent without.
  const loose = tool.strict === true && !fitsStrict(parameters)
  if (loose)
    context.note({ action: 'approximated', field: `tools.${index}.strict`, detail: 'the schema is not strict in the sense of OpenAI' })
  return {
    type: 'function',
    function: {
      name: tool.name,
      ...(tool.description && { description: tool.description }),
      parameters,
      ...(tool.strict !== undefined && { strict: loose ? false : tool.strict }),
      ...(isObject(inner) && inner),
    },
    ...outer,
  }
}

function encodeCustom(tool: CustomTool): JsonObject {
  return {
    type: 'custom',
    custom: {
      name: tool.name,
      ...(tool.description && { description: tool.description }),
      ...(tool.format && { format: tool.format }),
    },
    ...tool.extensions?.[DIALECT],
  }
}

/** A tool that only its vendor can run is dropped while others remain, and refused where the answer would hang on it. */
function dropVendorTool(tool: VendorTool, index: number, alone: boolean, choice: ToolChoice | undefined, context: CodecContext): void {
  const field = tool.path ?? `tools.${index}`
  const names = [tool.name, tool.kind]
  const forced =
    (choice?.type === 'tool' && names.includes(choice.name)) ||
    (choice?.type === 'allowed' && choice.names.every(name => names.includes(name)))
  if (alone || forced) {
    const label = tool.name ?? tool.kind
    throw invalidField(field, `the tool ${JSON.stringify(label)} (${tool.kind}) cannot be run by this upstream`, 'unsupported_value')
  }
  context.note({ action: 'dropped', field, detail: tool.kind })
}

function encodeToolChoice(choice: ToolChoice, tools: readonly Tool[]): string | JsonObject {
  const named = (name: string): JsonObject =>
    tools.some(tool => tool.type === 'custom' && tool.name === name)
      ? { type: 'custom', custom: { name } }
      : { type: 'function', function: { name } }
  switch (choice.type) {
    case 'tool':
      return named(choice.name)
    case 'allowed':
      return { type: 'allowed_tools', allowed_tools: { mode: choice.mode, tools: choice.names.map(named) } }
    default:
      return choice.type
  }
}
