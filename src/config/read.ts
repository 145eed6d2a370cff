import { Kind, type TObject, type TSchema } from '@sinclair/typebox'
import { isObject, type JsonObject, type JsonValue } from '../core/json.ts'
import { nearestNames } from '../core/nearest.ts'
import { parseDuration, parseSize } from '../core/units.ts'
import { formatDuration, formatSize } from './format.ts'
import type { Path } from './problem.ts'
import { metaOf } from './schema/fields.ts'

/** What the reader found wrong. */
export interface Finding {
  path: Path
  message: string
  suggestion?: string
  kind: 'invalid' | 'unknown-key'
  /** The outermost list entry that is left out because of it. */
  entry?: Path
}

/** A value that could not be read; what holds it decides what becomes of the rest. */
const BAD = Symbol('bad')

/** For each object of what was read, where in the configured values it comes from. */
export type Places = WeakMap<object, Path>

/**
 * Reads configured values by a schema: types are checked, defaults filled in, units turned into numbers, short forms into long ones. At the
 * top a bad value gives way to its default; within a list or map, the whole entry is left out. `null` counts as absent.
 */
export class Reader {
  readonly places: Places = new WeakMap()

  /** `expand` gives paths of the file system their full form. */
  constructor(
    private readonly report: (finding: Finding) => void,
    private readonly expand: (path: string) => string = path => path,
  ) {}

  /** The value as read, or undefined where nothing usable is there. */
  read(schema: TSchema, value: JsonValue | undefined, path: Path = [], entry?: Path): unknown {
    const result = this.#value(schema, value, path, entry)
    return result === BAD ? undefined : result
  }

  #value(schema: TSchema, value: JsonValue | undefined, path: Path, entry: Path | undefined): unknown {
    const meta = metaOf(schema)
    if (value === undefined || value === null) {
      if (meta.default !== undefined) return this.#value(schema, meta.default, path, entry)
      return undefined
    }
    if (meta.unit) return this.#unit(schema, value, path, entry)
    if (meta.shorthand !== undefined) return this.#shorthand(schema, meta.shorthand, value, path, entry)
    if (meta.listed) return this.#listed(schema, value, path, entry)
    switch (schema[Kind]) {
      case 'Object':
        return isObject(value) ? this.#object(schema as TObject, value, path, entry) : this.#bad(path, entry, 'must be an object')
      case 'Record':
        return isObject(value) ? this.#record(schema, value, path, entry) : this.#bad(path, entry, 'must be an object')
      case 'Array':
        return Array.isArray(value) ? this.#array(schema.items as TSchema, value, path, entry) : this.#bad(path, entry, 'must be a list')
      case 'Union':
        return this.#union(schema, value, path, entry)
      case 'String':
        return this.#string(schema, value, path, entry)
      case 'Boolean':
        return typeof value === 'boolean' ? value : this.#bad(path, entry, 'must be true or false')
      case 'Integer':
      case 'Number':
        return this.#number(schema, value, path, entry)
      default:
        return value
    }
  }

  #bad(path: Path, entry: Path | undefined, message: string, suggestion?: string): typeof BAD {
    this.report({ path, message, suggestion, kind: 'invalid', entry })
    return BAD
  }

  #object(schema: TObject, value: JsonObject, path: Path, entry: Path | undefined): unknown {
    for (const key of Object.keys(value)) {
      if (Object.hasOwn(schema.properties, key)) continue
      const [nearest] = nearestNames(key, Object.keys(schema.properties), 1)
      this.report({
        path: [...path, key],
        message: 'unknown key',
        suggestion: nearest === undefined ? undefined : `did you mean "${nearest}"?`,
        kind: 'unknown-key',
      })
    }
    const result: Record<string, unknown> = {}
    this.places.set(result, path)
    let whole = true
    for (const [key, member] of Object.entries(schema.properties)) {
      const at = [...path, key]
      const given = Object.hasOwn(value, key) ? value[key] : undefined
      let read = this.#value(member, given, at, entry)
      if (read === undefined && schema.required?.includes(key)) {
        this.#bad(at, entry, 'is required')
        whole = false
      }
      if (read === BAD) {
        if (entry) whole = false
        read = this.#value(member, undefined, at, entry)
      }
      if (read !== undefined) result[key] = read
    }
    return whole ? result : BAD
  }

  #record(schema: TSchema, value: JsonObject, path: Path, entry: Path | undefined): unknown {
    const [values] = Object.values(schema.patternProperties as Record<string, TSchema>)
    const result: Record<string, unknown> = {}
    this.places.set(result, path)
    for (const key of Object.keys(value)) {
      const at = [...path, key]
      const read =
        key === '__proto__' || !values
          ? this.#bad(at, entry ?? at, 'cannot be used as a name')
          : this.#value(values, value[key], at, entry ?? at)
      if (read === BAD && entry) return BAD
      if (read !== BAD && read !== undefined) result[key] = read
    }
    return result
  }

  #array(items: TSchema, value: JsonValue[], path: Path, entry: Path | undefined): unknown {
    const result: unknown[] = []
    for (const [index, item] of value.entries()) {
      const at = [...path, index]
      const read = item === null ? this.#bad(at, entry ?? at, 'must not be null') : this.#value(items, item, at, entry ?? at)
      if (read === BAD && entry) return BAD
      if (read !== BAD) result.push(read)
    }
    return result
  }

  #union(schema: TSchema, value: JsonValue, path: Path, entry: Path | undefined): unknown {
    const variants = schema.anyOf as TSchema[]
    if (variants.every(variant => variant[Kind] === 'Literal')) return this.#choice(schema, value, path, entry)
    const fitting = variants.find(variant => (variant[Kind] === 'Object' ? isObject(value) : typeof value === 'string'))
    return fitting ? this.#value(fitting, value, path, entry) : this.#bad(path, entry, 'must be a string or an object')
  }

  #choice(schema: TSchema, value: JsonValue, path: Path, entry: Path | undefined): unknown {
    const { aliases = {}, anyCase } = metaOf(schema)
    const given = typeof value === 'string' && anyCase ? value.toLowerCase() : value
    const meant = typeof given === 'string' && Object.hasOwn(aliases, given) ? aliases[given] : given
    const names = choicesOf(schema)
    if (typeof meant === 'string' && names.includes(meant)) return meant
    const [nearest] = typeof value === 'string' ? nearestNames(value, names, 1) : []
    return this.#bad(path, entry, `must be one of ${names.join(', ')}`, nearest === undefined ? undefined : `did you mean "${nearest}"?`)
  }

  #string(schema: TSchema, value: JsonValue, path: Path, entry: Path | undefined): unknown {
    if (typeof value !== 'string') return this.#bad(path, entry, 'must be a string')
    if (schema.minLength > 0 && value.trim() === '') return this.#bad(path, entry, 'must not be empty')
    if (schema.pattern !== undefined && !new RegExp(schema.pattern).test(value)) return this.#bad(path, entry, 'is malformed')
    return metaOf(schema).path ? this.expand(value) : value
  }

  #number(schema: TSchema, value: JsonValue, path: Path, entry: Path | undefined): unknown {
    const wanted = schema[Kind] === 'Integer' ? 'a whole number' : 'a number'
    if (typeof value !== 'number' || !Number.isFinite(value) || (schema[Kind] === 'Integer' && !Number.isInteger(value))) {
      return this.#bad(path, entry, `must be ${wanted}`)
    }
    if (value < (schema.minimum ?? -Infinity)) return this.#bad(path, entry, `must be at least ${schema.minimum}`)
    if (value > (schema.maximum ?? Infinity)) return this.#bad(path, entry, `must be at most ${schema.maximum}`)
    return value
  }

  #unit(schema: TSchema, value: JsonValue, path: Path, entry: Path | undefined): unknown {
    const { unit, least = 0 } = metaOf(schema)
    const given = typeof value === 'string' || typeof value === 'number' ? value : undefined
    const [parse, format, forms] =
      unit === 'size'
        ? [parseSize, formatSize, 'a size like "32MB" or a number of bytes']
        : [parseDuration, formatDuration, 'a duration like "500ms", "30s" or "5m", or a number of seconds']
    const amount = given === undefined ? undefined : parse(given)
    if (amount === undefined) return this.#bad(path, entry, `must be ${forms}`)
    return amount < least ? this.#bad(path, entry, `must be at least ${format(least)}`) : amount
  }

  #shorthand(schema: TSchema, member: string, value: JsonValue, path: Path, entry: Path | undefined): unknown {
    const long = (schema.anyOf as TSchema[]).find(variant => variant[Kind] === 'Object') as TObject
    if (typeof value !== 'string' && !isObject(value)) return this.#bad(path, entry, 'must be a string or an object')
    return this.#object(long, isObject(value) ? value : { [member]: value }, path, entry)
  }

  #listed(schema: TSchema, value: JsonValue, path: Path, entry: Path | undefined): unknown {
    const one = (schema.anyOf as TSchema[]).find(variant => variant[Kind] === 'Object') as TObject
    if (Array.isArray(value)) return this.#array(one, value, path, entry)
    if (!isObject(value)) return this.#bad(path, entry, 'must be an object or a list of objects')
    const only = this.#object(one, value, path, entry)
    return only === BAD ? BAD : [only]
  }
}

/** The values of a choice, without aliases. */
function choicesOf(schema: TSchema): string[] {
  const aliases = metaOf(schema).aliases ?? {}
  const spellings = (schema.anyOf as TSchema[]).map(variant => String(variant.const))
  const names = metaOf(schema).anyCase ? spellings.slice(0, spellings.length / 2) : spellings
  return names.filter(name => !Object.hasOwn(aliases, name))
}
