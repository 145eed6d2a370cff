import { join } from 'node:path'
import type { Config } from '../config/schema.ts'
import { randomText } from '../core/ids.ts'
import type { Keys } from '../store/keys.ts'
import { ADMIN_KEY_FILE, readOrCreateSecret, readSecret } from '../store/secrets.ts'

/** Keys in effect, and those that were made just now and can be shown this once. */
export interface StartKeys {
  /** The admin key of the data dir, where there is one. */
  keptAdminKey: string | undefined
  made: { clientKey?: string; adminKey?: string }
}

/**
 * The first start makes what is missing: a client key where there was never one, in the config or the store, and an admin key, kept in the data
 * dir where the config names none.
 */
export async function ensureKeys(config: Config, keys: Keys): Promise<StartKeys> {
  const made: StartKeys['made'] = {}
  const declared = config.bearer_token !== undefined || config.client_api_keys.length > 0 || config.client_auth === 'none'
  if (!declared && (await keys.listKeys({ includeRevoked: true, limit: 1 })).data.length === 0) {
    made.clientKey = (await keys.createKey({ name: 'first start' })).key
  }
  const file = join(config.data_dir, ADMIN_KEY_FILE)
  if (config.admin_key !== undefined) return { keptAdminKey: readSecret(file), made }
  const kept = readOrCreateSecret(file, () => `sk-dragoman-admin-${randomText(43)}`)
  if (kept.created) made.adminKey = kept.value
  return { keptAdminKey: kept.value, made }
}
