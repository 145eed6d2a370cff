import type { Config } from '../config/schema.ts'
import { sha256 } from '../core/secret.ts'
import type { HttpSettings } from '../http/settings.ts'
import type { Caller } from '../operations/call.ts'
import type { RoutingState } from '../operations/route.ts'
import { Catalog } from '../routing/catalog.ts'
import type { ModelRecord } from '../store/models.ts'
import { declaredLimits } from './declared-limits.ts'
import { modelNames } from './model-names.ts'
import { buildProviders, type ProviderSources } from './providers.ts'

/** All that follows from the configuration: made anew by a reload and swapped in one assignment, so that no request sees half of it. */
export interface State {
  config: Config
  routing: RoutingState
  http: HttpSettings
  /** Client keys of the config, by SHA-256. */
  declaredKeys: ReadonlyMap<string, Caller>
  /** Undefined where there is no admin key: then nobody is one. */
  adminKeyHash: string | undefined
}

export interface StateSources {
  config: Config
  /** Names of models that are stored. */
  models: readonly ModelRecord[]
  demo: boolean
  /** In effect where the config names none: the one kept in the data dir. */
  keptAdminKey: string | undefined
  providers: Omit<ProviderSources, 'config' | 'demo' | 'warn'>
  warn(message: string): void
}

function declaredKeys(config: Config): Map<string, Caller> {
  const keys = new Map<string, Caller>()
  const add = (key: string, name: string) => keys.set(sha256(key), { id: `config:${name}`, name, allows: () => true })
  if (config.bearer_token) add(config.bearer_token, 'bearer_token')
  for (const [index, { name, key }] of config.client_api_keys.entries()) add(key, name ?? `client_api_keys.${index}`)
  return keys
}

/** Names of the config's keys, by id. */
export const declaredNames = ({ declaredKeys: declared }: State): [string, string][] =>
  [...declared.values()].map(({ id, name }) => [id, name])

export function buildState({ config, models, demo, keptAdminKey, providers, warn }: StateSources): State {
  const adminKey = config.admin_key ?? keptAdminKey
  if (adminKey === undefined) warn('there is no admin key any more: the next start makes one, or name one in the configuration')
  const catalog = new Catalog({
    providers: buildProviders({ ...providers, config, demo, warn }),
    ...modelNames(config, models),
    limits: declaredLimits(config),
  })
  return {
    config,
    routing: { catalog, routingHeaders: config.routing_headers, heartbeatMs: config.timeouts.heartbeat },
    http: {
      bodyLimit: config.limits.body,
      depthLimit: config.limits.depth,
      strict: config.strict,
      allowedHosts: config.allowed_hosts,
      boundHost: config.server_host,
      corsOrigins: config.cors_origins,
      clientAuth: config.client_auth,
    },
    declaredKeys: declaredKeys(config),
    adminKeyHash: adminKey === undefined ? undefined : sha256(adminKey),
  }
}
