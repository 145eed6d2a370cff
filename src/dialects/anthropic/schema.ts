import { isObject, type JsonObject } from '../../core/json.ts'
import { isClosed, isUnbounded } from './schema-limits.ts'
import { isObjectSchema, mapSchemas, namesIn, referenced, UNIONS } from './schema-walk.ts'

const FORMATS = new Set(['date-time', 'time', 'date', 'duration', 'email', 'hostname', 'uri', 'ipv4', 'ipv6', 'uuid'])

/** Keywords that structured outputs do not take (dialects.md §2.5). What they say is told in words. */
const UNENFORCED = [
  ...['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf', 'minLength', 'maxLength', 'pattern'],
  ...['maxItems', 'uniqueItems', 'prefixItems', 'contains', 'minContains', 'maxContains', 'unevaluatedItems'],
  ...['minProperties', 'maxProperties', 'patternProperties', 'propertyNames', 'unevaluatedProperties'],
  ...['dependentRequired', 'dependentSchemas', 'dependencies', 'not', 'if', 'then', 'else', 'contentEncoding', 'contentMediaType'],
]

/** A schema as structured outputs take it: closed objects, limits as words in the description. `changed` lists the keywords touched. */
export function outputSchema(schema: JsonObject): { schema: JsonObject; changed: string[] } {
  const changed = new Set<string>()
  const clean = mapSchemas(rootOf(schema), node => closeNode(node, changed))
  delete clean.$schema
  delete clean.$id
  return { schema: clean, changed: [...changed] }
}

/** Whether a tool's schema may be sent with `strict: true`. */
export const isStrictSchema = (schema: JsonObject): boolean =>
  isClosed(schema) && outputSchema(schema).changed.length === 0 && !isUnbounded(schema)

function closeNode(node: JsonObject, changed: Set<string>): JsonObject {
  const closed = { ...node }
  const said: string[] = []
  const say = (keyword: string): void => {
    said.push(`${keyword}: ${JSON.stringify(closed[keyword])}`)
    delete closed[keyword]
    changed.add(keyword)
  }
  for (const keyword of UNENFORCED) if (closed[keyword] !== undefined) say(keyword)
  if (typeof closed.minItems === 'number' && closed.minItems > 1) say('minItems')
  if (typeof closed.format === 'string' && !FORMATS.has(closed.format)) say('format')
  if (Array.isArray(closed.enum) && closed.enum.some(value => typeof value === 'object' && value !== null)) say('enum')
  if (said.length > 0) closed.description = [closed.description, `(${said.join(', ')})`].filter(Boolean).join(' ')
  if (Array.isArray(closed.oneOf)) {
    // Of alternatives that exclude each other one holds anyway.
    closed.anyOf = [...(Array.isArray(closed.anyOf) ? closed.anyOf : []), ...closed.oneOf]
    delete closed.oneOf
    changed.add('oneOf')
  }
  // Closed one by one, the parts of a whole would exclude each other.
  if (Array.isArray(closed.allOf) && closed.allOf.every(part => isObject(part) && isObjectSchema(part) && part.$ref === undefined)) {
    mergeBranches(closed, ['allOf'])
    closed.type = 'object'
  }
  if (isObjectSchema(closed) && closed.additionalProperties !== false) {
    if (closed.additionalProperties !== undefined) changed.add('additionalProperties')
    closed.additionalProperties = false
  }
  return closed
}

/**
 * A tool's parameters as `input_schema`: the whole schema, with an object at its root. Alternatives at the root are a 400, so that their
 * properties are put together; `merged` says so.
 */
export function inputSchema(parameters: JsonObject | undefined): { schema: JsonObject; merged: boolean } {
  const schema: JsonObject = rootOf({ ...parameters })
  delete schema.$schema
  const merged = UNIONS.some(key => Array.isArray(schema[key]))
  if (merged) mergeBranches(schema, UNIONS)
  return { schema: { ...schema, type: 'object', properties: isObject(schema.properties) ? schema.properties : {} }, merged }
}

/** Some generators put the whole schema behind a reference. */
function rootOf(schema: JsonObject): JsonObject {
  const target = typeof schema.$ref === 'string' ? referenced(schema.$ref, schema) : undefined
  if (!target) return schema
  const { $ref: _reference, ...rest } = schema
  return { ...rest, ...target }
}

function mergeBranches(schema: JsonObject, keys: readonly string[]): void {
  let properties: JsonObject = isObject(schema.properties) ? { ...schema.properties } : {}
  let required = namesIn(schema.required)
  for (const key of keys) {
    const list = schema[key]
    if (!Array.isArray(list)) continue
    const branches = list.filter(isObject)
    for (const branch of branches) if (isObject(branch.properties)) properties = { ...branch.properties, ...properties }
    const [first, ...others] = branches.map(branch => namesIn(branch.required))
    // Alternatives demand only what all of them demand.
    const demanded =
      key === 'allOf'
        ? branches.flatMap(branch => namesIn(branch.required))
        : (first ?? []).filter(name => others.every(other => other.includes(name)))
    required = [...new Set([...required, ...demanded])]
    delete schema[key]
  }
  schema.properties = properties
  if (required.length > 0) schema.required = required
}

/** Whether a schema is one of an object: nothing else can be a tool's input. */
export const isObjectAtRoot = (schema: JsonObject): boolean => isObjectSchema(rootOf(schema))
