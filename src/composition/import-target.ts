import { existsSync } from 'node:fs'
import type { LoadedConfig } from '../config/load.ts'
import type { Clock } from '../core/clock.ts'
import { GatewayError } from '../core/errors.ts'
import { sha256 } from '../core/secret.ts'
import { type Accounts, createAccounts } from '../store/accounts.ts'
import { openDatabase, type Store } from '../store/database.ts'
import { createKeys, readKeyByHash } from '../store/keys.ts'
import { createModels } from '../store/models.ts'
import { IN_MEMORY } from '../store/sqlite-file.ts'
import { accountIdOf } from './account-identity.ts'
import type { AccountTools } from './account-tools.ts'
import { databasePath } from './database-path.ts'
import { declaredAccounts, jetbrainsProviderName } from './declared-accounts.ts'
import type { ImportTarget } from './older-import.ts'
import { labelOfFile, QwenFiles } from './qwen-files.ts'
import type { SignInTarget } from './qwen-import.ts'
import { qwenProviderName } from './qwen-provider.ts'

/** What is imported goes here; `file` is where it comes from. */
export type TargetOf = (file: string) => ImportTarget

/** The database that the tools have open. */
export function importTarget({ store, service, admin }: AccountTools, loaded: LoadedConfig, clock: Clock): TargetOf {
  const { accounts, registry } = service
  const provider = qwenProviderName(loaded.config)
  const usedBy = (identity: string): string =>
    registry.all.find(({ id }) => {
      const record = service.stored(id)
      return record && accountIdOf(record.provider, record.credential) === identity
    })?.id ?? identity
  const signIns: SignInTarget = {
    async labelOf(credential) {
      const id = usedBy(accountIdOf(provider, credential))
      return (registry.find(id) ?? (await accounts.find(id).catch(ifNotFound)))?.label
    },
    add: async credential => String((await admin.create({ credential: { kind: 'qwen_oauth', ...credential } })).label),
  }
  return file => targetOn(store, accounts, loaded, clock, { file, usedBy, signIns, dryRun: false })
}

/** The database as it is, if there is one, to be looked at only. `close` it. */
export async function dryRunTarget(loaded: LoadedConfig, clock: Clock): Promise<{ targetOf: TargetOf; close(): Promise<void> }> {
  const path = databasePath(loaded.config)
  const store = await openDatabase({ path: existsSync(path) ? path : IN_MEMORY, clock, create: false })
  // Nothing is written, so nothing is sealed.
  const sealer = { seal: nothingSealed, open: nothingSealed }
  const accounts = createAccounts({ store, sealer, clock, onError() {} })
  const provider = qwenProviderName(loaded.config)
  const files = await new QwenFiles(clock).read(loaded.config.qwen)
  const signIns: SignInTarget = {
    async labelOf(credential) {
      const id = accountIdOf(provider, credential)
      const used = files.findIndex(file => accountIdOf(provider, { file: file.id }) === id)
      const found = files[used]
      return found ? labelOfFile(found, provider, used + 1) : (await accounts.find(id).catch(ifNotFound))?.label
    },
    add: nothingSealed,
  }
  return {
    targetOf: file => targetOn(store, accounts, loaded, clock, { file, usedBy: identity => identity, signIns, dryRun: true }),
    close: () => store.close(),
  }
}

const nothingSealed = (): Promise<never> => Promise.reject(new GatewayError('internal', 'a dry run opens and seals nothing'))

interface TargetOptions {
  file: string
  /** The id of the account that has this identity by now. */
  usedBy(identity: string): string
  signIns: SignInTarget
  dryRun: boolean
}

function targetOn(
  store: Store,
  accounts: Accounts,
  loaded: LoadedConfig,
  clock: Clock,
  { file, usedBy, signIns, dryRun }: TargetOptions,
): ImportTarget {
  const { config } = loaded
  // What only the imported file declares is no longer declared when that is gone.
  const declared = new Set(loaded.files.includes(file) ? [] : declaredAccounts(config).map(({ id }) => id))
  return {
    provider: jetbrainsProviderName(config),
    accounts,
    async knownAccount(identity) {
      const found = await accounts.find(usedBy(identity)).catch(ifNotFound)
      return found && { id: found.id, label: found.label, origin: found.origin, isDeclared: declared.has(found.id) }
    },
    keys: createKeys({ store, clock }),
    knownKey: key => readKeyByHash(store.db, sha256(key)),
    models: createModels({ store, clock }),
    signIns,
    dryRun,
  }
}

function ifNotFound(error: unknown): undefined {
  if (error instanceof GatewayError && error.kind === 'not-found') return undefined
  throw error
}
