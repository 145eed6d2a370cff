import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import type { Json } from '../../checkers/json.ts'
import type { AccountOptions, SimulatedAccount } from '../../simulators/jetbrains/account.ts'
import { type JetbrainsOptions, type JetbrainsSimulator, startJetbrains } from '../../simulators/jetbrains.ts'
import { Wire } from '../sdk/wire.ts'
import { CLIENT_KEY, type GatewayOptions, type RunningGateway, startGateway } from './gateway.ts'

/** JetBrains AI as it is simulated, in the config's words: all of its hosts are one. */
export const jetbrainsAt = ({ url, loginUrl }: JetbrainsSimulator, more: Json = {}): Json => ({
  base_url: url,
  oauth_url: url,
  login_url: loginUrl,
  ...more,
})

/** An entry of `jetbrains_accounts` that nothing but its JWT speaks for. */
export const byJwt = (account: SimulatedAccount, more: Json = {}): Json => ({
  name: account.licenseId.toLowerCase(),
  jwt: account.jwt(),
  ...more,
})

/** An entry with the means to make new JWTs. */
export const byRefresh = (account: SimulatedAccount, more: Json = {}): Json => ({
  name: account.licenseId.toLowerCase(),
  licenseId: account.licenseId,
  refresh_token: account.refreshToken,
  ...more,
})

export interface JetbrainsStage {
  sim: JetbrainsSimulator
  gateway: RunningGateway
  account(licenseId: string): SimulatedAccount
  openai: OpenAI
  anthropic: Anthropic
  /** What the two clients sent and got. */
  wire: Wire
  stop(): Promise<void>
}

export interface StageOptions extends Omit<JetbrainsOptions, 'accounts' | 'port'> {
  accounts: readonly AccountOptions[]
  /** How an account stands in the config; by its JWT where absent. Undefined leaves it out. */
  entry?(account: SimulatedAccount, index: number): Json | undefined
  /** Members of the config's `jetbrains`. */
  jetbrains?: Json
  /** Further members of the config. */
  config?: Json
  gateway?: Omit<GatewayOptions, 'config'>
}

/** Simulated accounts, a gateway that has them, and both SDKs in front of it. */
export async function startJetbrainsStage(options: StageOptions): Promise<JetbrainsStage> {
  const { accounts, entry = one => byJwt(one), jetbrains, config = {}, gateway: more, ...simulated } = options
  const sim = startJetbrains(simulated)
  const known = accounts.map(given => sim.account(given))
  const entries = known.flatMap((account, index) => entry(account, index) ?? [])
  const gateway = await startGateway({
    ...more,
    config: { jetbrains: jetbrainsAt(sim, jetbrains), jetbrains_accounts: entries, health_check_interval: '5m', ...config },
  })
  const wire = new Wire()
  const shared = { apiKey: CLIENT_KEY, maxRetries: 0, fetch: wire.fetch }
  return {
    sim,
    gateway,
    account(licenseId) {
      const account = known.find(one => one.licenseId === licenseId)
      if (!account) throw new Error(`there is no account ${licenseId}`)
      return account
    },
    openai: new OpenAI({ ...shared, baseURL: `${gateway.url}/v1` }),
    anthropic: new Anthropic({ ...shared, baseURL: gateway.url }),
    wire,
    async stop() {
      await gateway.stop()
      await sim.close()
    },
  }
}

/** Chats that an account answered or refused, on any route that costs. */
export const chatsOf = (stage: JetbrainsStage, licenseId: string): number =>
  stage.sim.requestsOf(stage.account(licenseId)).filter(({ route }) => route === 'generate').length
