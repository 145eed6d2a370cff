import type { Config } from '../config/schema.ts'
import type { CatalogSource, ModelEntry } from '../routing/catalog.ts'
import type { ModelMeaning, ModelRecord } from '../store/models.ts'

/** Names that the configuration gives to models, and the stored ones behind them: where both have a name, the configuration's counts. */
export function modelNames(config: Config, stored: readonly ModelRecord[]): Pick<CatalogSource, 'models' | 'anthropicMappings'> {
  const ofDialect = (wanted: ModelRecord['dialect']) => stored.filter(({ dialect }) => dialect === wanted)
  const mapped = ofDialect('anthropic').flatMap(({ name, target }): [string, string][] => ('alias' in target ? [[name, target.alias]] : []))
  return {
    models: new Map([
      ...ofDialect('any').map(({ name, target }): [string, ModelEntry] => [name, entryOf(target)]),
      ...declaredEntries(config),
    ]),
    anthropicMappings: new Map([...mapped, ...Object.entries(config.anthropic_model_mappings)]),
  }
}

function declaredEntries(config: Config): Map<string, ModelEntry> {
  const entries = new Map<string, ModelEntry>()
  for (const [name, entry] of Object.entries(config.models)) {
    if (typeof entry === 'string') {
      entries.set(name, { alias: entry })
      continue
    }
    if (entry.targets.length > 0)
      entries.set(name, { targets: entry.targets.map(({ provider, model }) => ({ provider, model: model ?? name })) })
    for (const alias of entry.aliases) entries.set(alias, { alias: name })
  }
  return entries
}

/** A target without a provider is another name for its model: whichever provider has that serves it. */
function entryOf(meaning: ModelMeaning): ModelEntry {
  if ('alias' in meaning) return meaning
  const open = meaning.targets.find(({ provider }) => provider === undefined)
  if (open) return { alias: open.model }
  return { targets: meaning.targets.map(({ provider = '', model }) => ({ provider, model })) }
}
