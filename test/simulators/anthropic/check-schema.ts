import { isObject, type Json, objectsOf } from '../../checkers/json.ts'
import { refuse } from './refuse.ts'

const UNSUPPORTED = [
  ...['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf', 'minLength', 'maxLength', 'maxItems', 'uniqueItems'],
  ...[
    'minProperties',
    'maxProperties',
    'patternProperties',
    'propertyNames',
    'contains',
    'prefixItems',
    'oneOf',
    'not',
    'if',
    'then',
    'else',
  ],
]
const FORMATS = ['date-time', 'time', 'date', 'duration', 'email', 'hostname', 'uri', 'ipv4', 'ipv6', 'uuid']

/** The subset of JSON Schema that constrained decoding takes (dialects.md §2.5). */
export function checkConstrainedSchema(path: string, schema: unknown): void {
  checkReferences(path, schema)
  for (const node of nodesOf(schema)) checkNode(path, node)
}

function checkNode(path: string, node: Json): void {
  if (node.type === 'object' && node.additionalProperties !== false) {
    refuse(`${path}: For 'object' type, 'additionalProperties' must be explicitly set to false`)
  }
  for (const name of UNSUPPORTED) {
    if (node[name] !== undefined) refuse(`${path}: For '${node.type}' type, property '${name}' is not supported`)
  }
  if (typeof node.minItems === 'number' && node.minItems > 1) {
    refuse(`${path}: For 'array' type, 'minItems' values other than 0 or 1 are not supported`)
  }
  if (typeof node.format === 'string' && !FORMATS.includes(node.format)) refuse(`${path}: String format '${node.format}' is not supported`)
  if (Array.isArray(node.enum) && node.enum.some(value => typeof value === 'object' && value !== null))
    refuse(`${path}: Enum values of complex types are not supported`)
}

/** Every schema in a schema, itself first. */
function nodesOf(schema: unknown): Json[] {
  if (!isObject(schema)) return []
  const maps = [schema.properties, schema.$defs, schema.definitions].filter(isObject).flatMap(map => Object.values(map))
  const lists = [schema.anyOf, schema.allOf].flatMap(objectsOf)
  return [schema, ...[...maps, ...lists, schema.items].flatMap(nodesOf)]
}

function checkReferences(path: string, root: unknown): void {
  const follow = (node: unknown, trail: readonly string[]): void => {
    for (const { $ref: reference } of nodesOf(node)) {
      if (typeof reference !== 'string') continue
      if (!reference.startsWith('#')) refuse(`${path}: External $ref is not supported: ${reference}`)
      if (trail.includes(reference)) refuse(`${path}: Recursive schemas are not supported`)
      let at: unknown = root
      for (const step of reference.replace(/^#\/?/, '').split('/').filter(Boolean)) at = isObject(at) ? at[step] : undefined
      if (at === undefined) refuse(`${path}: $ref cannot be resolved: ${reference}`)
      if (trail.length < 20) follow(at, [...trail, reference])
    }
  }
  follow(root, [])
}

const MOST = { tools: 20, optional: 24, unions: 16 }

/** What all the schemas that one request has compiled may come to. */
export function checkSchemaBudget(body: Json): void {
  const strict = objectsOf(body.tools).filter(tool => tool.strict === true)
  if (strict.length > MOST.tools)
    refuse(`Too many strict tools (${strict.length}). The maximum number of strict tools supported is ${MOST.tools}.`)
  const format = isObject(body.output_config) && isObject(body.output_config.format) ? [body.output_config.format.schema] : []
  const nodes = [...strict.map(tool => tool.input_schema), ...format].flatMap(nodesOf)
  const optional = nodes.reduce((sum, node) => sum + optionalIn(node), 0)
  if (optional > MOST.optional) {
    refuse(`Schemas contain too many optional parameters (${optional}). Reduce their number (limit: ${MOST.optional}).`)
  }
  const unions = nodes.filter(node => Array.isArray(node.anyOf) || (Array.isArray(node.type) && node.type.length > 1)).length
  if (unions > MOST.unions) refuse(`Schemas contain too many parameters with union types (${unions}; limit: ${MOST.unions}).`)
}

function optionalIn({ properties, required }: Json): number {
  const named = Array.isArray(required) ? required : []
  return isObject(properties) ? Object.keys(properties).filter(name => !named.includes(name)).length : 0
}
