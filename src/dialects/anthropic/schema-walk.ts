import { isObject, type JsonObject, type JsonValue } from '../../core/json.ts'

/** Keywords whose value is a schema, a list of schemas, or a map of them. Only these positions are walked: a property may be named like a keyword. */
const ONE = ['items', 'not', 'contains', 'additionalProperties', 'propertyNames', 'if', 'then', 'else']
export const UNIONS = ['anyOf', 'oneOf', 'allOf'] as const
const LISTS = [...UNIONS, 'prefixItems']
const MAPS = ['properties', '$defs', 'definitions', 'patternProperties', 'dependentSchemas']

/** The schema with `visit` done to it and to every schema within; what `visit` returns is walked on. */
export function mapSchemas(node: JsonObject, visit: (node: JsonObject) => JsonObject): JsonObject {
  const result = { ...visit(node) }
  const into = (value: JsonValue | undefined): JsonValue | undefined => (isObject(value) ? mapSchemas(value, visit) : value)
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

/** Every schema in a schema, itself first. */
export function schemasIn(schema: JsonObject): JsonObject[] {
  const found: JsonObject[] = []
  mapSchemas(schema, node => {
    found.push(node)
    return node
  })
  return found
}

export const isObjectSchema = (node: JsonObject): boolean => node.type === 'object' || isObject(node.properties)

/** The names in `required` and its like. */
export const namesIn = (value: JsonValue | undefined): string[] =>
  Array.isArray(value) ? value.filter(name => typeof name === 'string') : []

/** What a local reference (`#/$defs/x`) points to; undefined where that is nothing, or elsewhere. */
export function referenced(reference: string, root: JsonObject): JsonObject | undefined {
  if (!reference.startsWith('#')) return undefined
  let at: JsonValue | undefined = root
  for (const step of reference.slice(1).split('/').filter(Boolean)) {
    at = isObject(at) ? at[step.replaceAll('~1', '/').replaceAll('~0', '~')] : undefined
  }
  return isObject(at) ? at : undefined
}
