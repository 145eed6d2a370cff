import type { Credential } from '../accounts/account.ts'
import { Pool } from '../accounts/pool.ts'
import type { AccountRegistry } from '../accounts/registry.ts'
import type { Config, ProviderConfig } from '../config/schema.ts'
import { sha256 } from '../core/secret.ts'
import { anthropic } from '../dialects/anthropic/index.ts'
import type { Dialect } from '../dialects/dialect.ts'
import { openaiChat } from '../dialects/openai-chat/index.ts'
import { withThinkTags } from '../dialects/openai-chat/think-tags.ts'
import { presetOf } from '../routing/preset.ts'
import type { Provider } from '../routing/provider.ts'
import type { Send } from '../upstream/client.ts'
import { configuredTraits } from './quirks.ts'

export interface Sends {
  network: Send
  demo: Send
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

const credentialOf = ({ api_key: apiKey }: Pick<ProviderConfig, 'api_key'>): Credential =>
  apiKey === undefined ? { kind: 'none' } : { kind: 'api_key', apiKey }

/** Stable for one key at one provider, and tells nothing of the key. */
const accountId = (provider: string, { api_key: apiKey = '' }: Pick<ProviderConfig, 'api_key'>): string =>
  `acct_${sha256(`${provider}\n${apiKey}`).slice(0, 16)}`

/**
 * The configured providers, ready to be called. Kinds that this version cannot speak to are left out and told to `warn`.
 */
export function buildProviders(
  config: Config,
  demo: boolean,
  registry: AccountRegistry,
  sends: Sends,
  warn: (message: string) => void,
): Provider[] {
  const wanted: ProviderConfig[] = config.providers.filter(({ is_active }) => is_active)
  const hasDemo = wanted.some(({ name }) => name === DEMO_PROVIDER.name)
  if (demo && !hasDemo) wanted.push(DEMO_PROVIDER as unknown as ProviderConfig)
  const usable = wanted.filter(({ name, provider_type: type, base_url }) => {
    const fault = !presetOf(type, base_url)
      ? `provider_type '${type}' is not supported by this version`
      : type !== 'demo' && !base_url
        ? 'it has no base_url'
        : undefined
    if (fault) warn(`provider '${name}' is left out: ${fault}`)
    return fault === undefined
  })
  const accounts = registry.replace(
    usable.map(provider => {
      const id = accountId(provider.name, provider)
      const kind = provider.api_key === undefined ? 'none' : 'api_key'
      const makeCredential = () => credentialOf(provider)
      return { id, provider: provider.name, label: `${provider.name}-1`, kind, fingerprint: id, makeCredential }
    }),
  )
  return usable.flatMap(provider => {
    const preset = presetOf(provider.provider_type, provider.base_url)
    const spoken = preset && DIALECTS[preset.dialect]
    const account = accounts.get(accountId(provider.name, provider))
    if (!preset || !spoken || !account) return []
    const { timeouts } = config
    const traits = configuredTraits(provider, preset.traits)
    const baseUrl = (provider.base_url ?? '').replace(/\/+$/, '')
    const fixed: Record<string, string> = { 'user-agent': 'dragoman', ...lowerCased(provider.headers ?? {}) }
    return {
      name: provider.name,
      type: provider.provider_type,
      dialect: traits.thinkTags ? withThinkTags(spoken) : spoken,
      baseUrl,
      priority: provider.priority,
      models: provider.models,
      tiers: { big: provider.big_model, medium: provider.medium_model, small: provider.small_model },
      traits: { ...traits, apiVersion: fixed['anthropic-version'] },
      limits: {
        connect: provider.timeouts?.connect ?? timeouts.connect,
        firstByte: provider.timeouts?.first_byte ?? timeouts.first_byte,
        idle: provider.timeouts?.idle ?? timeouts.idle,
      },
      repair: provider.normalize !== 'never',
      maxConcurrent: provider.max_concurrent,
      pool: new Pool([account]),
      send: provider.provider_type === 'demo' ? sends.demo : sends.network,
      ...(preset.url && {
        url: (path: string, model: string) => preset.url?.(baseUrl, path, model, provider.api_version) ?? baseUrl + path,
      }),
      headers: standingHeaders(credential => ({ 'content-type': 'application/json', ...preset.authorize(credential), ...fixed })),
      secrets: ({ credential }) => [
        ...(credential.kind === 'api_key' ? [credential.apiKey] : []),
        ...Object.values(provider.headers ?? {}),
      ],
    } satisfies Provider
  })
}

const lowerCased = (headers: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))

/** One object for each account, so that it is put into header lines once. */
function standingHeaders(make: (credential: Credential) => Record<string, string>): Provider['headers'] {
  const made = new WeakMap<Credential, Record<string, string>>()
  return ({ credential }) => {
    const known = made.get(credential)
    if (known) return known
    const headers = make(credential)
    made.set(credential, headers)
    return headers
  }
}
