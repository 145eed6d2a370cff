import { existsSync } from 'node:fs'
import type { LoadedConfig } from '../config/load.ts'
import type { Config } from '../config/schema.ts'
import type { Clock } from '../core/clock.ts'
import type { Logger } from '../log/logger.ts'
import { Catalog } from '../routing/catalog.ts'
import { limitsOfModel } from '../routing/model-data.ts'
import type { Provider, Target } from '../routing/provider.ts'
import { createModels, type ModelRecord } from '../store/models.ts'
import { openAccountTools } from './account-tools.ts'
import { databasePath } from './database-path.ts'
import { declaredLimits } from './declared-limits.ts'
import { modelNames } from './model-names.ts'
import { buildProviders } from './providers.ts'

/** A name that requests may be for. */
export interface ServedModel {
  id: string
  /** Other names for it. */
  aliases: string[]
  /** Tried in this order; `model` is its name there. */
  targets: { provider: string; model: string }[]
  /** Of the first target, as far as they are known. */
  context_window?: number
  max_input?: number
  max_output?: number
}

/** Names beyond those that are listed: what fits the pattern (`*` stands for anything) goes to the provider as it is. */
export interface ServedPattern {
  provider: string
  match: string
}

export interface Served {
  models: ServedModel[]
  patterns: ServedPattern[]
}

const unreachable = () => Promise.reject(new Error('a list calls nobody'))

/** What a server of this configuration would serve, without starting one or asking anybody. Where there is no database none is made. */
export async function servedModels({ loaded, clock, log }: { loaded: LoadedConfig; clock: Clock; log: Logger }): Promise<Served> {
  const tools = await openAccountTools({
    loaded: existsSync(databasePath(loaded.config)) ? loaded : inMemory(loaded),
    clock,
    log,
    create: false,
  })
  try {
    const { config, service, store } = tools
    const sends = { network: unreachable, demo: unreachable }
    const providers = buildProviders({ config, demo: false, ...service.sources(), sends, warn() {} })
    return servedBy(config, providers, await createModels({ store, clock }).list())
  } finally {
    await tools.close()
  }
}

/** The same configuration with a database that is gone when it is closed, so that nothing of it needs to be sealed with the real key. */
function inMemory(loaded: LoadedConfig): LoadedConfig {
  return {
    ...loaded,
    config: { ...loaded.config, database: { type: 'sqlite', url: 'sqlite://:memory:' }, secret_key: 'of a database in memory' },
  }
}

/** What these providers serve under the names that configuration and store give. */
export function servedBy(config: Config, providers: readonly Provider[], stored: readonly ModelRecord[]): Served {
  const names = modelNames(config, stored)
  const catalog = new Catalog({ providers, ...names, limits: declaredLimits(config) })
  const models = new Map<string, ServedModel>()
  const aliases: [alias: string, name: string][] = []
  for (const id of catalog.names()) {
    const resolution = catalog.resolve(id, 'openai-chat')
    if (!resolution.found || resolution.targets.length === 0) continue
    if (resolution.name !== id) aliases.push([id, resolution.name])
    else models.set(id, describe(id, resolution.targets))
  }
  for (const alias of names.anthropicMappings.keys()) {
    const resolution = catalog.resolve(alias, 'anthropic')
    if (resolution.found && resolution.name !== alias) aliases.push([alias, resolution.name])
  }
  for (const [alias, name] of aliases) {
    // A name that only a pattern fits is listed for its alias.
    const resolution = catalog.resolve(name, 'openai-chat')
    const model = models.get(name) ?? (resolution.found ? describe(name, resolution.targets) : undefined)
    if (!model) continue
    models.set(name, model)
    if (!model.aliases.includes(alias)) model.aliases.push(alias)
  }
  return { models: [...models.values()], patterns: catalog.providers.flatMap(patternsOf) }
}

function describe(id: string, targets: readonly Target[]): ServedModel {
  const [first] = targets
  const limits = first && (first.limits ?? limitsOfModel(first.model))
  return {
    id,
    aliases: [],
    targets: targets.map(({ provider, model }) => ({ provider: provider.name, model })),
    ...(limits?.contextWindow !== undefined && { context_window: limits.contextWindow }),
    ...(limits?.maxInput !== undefined && { max_input: limits.maxInput }),
    ...(limits?.maxOutput !== undefined && { max_output: limits.maxOutput }),
  }
}

const patternsOf = ({ name, models }: Provider): ServedPattern[] =>
  (models.length === 0 ? ['*'] : models.filter(model => model.includes('*'))).map(match => ({ provider: name, match }))
