import type { Account } from '../accounts/account.ts'
import type { Pool } from '../accounts/pool.ts'
import { apiBaseOf } from '../accounts/qwen/api-base.ts'
import { QwenToken } from '../accounts/qwen/qwen-token.ts'
import type { Config, ProviderConfig } from '../config/schema.ts'
import { GatewayError } from '../core/errors.ts'
import { type Dialect, withUpstream } from '../dialects/dialect.ts'
import { openaiChat } from '../dialects/openai-chat/index.ts'
import { QWEN_OAUTH_ALIASES, QWEN_OAUTH_MODELS } from '../routing/model-data.ts'
import type { Provider } from '../routing/provider.ts'
import { VENDORS } from '../routing/vendors.ts'
import type { Send, UpstreamLimits } from '../upstream/client.ts'
import { configuredTraits } from './quirks.ts'
import { lowerCased, standingHeaders } from './standing-headers.ts'

/** What the provider is called that is made for signed-in Qwen accounts where the config has none, and where the name is taken. */
const QWEN_PROVIDER = 'qwen'
const OTHER_NAME = 'qwen-oauth'

/** Whether a provider's accounts sign in, rather than pay by key. */
export const signsIn = ({ provider_type: type, api_key, plan }: Pick<ProviderConfig, 'provider_type' | 'api_key' | 'plan'>): boolean =>
  type === 'qwen' && api_key === undefined && plan === undefined

/** The provider that signed-in accounts join. */
export function qwenProviderName({ providers }: Pick<Config, 'providers'>): string {
  const own = providers.find(provider => signsIn(provider) && provider.is_active)
  if (own) return own.name
  return providers.some(({ name }) => name === QWEN_PROVIDER) ? OTHER_NAME : QWEN_PROVIDER
}

/** Stands for signed-in accounts where no provider is configured. */
export const impliedQwen = (name: string) =>
  ({ name, provider_type: 'qwen', models: [], headers: {}, is_active: true, priority: 1, normalize: 'auto' }) as const

export interface QwenProviderOptions {
  config: ProviderConfig
  settings: Config['qwen']
  pool: Pool
  limits: UpstreamLimits
  send: Send
}

/** What the requests of a signed-in account say of themselves; the rest is `qwen.headers` (qwen.md §2.1). */
const HEADERS = { 'x-dashscope-cachecontrol': 'enable', 'x-dashscope-authtype': 'qwen-oauth', 'user-agent': 'dragoman' }

/** Qwen for accounts that sign in: where each is served its sign-in says. */
export function qwenProvider({ config, settings, pool, limits, send }: QwenProviderOptions): Provider {
  const fixed = { ...HEADERS, ...lowerCased(settings.headers), ...lowerCased(config.headers ?? {}) }
  const override = config.base_url ?? settings.base_url
  const baseUrl = apiBaseOf(override) ?? ''
  const [usual] = QWEN_OAUTH_MODELS
  return {
    name: config.name,
    type: 'qwen',
    dialect: refusingAccounts(openaiChat),
    baseUrl,
    ...(override === undefined && { baseUrlOf: (account: Account) => servedAt(account) ?? baseUrl }),
    priority: config.priority,
    models: config.models.length > 0 ? config.models : QWEN_OAUTH_MODELS,
    aliases: QWEN_OAUTH_ALIASES,
    tiers: { big: config.big_model ?? usual, medium: config.medium_model ?? usual, small: config.small_model ?? usual },
    traits: configuredTraits(config, { ...VENDORS.qwen, leadingSystem: 'cached-parts' }),
    limits,
    repair: config.normalize !== 'never',
    maxConcurrent: config.max_concurrent,
    pool,
    send,
    headers: standingHeaders((_, token) => ({ 'content-type': 'application/json', ...fixed, authorization: `Bearer ${token}` })),
    secrets: ({ credential }) => [
      ...(credential.kind === 'token' ? credential.source.secrets() : []),
      ...Object.values({ ...settings.headers, ...config.headers }),
    ],
  }
}

function servedAt({ credential }: Account): string | undefined {
  if (credential.kind !== 'token' || !(credential.source instanceof QwenToken)) return undefined
  return apiBaseOf(credential.source.resourceUrl)
}

const CLOSED =
  'Qwen refuses the account although its token is fresh: the free sign-in tier ended on 2026-04-15; a Coding Plan, Token Plan or API key works (provider_type "qwen" with "plan" and "api_key")'

/** After which a refused account is asked again. */
const REFUSED_MS = 300_000

/** A fresh token that is refused means what no other error does, and the operator has to know. */
const refusingAccounts = (dialect: Dialect): Dialect =>
  withUpstream(dialect, upstream => ({
    decodeError(...given) {
      const error = upstream.decodeError(...given)
      if (error.kind !== 'authentication') return error
      const verdict = { state: 'needs_sign_in', reason: CLOSED, forMs: REFUSED_MS } as const
      return new GatewayError(error.kind, error.message, { ...error, upstream: { ...error.upstream, verdict }, cause: error.cause })
    },
  }))
