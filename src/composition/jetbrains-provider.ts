import type { Pool } from '../accounts/pool.ts'
import type { ProviderConfig } from '../config/schema.ts'
import { jetbrains } from '../dialects/jetbrains/index.ts'
import { aliasesOf, shortName, tiersOf } from '../routing/jetbrains/names.ts'
import type { Profile } from '../routing/jetbrains/profiles.ts'
import { fits, type Provider } from '../routing/provider.ts'
import type { Send, UpstreamLimits } from '../upstream/client.ts'
import type { JetbrainsService } from './jetbrains-service.ts'
import { standingHeaders } from './standing-headers.ts'

export interface JetbrainsProviderOptions {
  config: Pick<
    ProviderConfig,
    'name' | 'priority' | 'models' | 'big_model' | 'medium_model' | 'small_model' | 'normalize' | 'max_concurrent'
  >
  /** Names and patterns of what is served; empty: all that the service lists. */
  models: readonly string[]
  service: JetbrainsService
  pool: Pool
  limits: UpstreamLimits
  send: Send
}

/** JetBrains AI, ready to be called: its live profiles under their own names and under those that the older proxies' users know. */
export function jetbrainsProvider({ config, models, service, pool, limits, send }: JetbrainsProviderOptions): Provider {
  const aliases = aliasesOf(service.profiles)
  const isWanted = (id: string, wanted: string): boolean => fits(id, wanted) || fits(shortName(id), wanted) || aliases.get(wanted) === id
  const serves = (id: string): boolean => models.length === 0 || models.some(wanted => isWanted(id, wanted))
  const profiles = new Map(service.profiles.filter(({ id }) => serves(id)).map(profile => [profile.id, profile]))
  // What is named and not listed may be too new for the list.
  for (const id of models) if (!id.includes('*') && !aliases.has(id) && !profiles.has(id)) profiles.set(id, { id })
  const served = [...profiles.values()]
  const tiers = tiersOf(served)
  const namesShown = ({ id }: Profile) => [id, ...(aliases.get(shortName(id)) === id ? [shortName(id)] : [])]
  return {
    name: config.name,
    type: 'jetbrains',
    dialect: jetbrains,
    baseUrl: service.baseUrl,
    priority: config.priority,
    // Patterns that nothing fits stay: a provider without any names would take all of them.
    models: served.length > 0 ? [...new Set(served.flatMap(namesShown))] : models,
    aliases: new Map([...aliases].filter(([, id]) => profiles.has(id))),
    tiers: { big: config.big_model ?? tiers.big, medium: config.medium_model ?? tiers.medium, small: config.small_model ?? tiers.small },
    traits: {},
    limits,
    repair: config.normalize !== 'never',
    maxConcurrent: config.max_concurrent,
    pool,
    send,
    wire: model => service.wires.wireOf(profiles.get(aliases.get(model) ?? model) ?? { id: model }),
    headers: standingHeaders((_, token) => ({ 'content-type': 'application/json', ...service.headers, 'grazie-authenticate-jwt': token })),
    secrets: ({ credential }) => [
      ...(credential.kind === 'token' ? credential.source.secrets() : []),
      ...Object.values(service.headers).filter(value => value !== service.headers['user-agent']),
    ],
    observe: (account, metadata, now) => service.observe(account, metadata, now),
  }
}
