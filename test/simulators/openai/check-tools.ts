import { isObject, type Json, objectsOf } from '../../checkers/json.ts'
import { checkCount, checkLength, emptyArray, missing, onlyKnown, refuse, wrongType, wrongValue } from './refuse.ts'

const NAME = /^[a-zA-Z0-9_-]+$/
const MAX_NAME = 64
const MAX_TOOLS = 128

/** `tools`, `tool_choice` and `parallel_tool_calls`. */
export function checkTools(body: Json): void {
  const { tools, tool_choice: choice, parallel_tool_calls: parallel } = body
  if (tools === undefined || tools === null) {
    for (const [name, value] of [
      ['tool_choice', choice],
      ['parallel_tool_calls', parallel],
    ] as const) {
      const rule = `Invalid value for '${name}': '${name}' is only allowed when 'tools' are specified.`
      if (value !== undefined && value !== 'none') refuse(rule, name)
    }
    return
  }
  if (!Array.isArray(tools)) return wrongType('tools', 'an array of objects', tools)
  if (tools.length === 0) emptyArray('tools')
  checkCount('tools', tools, MAX_TOOLS)
  for (const [index, tool] of tools.entries()) checkTool(`tools[${index}]`, tool)
  if (parallel !== undefined && typeof parallel !== 'boolean') wrongType('parallel_tool_calls', 'a boolean', parallel)
  if (choice !== undefined) checkChoice(choice, toolNames(tools))
}

export const toolNames = (tools: unknown): string[] =>
  objectsOf(tools).map(tool => {
    const target = tool.type === 'custom' ? tool.custom : tool.function
    return isObject(target) ? String(target.name) : ''
  })

function checkTool(path: string, tool: unknown): void {
  if (!isObject(tool)) return wrongType(path, 'an object', tool)
  const { type } = tool
  if (type === undefined) missing(`${path}.type`)
  if (type !== 'function' && type !== 'custom') return wrongValue(`${path}.type`, type, ['function', 'custom'])
  onlyKnown(path, tool, ['type', type])
  const target = tool[type]
  if (target === undefined) missing(`${path}.${type}`)
  if (!isObject(target)) return wrongType(`${path}.${type}`, 'an object', target)
  const fields = type === 'function' ? ['name', 'description', 'parameters', 'strict'] : ['name', 'description', 'format']
  onlyKnown(`${path}.${type}`, target, fields)
  checkName(`${path}.${type}.name`, target.name)
  const { description, parameters } = target
  if (description !== undefined && typeof description !== 'string') wrongType(`${path}.${type}.description`, 'a string', description)
  if (parameters !== undefined && parameters !== null) checkParameters(`${path}.function.parameters`, target)
}

export function checkName(path: string, name: unknown): void {
  if (name === undefined) missing(path)
  if (typeof name !== 'string') return wrongType(path, 'a string', name)
  checkLength(path, name, MAX_NAME)
  if (NAME.test(name)) return
  const pattern = `Expected a string that matches the pattern '${NAME.source}'.`
  refuse(`Invalid '${path}': string does not match pattern. ${pattern}`, path, 'invalid_value')
}

function checkParameters(path: string, target: Json): void {
  const { parameters, name } = target
  const fail = (detail: string): never => refuse(`Invalid schema for function '${name}': ${detail}`, path, 'invalid_function_parameters')
  if (!isObject(parameters)) return wrongType(path, 'an object', parameters)
  if (parameters.type !== 'object') {
    fail(`schema must be a JSON Schema of 'type: "object"', got 'type: ${JSON.stringify(parameters.type ?? null)}'.`)
  }
  checkSchema(parameters, [], target.strict === true, fail)
}

/** Rules of every schema, and of `strict` ones: closed objects whose properties are all required. */
export function checkSchema(schema: unknown, context: readonly string[], strict: boolean, fail: (detail: string) => never): void {
  if (!isObject(schema)) return
  const at = `In context=(${context.map(step => `'${step}'`).join(', ')}),`
  if (schema.type === 'array' && schema.items === undefined && schema.prefixItems === undefined) fail(`${at} array schema missing items.`)
  const properties = isObject(schema.properties) ? schema.properties : {}
  if (strict && schema.type === 'object') {
    if (schema.additionalProperties !== false) fail(`${at} 'additionalProperties' is required to be supplied and to be false.`)
    const required = Array.isArray(schema.required) ? schema.required : []
    const lacking = Object.keys(properties).find(name => !required.includes(name))
    if (lacking) fail(`${at} 'required' is required to be supplied and to include every key in properties. Missing '${lacking}'.`)
  }
  for (const [name, member] of Object.entries(properties)) checkSchema(member, [...context, 'properties', name], strict, fail)
  checkSchema(schema.items, [...context, 'items'], strict, fail)
  for (const union of ['anyOf', 'oneOf', 'allOf']) {
    for (const [index, member] of objectsOf(schema[union]).entries()) checkSchema(member, [...context, union, String(index)], strict, fail)
  }
  for (const [name, member] of Object.entries(isObject(schema.$defs) ? schema.$defs : {})) {
    checkSchema(member, [...context, '$defs', name], strict, fail)
  }
}

function checkChoice(choice: unknown, names: readonly string[]): void {
  if (typeof choice === 'string') {
    const modes = ['none', 'auto', 'required']
    if (!modes.includes(choice)) wrongValue('tool_choice', choice, modes)
    return
  }
  if (!isObject(choice)) return wrongType('tool_choice', "one of 'none', 'auto', 'required' or an object", choice)
  const { type } = choice
  if (type !== 'function' && type !== 'custom' && type !== 'allowed_tools') {
    return wrongValue('tool_choice.type', type, ['function', 'custom', 'allowed_tools'])
  }
  onlyKnown('tool_choice', choice, ['type', type])
  const target = choice[type]
  if (!isObject(target)) return missing(`tool_choice.${type}`)
  const wanted = type === 'allowed_tools' ? toolNames(target.tools) : [target.name]
  if (type === 'allowed_tools' && target.mode !== 'auto' && target.mode !== 'required') {
    wrongValue('tool_choice.allowed_tools.mode', target.mode, ['auto', 'required'])
  }
  for (const name of wanted) {
    if (!names.includes(String(name)))
      refuse(`Invalid value for 'tool_choice': no function named '${name}' was specified in 'tools'.`, 'tool_choice')
  }
}
