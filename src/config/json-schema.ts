import { isObject, type JsonObject, type JsonValue } from '../core/json.ts'
import { configSchema } from './schema.ts'

/** Members that are for us alone. */
const OWN = new Set(['secret', 'unit', 'least', 'aliases', 'anyCase', 'shorthand', 'listed', 'path', 'derived'])

/** Members whose own keys are names, not keywords. */
const NAMED = new Set(['properties', 'patternProperties'])

/** The config file's JSON Schema (draft 7), for editors and other tools. */
export function configJsonSchema(): JsonObject {
  const plain = JSON.parse(JSON.stringify(configSchema)) as JsonObject
  return { $schema: 'http://json-schema.org/draft-07/schema#', title: 'Dragoman configuration', ...(cleaned(plain) as JsonObject) }
}

function cleaned(schema: JsonValue): JsonValue {
  if (Array.isArray(schema)) return schema.map(cleaned)
  if (!isObject(schema)) return schema
  const result: JsonObject = {}
  for (const [key, value] of Object.entries(schema)) {
    if (value === undefined || OWN.has(key)) continue
    if (key === 'sample') result.examples = [value]
    else if (key === 'default' || key === 'const') result[key] = value
    else if (key === 'required') {
      const needed = neededOf(schema, value)
      if (needed.length > 0) result.required = needed
    } else if (NAMED.has(key) && isObject(value)) {
      result[key] = Object.fromEntries(Object.entries(value).map(([name, member]) => [name, cleaned(member ?? null)]))
    } else result[key] = cleaned(value)
  }
  return result
}

/** What has a default is always there once read, but nobody needs to write it. */
const neededOf = (schema: JsonObject, required: JsonValue): JsonValue[] =>
  (Array.isArray(required) ? required : []).filter(name => {
    const member = isObject(schema.properties) ? schema.properties[String(name)] : undefined
    return !(isObject(member) && 'default' in member)
  })
