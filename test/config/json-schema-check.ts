import { isObject, type JsonObject, type JsonValue } from '../../src/core/json.ts'

const TYPES: Record<string, (value: JsonValue) => boolean> = {
  string: value => typeof value === 'string',
  number: value => typeof value === 'number',
  integer: value => Number.isInteger(value),
  boolean: value => typeof value === 'boolean',
  object: isObject,
  array: Array.isArray,
}

/** The keywords of draft 7 that may stand in our schema, and what each must hold. */
const KEYWORDS: Record<string, (value: JsonValue) => boolean> = {
  $schema: value => typeof value === 'string',
  title: value => typeof value === 'string',
  description: value => typeof value === 'string',
  type: value => typeof value === 'string' && value in TYPES,
  properties: isObject,
  patternProperties: isObject,
  additionalProperties: value => typeof value === 'boolean',
  required: value => Array.isArray(value) && value.every(name => typeof name === 'string') && new Set(value).size === value.length,
  items: isObject,
  anyOf: value => Array.isArray(value) && value.length > 0,
  const: () => true,
  default: () => true,
  examples: Array.isArray,
  minimum: value => typeof value === 'number',
  maximum: value => typeof value === 'number',
  minLength: value => Number.isInteger(value),
  pattern: value => typeof value === 'string' && new RegExp(value) !== undefined,
}

/** Every schema within `schema`, itself first. */
function* schemasOf(schema: JsonObject): Generator<JsonObject> {
  yield schema
  const inner: JsonValue[] = []
  for (const named of [schema.properties, schema.patternProperties])
    if (isObject(named)) inner.push(...(Object.values(named) as JsonValue[]))
  if (Array.isArray(schema.anyOf)) inner.push(...schema.anyOf)
  if (schema.items !== undefined) inner.push(schema.items)
  for (const each of inner) {
    if (!isObject(each)) throw new Error('a schema must be an object')
    yield* schemasOf(each)
  }
}

/** What in `schema` is not of draft 7, as far as we use it. */
export const metaFaults = (schema: JsonObject): string[] =>
  [...schemasOf(schema)].flatMap(each =>
    Object.entries(each).flatMap(([key, value]) =>
      value !== undefined && KEYWORDS[key]?.(value) ? [] : [`${key}: ${JSON.stringify(value)}`],
    ),
  )

/** Where `value` breaks `schema`. */
export function faultsOf(schema: JsonObject, value: JsonValue, path = '$'): string[] {
  const faults: string[] = []
  const { type, pattern, minimum, maximum, minLength, anyOf, required, properties, patternProperties, items } = schema
  if (typeof type === 'string' && !TYPES[type]?.(value)) return [`${path}: must be ${type}`]
  if ('const' in schema && schema.const !== value) faults.push(`${path}: must be ${schema.const}`)
  if (typeof value === 'string' && typeof pattern === 'string' && !new RegExp(pattern).test(value)) faults.push(`${path}: pattern`)
  if (typeof value === 'string' && typeof minLength === 'number' && value.length < minLength) faults.push(`${path}: length`)
  if (typeof value === 'number' && typeof minimum === 'number' && value < minimum) faults.push(`${path}: minimum`)
  if (typeof value === 'number' && typeof maximum === 'number' && value > maximum) faults.push(`${path}: maximum`)
  if (Array.isArray(anyOf) && !anyOf.some(each => isObject(each) && faultsOf(each, value, path).length === 0)) faults.push(`${path}: anyOf`)
  if (Array.isArray(value) && isObject(items)) faults.push(...value.flatMap((item, index) => faultsOf(items, item, `${path}.${index}`)))
  if (isObject(value)) {
    for (const name of Array.isArray(required) ? required : []) if (!(String(name) in value)) faults.push(`${path}.${name}: required`)
    const [values] = isObject(patternProperties) ? Object.values(patternProperties) : []
    for (const [key, member] of Object.entries(value)) {
      const known = isObject(properties) ? properties[key] : values
      if (isObject(known)) faults.push(...faultsOf(known, member ?? null, `${path}.${key}`))
      else if (schema.additionalProperties === false) faults.push(`${path}.${key}: unknown`)
    }
  }
  return faults
}
