import type { Account } from '../accounts/account.ts'
import { QwenToken } from '../accounts/qwen/qwen-token.ts'
import type { WantedAccount } from '../accounts/registry.ts'
import type { Config } from '../config/schema.ts'
import type { Clock } from '../core/clock.ts'
import { accountIdOf } from './account-identity.ts'
import { labelOfFile, type QwenFile, QwenFiles } from './qwen-files.ts'
import { qwenProviderName } from './qwen-provider.ts'
import type { QwenService } from './qwen-service.ts'

export interface QwenAccountsOptions {
  clock: Clock
  config(): Config
  qwen: QwenService
  warn(message: string): void
}

/** Signed-in Qwen accounts whose tokens lie in files of the Qwen CLI's, which are used where they are. */
export class QwenAccounts {
  readonly #files: QwenFiles
  /** As they were last looked at. */
  #wanted: readonly WantedAccount[] = []
  #names: string | undefined

  constructor(private readonly options: QwenAccountsOptions) {
    this.#files = new QwenFiles(options.clock)
  }

  async look(config: Config): Promise<void> {
    this.#names = await this.#files.names(config.qwen)
    const provider = qwenProviderName(config)
    const files = await this.#files.read(config.qwen)
    this.#wanted = files.map((file, index) => this.#accountOf(file, provider, index + 1))
  }

  /** The accounts of all files but those that `kept` has named, too; with labels of their own. */
  beside(kept: readonly WantedAccount[]): WantedAccount[] {
    const ids = new Set(kept.map(({ id }) => id))
    const labels = new Set(kept.map(({ provider, label }) => `${provider} ${label}`))
    return this.#wanted
      .filter(({ id }) => !ids.has(id))
      .map(account => {
        const { provider } = account
        let { label } = account
        for (let number = 1; labels.has(`${provider} ${label}`); number++) label = `${provider}-${number}`
        labels.add(`${provider} ${label}`)
        return { ...account, label }
      })
  }

  /** Looks whether files have come or gone. What changes within one its account sees itself. */
  async haveChanged(): Promise<boolean> {
    const config = this.options.config()
    if ((await this.#files.names(config.qwen)) === this.#names) return false
    await this.look(config)
    return true
  }

  #accountOf(found: QwenFile, provider: string, number: number): WantedAccount {
    const { file, id: path, credential } = found
    const [id, label] = [accountIdOf(provider, { file: path }), labelOfFile(found, provider, number)]
    if ('problem' in credential) this.options.warn(`account '${label}' of ${provider}: ${credential.problem}`)
    return {
      ...{ id, provider, label, kind: 'qwen_oauth', fingerprint: path },
      makeCredential: () => ({ kind: 'token', source: this.options.qwen.token(id, credential, file) }),
    }
  }
}

/** Accounts whose sign-in was refused, and in whose file there is another one by now: what was held against the old one is not held against that. */
export async function signedInAnew(accounts: readonly Account[], now: number): Promise<Account[]> {
  const waiting = accounts.filter(account => account.summary(now)?.state === 'needs_sign_in')
  const isAnew = await Promise.all(
    waiting.map(({ credential }) => credential.kind === 'token' && credential.source instanceof QwenToken && credential.source.catchUp()),
  )
  return waiting.filter((_, index) => isAnew[index])
}
