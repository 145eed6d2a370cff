import type { Account } from '../accounts/account.ts'
import { formatDuration } from '../config/format.ts'
import type { LoadedConfig } from '../config/load.ts'
import type { JsonObject } from '../core/json.ts'
import { maskSecret } from '../core/secret.ts'
import type { AccountRecord } from '../store/account-record.ts'
import { declaredDescriptions } from './declared-accounts.ts'

export interface OlderConfigSources {
  loaded: LoadedConfig
  accounts: readonly Account[]
  /** Undefined for the key of a provider itself. */
  stored(id: string): AccountRecord | undefined
}

/**
 * `GET /config` as the older JetBrains proxy answered it (jetbrains-ai.md §9), for scripts that read it: every account stands for a token, of which only the
 * last four characters are shown.
 */
export function olderConfigJson({ loaded, accounts, stored }: OlderConfigSources): JsonObject {
  const { config, file, files } = loaded
  const descriptions = declaredDescriptions(config)
  return {
    jwt_tokens_count: accounts.length,
    jwt_tokens: accounts.map(account => ({
      name: account.label,
      description: descriptions.get(account.id) ?? '',
      priority: account.priority,
      token_preview: previewOf(account, stored(account.id)),
    })),
    // Without any client key nobody is served, unless it is said that none is asked for.
    bearer_token_set: config.bearer_token !== undefined || config.client_auth !== 'none',
    load_balance_strategy: config.load_balance_strategy,
    health_check_interval: formatDuration(config.health_check_interval),
    server_host: config.server_host,
    server_port: config.server_port,
    config_file: file ?? files[0] ?? '',
  }
}

/** Of what the account proves itself with now: its JWT, else what that is made from. */
function previewOf({ credential }: Account, record: AccountRecord | undefined): string {
  if (credential.kind === 'api_key') return maskSecret(credential.apiKey)
  const { jwt, authorization, refresh_token } = record?.credential ?? {}
  const secret = jwt ?? authorization ?? refresh_token
  return typeof secret === 'string' ? maskSecret(secret) : ''
}
