import { Kind, type TObject, type TSchema } from '@sinclair/typebox'
import { isObject, type JsonObject, type JsonValue } from '../core/json.ts'
import { maskSecret } from '../core/secret.ts'
import { formatDuration, formatSize } from './format.ts'
import type { LoadedConfig } from './load.ts'
import { type Path, pathText } from './problem.ts'
import { metaOf } from './schema/fields.ts'
import { type Config, configSchema } from './schema.ts'

/** The effective configuration as it may be shown: secrets masked, durations and sizes in the file's form. */
export interface DescribedConfig {
  config: JsonObject
  /** Where each value comes from, by path. */
  origins: Record<string, string>
}

export const describeConfig = ({ config, origins }: Pick<LoadedConfig, 'config' | 'origins'>): DescribedConfig => ({
  config: maskConfig(config),
  origins: Object.fromEntries(origins),
})

/** `config` in the file's form with every secret masked. */
export const maskConfig = (config: Config): JsonObject => shown(configSchema, config as unknown as JsonObject) as JsonObject

const SECRET_PARAMETER = /pass|key|token|secret|auth|sig/i

/** A URL without its password and without parameters that look like secrets; nothing of what is no URL. */
function maskUrl(text: string): string {
  const url = URL.parse(text)
  if (!url) return '…'
  const hasUser = url.username !== '' || url.password !== ''
  if (!hasUser && ![...url.searchParams.keys()].some(key => SECRET_PARAMETER.test(key))) return text
  // A name without a password may be a token.
  const user = hasUser ? `${url.password === '' ? '…' : `${url.username}:…`}@` : ''
  const parameters = [...url.searchParams].map(([key, value]) => `${key}=${SECRET_PARAMETER.test(key) ? '…' : value}`)
  return `${url.protocol}//${user}${url.host}${url.pathname}${parameters.length > 0 ? `?${parameters.join('&')}` : ''}`
}

function shown(schema: TSchema, value: JsonValue): JsonValue {
  const meta = metaOf(schema)
  if (meta.unit && typeof value === 'number') return meta.unit === 'size' ? formatSize(value) : formatDuration(value)
  if (meta.secret && !isObject(value)) {
    if (typeof value !== 'string') return '…'
    return meta.secret === 'url' ? maskUrl(value) : maskSecret(value)
  }
  if (Array.isArray(value)) return value.map(item => shown(itemSchema(schema), item))
  if (!isObject(value)) return value
  const members = Object.entries(value).flatMap(([key, member]) =>
    member === undefined ? [] : [[key, shown(memberSchema(schema, key), member)] as const],
  )
  return Object.fromEntries(members)
}

const variant = (schema: TSchema, kind: string): TSchema | undefined =>
  (schema.anyOf as TSchema[] | undefined)?.find(each => each[Kind] === kind)

const itemSchema = (schema: TSchema): TSchema => (schema.items ?? variant(schema, 'Array')?.items ?? UNKNOWN) as TSchema

function memberSchema(schema: TSchema, key: string): TSchema {
  const holder = variant(schema, 'Object') ?? schema
  if (holder[Kind] === 'Object') return (holder as TObject).properties[key] ?? UNKNOWN
  const [values] = Object.values((holder.patternProperties ?? {}) as Record<string, TSchema>)
  return values ?? UNKNOWN
}

/** What the schema does not know is not shown. */
const UNKNOWN = { [Kind]: 'Unknown', secret: true } as unknown as TSchema

/** The described configuration as JSON with comments: every value with its origin. */
export function renderConfig({ config, origins }: DescribedConfig): string {
  const lines: string[] = []
  const visit = (value: JsonValue, path: Path, label: string, end: string): void => {
    const indent = '  '.repeat(path.length)
    const origin = origins[pathText(path)]
    const parts = isObject(value) || Array.isArray(value) ? Object.entries(value) : []
    if (origin !== undefined || parts.length === 0) {
      lines.push(`${indent}${label}${JSON.stringify(value)}${end}${origin === undefined ? '' : ` // ${origin}`}`)
      return
    }
    const isList = Array.isArray(value)
    lines.push(`${indent}${label}${isList ? '[' : '{'}`)
    for (const [index, [key, part]] of parts.entries()) {
      const step = isList ? Number(key) : key
      visit(part as JsonValue, [...path, step], isList ? '' : `${JSON.stringify(key)}: `, index < parts.length - 1 ? ',' : '')
    }
    lines.push(`${indent}${isList ? ']' : '}'}${end}`)
  }
  visit(config, [], '', '')
  return `${lines.join('\n')}\n`
}
