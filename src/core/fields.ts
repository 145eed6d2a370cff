import { invalidField } from './errors.ts'
import { isObject, type JsonObject, type JsonValue } from './json.ts'

/**
 * Readers for a caller's JSON: each takes the object, a key and the object's own path (`''` at the top, `messages.0` inside) and
 * throws an `invalid-request` that names the field. `null` counts as absent throughout, as it does at the vendors.
 */
type Path = string

export const at = (path: Path, key: string | number): Path => (path === '' ? String(key) : `${path}.${key}`)

const nameOf = (value: unknown): string => (value === null ? 'null' : Array.isArray(value) ? 'an array' : `a ${typeof value}`)

const wrong = (path: Path, wanted: string, value: unknown) => invalidField(path, `must be ${wanted}, not ${nameOf(value)}`, 'invalid_type')

export function required(path: Path): never {
  throw invalidField(path, 'is required', 'missing_required_parameter')
}

export function optionalString(from: JsonObject, key: string, path: Path = ''): string | undefined {
  const value = from[key]
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'string') throw wrong(at(path, key), 'a string', value)
  return value
}

export const requiredString = (from: JsonObject, key: string, path: Path = ''): string =>
  optionalString(from, key, path) ?? required(at(path, key))

export function optionalBoolean(from: JsonObject, key: string, path: Path = ''): boolean | undefined {
  const value = from[key]
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'boolean') throw wrong(at(path, key), 'a boolean', value)
  return value
}

export interface NumberLimits {
  min?: number
  max?: number
  integer?: boolean
}

export function optionalNumber(from: JsonObject, key: string, path: Path = '', limits: NumberLimits = {}): number | undefined {
  const value = from[key]
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'number') throw wrong(at(path, key), limits.integer ? 'an integer' : 'a number', value)
  // `1e999` parses as infinity, which would go on as null.
  if (!Number.isFinite(value)) throw invalidField(at(path, key), 'is out of range', 'invalid_value')
  if (limits.integer && !Number.isInteger(value)) throw invalidField(at(path, key), 'must be an integer', 'invalid_type')
  if (limits.min !== undefined && value < limits.min) throw invalidField(at(path, key), `must be at least ${limits.min}`, 'invalid_value')
  if (limits.max !== undefined && value > limits.max) throw invalidField(at(path, key), `must be at most ${limits.max}`, 'invalid_value')
  return value
}

export function optionalArray(from: JsonObject, key: string, path: Path = ''): JsonValue[] | undefined {
  const value = from[key]
  if (value === undefined || value === null) return undefined
  if (!Array.isArray(value)) throw wrong(at(path, key), 'an array', value)
  return value
}

export const requiredArray = (from: JsonObject, key: string, path: Path = ''): JsonValue[] =>
  optionalArray(from, key, path) ?? required(at(path, key))

export function optionalObject(from: JsonObject, key: string, path: Path = ''): JsonObject | undefined {
  const value = from[key]
  if (value === undefined || value === null) return undefined
  if (!isObject(value)) throw wrong(at(path, key), 'an object', value)
  return value
}

export const requiredObject = (from: JsonObject, key: string, path: Path = ''): JsonObject =>
  optionalObject(from, key, path) ?? required(at(path, key))

/** A value that must itself be an object, e.g. an array's item; `path` is its own. */
export function asObject(value: JsonValue | undefined, path: Path): JsonObject {
  if (!isObject(value)) throw wrong(path, 'an object', value)
  return value
}

export function optionalEnum<T extends string>(from: JsonObject, key: string, allowed: readonly T[], path: Path = ''): T | undefined {
  const value = optionalString(from, key, path)
  if (value === undefined) return undefined
  if (!(allowed as readonly string[]).includes(value)) {
    throw invalidField(at(path, key), `must be one of ${allowed.join(', ')}`, 'invalid_value')
  }
  return value as T
}

/** The members of `from` that `known` does not name: what travels on as an extension. Undefined where there are none. */
export function unknownFields(from: JsonObject, known: ReadonlySet<string>): JsonObject | undefined {
  let rest: JsonObject | undefined
  for (const key in from) {
    if (known.has(key) || from[key] === undefined) continue
    rest ??= {}
    rest[key] = from[key]
  }
  return rest
}
