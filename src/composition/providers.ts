import type { Credential } from '../accounts/account.ts'
import { Pool } from '../accounts/pool.ts'
import type { AccountRegistry, WantedAccount } from '../accounts/registry.ts'
import type { Config, ProviderConfig } from '../config/schema.ts'
import { anthropic } from '../dialects/anthropic/index.ts'
import type { Dialect } from '../dialects/dialect.ts'
import { openaiChat } from '../dialects/openai-chat/index.ts'
import { withThinkTags } from '../dialects/openai-chat/think-tags.ts'
import { type Preset, presetOf } from '../routing/preset.ts'
import type { Provider } from '../routing/provider.ts'
import type { Send, UpstreamLimits } from '../upstream/client.ts'
import { accountIdOf } from './account-identity.ts'
import { JETBRAINS_PROVIDER, jetbrainsProviderName } from './declared-accounts.ts'
import { jetbrainsProvider } from './jetbrains-provider.ts'
import type { JetbrainsService } from './jetbrains-service.ts'
import { configuredTraits } from './quirks.ts'
import { withPlan } from './qwen-plans.ts'
import { impliedQwen, qwenProvider, qwenProviderName, signsIn } from './qwen-provider.ts'
import { lowerCased, standingHeaders } from './standing-headers.ts'

export interface Sends {
  network: Send
  demo: Send
}

export interface ProviderSources {
  config: Config
  demo: boolean
  /** Those beyond the providers' own keys: adopted from the config, and stored. */
  accounts: readonly WantedAccount[]
  registry: AccountRegistry
  sends: Sends
  jetbrains(provider: ProviderConfig): JetbrainsService
  /** JetBrains accounts were meant, even if none of them can be used. */
  meansJetbrains?: boolean
  warn(message: string): void
}

const DIALECTS: Partial<Record<string, Dialect>> = { anthropic, 'openai-chat': openaiChat }

/** `serve --demo`: stands in for the models that clients ask for by habit, behind everything that is configured. */
export const DEMO_PROVIDER = {
  name: 'demo',
  provider_type: 'demo',
  models: ['demo', 'gpt-*', 'claude-*'],
  big_model: 'demo',
  medium_model: 'demo',
  small_model: 'demo',
  is_active: true,
  priority: 1_000_000,
  normalize: 'auto',
} as const

/** Stands for JetBrains AI where there are accounts of it and no provider is configured. */
const IMPLIED_JETBRAINS = {
  name: JETBRAINS_PROVIDER,
  provider_type: 'jetbrains',
  models: [],
  headers: {},
  is_active: true,
  priority: 1,
  normalize: 'auto',
} as const

/** The configured providers, ready to be called. Kinds that this version cannot speak to are left out and told to `warn`. */
export function buildProviders(sources: ProviderSources): Provider[] {
  const { config, accounts, registry, warn } = sources
  const usable = wantedProviders(sources).flatMap(wanted => {
    const { provider, fault = faultOf(provider) } = withPlan(wanted)
    if (fault) warn(`provider '${provider.name}' is left out: ${fault}`)
    return fault === undefined ? [provider] : []
  })
  const members = accounts.filter(account => {
    const fault = unusedFor(account, usable, config)
    if (fault) warn(`account '${account.label}' is not used: ${fault}`)
    return fault === undefined
  })
  const own = usable.flatMap(provider => ownAccount(provider, members))
  const known = registry.replace([...own, ...members])
  return usable.flatMap(provider => {
    const pool = new Pool(
      [...known.values()].filter(account => account.provider === provider.name),
      provider.strategy ?? config.load_balance_strategy,
    )
    const limits = limitsOf(provider, config)
    if (provider.provider_type === 'jetbrains') {
      const isFirst = provider.name === jetbrainsProviderName(config)
      const models = provider.models.length > 0 || !isFirst ? provider.models : config.jetbrains.models
      const service = sources.jetbrains(provider)
      return [jetbrainsProvider({ config: provider, models, service, pool, limits, send: sources.sends.network })]
    }
    if (signsIn(provider)) return [qwenProvider({ config: provider, settings: config.qwen, pool, limits, send: sources.sends.network })]
    const preset = presetOf(provider.provider_type, provider.base_url)
    const spoken = preset && DIALECTS[preset.dialect]
    return preset && spoken ? [keyedProvider(provider, preset, spoken, pool, limits, sources.sends)] : []
  })
}

function wantedProviders({ config, demo, accounts, meansJetbrains = false }: ProviderSources): ProviderConfig[] {
  const wanted = config.providers.filter(({ is_active }) => is_active)
  // One that is switched off is not to be had by another way.
  const isDeclared = config.providers.some(({ name }) => name === JETBRAINS_PROVIDER)
  if (!isDeclared && (meansJetbrains || accounts.some(({ provider }) => provider === JETBRAINS_PROVIDER))) {
    wanted.push(IMPLIED_JETBRAINS as unknown as ProviderConfig)
  }
  const qwen = qwenProviderName(config)
  if (!config.providers.some(({ name }) => name === qwen) && accounts.some(({ provider }) => provider === qwen)) {
    wanted.push(impliedQwen(qwen) as unknown as ProviderConfig)
  }
  if (demo && !wanted.some(({ name }) => name === DEMO_PROVIDER.name)) wanted.push(DEMO_PROVIDER as unknown as ProviderConfig)
  return wanted
}

function faultOf(provider: ProviderConfig): string | undefined {
  const { provider_type: type, base_url } = provider
  if (type === 'jetbrains' || signsIn(provider)) return undefined
  if (!presetOf(type, base_url)) return `provider_type '${type}' is not supported by this version`
  return type !== 'demo' && !base_url ? 'it has no base_url' : undefined
}

/** Why an account cannot serve, where its provider is not there, or is of another kind. */
function unusedFor({ provider: name, kind }: WantedAccount, usable: readonly ProviderConfig[], { providers }: Config): string | undefined {
  const provider = usable.find(one => one.name === name)
  if (provider) {
    const isFor = kindsOf(provider).includes(kind)
    return isFor ? undefined : `provider '${name}' of type ${provider.provider_type} takes no credential of kind ${kind}`
  }
  const known = providers.find(one => one.name === name)
  if (known?.is_active === false) return `provider '${name}' is switched off`
  return known ? `provider '${name}' is left out` : `there is no provider named '${name}'`
}

/** The credentials that its accounts prove themselves with. */
function kindsOf(provider: ProviderConfig): readonly string[] {
  if (provider.provider_type === 'jetbrains') return ['static_jwt', 'jetbrains_license', 'jetbrains_oauth']
  return signsIn(provider) ? ['qwen_oauth'] : ['api_key', 'none']
}

/** The account of a provider's own key; the one of a provider without any, where nothing else proves it. JetBrains' keys are tokens, which are kept with the others. */
function ownAccount(provider: ProviderConfig, accounts: readonly WantedAccount[]): WantedAccount[] {
  const { name, provider_type: type, api_key: apiKey } = provider
  if (type === 'jetbrains' || signsIn(provider) || (apiKey === undefined && accounts.some(({ provider }) => provider === name))) return []
  const id = accountIdOf(name, { api_key: apiKey })
  const credential: Credential = apiKey === undefined ? { kind: 'none' } : { kind: 'api_key', apiKey }
  const labels = new Set(accounts.filter(({ provider }) => provider === name).map(({ label }) => label))
  let number = 1
  while (labels.has(`${name}-${number}`)) number++
  return [{ id, provider: name, label: `${name}-${number}`, kind: credential.kind, fingerprint: id, makeCredential: () => credential }]
}

const limitsOf = ({ timeouts: own }: ProviderConfig, { timeouts }: Config): UpstreamLimits => ({
  connect: own?.connect ?? timeouts.connect,
  firstByte: own?.first_byte ?? timeouts.first_byte,
  idle: own?.idle ?? timeouts.idle,
})

/** A provider whose accounts are known by keys, or need none. */
function keyedProvider(
  provider: ProviderConfig,
  preset: Preset,
  spoken: Dialect,
  pool: Pool,
  limits: UpstreamLimits,
  sends: Sends,
): Provider {
  const traits = configuredTraits(provider, preset.traits)
  const baseUrl = (provider.base_url ?? '').replace(/\/+$/, '')
  const vendors: Record<string, string> = provider.provider_type === 'qwen' ? { 'x-dashscope-cachecontrol': 'enable' } : {}
  const fixed: Record<string, string> = { 'user-agent': 'dragoman', ...vendors, ...lowerCased(provider.headers ?? {}) }
  return {
    name: provider.name,
    type: provider.provider_type,
    dialect: traits.thinkTags ? withThinkTags(spoken) : spoken,
    baseUrl,
    priority: provider.priority,
    models: provider.models,
    tiers: { big: provider.big_model, medium: provider.medium_model, small: provider.small_model },
    traits: { ...traits, apiVersion: fixed['anthropic-version'] },
    limits,
    repair: provider.normalize !== 'never',
    maxConcurrent: provider.max_concurrent,
    pool,
    send: provider.provider_type === 'demo' ? sends.demo : sends.network,
    ...(preset.url && {
      url: (path: string, model: string) => preset.url?.(baseUrl, path, model, provider.api_version) ?? baseUrl + path,
    }),
    headers: standingHeaders(credential => ({ 'content-type': 'application/json', ...preset.authorize(credential), ...fixed })),
    secrets: ({ credential }) => [...(credential.kind === 'api_key' ? [credential.apiKey] : []), ...Object.values(provider.headers ?? {})],
  }
}
