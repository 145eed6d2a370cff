import type { Account } from '../accounts/account.ts'
import { parseQuota, parseSpent, readQuota } from '../accounts/jetbrains/quota.ts'
import { createTokenChain, type TokenChain } from '../accounts/jetbrains/token-chain.ts'
import { createJsonCall, type JsonAnswer, type JsonCall } from '../accounts/json-call.ts'
import type { Quota } from '../accounts/quota.ts'
import type { Config, ProviderConfig } from '../config/schema.ts'
import type { Clock } from '../core/clock.ts'
import { GatewayError } from '../core/errors.ts'
import { isObject, type JsonValue } from '../core/json.ts'
import { kindOfStatus, retryAfterOf } from '../core/upstream-error.ts'
import { anthropic } from '../dialects/anthropic/index.ts'
import { behindJetbrains, jetbrains, jetbrainsV7 } from '../dialects/jetbrains/index.ts'
import { openaiChat } from '../dialects/openai-chat/index.ts'
import { BUILT_IN_PROFILES, type Profile, parseProfiles } from '../routing/jetbrains/profiles.ts'
import { JetbrainsWires } from '../routing/jetbrains/wires.ts'
import type { Send } from '../upstream/client.ts'
import { lowerCased } from './standing-headers.ts'

export interface JetbrainsServiceOptions {
  settings: Config['jetbrains']
  provider: Pick<ProviderConfig, 'name' | 'base_url' | 'headers'>
  send: Send
  clock: Clock
  /** Told when an answer or a probe has said what is left of an account's quota. */
  observed?(account: Account): void
}

/** Calls about accounts are small: what takes longer will not come. */
const CALL_LIMITS = { connect: 5000, firstByte: 8000, idle: 8000 }
const PROBE_MS = 10_000

const PROFILES_FRESH_MS = 3_600_000
const PROFILES_RETRY_MS = 300_000

/** JetBrains AI as one provider reaches it: its profile list, its tokens and its quotas. Outlives reloads that leave its settings alone. */
export class JetbrainsService {
  readonly chain: TokenChain
  readonly wires: JetbrainsWires
  readonly baseUrl: string
  /** What is sent with every request, the credential apart. */
  readonly headers: Readonly<Record<string, string>>
  profiles: readonly Profile[] = BUILT_IN_PROFILES
  /** Where the profiles come from. */
  isLive = false
  #profilesDue = 0
  readonly #call: JsonCall

  constructor(private readonly options: JetbrainsServiceOptions) {
    const { settings, provider, send, clock } = options
    this.baseUrl = (provider.base_url ?? settings.base_url).replace(/\/+$/, '')
    this.headers = { 'user-agent': 'dragoman', ...lowerCased(settings.headers), ...lowerCased(provider.headers ?? {}) }
    this.#call = createJsonCall({ send, clock, limits: CALL_LIMITS, standing: this.headers, timeoutMs: PROBE_MS })
    this.chain = createTokenChain(this.#call, { baseUrl: this.baseUrl, oauthUrl: settings.oauth_url })
    const own = settings.api_version === 'v7' ? jetbrainsV7 : jetbrains
    this.wires = new JetbrainsWires({ own, anthropic: behindJetbrains(anthropic), openai: behindJetbrains(openaiChat) }, settings.native)
  }

  /** Whether the service of these settings is this one. */
  fits({ settings, provider }: Pick<JetbrainsServiceOptions, 'settings' | 'provider'>): boolean {
    return partsOf({ settings, provider }) === partsOf(this.options)
  }

  /** Asks what is left of the account's quota, which costs nothing, and says whether the account is fit. @throws GatewayError */
  async probe(account: Account): Promise<void> {
    const now = this.options.clock.now()
    const reading = await this.#asking(account, async jwt => {
      const read = await readQuota({ call: this.#call, baseUrl: this.baseUrl, jwt, now })
      return read.state === 'refused' ? undefined : read
    })
    if (reading.state === 'read') this.#observed(account, reading.quota, now)
  }

  get profilesDue(): boolean {
    return this.options.clock.now() >= this.#profilesDue
  }

  /** Reads the profile list through one of the accounts. An empty or broken list never takes the place of a good one. @returns whether the list is another one now */
  async refreshProfiles(account: Account): Promise<boolean> {
    const { clock } = this.options
    this.#profilesDue = clock.now() + PROFILES_RETRY_MS
    const answer = await this.#asking(account, async jwt => {
      const headers = { 'grazie-authenticate-jwt': jwt }
      const read = await this.#call({ method: 'GET', url: `${this.baseUrl}/user/v5/llm/profiles/v8`, headers })
      return read.status === 401 ? undefined : read
    })
    if (answer.status !== 200) throw listRefused(answer)
    const profiles = parseProfiles(answer.json)
    if (profiles.length === 0) throw new GatewayError('bad-gateway', 'the profile list is empty or none', { upstream: { status: 200 } })
    this.#profilesDue = clock.now() + PROFILES_FRESH_MS
    const isOther = !this.isLive || JSON.stringify(profiles) !== JSON.stringify(this.profiles)
    this.profiles = profiles
    this.isLive = true
    return isOther
  }

  /** What an answer said of quota and cost. */
  observe(account: Account, metadata: JsonValue, now: number): JsonValue | undefined {
    if (!isObject(metadata)) return undefined
    const quota = parseQuota(metadata.updated, now)
    if (quota) this.#observed(account, quota, now)
    return parseSpent(metadata.spent)
  }

  #observed(account: Account, quota: Quota, now: number): void {
    account.observed(quota, now)
    this.options.observed?.(account)
  }

  /** A call with the account's token; once more with another where `ask` says that it was refused. */
  async #asking<T>(account: Account, ask: (jwt: string) => Promise<T | undefined>): Promise<T> {
    const { credential } = account
    if (credential.kind !== 'token') throw new GatewayError('authentication', 'the account has no token', { upstream: {} })
    const token = await credential.source.current()
    const first = await ask(token)
    if (first !== undefined) return first
    const other = await credential.source.replace(token)
    const second = other === undefined ? undefined : await ask(other)
    if (second === undefined) throw new GatewayError('authentication', 'the token was refused', { upstream: { status: 401 } })
    return second
  }
}

/** What a service is made of; which of its models are served is its provider's matter. */
const partsOf = ({ settings, provider }: Pick<JetbrainsServiceOptions, 'settings' | 'provider'>): string =>
  JSON.stringify([{ ...settings, models: undefined }, provider.base_url, provider.headers])

const listRefused = ({ status, headers }: JsonAnswer): GatewayError =>
  new GatewayError(status < 400 ? 'bad-gateway' : kindOfStatus(status), `the profile list could not be read (${status})`, {
    retryAfterMs: retryAfterOf(new Headers([...headers])),
    upstream: { status },
  })
