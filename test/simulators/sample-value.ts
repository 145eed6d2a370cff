import { isObject, type Json } from '../checkers/json.ts'

/** A value that fits a JSON Schema, as a model under constrained decoding would write one. */
export function sampleValue(schema: unknown, root: unknown = schema, depth = 0): unknown {
  if (!isObject(schema) || depth > 8) return null
  if (typeof schema.$ref === 'string') return sampleValue(resolve(schema.$ref, root), root, depth + 1)
  if ('const' in schema) return schema.const
  if (Array.isArray(schema.enum)) return schema.enum[0]
  for (const union of [schema.anyOf, schema.oneOf, schema.allOf]) {
    if (Array.isArray(union) && schema.properties === undefined) return sampleValue(union[0], root, depth + 1)
  }
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type
  if (type === 'object' || schema.properties !== undefined) return sampleObject(schema, root, depth)
  if (type === 'array') return schema.items === undefined ? [] : [sampleValue(schema.items, root, depth + 1)]
  if (type === 'number' || type === 'integer') return typeof schema.minimum === 'number' ? schema.minimum : 1
  if (type === 'boolean') return true
  return type === 'null' ? null : 'sample'
}

function sampleObject(schema: Json, root: unknown, depth: number): Json {
  const sample: Json = {}
  for (const [name, member] of Object.entries(isObject(schema.properties) ? schema.properties : {})) {
    sample[name] = sampleValue(member, root, depth + 1)
  }
  return sample
}

function resolve(reference: string, root: unknown): unknown {
  let at: unknown = root
  for (const step of reference.replace(/^#\/?/, '').split('/').filter(Boolean)) at = isObject(at) ? at[step] : undefined
  return at
}
