import { invalidField } from '../../core/errors.ts'
import type { JsonObject } from '../../core/json.ts'
import type { Tool, ToolChoice, VendorTool } from '../../ir/tools.ts'
import { callersName } from './caller-fields.ts'
import type { Draft } from './draft.ts'
import { type Declaration, declare } from './tool-declaration.ts'

/** Tools, the choice between them and whether several may be called at once. @throws GatewayError `invalid-request` where what was asked for cannot be had */
export function encodeTools(draft: Draft): void {
  const { request, parameters, version, context } = draft
  const key = version.name === 'v7' ? 'functions' : 'tools'
  if (!request.tools || request.tools.length === 0) {
    if (parameters.allows(key)) declareCalled(draft)
    return
  }
  if (!parameters.allows(key)) {
    if (isForced(request.toolChoice))
      throw invalidField('tool_choice', 'asks for a tool call, and this model has none', 'unsupported_value')
    context.note({ action: 'dropped', field: 'tools', detail: 'this model calls no tools' })
    return
  }
  const usable = usableTools(request.tools, draft)
  if (version.name === 'v7') encodeFunctions(usable, draft)
  else encodeOffer(usable, draft)
}

interface Usable {
  declaration: Declaration
  path: string
}

const isForced = (choice: ToolChoice | undefined): boolean =>
  choice?.type === 'required' || choice?.type === 'tool' || (choice?.type === 'allowed' && choice.mode === 'required')

/** The tools that anybody can be told of. One that only its vendor can run is dropped while others remain, and refused where the answer would hang on it. */
function usableTools(tools: readonly Tool[], draft: Draft): Usable[] {
  const { request, context } = draft
  const usable: Usable[] = []
  const lost: { tool: VendorTool; path: string }[] = []
  for (const [index, tool] of tools.entries()) {
    const path = `tools.${index}`
    if (tool.type === 'vendor') lost.push({ tool, path: tool.path ?? path })
    else usable.push({ declaration: declare(tool, path, draft), path })
  }
  const choice = request.toolChoice
  for (const { tool, path } of lost) {
    const names = [tool.name, tool.kind]
    const forced =
      (choice?.type === 'tool' && names.includes(choice.name)) ||
      (choice?.type === 'allowed' && choice.names.every(name => names.includes(name)))
    if (usable.length === 0 || forced) {
      const label = tool.name ?? tool.kind
      throw invalidField(path, `the tool ${JSON.stringify(label)} (${tool.kind}) cannot be run by this upstream`, 'unsupported_value')
    }
    context.note({ action: 'dropped', field: path, detail: tool.kind })
  }
  return usable
}

/** Only the named tools are offered: the wire has no word for allowed ones. */
function only(tools: readonly Usable[], names: readonly string[], { context }: Draft): Usable[] {
  const kept = tools.filter(({ declaration }) => names.includes(declaration.name))
  if (kept.length === 0) throw invalidField('tool_choice', 'allows none of the tools in this request', 'invalid_value')
  if (kept.length < tools.length)
    context.note({ action: 'approximated', field: 'tool_choice', detail: 'tools that are not allowed were left out' })
  return kept
}

/** v8: `llm.parameters.tools`, with a wrapper around each schema. */
function encodeOffer(tools: readonly Usable[], draft: Draft): void {
  const { request, parameters, context } = draft
  const choice = request.toolChoice
  const offered = choice?.type === 'allowed' ? only(tools, choice.names, draft) : tools
  for (const { declaration, path } of offered) {
    if (declaration.strict) context.note({ action: 'approximated', field: `${path}.strict`, detail: 'the upstream has no strict tools' })
  }
  parameters.add(
    'tools',
    offered.map(({ declaration }) => wrapped(declaration)),
  )
  encodeChoice(choice?.type === 'allowed' ? { type: choice.mode } : choice, draft)
  if (request.parallelToolCalls !== false || choice?.type === 'none') return
  if (parameters.allows('parallel-tool-calls')) parameters.add('parallel-tool-calls', false)
  else context.note({ action: 'dropped', field: callersName('parallel_tool_calls', request) })
}

const wrapped = ({ name, description, schema }: Declaration): JsonObject => ({
  name,
  ...(description !== undefined && { description }),
  parameters: { schema },
})

/** Whoever takes tools takes a choice between them. `auto` is what holds without a word, so none is risked for it where the profile lists no such parameter. */
function encodeChoice(choice: ToolChoice | undefined, { parameters }: Draft): void {
  if (choice?.type === 'auto' && parameters.allows('tool-choice-auto')) parameters.add('tool-choice-auto', true)
  else if (choice?.type === 'none') parameters.add('tool-choice-none', true)
  else if (choice?.type === 'required') parameters.add('tool-choice-required', true)
  else if (choice?.type === 'tool') parameters.add('tool-choice-named', choice.name)
}

/** v7: functions in OpenAI's own form, and no choice: what must not be called is not offered. */
function encodeFunctions(tools: readonly Usable[], draft: Draft): void {
  const { request, parameters, context } = draft
  const choice = request.toolChoice
  if (request.parallelToolCalls === false && choice?.type !== 'none')
    context.note({ action: 'dropped', field: callersName('parallel_tool_calls', request) })
  if (choice?.type === 'none') return
  const names = choice?.type === 'allowed' ? choice.names : choice?.type === 'tool' ? [choice.name] : undefined
  const offered = names ? only(tools, names, draft) : tools
  if (isForced(choice)) context.note({ action: 'approximated', field: 'tool_choice', detail: 'the upstream cannot be made to call a tool' })
  parameters.add(
    'functions',
    offered.map(({ declaration: { name, description, schema, strict } }) => ({
      name,
      ...(description !== undefined && { description }),
      parameters: schema,
      ...(strict !== undefined && { strict }),
    })),
  )
}

/** Claude refuses calls in the history without any tool declared; the declared ones must not be called. */
function declareCalled({ request, family, version, parameters }: Draft): void {
  if (family.name !== 'anthropic' || version.name === 'v7') return
  const names = new Set(request.messages.flatMap(({ content }) => content.flatMap(part => (part.type === 'tool-call' ? [part.name] : []))))
  if (names.size === 0) return
  parameters.add(
    'tools',
    [...names].map(name => wrapped({ name, schema: { type: 'object', properties: {} } })),
  )
  parameters.add('tool-choice-none', true)
}
