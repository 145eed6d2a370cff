import { invalidField } from '../../core/errors.ts'
import { isObject, type JsonObject } from '../../core/json.ts'
import type { GenerateRequest } from '../../ir/request.ts'
import type { CustomTool, FunctionTool, Tool, ToolChoice } from '../../ir/tools.ts'
import type { CodecContext } from '../dialect.ts'
import type { Capabilities } from './capabilities.ts'
import { encodeCacheMark } from './encode-content.ts'
import { inputSchema, isStrictSchema } from './schema.ts'
import type { SchemaBudget } from './schema-limits.ts'
import { DEFERRED_TOOLS, type Turn } from './wire.ts'

export interface EncodedTools {
  tools?: JsonObject[]
  tool_choice?: JsonObject
}

/** `tools` and `tool_choice` (dialects.md §2.4). @throws GatewayError `invalid-request` where a tool that was asked for cannot be had. */
export function encodeTools(
  request: GenerateRequest,
  messages: readonly Turn[],
  capabilities: Capabilities,
  budget: SchemaBudget,
  context: CodecContext,
): EncodedTools {
  const usable = usableTools(request, context)
  const strictness = capabilities.structuredOutputs ? budget : undefined
  const tools = usable.map(({ tool, index }) => encodeTool(tool, `tools.${index}`, strictness, context))
  const deferred = request.extensions?.anthropic?.[DEFERRED_TOOLS]
  if (Array.isArray(deferred)) tools.push(...deferred.filter(isObject))
  if (tools.length === 0) return stubTools(messages)
  const choice = encodeToolChoice(request, capabilities)
  return choice ? { tools, tool_choice: choice } : { tools }
}

/** With one more tool that has to be called: in place of an answer in words, so that the client's own tools may be called instead. */
export function withAnswerTool({ tools = [], tool_choice: choice }: EncodedTools, tool: JsonObject & { name: string }): EncodedTools {
  const others = tools.length > 0 && choice?.type !== 'none'
  const forced: JsonObject = others ? { type: 'any' } : { type: 'tool', name: tool.name }
  return { tools: [...tools, tool], tool_choice: { ...forced, disable_parallel_tool_use: true } }
}

interface Usable {
  tool: Tool
  index: number
}

function usableTools(request: GenerateRequest, context: CodecContext): Usable[] {
  const all = (request.tools ?? []).map((tool, index) => ({ tool, index }))
  const ours = all.filter(({ tool }) => tool.type !== 'vendor' || tool.origin === 'anthropic')
  const foreign = all.filter(entry => !ours.includes(entry))
  for (const { tool, index } of foreign) {
    const name = tool.type === 'vendor' ? tool.kind : tool.name
    if (ours.length === 0) throw invalidField(`tools.${index}`, `the tool ${name} is not available with this model`, 'unsupported_value')
    const choice = request.toolChoice
    if (choice?.type === 'tool' && (choice.name === name || choice.name === tool.name)) {
      throw invalidField('tool_choice', `the tool ${name} is not available with this model`, 'unsupported_value')
    }
    context.note({ action: 'dropped', field: `tools.${index}`, detail: `${name} is not available here` })
  }
  return request.toolChoice?.type === 'allowed' ? allowedTools(ours, request.toolChoice, context) : ours
}

function allowedTools(tools: Usable[], choice: Extract<ToolChoice, { type: 'allowed' }>, context: CodecContext): Usable[] {
  const allowed = tools.filter(({ tool }) => tool.name !== undefined && choice.names.includes(tool.name))
  if (allowed.length === 0) throw invalidField('tool_choice', 'allows none of the tools in this request', 'invalid_value')
  if (allowed.length < tools.length) {
    context.note({
      action: 'approximated',
      field: 'tool_choice',
      detail: 'tools that are not allowed were left out, which renews the prompt cache',
    })
  }
  return allowed
}

/** Without a `budget` the model knows no strict tools. */
function encodeTool(tool: Tool, path: string, budget: SchemaBudget | undefined, context: CodecContext): JsonObject {
  if (tool.type === 'vendor') return tool.value
  const encoded = tool.type === 'custom' ? encodeCustomTool(tool) : encodeFunctionTool(tool, path, budget, context)
  // A mark on a deferred tool is a 400.
  if (tool.cache && encoded.defer_loading !== true) encoded.cache_control = encodeCacheMark(tool.cache, context)
  return encoded
}

function encodeFunctionTool(tool: FunctionTool, path: string, budget: SchemaBudget | undefined, context: CodecContext): JsonObject {
  const { schema, merged } = inputSchema(tool.parameters)
  if (merged)
    context.note({ action: 'approximated', field: `${path}.parameters`, detail: 'alternatives at the root of the schema were merged' })
  const encoded: JsonObject = { ...tool.extensions?.anthropic, name: tool.name }
  if (tool.description) encoded.description = tool.description
  encoded.input_schema = schema
  if (tool.strict === undefined) return encoded
  encoded.strict = tool.strict && isStrictSchema(schema) && budget?.take(schema, 'tool') === true
  if (encoded.strict !== tool.strict)
    context.note({ action: 'approximated', field: `${path}.strict`, detail: 'more than strict mode takes' })
  return encoded
}

/** A free-text tool as a function of one string; the client's encoder takes the string out again. */
function encodeCustomTool(tool: CustomTool): JsonObject {
  const format = formatText(tool.format)
  const description = [tool.description, format].filter(Boolean).join('\n\n')
  const schema: JsonObject = { type: 'object', properties: { input: { type: 'string' } }, required: ['input'] }
  return description === '' ? { name: tool.name, input_schema: schema } : { name: tool.name, description, input_schema: schema }
}

function formatText(format: JsonObject | undefined): string | undefined {
  if (!format || format.type === 'text') return undefined
  const grammar = isObject(format.grammar) ? format.grammar : format
  if (typeof grammar.definition !== 'string') return `The input must have this format: ${JSON.stringify(format)}`
  const syntax = typeof grammar.syntax === 'string' ? `${grammar.syntax} ` : ''
  return `The input must follow this ${syntax}grammar:\n${grammar.definition}`
}

/** Calls in the history are a 400 without any tool declared; the declared ones must not be called. */
function stubTools(messages: readonly Turn[]): EncodedTools {
  const names = new Set<string>()
  for (const { content } of messages) for (const block of content) if (block.type === 'tool_use') names.add(String(block.name))
  if (names.size === 0) return {}
  return { tools: [...names].map(name => ({ name, input_schema: { type: 'object', properties: {} } })), tool_choice: { type: 'none' } }
}

function encodeToolChoice(request: GenerateRequest, capabilities: Capabilities): JsonObject | undefined {
  const choice = choiceObject(request.toolChoice)
  const forced = choice?.type === 'any' || choice?.type === 'tool'
  if (forced && !capabilities.forcedTools) {
    throw invalidField('tool_choice', 'this model does not support a forced tool choice; use auto or none', 'unsupported_value')
  }
  if (request.parallelToolCalls !== false || choice?.type === 'none') return choice
  return { ...(choice ?? { type: 'auto' }), disable_parallel_tool_use: true }
}

function choiceObject(choice: ToolChoice | undefined): JsonObject | undefined {
  switch (choice?.type) {
    case undefined:
      return undefined
    case 'auto':
    case 'none':
      return { type: choice.type }
    case 'required':
      return { type: 'any' }
    case 'tool':
      return { type: 'tool', name: choice.name }
    case 'allowed':
      return { type: choice.mode === 'required' ? 'any' : 'auto' }
  }
}
