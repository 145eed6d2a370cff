import { isObject, type JsonObject } from '../core/json.ts'
import { configSchema } from './schema.ts'

/** All keys of the Go proxy's config.json. */
const GO_PROXY_KEYS = new Set([
  'jetbrains_tokens',
  'bearer_token',
  'load_balance_strategy',
  'health_check_interval',
  'server_port',
  'server_host',
  'server_config',
])

/** Keys that only the Go proxy's users write. */
const GO_PROXY_MARKS = ['jetbrains_tokens', 'server_config']

/** Whether a config file is the Go proxy's: one of its own keys, and none that only we have. */
export const isGoProxyFile = (config: JsonObject): boolean =>
  GO_PROXY_MARKS.some(key => key in config) && !Object.keys(config).some(key => key in configSchema.properties && !GO_PROXY_KEYS.has(key))

/** The Go proxy's file in our terms: a number there is a duration in nanoseconds. */
export function fromGoProxy(config: JsonObject): JsonObject {
  const interval = config.health_check_interval
  return typeof interval === 'number' ? { ...config, health_check_interval: `${interval / 1_000_000}ms` } : config
}

/** Members of the older broker's provider JSON that mean nothing here, and why. */
const BROKER_LEFTOVERS: Record<string, string> = {
  verify_ssl: 'certificates are always checked',
  max_tokens: 'requests say their own limits',
  temperature_default: 'requests say their own temperature',
}

/** A provider as the older broker wrote it, in our terms; `told` hears of what has no equivalent. */
export function fromBrokerProvider(provider: JsonObject, told: (key: string, message: string) => void): JsonObject {
  const { model_list: models, timeout, ...rest } = provider
  for (const [key, reason] of Object.entries(BROKER_LEFTOVERS)) {
    if (!(key in rest)) continue
    if (!(key === 'verify_ssl' && rest[key] === true)) told(key, `ignored: ${reason}`)
    delete rest[key]
  }
  if (models !== undefined) rest.models ??= models
  if (timeout !== undefined && timeout !== null && (rest.timeouts === undefined || isObject(rest.timeouts))) {
    rest.timeouts = { first_byte: timeout, ...rest.timeouts }
  }
  return rest
}

/** The default port of the older proxy whose environment is all the configuration there is. */
export const olderDefaultPort = (variables: Iterable<string>): number | undefined =>
  [...variables].includes('MODEL_LIST_URL') ? 8000 : undefined

/** A database's address without the driver that SQLAlchemy has in it; there a path behind three slashes is relative, behind four absolute. */
export const withoutDriver = (url: string): string =>
  url
    .replace(/^(sqlite\+\w+:\/\/\/)(?=[^/.])/, '$1./')
    .replace(/^(postgresql|postgres|sqlite)\+\w+:/, '$1:')
    .replace(/^postgres:/, 'postgresql:')
