import { isObject, type JsonObject, type JsonValue } from '../../core/json.ts'

/** Members that hold one schema, a list of them, or schemas by name. Everything else is no schema, whatever it looks like (dialects.md §2.4.2). */
const ONE = ['items', 'additionalProperties', 'not']
const LISTS = ['anyOf', 'oneOf', 'allOf', 'prefixItems']
const NAMED = ['properties', '$defs', 'definitions']

function innerSchemas(schema: JsonObject): JsonObject[] {
  const lists = LISTS.flatMap(key => schema[key] ?? [])
  const named = NAMED.flatMap(key => (isObject(schema[key]) ? Object.values(schema[key]) : []))
  return [...ONE.map(key => schema[key]), ...lists, ...named].filter(isObject)
}

const isType = (schema: JsonObject, type: string): boolean =>
  schema.type === type || (Array.isArray(schema.type) && schema.type.includes(type))

/** Whether OpenAI takes the schema as `strict`: every object closed, and all of its properties required. */
export function fitsStrict(schema: JsonObject): boolean {
  if (isType(schema, 'object')) {
    const required = Array.isArray(schema.required) ? schema.required : []
    const names = isObject(schema.properties) ? Object.keys(schema.properties) : []
    if (schema.additionalProperties !== false || names.some(name => !required.includes(name))) return false
  }
  return innerSchemas(schema).every(fitsStrict)
}

/** The schema with `items` on every array, without which OpenAI refuses it; the same object where nothing is missing. */
export function withItems(schema: JsonObject): JsonObject {
  let copy: JsonObject | undefined
  const set = (key: string, value: JsonValue) => {
    copy ??= { ...schema }
    copy[key] = value
  }
  if (isType(schema, 'array') && schema.items === undefined && schema.prefixItems === undefined) set('items', {})
  const mended = (value: JsonValue): JsonValue => (isObject(value) ? withItems(value) : value)
  for (const key of [...ONE, ...LISTS, ...NAMED]) {
    const value = schema[key]
    if (value === undefined || value === null) continue
    if (ONE.includes(key)) {
      const inner = mended(value)
      if (inner !== value) set(key, inner)
    } else if (Array.isArray(value)) {
      const inner = value.map(mended)
      if (inner.some((item, index) => item !== value[index])) set(key, inner)
    } else if (isObject(value) && NAMED.includes(key)) {
      const inner = Object.entries(value).map(([name, item]) => [name, mended(item as JsonValue)] as const)
      if (inner.some(([name, item]) => item !== value[name])) set(key, Object.fromEntries(inner))
    }
  }
  return copy ?? schema
}

/** A function's schema as OpenAI takes it: whole, an object at its root, arrays with `items`. */
export function functionSchema(schema: JsonObject | undefined): JsonObject {
  if (!schema) return { type: 'object', properties: {} }
  const whole = withItems(schema)
  if (whole.type === 'object' && whole.properties !== undefined) return whole
  if (whole.type !== undefined && whole.type !== 'object') return whole
  return { type: 'object', ...(whole.anyOf === undefined && whole.$ref === undefined && { properties: {} }), ...whole }
}
