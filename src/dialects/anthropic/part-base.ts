import { at, optionalObject, optionalString, unknownFields } from '../../core/fields.ts'
import type { JsonObject } from '../../core/json.ts'
import type { CacheMark, PartBase } from '../../ir/message.ts'

/** `cache_control` as a mark; undefined where there is none. */
export function cacheMark(from: JsonObject, path: string): CacheMark | undefined {
  const control = optionalObject(from, 'cache_control', path)
  if (!control) return undefined
  const ttl = optionalString(control, 'ttl', at(path, 'cache_control'))
  return ttl === undefined ? {} : { ttl }
}

/** What every part has: its cache mark, and the members that `known` does not name. */
export function partBase(block: JsonObject, known: ReadonlySet<string>, path: string): PartBase {
  const base: PartBase = {}
  const cache = cacheMark(block, path)
  if (cache) base.cache = cache
  const rest = unknownFields(block, known)
  if (rest) base.extensions = { anthropic: rest }
  return base
}
