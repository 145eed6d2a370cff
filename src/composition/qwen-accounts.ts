import type { WantedAccount } from '../accounts/registry.ts'
import type { Config } from '../config/schema.ts'
import type { Clock } from '../core/clock.ts'
import { accountIdOf } from './account-identity.ts'
import { type QwenFile, QwenFiles } from './qwen-files.ts'
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
  wanted: readonly WantedAccount[] = []
  #names: string | undefined

  constructor(private readonly options: QwenAccountsOptions) {
    this.#files = new QwenFiles(options.clock)
  }

  async look(config: Config): Promise<void> {
    this.#names = await this.#files.names(config.qwen)
    const provider = qwenProviderName(config)
    const files = await this.#files.read(config.qwen)
    this.wanted = files.map((file, index) => this.#wanted(file, provider, index + 1))
  }

  /** Looks whether files have come or gone. What changes within one its account sees itself. */
  async haveChanged(): Promise<boolean> {
    const config = this.options.config()
    if ((await this.#files.names(config.qwen)) === this.#names) return false
    await this.look(config)
    return true
  }

  #wanted({ file, id: path, label, credential }: QwenFile, provider: string, number: number): WantedAccount {
    const id = accountIdOf(provider, { file: path })
    if ('problem' in credential) this.options.warn(`account '${label ?? `${provider}-${number}`}' of ${provider}: ${credential.problem}`)
    return {
      ...{ id, provider, label: label ?? `${provider}-${number}`, kind: 'qwen_oauth', fingerprint: path },
      makeCredential: () => ({ kind: 'token', source: this.options.qwen.token(id, credential, file) }),
    }
  }
}
