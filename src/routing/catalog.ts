import { nearestNames } from '../core/nearest.ts'
import type { DialectId } from '../ir/dialect-id.ts'
import { type DeclaredLimits, limitsOfTarget } from './model-limits.ts'
import { fits, type Provider, type Target, type Tiers } from './provider.ts'

/** A `models` entry: another name for something, or the places that serve it. */
export type ModelEntry = { alias: string } | { targets: readonly { provider: string; model: string }[] }

export interface CatalogSource {
  providers: readonly Provider[]
  models: ReadonlyMap<string, ModelEntry>
  /** Aliases for callers of the Anthropic dialect only. */
  anthropicMappings: ReadonlyMap<string, string>
  /** What `models` entries say of context windows and output. */
  limits?: DeclaredLimits
}

export type Resolution =
  | {
      found: true
      /** The name after aliases: what a key's model list is checked against. */
      name: string
      /** The targets' own names count too, because a tier led to them. */
      byTier: boolean
      /** The name may be another one that a target is known by. */
      byAlias?: boolean
      targets: Target[]
    }
  | { found: false; nearest: string[] }

/** Other vendors' models go by this prefix to clients that only list names with `claude` in them. */
export const CLAUDE_ALIAS = 'claude-via-'

const MOST_ALIASES = 10

const NO_LIMITS: DeclaredLimits = new Map()

const MOST_KEPT = 1000
const LONGEST_KEPT = 256

/**
 * Which provider gets a name (interface.md "Settled questions"): `models` entries and aliases; providers that list it; the tier of a
 * Claude name; providers without a list, or with a pattern that fits.
 */
export class Catalog {
  readonly #providers: readonly Provider[]
  readonly #byName: ReadonlyMap<string, Provider>
  readonly #listed = new Map<string, Target[]>()
  /** What names were found to mean; a catalog never changes. */
  readonly #resolved = new Map<string, Resolution>()

  constructor(private readonly source: CatalogSource) {
    // Equal priorities keep the order of the config file: the sort is stable.
    this.#providers = [...source.providers].sort((a, b) => a.priority - b.priority)
    this.#byName = new Map(this.#providers.map(provider => [provider.name, provider]))
    for (const provider of this.#providers) {
      for (const model of provider.models)
        if (!model.includes('*')) this.#list(model, { provider, model: provider.aliases?.get(model) ?? model })
      for (const [alias, model] of provider.aliases ?? []) this.#list(alias, { provider, model })
    }
  }

  #list(name: string, target: Target): void {
    const list = this.#listed.get(name)
    if (list?.at(-1)?.provider === target.provider) return
    if (list) list.push(target)
    else this.#listed.set(name, [target])
  }

  get providers(): readonly Provider[] {
    return this.#providers
  }

  resolve(asked: string, dialect: DialectId): Resolution {
    const key = `${dialect} ${asked}`
    const known = this.#resolved.get(key)
    if (known) return known
    const resolution = this.#limited(this.#resolve(asked, dialect))
    // Names that lead nowhere are not kept: callers could make up any number of them.
    if (resolution.found && asked.length <= LONGEST_KEPT) {
      if (this.#resolved.size >= MOST_KEPT) this.#resolved.clear()
      this.#resolved.set(key, resolution)
    }
    return resolution
  }

  /** Each target with what its requests are held to: looked up here, because resolutions are kept. */
  #limited(resolution: Resolution): Resolution {
    if (!resolution.found) return resolution
    const targets = resolution.targets.map(target => {
      const limits = limitsOfTarget(resolution.name, target, this.source.limits ?? NO_LIMITS)
      return limits ? { ...target, limits } : target
    })
    return { ...resolution, targets }
  }

  #resolve(asked: string, dialect: DialectId): Resolution {
    const name = this.#afterAliases(plainName(asked), dialect)
    const entry = this.source.models.get(name)
    if (entry && 'targets' in entry) return found(name, this.#entryTargets(entry.targets))
    const listed = this.#listed.get(name)
    if (listed) return { ...found(name, listed), byAlias: listed.some(({ model }) => model !== name) }
    const tier = tierOf(name)
    if (tier) {
      const targets = this.#providers.flatMap(provider => {
        const model = provider.tiers[tier]
        return model === undefined ? [] : [{ provider, model }]
      })
      if (targets.length > 0) return { ...found(name, targets), byTier: true }
    }
    const open = this.#providers.filter(({ models }) => models.length === 0 || models.some(pattern => fits(name, pattern)))
    if (open.length > 0)
      return found(
        name,
        open.map(provider => ({ provider, model: name })),
      )
    return { found: false, nearest: nearestNames(name, this.names()) }
  }

  /** Every name that can be listed: entries and aliases, then what providers list, then their tiers' models. */
  names(): string[] {
    const names = new Set<string>(this.source.models.keys())
    for (const provider of this.#providers) {
      for (const model of provider.models) if (!model.includes('*')) names.add(model)
      for (const model of Object.values(provider.tiers)) if (model) names.add(model)
    }
    return [...names]
  }

  /** Who serves `name` first, for `owned_by`. */
  owner(name: string): string | undefined {
    const resolution = this.resolve(name, 'openai-chat')
    return resolution.found ? resolution.targets[0]?.provider.name : undefined
  }

  #afterAliases(asked: string, dialect: DialectId): string {
    let name = asked
    for (let hop = 0; hop < MOST_ALIASES; hop++) {
      const entry = this.source.models.get(name)
      const mapped = dialect === 'anthropic' ? this.source.anthropicMappings.get(name) : undefined
      const next = entry && 'alias' in entry ? entry.alias : entry ? undefined : (mapped ?? this.#withoutPrefix(name))
      if (next === undefined || next === name) return name
      name = next
    }
    return name
  }

  #withoutPrefix(name: string): string | undefined {
    return name.startsWith(CLAUDE_ALIAS) && !this.#listed.has(name) ? name.slice(CLAUDE_ALIAS.length) : undefined
  }

  #entryTargets(targets: readonly { provider: string; model: string }[]): Target[] {
    return targets.flatMap(target => {
      const provider = this.#byName.get(target.provider)
      return provider ? [{ provider, model: target.model }] : []
    })
  }
}

const found = (name: string, targets: Target[]): Extract<Resolution, { found: true }> => ({ found: true, name, byTier: false, targets })

/** Claude Code marks long-context variants with `[1m]`; the mark is no part of the name. */
const plainName = (name: string): string => name.replace(/\[\d+[mk]\]$/i, '')

/** The size of a Claude name; `fable` and `mythos` are of the big ones (dialects.md §0.4). */
function tierOf(name: string): keyof Tiers | undefined {
  const lower = name.toLowerCase()
  if (/opus|fable|mythos/.test(lower)) return 'big'
  if (lower.includes('sonnet')) return 'medium'
  return lower.includes('haiku') ? 'small' : undefined
}
