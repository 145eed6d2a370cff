import type { LoadedConfig } from '../config/load.ts'
import type { Config } from '../config/schema.ts'
import type { Clock } from '../core/clock.ts'
import { systemRandom } from '../core/random.ts'
import type { AccountAdmin } from '../http/services.ts'
import type { Logger } from '../log/logger.ts'
import { openDatabase, type Store } from '../store/database.ts'
import { createSend } from '../upstream/client.ts'
import { createAccountAdmin } from './account-admin.ts'
import { AccountService } from './account-service.ts'
import { databasePath } from './database-path.ts'
import { declaredAccounts } from './declared-accounts.ts'
import { buildProviders } from './providers.ts'
import { QwenFiles } from './qwen-files.ts'
import { writtenBack } from './write-back.ts'

export interface AccountToolsOptions {
  loaded: LoadedConfig
  clock: Clock
  log: Logger
  /** Whether a database is made where there is none. One is made, too, where the configuration declares accounts, or the Qwen CLI has some. */
  create: boolean
}

/** The accounts of a database as a managing command sees and changes them, also while a server runs on it. */
export interface AccountTools {
  config: Config
  store: Store
  service: AccountService
  admin: AccountAdmin
  /** Brings what the store holds by now into memory. */
  apply(): Promise<void>
  /** Waits for tokens that are just being renewed, writes what has been seen, and closes the database. */
  close(): Promise<void>
}

/** @throws {StoreError} where there is no database, or it cannot be used */
export async function openAccountTools({ loaded, clock, log, create }: AccountToolsOptions): Promise<AccountTools> {
  const { config } = loaded
  // Accounts that are there without it are told of all the same.
  const hasAccounts = declaredAccounts(config).length > 0 || (await new QwenFiles(clock).names(config.qwen)) !== ''
  const store = await openDatabase({ path: databasePath(config), clock, create: create || hasAccounts })
  try {
    return await toolsOf(store, loaded, clock, log)
  } catch (error) {
    await store.close()
    throw error
  }
}

async function toolsOf(store: Store, loaded: LoadedConfig, clock: Clock, log: Logger): Promise<AccountTools> {
  const { config } = loaded
  const send = createSend(clock)
  const service = await AccountService.open({
    ...{ store, clock, log, send, random: systemRandom, isCommand: true },
    config: () => config,
    writeBack: () => writtenBack(loaded),
    rebuild() {},
  })
  /** The same accounts as a server would serve with. */
  const build = (): void => {
    // What a server would warn of is its own to say.
    buildProviders({ config, demo: false, ...service.sources(), sends: { network: send, demo: send }, warn() {} })
    service.built()
  }
  const apply = async (): Promise<void> => {
    await service.catchUp()
    build()
  }
  await service.adopt(config)
  await apply()
  return {
    config,
    store,
    service,
    admin: createAccountAdmin({ service, clock, config: () => config, apply }),
    apply,
    async close() {
      await service.stop()
      await store.close()
    },
  }
}
