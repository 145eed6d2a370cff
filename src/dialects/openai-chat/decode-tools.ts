import { invalidField } from '../../core/errors.ts'
import {
  asObject,
  at,
  optionalArray,
  optionalBoolean,
  optionalEnum,
  optionalObject,
  optionalString,
  required,
  requiredArray,
  requiredObject,
  requiredString,
  unknownFields,
} from '../../core/fields.ts'
import { isObject, type JsonObject, type JsonValue } from '../../core/json.ts'
import type { CustomTool, FunctionTool, Tool, ToolChoice } from '../../ir/tools.ts'
import { readCacheMark } from './decode-content.ts'
import { DIALECT, ownExtensions } from './wire.ts'

/** Marks a tool that came in the older `functions`: its calls are answered in the older form. */
export const LEGACY = 'functions'

/** `tools` and the older `functions`; undefined where there are none. */
export function decodeTools(body: JsonObject): Tool[] | undefined {
  const tools = (optionalArray(body, 'tools') ?? []).map((tool, index) => decodeTool(tool, `tools.${index}`))
  for (const [index, value] of (optionalArray(body, 'functions') ?? []).entries()) {
    const path = `functions.${index}`
    const tool = decodeFunction(asObject(value, path), path)
    tools.push({ ...tool, extensions: ownExtensions({ ...tool.extensions?.[DIALECT], [LEGACY]: true }) })
  }
  return tools.length > 0 ? tools : undefined
}

function decodeTool(value: JsonValue, path: string): Tool {
  const wire = asObject(value, path)
  const type = optionalString(wire, 'type', path) ?? (isObject(wire.function) ? 'function' : required(at(path, 'type')))
  if (type === 'function') {
    // Some clients send the flat form of the Responses API here.
    const flat = wire.function === undefined && typeof wire.name === 'string'
    const tool = flat ? decodeFunction(wire, path) : decodeFunction(requiredObject(wire, 'function', path), at(path, 'function'))
    const rest = flat ? undefined : unknownFields(wire, new Set(['type', 'function']))
    return { ...tool, cache: readCacheMark(wire, path) ?? tool.cache, extensions: merged(tool.extensions?.[DIALECT], rest) }
  }
  if (type === 'custom') return decodeCustom(wire, path)
  return { type: 'vendor', origin: DIALECT, kind: type, name: optionalString(wire, 'name', path), value: wire }
}

const merged = (inner: JsonObject | undefined, outer: JsonObject | undefined) =>
  inner || outer ? ownExtensions({ ...outer, ...inner }) : undefined

const FUNCTION_MEMBERS = new Set(['type', 'name', 'description', 'parameters', 'strict', 'cache_control'])

function decodeFunction(wire: JsonObject, path: string): FunctionTool {
  const inner = unknownFields(wire, FUNCTION_MEMBERS)
  return {
    type: 'function',
    name: readName(wire, path),
    description: optionalString(wire, 'description', path) || undefined,
    parameters: optionalObject(wire, 'parameters', path),
    strict: optionalBoolean(wire, 'strict', path),
    cache: readCacheMark(wire, path),
    extensions: inner && ownExtensions({ function: inner }),
  }
}

function decodeCustom(wire: JsonObject, path: string): CustomTool {
  const field = at(path, 'custom')
  const custom = wire.custom === undefined && typeof wire.name === 'string' ? wire : requiredObject(wire, 'custom', path)
  return {
    type: 'custom',
    name: readName(custom, field),
    description: optionalString(custom, 'description', field) || undefined,
    format: optionalObject(custom, 'format', field),
    cache: readCacheMark(wire, path) ?? readCacheMark(custom, field),
    extensions: custom === wire ? undefined : ownExtensions(unknownFields(wire, new Set(['type', 'custom']))),
  }
}

function readName(wire: JsonObject, path: string): string {
  const name = requiredString(wire, 'name', path)
  if (name === '') throw invalidField(at(path, 'name'), 'must not be empty', 'invalid_value')
  return name
}

/** `tool_choice`, or the older `function_call`. */
export function decodeToolChoice(body: JsonObject): ToolChoice | undefined {
  if (body.tool_choice !== undefined && body.tool_choice !== null) return readChoice(body.tool_choice)
  const call = body.function_call
  if (call === undefined || call === null) return undefined
  if (call === 'auto' || call === 'none') return { type: call }
  if (isObject(call)) return { type: 'tool', name: readName(call, 'function_call') }
  throw invalidField('function_call', 'must be "none", "auto" or an object with a name', 'invalid_value')
}

function readChoice(value: JsonValue): ToolChoice {
  const path = 'tool_choice'
  if (value === 'auto' || value === 'none' || value === 'required') return { type: value }
  // "any" is Mistral's word for the same.
  if (value === 'any') return { type: 'required' }
  if (!isObject(value)) throw invalidField(path, 'must be "none", "auto", "required" or an object', 'invalid_value')
  const type = optionalEnum(value, 'type', ['function', 'custom', 'allowed_tools'], path) ?? required(at(path, 'type'))
  if (type === 'allowed_tools') return readAllowed(value)
  const named = value[type] === undefined && typeof value.name === 'string' ? value : requiredObject(value, type, path)
  return { type: 'tool', name: readName(named, at(path, type)) }
}

function readAllowed(choice: JsonObject): ToolChoice {
  const path = 'tool_choice.allowed_tools'
  const allowed = requiredObject(choice, 'allowed_tools', 'tool_choice')
  const mode = optionalEnum(allowed, 'mode', ['auto', 'required'], path) ?? 'auto'
  const names = requiredArray(allowed, 'tools', path).map((item, index) => {
    const field = `${path}.tools.${index}`
    const tool = asObject(item, field)
    const inner = isObject(tool.function) ? tool.function : isObject(tool.custom) ? tool.custom : tool
    return readName(inner, field)
  })
  return { type: 'allowed', mode, names }
}
