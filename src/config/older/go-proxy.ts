import type { JsonObject, JsonValue } from '../../core/json.ts'
import { formatDuration } from '../format.ts'
import { configSchema } from '../schema.ts'

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

/** Go writes a member that was never set as its type's zero. */
const isUnset = (value: JsonValue | undefined): boolean => value === undefined || value === null || value === '' || value === 0

/** The Go proxy's file in our terms: a number there is a duration in nanoseconds, and a zero is nothing said. */
export function fromGoProxy(config: JsonObject): JsonObject {
  const set = Object.fromEntries(Object.entries(config).filter(([, value]) => !isUnset(value)))
  const interval = set.health_check_interval
  return typeof interval === 'number' ? { ...set, health_check_interval: formatDuration(interval / 1_000_000) } : set
}
