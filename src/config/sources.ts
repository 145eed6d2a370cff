import { isObject, type JsonObject, type JsonValue } from '../core/json.ts'
import type { Position } from './jsonc.ts'
import { type Path, type Problem, pathText } from './problem.ts'
import type { Places } from './read.ts'

/** Where a value was set: a flag, a variable, a file, or nowhere. */
export interface Source {
  text: string
  file?: string
  /** Whether the origin of a value says its position too. */
  isPlaced?: boolean
  position?(path: Path, key: boolean): Position
}

const DEFAULT: Source = { text: 'default' }

/** The values that were set, each with its source. Sources are assigned from the weakest to the strongest. */
export class Settings {
  readonly raw: JsonObject = Object.create(null)
  readonly #owners = new Map<string, Source>()

  /** Sets the value at `path`; objects on the way are made, an object's members set one by one where `merge` says so. */
  assign(path: Path, value: JsonValue, source: Source, merge = false): void {
    if (merge && isObject(value)) {
      for (const [key, member] of Object.entries(value)) if (member !== undefined) this.assign([...path, key], member, source)
      return
    }
    let holder = this.raw
    for (const key of path.slice(0, -1)) {
      const inner = holder[key]
      const next: JsonObject = isObject(inner) ? inner : Object.create(null)
      holder[key] = next
      holder = next
    }
    const key = path.at(-1)
    if (key === undefined) return
    holder[key] = value
    const name = pathText(path)
    for (const owned of this.#owners.keys()) if (owned.startsWith(`${name}.`)) this.#owners.delete(owned)
    this.#owners.set(name, source)
  }

  /** Says more exactly where a part of something set comes from. */
  attribute(path: Path, source: Source): void {
    this.#owners.set(pathText(path), source)
  }

  /** Whether something was set at `path`, or something short stands for what is there. */
  has(path: Path): boolean {
    let value: JsonValue | undefined = this.raw
    for (const key of path) {
      if (value === undefined || value === null) return false
      if (typeof value !== 'object') return true
      value = Array.isArray(value) ? value[Number(key)] : value[key]
    }
    return value !== undefined && value !== null
  }

  #owner(path: Path): Source | undefined {
    for (let length = path.length; length > 0; length--) {
      const owner = this.#owners.get(pathText(path.slice(0, length)))
      if (owner) return owner
    }
    return undefined
  }

  /** Whoever set the value at `path`, or the thing around it. */
  sourceOf(path: Path): Source {
    return this.#owner(path) ?? DEFAULT
  }

  problem(path: Path, message: string, more: { suggestion?: string; key?: boolean; leftOut?: boolean } = {}): Problem {
    const source = this.sourceOf(path)
    const place = source.position?.(path, more.key ?? false)
    return {
      ...(source.file === undefined ? source !== DEFAULT && { source: source.text } : { file: source.file }),
      ...place,
      path: pathText(path),
      message,
      ...(more.suggestion !== undefined && { suggestion: more.suggestion }),
      ...(more.leftOut && { leftOut: true }),
    }
  }

  /** What to say of the origin of each value of `config`, by its path there. */
  origins(config: object, places: Places): Map<string, string> {
    const origins = new Map<string, string>()
    const visit = (value: unknown, shown: Path, set: Path): void => {
      const isHolder = typeof value === 'object' && value !== null
      const parts = isHolder ? Object.entries(value) : []
      const isLeaf = parts.length === 0 || (Array.isArray(value) && value.every(item => typeof item !== 'object'))
      if (!isHolder || isLeaf) {
        origins.set(pathText(shown), this.#originOf(set))
        return
      }
      const place = places.get(value) ?? set
      for (const [key, part] of parts) {
        const step = Array.isArray(value) ? Number(key) : key
        const partPlace = typeof part === 'object' && part !== null ? places.get(part) : undefined
        visit(part, [...shown, step], partPlace ?? [...place, step])
      }
    }
    visit(config, [], [])
    return origins
  }

  #originOf(path: Path): string {
    if (!this.has(path)) return DEFAULT.text
    const source = this.sourceOf(path)
    const place = source.isPlaced ? source.position?.(path, false) : undefined
    return place ? `${source.text}:${place.line}:${place.column}` : source.text
  }
}
