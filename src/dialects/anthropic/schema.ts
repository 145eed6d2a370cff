import { isObject, type JsonObject, type JsonValue } from '../../core/json.ts'

const FORMATS = new Set(['date-time', 'time', 'date', 'duration', 'email', 'hostname', 'uri', 'ipv4', 'ipv6', 'uuid'])

/** Keywords whose value is a schema, a list of schemas, or a map of them. Only these positions are walked: a property may be named like a keyword. */
const ONE = ['items', 'not', 'contains', 'additionalProperties', 'propertyNames', 'if', 'then', 'else']
const LISTS = ['anyOf', 'oneOf', 'allOf', 'prefixItems']
const MAPS = ['properties', '$defs', 'definitions', 'patternProperties', 'dependentSchemas']

/** Limits that structured outputs do not take (dialects.md §2.5). */
const LIMITS = [
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'multipleOf',
  'minLength',
  'maxLength',
  'pattern',
  'maxItems',
  'uniqueItems',
  'minProperties',
  'maxProperties',
]

/** A schema as structured outputs take it: closed objects, limits as words in the description. `changed` lists the keywords touched. */
export function outputSchema(schema: JsonObject): { schema: JsonObject; changed: string[] } {
  const changed = new Set<string>()
  const clean = walk(schema, node => closeNode(node, changed))
  delete clean.$schema
  return { schema: clean, changed: [...changed] }
}

/** Whether a tool's schema may be sent with `strict: true`. */
export function isStrictSchema(schema: JsonObject): boolean {
  const changed = new Set<string>()
  walk(schema, node => {
    if (isObjectSchema(node) && node.additionalProperties !== false) changed.add('additionalProperties')
    return closeNode(node, changed)
  })
  return changed.size === 0
}

const isObjectSchema = (node: JsonObject): boolean => node.type === 'object' || isObject(node.properties)

function closeNode(node: JsonObject, changed: Set<string>): JsonObject {
  const closed = { ...node }
  const said: string[] = []
  const say = (keyword: string): void => {
    said.push(`${keyword}: ${JSON.stringify(closed[keyword])}`)
    delete closed[keyword]
    changed.add(keyword)
  }
  for (const keyword of LIMITS) if (closed[keyword] !== undefined) say(keyword)
  if (typeof closed.minItems === 'number' && closed.minItems > 1) say('minItems')
  if (typeof closed.format === 'string' && !FORMATS.has(closed.format)) say('format')
  if (said.length > 0) closed.description = [closed.description, `(${said.join(', ')})`].filter(Boolean).join(' ')
  if (isObjectSchema(closed) && closed.additionalProperties !== false) {
    if (closed.additionalProperties !== undefined) changed.add('additionalProperties')
    closed.additionalProperties = false
  }
  return closed
}

function walk(node: JsonObject, visit: (node: JsonObject) => JsonObject): JsonObject {
  const result = visit(node)
  const into = (value: JsonValue | undefined): JsonValue | undefined => (isObject(value) ? walk(value, visit) : value)
  for (const key of ONE) if (isObject(result[key])) result[key] = into(result[key])
  for (const key of LISTS) {
    const list = result[key]
    if (Array.isArray(list)) result[key] = list.map(item => into(item) ?? item)
  }
  for (const key of MAPS) {
    const map = result[key]
    if (isObject(map)) result[key] = Object.fromEntries(Object.entries(map).map(([name, value]) => [name, into(value)]))
  }
  return result
}

/**
 * A tool's parameters as `input_schema`: the whole schema, with an object at its root. Alternatives at the root are a 400, so that their
 * properties are put together; `merged` says so.
 */
export function inputSchema(parameters: JsonObject | undefined): { schema: JsonObject; merged: boolean } {
  const schema: JsonObject = rootOf({ ...parameters })
  delete schema.$schema
  const merged = LISTS.slice(0, 3).some(key => Array.isArray(schema[key]))
  if (merged) mergeBranches(schema)
  return { schema: { ...schema, type: 'object', properties: isObject(schema.properties) ? schema.properties : {} }, merged }
}

/** Some generators put the whole schema behind a reference. */
function rootOf(schema: JsonObject): JsonObject {
  const match = typeof schema.$ref === 'string' ? /^#\/(\$defs|definitions)\/([^/]+)$/.exec(schema.$ref) : null
  const definitions = match && schema[match[1] as string]
  const target = isObject(definitions) && match ? definitions[match[2] as string] : undefined
  if (!isObject(target)) return schema
  const { $ref: _reference, ...rest } = schema
  return { ...rest, ...target }
}

function mergeBranches(schema: JsonObject): void {
  let properties: JsonObject = isObject(schema.properties) ? { ...schema.properties } : {}
  let required = names(schema.required)
  for (const key of ['anyOf', 'oneOf', 'allOf']) {
    const list = schema[key]
    if (!Array.isArray(list)) continue
    const branches = list.filter(isObject)
    for (const branch of branches) if (isObject(branch.properties)) properties = { ...branch.properties, ...properties }
    const [first, ...others] = branches.map(branch => names(branch.required))
    // Alternatives demand only what all of them demand.
    const demanded =
      key === 'allOf'
        ? branches.flatMap(branch => names(branch.required))
        : (first ?? []).filter(name => others.every(other => other.includes(name)))
    required = [...new Set([...required, ...demanded])]
    delete schema[key]
  }
  schema.properties = properties
  if (required.length > 0) schema.required = required
}

const names = (value: JsonValue | undefined): string[] => (Array.isArray(value) ? value.filter(name => typeof name === 'string') : [])
