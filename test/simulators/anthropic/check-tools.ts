import { isObject, type Json } from '../../checkers/json.ts'
import { checkConstrainedSchema } from './check-schema.ts'
import type { ModelRules } from './model-rules.ts'
import { checkOneOf, checkString, onlyKnown, refuse, required } from './refuse.ts'

const NAME = /^[a-zA-Z0-9_-]{1,64}$/
const CUSTOM_FIELDS = [
  ...[
    'type',
    'name',
    'description',
    'input_schema',
    'cache_control',
    'strict',
    'defer_loading',
    'allowed_callers',
    'eager_input_streaming',
  ],
  'input_examples',
]
/** Tools that only the vendor knows, by the beginning of their type. */
const VENDOR_TOOL = new RegExp(
  '^(bash|text_editor|computer|memory|web_search|web_fetch|code_execution|tool_search_tool|advisor|mcp_toolset|' +
    'computer_toolset|browser_toolset)(_|$)',
)

export function checkTools(body: Json, rules: ModelRules): void {
  const { tools, tool_choice: choice } = body
  if (tools !== undefined && !Array.isArray(tools)) return refuse('tools: Input should be a valid list')
  const names = (tools ?? []).map((tool, index) => checkTool(`tools.${index}`, tool, rules)).filter(name => name !== '')
  if (new Set(names).size < names.length) refuse('tools: Tool names must be unique.')
  if (choice === undefined) return
  if (!tools || tools.length === 0) refuse('tool_choice: may only be specified while providing tools')
  checkChoice(choice, names, rules)
}

function checkTool(path: string, tool: unknown, rules: ModelRules): string {
  if (!isObject(tool)) return refuse(`${path}: Input should be an object`)
  const type = tool.type ?? 'custom'
  if (type !== 'custom') {
    if (typeof type !== 'string' || !VENDOR_TOOL.test(type))
      refuse(`${path}: Input tag '${type}' found using 'type' does not match any of the expected tags`)
    return typeof tool.name === 'string' ? tool.name : ''
  }
  const at = `${path}.custom`
  checkString(`${at}.name`, tool.name)
  if (!NAME.test(tool.name)) refuse(`${at}.name: String should match pattern '${NAME.source}'`)
  onlyKnown(at, tool, CUSTOM_FIELDS)
  if (tool.description !== undefined) checkString(`${at}.description`, tool.description)
  if (tool.strict === true && !rules.structuredOutputs) refuse(`${at}.strict: strict tools are not supported on this model`)
  checkSchema(`${at}.input_schema`, tool)
  if (tool.defer_loading === true && tool.cache_control) refuse(`${at}: cache_control cannot be set on a tool with defer_loading`)
  return tool.name
}

function checkSchema(path: string, { input_schema: schema, strict }: Json): void {
  if (schema === undefined) required(path)
  if (!isObject(schema)) return refuse(`${path}: Input should be an object`)
  for (const union of ['oneOf', 'allOf', 'anyOf']) {
    if (schema[union] !== undefined) refuse(`${path}: input_schema does not support oneOf, allOf, or anyOf at the top level`)
  }
  checkOneOf(`${path}.type`, schema.type, ['object'])
  if (strict === true) checkConstrainedSchema(path, schema)
}

const CHOICE_FIELDS: Record<string, readonly string[]> = {
  auto: ['type', 'disable_parallel_tool_use'],
  any: ['type', 'disable_parallel_tool_use'],
  tool: ['type', 'name', 'disable_parallel_tool_use'],
  none: ['type'],
}

function checkChoice(choice: unknown, names: readonly string[], rules: ModelRules): void {
  if (!isObject(choice)) return refuse('tool_choice: Input should be an object')
  checkOneOf('tool_choice.type', choice.type, Object.keys(CHOICE_FIELDS))
  const { type, disable_parallel_tool_use: single } = choice
  onlyKnown(`tool_choice.${type}`, choice, CHOICE_FIELDS[type] ?? [])
  if (single !== undefined && typeof single !== 'boolean')
    refuse(`tool_choice.${type}.disable_parallel_tool_use: Input should be a valid boolean`)
  if ((type === 'any' || type === 'tool') && !rules.forcedTools) refuse(`tool_choice: type "${type}" is not supported on this model`)
  if (type !== 'tool') return
  checkString('tool_choice.tool.name', choice.name)
  if (!names.includes(choice.name)) refuse(`Tool '${choice.name}' not found in provided tools`)
}
