import { isObject, type Json } from '../../checkers/json.ts'
import type { Parameters } from './check-parameters.ts'
import { listAt, objectAt, onlyKnown } from './check-values.ts'
import type { Family } from './families.ts'
import { refuse } from './refuse.ts'

export interface OfferedTool {
  name: string
  schema: Json
}

const CHOICES = ['auto', 'none', 'required', 'named'].map(name => `llm.parameters.tool-choice-${name}`)

/** The tools of v8 (`tools`, schema wrapped) or v7 (`functions`, schema bare). @throws Refusal */
export function checkTools(parameters: Parameters, family: Family): OfferedTool[] {
  const wrapped = parameters.get('llm.parameters.tools')
  const bare = parameters.get('llm.parameters.functions')
  const tools = [
    ...(wrapped === undefined ? [] : listAt('tools', wrapped).map((tool, at) => readTool(`tools[${at}]`, tool, family, true))),
    ...(bare === undefined ? [] : listAt('functions', bare).map((tool, at) => readTool(`functions[${at}]`, tool, family, false))),
  ]
  const names = new Set(tools.map(tool => tool.name))
  if (names.size < tools.length) refuse('Tool names must be unique')
  if (family.vendor === 'google') for (const { name, schema } of tools) refuseReferences(name, schema)
  checkChoice(parameters, names)
  return tools
}

function readTool(path: string, given: unknown, { toolName }: Family, wrapped: boolean): OfferedTool {
  const tool = objectAt(path, given)
  onlyKnown(path, tool, ['name', 'description', 'parameters', ...(wrapped ? [] : ['strict'])])
  const { name, description, parameters } = tool
  if (typeof name !== 'string' || !toolName.test(name))
    return refuse(`${path}.name: ${JSON.stringify(name)} does not match ${toolName.source}`)
  if (description !== undefined && typeof description !== 'string') refuse(`${path}.description: expected a string`)
  const holder = objectAt(`${path}.parameters`, parameters)
  if (wrapped) onlyKnown(`${path}.parameters`, holder, ['schema'])
  return { name, schema: wrapped ? objectAt(`${path}.parameters.schema`, holder.schema) : holder }
}

/** Gemini knows no `$schema`, `$id`, `$defs`, `$ref`. */
function refuseReferences(tool: string, value: unknown): void {
  if (Array.isArray(value)) for (const member of value) refuseReferences(tool, member)
  if (!isObject(value)) return
  for (const [name, member] of Object.entries(value)) {
    if (name.startsWith('$')) refuse(`Invalid JSON payload received. Unknown name "${name}" at 'tools.${tool}'`)
    refuseReferences(tool, member)
  }
}

function checkChoice(parameters: Parameters, names: ReadonlySet<string>): void {
  const made = CHOICES.filter(name => parameters.has(name) && parameters.get(name) !== false)
  if (made.length > 1) refuse(`Only one tool choice can be made, got ${made.join(' and ')}`)
  const dependent = [...made, ...(parameters.has('llm.parameters.parallel-tool-calls') ? ['llm.parameters.parallel-tool-calls'] : [])]
  if (dependent[0] !== undefined && names.size === 0) refuse(`${dependent[0]} is only allowed when tools are specified`)
  const forced = namedTool(parameters)
  if (forced !== undefined && !names.has(forced)) refuse(`Tool choice '${forced}' not found in tools`)
}

/** The tool that must be called; it comes as its bare name or as OpenAI's `tool_choice` object. */
export function namedTool(parameters: Parameters): string | undefined {
  const choice = parameters.get('llm.parameters.tool-choice-named')
  if (choice === undefined) return undefined
  if (typeof choice === 'string') return choice
  const { function: target, name } = objectAt('tool-choice-named', choice)
  const said = isObject(target) ? target.name : name
  return typeof said === 'string' ? said : refuse('tool-choice-named: a name is required')
}
