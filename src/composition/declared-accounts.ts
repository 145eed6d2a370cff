import { type JetbrainsCredential, kindOf } from '../accounts/jetbrains/credential.ts'
import type { LoadedConfig } from '../config/load.ts'
import type { Config } from '../config/schema.ts'
import { sha256 } from '../core/secret.ts'
import type { DeclaredAccount } from '../store/account-adoption.ts'
import { accountIdOf } from './account-identity.ts'

/** What the provider is called that is made for JetBrains accounts where the config has none. */
export const JETBRAINS_PROVIDER = 'jetbrains'

/** The provider that the config's JetBrains accounts join: the first that is in service, else one that is switched off, and they with it. */
export function jetbrainsProviderName({ providers }: Pick<Config, 'providers'>): string {
  const known = providers.filter(({ provider_type: type }) => type === 'jetbrains')
  return (known.find(({ is_active }) => is_active) ?? known[0])?.name ?? JETBRAINS_PROVIDER
}

const withoutBearer = (token: string | undefined): string | undefined => token?.trim().replace(/^bearer\s+/i, '') || undefined

/** The JetBrains accounts of a configuration, with what tells each from the next: the licence, else the token that it was given with. */
export function declaredAccounts(config: Config): DeclaredAccount[] {
  const provider = jetbrainsProviderName(config)
  const declare = (
    owner: string,
    given: { name?: string; priority: number; enabled: boolean },
    secrets: Record<'licenseId' | 'authorization' | 'refresh_token' | 'id_token' | 'jwt', string | undefined>,
  ): DeclaredAccount => {
    const credential = JSON.parse(JSON.stringify(secrets)) as JetbrainsCredential
    // A JWT beside the means to renew it is only the last one: files of older proxies change with every new one.
    const lasting = kindOf(credential) === 'static_jwt' ? secrets : { ...secrets, jwt: undefined }
    const fingerprint = sha256(JSON.stringify(lasting))
    const id = accountIdOf(owner, secrets)
    const { name, priority, enabled } = given
    return {
      id,
      provider: owner,
      label: name?.trim() || undefined,
      kind: kindOf(credential),
      priority,
      enabled,
      credential: { ...credential },
      fingerprint,
    }
  }
  const token = (jwt: string) => ({ licenseId: undefined, authorization: undefined, refresh_token: undefined, id_token: undefined, jwt })
  const declared = [
    ...config.providers.flatMap(({ name, provider_type: type, api_key: key, is_active }) =>
      type === 'jetbrains' && is_active && key !== undefined
        ? [declare(name, { priority: 1, enabled: true }, token(withoutBearer(key) ?? ''))]
        : [],
    ),
    ...config.jetbrains_tokens.map(entry =>
      declare(provider, { name: entry.name, priority: entry.priority, enabled: true }, token(withoutBearer(entry.token) ?? '')),
    ),
    ...config.jetbrains_accounts.map(entry =>
      declare(provider, entry, {
        licenseId: entry.licenseId,
        authorization: withoutBearer(entry.authorization),
        refresh_token: entry.refresh_token,
        id_token: withoutBearer(entry.id_token),
        jwt: withoutBearer(entry.jwt),
      }),
    ),
  ]
  return [...new Map(declared.map(account => [account.id, account])).values()]
}

/** What the config says of its JetBrains accounts, by their ids. */
export function declaredDescriptions(config: Config): ReadonlyMap<string, string> {
  const provider = jetbrainsProviderName(config)
  const described = [
    ...config.jetbrains_tokens.map(({ token, description }) => ({ jwt: withoutBearer(token), description })),
    ...config.jetbrains_accounts.map(({ licenseId, refresh_token, jwt, description }) => ({
      ...{ licenseId, refresh_token, jwt: withoutBearer(jwt), description },
    })),
  ]
  return new Map(
    described.flatMap(({ description, ...secrets }) =>
      description === undefined ? [] : [[accountIdOf(provider, secrets), description] as const],
    ),
  )
}

const OLDER_KINDS: ReadonlySet<string> = new Set(['jetbrainsai', 'go_config', 'node_credentials', 'grazie_credentials'])

/** Whether somebody meant to use JetBrains accounts, also where every one of them was left out: requests are then told why, rather than that there is no such model. */
export const meansJetbrains = ({ config, olderFiles, warnings }: Pick<LoadedConfig, 'config' | 'olderFiles' | 'warnings'>): boolean =>
  !config.providers.some(({ provider_type: type }) => type === 'jetbrains') &&
  (olderFiles.some(({ kind }) => OLDER_KINDS.has(kind)) ||
    warnings.some(({ leftOut, path }) => leftOut === true && /^jetbrains_(tokens|accounts)\b/.test(path)))
