import { join } from 'node:path'
import type { Account } from '../accounts/account.ts'
import { HealthChecker, type Probe } from '../accounts/health-checker.ts'
import type { JetbrainsCredential } from '../accounts/jetbrains/credential.ts'
import type { TokenEvents } from '../accounts/kept-credential.ts'
import { AccountRegistry } from '../accounts/registry.ts'
import type { Config } from '../config/schema.ts'
import type { Clock } from '../core/clock.ts'
import { asGatewayError, type GatewayError } from '../core/errors.ts'
import { randomText } from '../core/ids.ts'
import type { Random } from '../core/random.ts'
import { rfc3339 } from '../core/timestamps.ts'
import type { Logger } from '../log/logger.ts'
import { type AccountCache, createAccountCache } from '../store/account-cache.ts'
import type { AccountRecord } from '../store/account-record.ts'
import { type Accounts, createAccounts } from '../store/accounts.ts'
import type { Store } from '../store/database.ts'
import { openSealer } from '../store/sealing.ts'
import { readOrCreateSecret, readSecret, SECRET_KEY_FILE } from '../store/secrets.ts'
import type { Send } from '../upstream/client.ts'
import { AccountKeeper } from './account-keeper.ts'
import { createCredentialMakers } from './credential-makers.ts'
import { JetbrainsServices } from './jetbrains-services.ts'
import type { ProviderSources } from './providers.ts'
import { QwenAccounts, signedInAnew } from './qwen-accounts.ts'
import { QwenService } from './qwen-service.ts'
import { writeBackJwt } from './write-back.ts'

/** What changes of an account's quota is written so often; a change of its state at once. */
const FLUSH_MS = 2000

/** An entry that is gone from the config may come back: so long its renewed tokens are kept. */
const UNDECLARED_MS = 30 * 24 * 3_600_000

/** A renewal that is under way when the process is to end gets so long. */
const LONGEST_SETTLING_MS = 10_000

/** How often it is looked whether a profile list is due, and which credentials files there are. */
const LOOK_MS = 5000

/** The key that seals what is stored: the config's, else the one of the data dir, made where there is none. */
function sealingKey({ secret_key: given, data_dir: dataDir }: Pick<Config, 'secret_key' | 'data_dir'>) {
  const file = join(dataDir, SECRET_KEY_FILE)
  return { secret: given ?? readSecret(file), makeSecret: () => readOrCreateSecret(file, () => randomText(64)).value }
}

export interface AccountServiceOptions {
  store: Store
  clock: Clock
  random: Random
  log: Logger
  send: Send
  /** The configuration in effect. */
  config(): Config
  /** Files of the older proxy that fresh JWTs are to be written back into. */
  writeBack(): readonly string[]
  /** A managing command's: it keeps to the secret key that there is. */
  isCommand?: boolean
  /** The accounts, or what is known of their models, have changed: the routing has to be made anew. */
  rebuild(): void
}

/** Everything about accounts that has a life of its own: the store's view, health checks, JetBrains' profile lists. */
export class AccountService {
  readonly registry: AccountRegistry
  readonly checker: HealthChecker
  readonly jetbrains: JetbrainsServices
  readonly qwen: QwenService
  readonly #qwenAccounts: QwenAccounts
  readonly #keeper: AccountKeeper
  #cache: AccountCache | undefined
  #adopted: readonly AccountRecord[] = []
  #stops: (() => void)[] = []
  #flushing: Promise<void> | undefined

  private constructor(
    readonly accounts: Accounts,
    private readonly options: AccountServiceOptions,
  ) {
    const { clock, random, log, send, config } = options
    const warn = (message: string) => log.warn({}, message)
    const events: TokenEvents = {
      renewalFailed: (id, error) =>
        log.warn({ account: this.#labelOf(id), error: error.message }, 'a token could not be renewed; the old one is used'),
      storeFailed: (id, step, cause) => log.error({ account: this.#labelOf(id), step, cause }, 'a new token could not be stored'),
      skewed: (id, ms) =>
        log.warn({ account: this.#labelOf(id), seconds: Math.round(ms / 1000) }, "this machine's clock and JetBrains' differ"),
    }
    this.jetbrains = new JetbrainsServices({
      ...{ clock, log, send, config },
      accounts: () => this.registry.all,
      observed: account => this.observed(account),
    })
    this.qwen = new QwenService({ settings: () => config().qwen, send, clock, events })
    this.#qwenAccounts = new QwenAccounts({ clock, config, qwen: this.qwen, warn })
    const makerOf = createCredentialMakers({
      ...{ accounts, clock, events, qwen: this.qwen, warn },
      chainOf: provider => this.jetbrains.named(provider).chain,
      renewed: (id, credential) => void this.#writeBack(id, credential),
    })
    this.#keeper = new AccountKeeper({ accounts, clock, warn, makerOf })
    this.registry = new AccountRegistry(
      (account, before, after) => {
        // A request that was sent before its account was removed, or got another credential, speaks of nobody.
        if (this.registry.find(account.id) !== account) return
        this.#keeper.observe(account, after)
        this.#flushSoon()
        // Another word for the same is no change.
        if (before?.state === after?.state) return
        const { provider, label } = account
        const until = after?.until === undefined ? undefined : rfc3339(after.until)
        if (after) log.warn({ provider, account: label, state: after.state, until }, `account is out: ${after.reason}`)
        else log.info({ provider, account: label, state: 'active' }, 'account is back')
      },
      account => this.#keeper.restore(account),
    )
    this.checker = new HealthChecker({
      clock,
      random,
      intervalMs: () => options.config().health_check_interval,
      accounts: () => this.registry.all,
      probeOf: account => this.#probeOf(account),
    })
  }

  static async open(options: AccountServiceOptions): Promise<AccountService> {
    const { store, clock, log } = options
    const onError = (cause: unknown) => log.error({ cause }, 'accounts cannot be read')
    const sealer = await openSealer({ store, ...sealingKey(options.config()), clock, replaceUnused: !options.isCommand })
    const accounts = createAccounts({ store, sealer, clock, onError })
    const service = new AccountService(accounts, options)
    service.#cache = await createAccountCache({ store, accounts, clock, onChange: () => options.rebuild(), onError })
    return service
  }

  /** Takes over the accounts that a configuration declares; before the routing is made of it. */
  async adopt(config: Config): Promise<void> {
    this.#adopted = await this.#keeper.adopt(config)
    await this.#qwenAccounts.look(config)
    const declared = new Set(this.#adopted.map(({ id }) => id))
    const longAgo = this.options.clock.now() - UNDECLARED_MS
    for (const { id, origin, updatedAt } of this.#cache?.records ?? []) {
      if (origin === 'config' && !declared.has(id) && updatedAt < longAgo) await this.accounts.remove(id)
    }
  }

  /** What providers are made of. */
  sources(): Pick<ProviderSources, 'accounts' | 'registry' | 'jetbrains'> {
    const kept = this.#keeper.wanted(this.#adopted, this.#cache?.records ?? [])
    return {
      accounts: [...kept, ...this.#qwenAccounts.beside(kept)],
      registry: this.registry,
      jetbrains: provider => this.jetbrains.of(provider),
    }
  }

  /** The providers have been made of the sources. */
  built(): void {
    this.#keeper.catchUp(this.registry.all)
  }

  /** Begins to check and to refresh. Resolves when the profile lists are there, or cannot be had. */
  async start(): Promise<void> {
    const { clock } = this.options
    this.checker.start()
    this.#stops = [
      clock.every(FLUSH_MS, () => this.#flushSoon()),
      clock.every(LOOK_MS, () => void this.#refreshProfiles()),
      clock.every(LOOK_MS, () => void this.#lookAtFiles()),
    ]
    await this.#refreshProfiles()
  }

  async stop(): Promise<void> {
    this.checker.stop()
    for (const stop of this.#stops) stop()
    this.#cache?.stop()
    // A refresh token that is just being exchanged must be on disk, or the account is lost.
    const settled = this.registry.all.map(({ credential }) => (credential.kind === 'token' ? credential.source.settled() : undefined))
    const patience = Promise.withResolvers<void>()
    const cancel = this.options.clock.after(LONGEST_SETTLING_MS, patience.resolve)
    await Promise.race([Promise.all(settled), patience.promise])
    cancel()
    await this.#flushing
    await this.#keeper.flush()
  }

  /** What the store holds of an account; undefined for the key of a provider itself. */
  stored(id: string): AccountRecord | undefined {
    return this.#keeper.record(id)
  }

  /** Brings the store's present state into memory; the caller rebuilds. */
  async catchUp(): Promise<void> {
    await this.#cache?.refresh()
  }

  /**
   * Checks an account because somebody asked: what was held against it is forgotten where it answers well.
   * @returns what is wrong; undefined where nothing is
   */
  async check(account: Account): Promise<GatewayError | undefined> {
    if (account.credential.kind !== 'token') return undefined
    const { clock } = this.options
    const wasOut = account.health.summary(clock.now()) !== undefined
    const fault = await this.#probe(account).then(() => undefined, asGatewayError)
    if (fault) account.failed('', fault, clock.now())
    else if ((account.quota?.available ?? 1) > 0) account.health.clear()
    this.observed(account)
    await this.#keeper.flush()
    // Other processes look again. A credentials file has no row there.
    if (wasOut && !account.health.summary(clock.now()) && this.stored(account.id)) await this.accounts.touch(account.id)
    return fault
  }

  /** An account's quota has been told of, or it has been checked: what the store knows follows. */
  observed(account: Account): void {
    this.#keeper.observe(account, account.health.summary(this.options.clock.now()))
  }

  /** One at a time: what is seen meanwhile goes with the next. */
  #flushSoon(): void {
    this.#flushing ??= this.#keeper
      .flush()
      .catch(cause => this.options.log.error({ cause }, "accounts' states cannot be written"))
      .finally(() => {
        this.#flushing = undefined
      })
  }

  /** JetBrains' accounts are asked for their quota. Of Qwen's only those that lost their sign-in are tried: refreshing idle ones for ever got people banned. */
  #probeOf(account: Account): Probe | undefined {
    const { credential, kind } = account
    if (credential.kind !== 'token') return undefined
    if (kind !== 'qwen_oauth') return taken => this.jetbrains.named(taken.provider).probe(taken)
    const out = account.health.summary(this.options.clock.now())
    if (out?.state !== 'needs_sign_in' || out.until !== undefined) return undefined
    return async () => void (await credential.source.current())
  }

  async #probe(account: Account): Promise<void> {
    const { credential, kind } = account
    if (kind !== 'qwen_oauth') return this.jetbrains.named(account.provider).probe(account)
    if (credential.kind === 'token') await credential.source.current()
  }

  async #refreshProfiles(): Promise<void> {
    if (await this.jetbrains.refreshProfiles()) this.options.rebuild()
  }

  async #lookAtFiles(): Promise<void> {
    if (await this.#qwenAccounts.haveChanged()) this.options.rebuild()
    for (const account of await signedInAnew(this.registry.all, this.options.clock.now())) {
      account.health.clear()
      this.observed(account)
    }
  }

  async #writeBack(id: string, credential: JetbrainsCredential): Promise<void> {
    const { log, clock, writeBack } = this.options
    for (const file of writeBack()) {
      try {
        await writeBackJwt(file, credential, clock.now())
      } catch (cause) {
        log.warn({ account: this.#labelOf(id), file, cause }, 'a new JWT could not be written back')
      }
    }
  }

  #labelOf(id: string): string {
    return this.registry.find(id)?.label ?? id
  }
}
