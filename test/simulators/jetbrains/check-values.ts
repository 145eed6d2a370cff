import { isObject, type Json } from '../../checkers/json.ts'
import { refuse } from './refuse.ts'

/** Fields that must be there, each text, and no others but `optional`. */
export function checkTexts(path: string, value: Json, fields: readonly string[], optional: readonly string[] = []): void {
  for (const field of fields) {
    if (value[field] === undefined) refuse(`Field '${field}' is required, but it was missing at path: ${path}`)
    if (typeof value[field] !== 'string') refuse(`Expected string literal at path: ${path}.${field}`)
  }
  onlyKnown(path, value, ['type', ...fields, ...optional])
}

export function onlyKnown(path: string, value: Json, known: readonly string[]): void {
  for (const name of Object.keys(value)) if (!known.includes(name)) refuse(`Encountered an unknown key '${name}' at path: ${path}`)
}

export function objectAt(path: string, value: unknown): Json {
  if (value === undefined) return refuse(`Field is required, but it was missing at path: ${path}`)
  return isObject(value) ? value : refuse(`Expected start of the object at path: ${path}`)
}

export function listAt(path: string, value: unknown): readonly unknown[] {
  if (value === undefined) return refuse(`Field is required, but it was missing at path: ${path}`)
  return Array.isArray(value) ? value : refuse(`Expected start of the array at path: ${path}`)
}
