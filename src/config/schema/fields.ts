import { type Static, type TObject, type TProperties, type TSchema, type TString, type TUnsafe, Type } from '@sinclair/typebox'
import type { JsonValue } from '../../core/json.ts'

/** What our schemas say beyond JSON Schema; `config schema` leaves these members out. */
export interface Meta {
  description?: string
  default?: JsonValue
  /** A value to show in the generated example where there is no default worth showing. */
  sample?: JsonValue
  /** Masked in everything shown: the whole value, or the password and secret-looking parameters of a URL. */
  secret?: true | 'url'
  /** Strings or numbers in the file, milliseconds or bytes once read; `least` is in those. */
  unit?: 'duration' | 'size'
  least?: number
  /** Other spellings of a choice, and what they mean. */
  aliases?: Record<string, string>
  /** A choice that is taken in upper case too. */
  anyCase?: true
  /** A bare string stands for an object with this one member. */
  shorthand?: string
  /** A single object stands for a list of one. */
  listed?: true
  /** A path of the file system: `~` is the home folder. */
  path?: true
  /** The default follows from other things, so the generated example does not set it. */
  derived?: true
}

interface Options extends Meta {
  minimum?: number
  maximum?: number
  minLength?: number
  pattern?: string
}

export const metaOf = (schema: TSchema): Meta => schema as Meta

export const text = (description: string, options: Options = {}): TString => Type.String({ description, minLength: 1, ...options })

export const secret = (description: string, options: Options = {}): TString => text(description, { sample: '…', ...options, secret: true })

export const flag = (description: string, options: Options = {}) => Type.Boolean({ description, ...options })

export const whole = (description: string, options: Options = {}) => Type.Integer({ description, ...options })

export const number = (description: string, options: Options = {}) => Type.Number({ description, ...options })

/** `"500ms"`, `"30s"`, `"5m"` or a number of seconds; milliseconds once read. */
export const duration = (description: string, options: Options = {}): TUnsafe<number> =>
  Type.Unsafe<number>(
    Type.Union([Type.String({ pattern: '^(\\d+(\\.\\d+)?|(\\d+(\\.\\d+)?(ms|s|m|h|d))+)$' }), Type.Number({ minimum: 0 })], {
      description,
      least: 1,
      ...options,
      unit: 'duration',
    }),
  )

/** `"32MB"` or a number of bytes; bytes once read. */
export const size = (description: string, options: Options = {}): TUnsafe<number> =>
  Type.Unsafe<number>(
    Type.Union([Type.String({ pattern: '^\\d+(\\.\\d+)?\\s*([KMGkmg]?[Bb])?$' }), Type.Integer({ minimum: 0 })], {
      description,
      least: 1,
      ...options,
      unit: 'size',
    }),
  )

/** One of `values`; aliases (and upper case, with `anyCase`) are read as the value they mean. */
export function choice<const T extends string>(description: string, values: readonly T[], options: Options = {}): TUnsafe<T> {
  const spellings = [...values, ...Object.keys(options.aliases ?? {})]
  const all = options.anyCase ? [...spellings, ...spellings.map(name => name.toUpperCase())] : spellings
  return Type.Unsafe<T>(
    Type.Union(
      all.map(value => Type.Literal(value)),
      { description, ...options },
    ),
  )
}

export const list = <T extends TSchema>(description: string, items: T, options: Options = {}) =>
  Type.Array(items, { description, default: [], ...options })

export const map = <T extends TSchema>(description: string, values: T, options: Options = {}) =>
  Type.Record(Type.String(), values, { description, default: {}, ...options })

export const object = <T extends TProperties>(description: string, properties: T, options: Options = {}): TObject<T> =>
  Type.Object(properties, { description, additionalProperties: false, ...options })

/** An object, or a bare string for its one needed member. */
export const shorthand = <T extends TObject>(member: string, schema: T, options: Options = {}): TUnsafe<Static<T>> =>
  Type.Unsafe<Static<T>>(Type.Union([Type.String({ minLength: 1 }), schema], { ...options, shorthand: member }))

/** A list of objects, for which one object may stand. */
export const oneOrMany = <T extends TObject>(description: string, schema: T, options: Options = {}): TUnsafe<Static<T>[]> =>
  Type.Unsafe<Static<T>[]>(Type.Union([schema, Type.Array(schema)], { description, default: [], ...options, listed: true }))

export const optional = Type.Optional
