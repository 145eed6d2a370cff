import { isObject, type JsonObject } from '../../core/json.ts'
import { isObjectSchema, namesIn, referenced, schemasIn } from './schema-walk.ts'

/** What one request may hold of schemas that Anthropic compiles: strict tools and the output format together (dialects.md §2.4.1, §2.5). */
const MOST = { tools: 20, optional: 24, unions: 16 }

interface SchemaCost {
  /** Properties that need not be there. */
  optional: number
  /** Schemas of more than one type. */
  unions: number
}

export function costOf(schema: JsonObject): SchemaCost {
  const cost = { optional: 0, unions: 0 }
  for (const node of schemasIn(schema)) {
    const required = new Set(namesIn(node.required))
    if (isObject(node.properties)) cost.optional += Object.keys(node.properties).filter(name => !required.has(name)).length
    if (Array.isArray(node.anyOf) || (Array.isArray(node.type) && node.type.length > 1)) cost.unions++
  }
  return cost
}

/** What is left of the limits while a request is put together. */
export class SchemaBudget {
  #left = { ...MOST }

  /** Whether a strict tool or (without `tool`) a format of this schema still fits; if so it is counted. */
  take(schema: JsonObject, kind: 'tool' | 'format'): boolean {
    const { optional, unions } = costOf(schema)
    const left = {
      tools: this.#left.tools - (kind === 'tool' ? 1 : 0),
      optional: this.#left.optional - optional,
      unions: this.#left.unions - unions,
    }
    if (Math.min(left.tools, left.optional, left.unions) < 0) return false
    this.#left = left
    return true
  }
}

/** Whether a schema refers to itself, or to what is not in it: neither can be compiled. */
export function isUnbounded(schema: JsonObject): boolean {
  const references = (node: JsonObject): string[] =>
    schemasIn(node).flatMap(({ $ref: reference }) => (typeof reference === 'string' ? [reference] : []))
  // What has been seen to end is not walked again, or shared definitions would cost exponential time.
  const bounded = new Set<string>()
  const endless = (reference: string, path: readonly string[]): boolean => {
    if (bounded.has(reference)) return false
    const target = path.includes(reference) ? undefined : referenced(reference, schema)
    if (!target) return true
    if (references(target).some(next => endless(next, [...path, reference]))) return true
    bounded.add(reference)
    return false
  }
  return references(schema).some(reference => endless(reference, []))
}

/** Whether every object says that it holds nothing more: strict tools must, and closing one for its author would change its meaning. */
export const isClosed = (schema: JsonObject): boolean =>
  schemasIn(schema).every(node => !isObjectSchema(node) || node.additionalProperties === false)
