import { invalidField } from '../../core/errors.ts'
import { isObject, type JsonObject } from '../../core/json.ts'
import type { GenerateRequest } from '../../ir/request.ts'
import type { CustomTool, FunctionTool, Tool, ToolChoice, VendorTool } from '../../ir/tools.ts'
import type { CodecContext, UpstreamTraits } from '../dialect.ts'
import { LEGACY } from './decode-tools.ts'
import { cacheMark } from './encode-content.ts'
import type { ModelFamily } from './model-family.ts'
import { fitsStrict, functionSchema } from './strict-schema.ts'
import { functionOfVendorTool } from './vendor-tools.ts'
import { DIALECT } from './wire.ts'

/** `tools`, `tool_choice` and `parallel_tool_calls`; nothing where no tool can be sent. */
export function encodeTools(request: GenerateRequest, traits: UpstreamTraits, family: ModelFamily, context: CodecContext): JsonObject {
  const all = request.tools ?? []
  if (all.length === 0) return {}
  if (traits.tools === false) return withoutTools(request, context)
  const lost: { tool: VendorTool; index: number }[] = []
  const tools: NamedTool[] = []
  for (const [index, tool] of all.entries()) {
    const wire = encodeTool(tool, index, request, traits, context)
    if (wire) tools.push({ name: tool.name, wire })
    else if (tool.type === 'vendor') lost.push({ tool, index })
  }
  for (const { tool, index } of lost) dropVendorTool(tool, index, tools.length === 0, request.toolChoice, context)
  if (tools.length === 0) return {}
  const { offered, choice } = chosen(tools, request.toolChoice, traits, family, context)
  return {
    tools: offered.map(tool => tool.wire),
    ...(choice && { tool_choice: wireChoice(choice, all, traits) }),
    ...(request.parallelToolCalls === false && { parallel_tool_calls: false }),
  }
}

interface NamedTool {
  name?: string
  wire: JsonObject
}

/** Servers without function calling answer from what they know; where a call was asked for outright, that is no answer. */
function withoutTools({ toolChoice }: GenerateRequest, context: CodecContext): JsonObject {
  if (toolChoice && toolChoice.type !== 'auto' && toolChoice.type !== 'none')
    throw invalidField('tool_choice', 'asks for a tool call, and this upstream has none', 'unsupported_value')
  context.note({ action: 'dropped', field: 'tools', detail: 'the upstream calls no tools' })
  return {}
}

/** The choice in words that the upstream has: where one is missing, only what is meant is offered. */
function chosen(
  tools: NamedTool[],
  choice: ToolChoice | undefined,
  traits: UpstreamTraits,
  family: ModelFamily,
  context: CodecContext,
): { offered: NamedTool[]; choice: ToolChoice | undefined } {
  let offered = tools
  let made = choice
  const only = (names: readonly string[]) => {
    const kept = tools.filter(tool => tool.name !== undefined && names.includes(tool.name))
    if (kept.length > 0) offered = kept
    context.note({ action: 'approximated', field: 'tool_choice', detail: 'tools that are not allowed were left out' })
  }
  if (made?.type === 'allowed' && !family.openAi) {
    // Only OpenAI has the word; elsewhere the others are not offered at all.
    only(made.names)
    made = { type: made.mode }
  }
  if (made?.type === 'tool' && traits.namedChoice === false) {
    only([made.name])
    made = { type: 'required' }
  }
  if (made?.type === 'required' && traits.requiredChoice === 'auto') {
    const [sole, ...others] = offered
    if (sole?.name !== undefined && others.length === 0 && traits.namedChoice !== false)
      return { offered, choice: { type: 'tool', name: sole.name } }
    context.note({ action: 'approximated', field: 'tool_choice', detail: 'the upstream cannot be made to call a tool' })
    made = { type: 'auto' }
  }
  return { offered, choice: made }
}

function encodeTool(
  tool: Tool,
  index: number,
  { origin }: GenerateRequest,
  traits: UpstreamTraits,
  context: CodecContext,
): JsonObject | undefined {
  switch (tool.type) {
    case 'function':
      return { ...encodeFunction(tool, index, traits, context), ...(origin !== DIALECT && toolMark(tool, traits, context)) }
    case 'custom':
      return encodeCustom(tool)
    case 'vendor': {
      if (tool.origin === DIALECT) return tool.value
      const substitute = functionOfVendorTool(tool)
      return substitute && { type: 'function', function: substitute }
    }
  }
}

function encodeFunction(tool: FunctionTool, index: number, traits: UpstreamTraits, context: CodecContext): JsonObject {
  const { function: inner, [LEGACY]: _, ...outer } = tool.extensions?.[DIALECT] ?? {}
  const parameters = functionSchema(tool.parameters)
  // Vendors mean different things by strict: what would be refused for it is better sent without.
  const loose = tool.strict === true && !fitsStrict(parameters)
  if (loose)
    context.note({ action: 'approximated', field: `tools.${index}.strict`, detail: 'the schema is not strict in the sense of OpenAI' })
  const strict = loose ? false : tool.strict
  return {
    type: 'function',
    function: {
      name: tool.name,
      ...(tool.description && { description: tool.description }),
      parameters,
      ...(strict !== undefined && (strict || traits.strictFalse !== false) && { strict }),
      ...(isObject(inner) && inner),
    },
    ...outer,
  }
}

/** Where tools can end a prefix that is to be cached, the mark stands outside `function` (qwen.md §2.2). */
const toolMark = (tool: FunctionTool, { cacheControl, cacheMarks }: UpstreamTraits, context: CodecContext): JsonObject | undefined =>
  cacheControl && cacheMarks?.tools ? cacheMark(tool, { cache: 'cache_control', ttl: cacheMarks.ttl, context }) : undefined

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

/** Sets of tools that only their vendor can spell out (dialects.md §2.4.1). */
const TOOLSET = /^(computer|browser)_toolset_/

/** A tool that only its vendor can run is dropped while others remain, and refused where the answer would hang on it. */
function dropVendorTool(tool: VendorTool, index: number, alone: boolean, choice: ToolChoice | undefined, context: CodecContext): void {
  const field = tool.path ?? `tools.${index}`
  const names = [tool.name, tool.kind]
  const forced =
    (choice?.type === 'tool' && names.includes(choice.name)) ||
    (choice?.type === 'allowed' && choice.names.every(name => names.includes(name)))
  if (alone || forced || TOOLSET.test(tool.kind)) {
    const label = tool.name ?? tool.kind
    throw invalidField(field, `the tool ${JSON.stringify(label)} (${tool.kind}) cannot be run by this upstream`, 'unsupported_value')
  }
  context.note({ action: 'dropped', field, detail: tool.kind })
}

function wireChoice(choice: ToolChoice, tools: readonly Tool[], traits: UpstreamTraits): string | JsonObject {
  const named = (name: string): JsonObject =>
    tools.some(tool => tool.type === 'custom' && tool.name === name)
      ? { type: 'custom', custom: { name } }
      : { type: 'function', function: { name } }
  switch (choice.type) {
    case 'tool':
      return named(choice.name)
    case 'allowed':
      return { type: 'allowed_tools', allowed_tools: { mode: choice.mode, tools: choice.names.map(named) } }
    case 'required':
      return traits.requiredChoice ?? 'required'
    default:
      return choice.type
  }
}
