import { Kind, type TObject, type TSchema } from '@sinclair/typebox'
import type { JsonValue } from '../core/json.ts'
import { nearestNames } from '../core/nearest.ts'
import { ACCOUNT_VARIABLES } from './older/environment.ts'
import type { Path } from './problem.ts'
import { metaOf } from './schema/fields.ts'
import { configSchema } from './schema.ts'

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>

/** One variable that sets a key of the configuration. */
export interface EnvName {
  name: string
  path: Path
  schema: TSchema
}

/** Names of older proxies and short ones of ours, weakest first: what comes later wins over what stands before it. */
const OLDER_NAMES: readonly (readonly [string, string])[] = [
  ['HOST', 'server_host'],
  ['SERVER_HOST', 'server_host'],
  ['PORT', 'server_port'],
  ['SERVER_PORT', 'server_port'],
  ['BEARER_TOKEN', 'bearer_token'],
  ['JWT_TOKEN', 'jetbrains_tokens'],
  ['JWT_TOKENS', 'jetbrains_tokens'],
  ['CLIENT_API_KEYS', 'client_api_keys'],
  ['AVAILABLE_MODELS', 'jetbrains.models'],
  ['LOAD_BALANCE_STRATEGY', 'load_balance_strategy'],
  ['DATABASE_TYPE', 'database.type'],
  ['DATABASE_URL', 'database.url'],
  ['SUPABASE_URL', 'database.supabase_url'],
  ['SUPABASE_KEY', 'database.supabase_key'],
  ['SECRET_KEY', 'secret_key'],
  ['MODEL_LIST_URL', 'model_list.url'],
  ['MODEL_LIST_AUTH_TOKEN', 'model_list.auth_token'],
  ['LOG_LEVEL', 'log_level'],
  ['DEBUG_LOG', 'debug_log'],
  ['LOG_FILE_LIMIT', 'log_file_limit'],
  ['QWEN_HOME', 'qwen.home'],
  ['QWEN_BASE_URL', 'qwen.base_url'],
  ['QWEN_CLIENT_ID', 'qwen.client_id'],
  ['QWEN_SCOPE', 'qwen.scope'],
  ['QWEN_DEVICE_CODE_ENDPOINT', 'qwen.device_code_endpoint'],
  ['QWEN_TOKEN_ENDPOINT', 'qwen.token_endpoint'],
  ['DRAGOMAN_HOST', 'server_host'],
  ['DRAGOMAN_PORT', 'server_port'],
]

/** Variables that name the config file, strongest first. */
export const CONFIG_FILE_NAMES = ['DRAGOMAN_CONFIG_FILE', 'CONFIG_FILE'] as const

/** Variables of ours that are no part of the configuration. */
const OTHER_NAMES = ['DRAGOMAN_ALLOW_UNSAFE_ENV'] as const

const PREFIX = 'DRAGOMAN_'

/** The members of a key that has any: an object's, or those of the object that may stand for a list. */
function membersOf(schema: TSchema): Record<string, TSchema> {
  if (schema[Kind] === 'Object') return (schema as TObject).properties
  if (!metaOf(schema).listed) return {}
  const one = (schema.anyOf as TSchema[]).find(variant => variant[Kind] === 'Object')
  return one ? (one as TObject).properties : {}
}

function namesBelow(members: Record<string, TSchema>, path: Path): EnvName[] {
  return Object.entries(members).flatMap(([key, schema]) => {
    if (key.startsWith('$')) return []
    const at = [...path, key]
    return [{ name: PREFIX + at.join('_').toUpperCase(), path: at, schema }, ...namesBelow(membersOf(schema), at)]
  })
}

const own = namesBelow(configSchema.properties, [])

const byPath = new Map(own.map(entry => [entry.path.join('.'), entry]))

/** Every variable that sets a key, weakest first. */
export const envNames: readonly EnvName[] = [
  ...OLDER_NAMES.flatMap(([name, path]) => {
    const entry = byPath.get(path)
    return entry ? [{ ...entry, name }] : []
  }),
  ...own,
]

const known = new Set<string>([...envNames.map(entry => entry.name), ...CONFIG_FILE_NAMES, ...ACCOUNT_VARIABLES])

/** The variables of `env` that are ours; empty ones count as absent, as compose files leave them. */
export const ownVariables = (env: Environment): Environment =>
  Object.fromEntries(Object.entries(env).filter(([name, value]) => known.has(name) && value !== undefined && value.trim() !== ''))

/** Variables with our prefix that set nothing, and what may have been meant. */
export const strangeVariables = (env: Environment): { name: string; suggestion?: string }[] =>
  Object.keys(env)
    .filter(name => name.startsWith(PREFIX) && !known.has(name) && !(OTHER_NAMES as readonly string[]).includes(name))
    .map(name => {
      const [nearest] = nearestNames(name, known, 1)
      return { name, suggestion: nearest === undefined ? undefined : `did you mean ${nearest}?` }
    })

const WORDS: Record<string, boolean> = { true: true, yes: true, on: true, '1': true, false: false, no: false, off: false, '0': false }

/**
 * A variable's text as a value for the schema's reader: lists may be comma-separated, objects are JSON. What does not fit stays
 * text, so that the reader names the fault.
 */
export function valueOfText(schema: TSchema, given: string): JsonValue {
  const text = given.trim()
  const meta = metaOf(schema)
  const kind = schema[Kind]
  if (kind === 'Boolean') return WORDS[text.toLowerCase()] ?? text
  if (kind === 'Integer' || kind === 'Number') return Number.isFinite(Number(text)) ? Number(text) : text
  if (/^[[{]/.test(text) && kind !== 'String' && !meta.unit) return jsonOr(text)
  if (kind === 'Array') {
    return text
      .split(',')
      .map(item => item.trim())
      .filter(item => item !== '')
  }
  const isChoice = kind === 'Union' && !meta.unit && !meta.listed
  return isChoice ? text.toLowerCase() : text
}

function jsonOr(text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue
  } catch {
    return text
  }
}
