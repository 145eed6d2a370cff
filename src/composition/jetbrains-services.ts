import type { Account } from '../accounts/account.ts'
import type { TokenChain } from '../accounts/jetbrains/token-chain.ts'
import type { Config, ProviderConfig } from '../config/schema.ts'
import type { Clock } from '../core/clock.ts'
import { asGatewayError } from '../core/errors.ts'
import type { Logger } from '../log/logger.ts'
import type { Send } from '../upstream/client.ts'
import { JetbrainsService } from './jetbrains-service.ts'

export interface JetbrainsServicesOptions {
  clock: Clock
  log: Logger
  send: Send
  config(): Config
  accounts(): readonly Account[]
  /** Told when an answer or a probe has said what is left of an account's quota. */
  observed(account: Account): void
}

/** JetBrains AI as each provider reaches it, by the provider's name. */
export class JetbrainsServices {
  readonly #services = new Map<string, JetbrainsService>()

  constructor(private readonly options: JetbrainsServicesOptions) {}

  /** The service of a configured provider; the one at hand where its settings are still the same. */
  of(provider: Pick<ProviderConfig, 'name' | 'base_url' | 'headers'>): JetbrainsService {
    const { config, send, clock, observed } = this.options
    const wanted = { settings: config().jetbrains, provider, send, clock, observed }
    const known = this.#services.get(provider.name)
    if (known?.fits(wanted)) return known
    const service = new JetbrainsService(wanted)
    this.#services.set(provider.name, service)
    return service
  }

  named(name: string): JetbrainsService {
    const provider = this.options.config().providers.find(one => one.name === name)
    return this.of(provider ?? { name, base_url: undefined, headers: {} })
  }

  /** What makes the tokens of a provider's accounts. */
  chainOf(provider: string): TokenChain {
    return this.named(provider).chain
  }

  /** Reads the lists of models that are due. @returns whether one of them is another one now */
  async refreshProfiles(): Promise<boolean> {
    const due = [...this.#services].filter(([, service]) => service.profilesDue)
    const changed = await Promise.all(due.map(([provider, service]) => this.#refresh(provider, service)))
    return changed.some(Boolean)
  }

  async #refresh(provider: string, service: JetbrainsService): Promise<boolean> {
    const { clock, log, accounts } = this.options
    const now = clock.now()
    const fit = accounts().filter(one => one.provider === provider && one.credential.kind === 'token' && !one.summary(now))
    for (const [index, account] of fit.entries()) {
      try {
        return await service.refreshProfiles(account)
      } catch (thrown) {
        const error = asGatewayError(thrown)
        // Another account may be let in where this one is not.
        const isItsOwn = error.upstream?.verdict !== undefined || error.kind === 'authentication'
        if (isItsOwn && index < fit.length - 1) continue
        const kept = service.isLive ? 'the one before stays' : 'the built-in one is used'
        log.warn({ provider, account: account.label, error: error.message }, `no new list of models; ${kept}`)
        return false
      }
    }
    return false
  }
}
