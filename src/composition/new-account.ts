import { kindOf, readJetbrainsCredential } from '../accounts/jetbrains/credential.ts'
import type { Config } from '../config/schema.ts'
import { GatewayError, invalidField } from '../core/errors.ts'
import { optionalBoolean, optionalNumber, optionalString, requiredObject, requiredString } from '../core/fields.ts'
import type { JsonObject } from '../core/json.ts'
import { nearestNames } from '../core/nearest.ts'
import type { AccountKind } from '../store/account-record.ts'
import type { AccountChanges, NewAccount } from '../store/accounts.ts'
import { accountIdOf } from './account-identity.ts'
import { JETBRAINS_PROVIDER, jetbrainsProviderName } from './declared-accounts.ts'

const JETBRAINS_KINDS = ['static_jwt', 'jetbrains_license', 'jetbrains_oauth'] as const
const KINDS: readonly AccountKind[] = [...JETBRAINS_KINDS, 'api_key']

const isJetbrains = (kind: string): boolean => (JETBRAINS_KINDS as readonly string[]).includes(kind)

/** What a kind of credential cannot do without (interface.md, "account (create)"). */
const NEEDS: Readonly<Record<string, readonly string[]>> = {
  static_jwt: ['jwt'],
  jetbrains_license: ['licenseId', 'authorization'],
  jetbrains_oauth: ['refresh_token', 'licenseId'],
  api_key: ['api_key'],
}

function checkProvider(provider: string, kind: string, { providers }: Pick<Config, 'providers'>): void {
  const known = providers.find(({ name }) => name === provider)
  if (!known && !(provider === JETBRAINS_PROVIDER && isJetbrains(kind))) {
    const names = [...providers.map(({ name }) => name), JETBRAINS_PROVIDER]
    const [nearest] = nearestNames(provider, names, 1)
    throw invalidField('provider', `there is no provider of this name${nearest === undefined ? '' : `; did you mean '${nearest}'?`}`)
  }
  const type = known?.provider_type ?? 'jetbrains'
  if ((type === 'jetbrains') !== isJetbrains(kind)) {
    const takes = type === 'jetbrains' ? JETBRAINS_KINDS.join(', ') : 'api_key'
    throw invalidField('credential.kind', `a provider of type ${type} takes ${takes}`)
  }
}

/** A credential as it was posted. @throws GatewayError naming the field, never its value */
function readCredential(posted: JsonObject): { kind: AccountKind; credential: JsonObject } {
  const kind = requiredString(posted, 'kind', 'credential')
  if (!(KINDS as readonly string[]).includes(kind)) throw invalidField('credential.kind', `must be one of ${KINDS.join(', ')}`)
  for (const field of NEEDS[kind] ?? []) requiredString(posted, field, 'credential')
  if (kind === 'api_key') return { kind, credential: { api_key: requiredString(posted, 'api_key', 'credential').trim() } }
  const { kind: _, ...given } = posted
  const credential = readJetbrainsCredential(given, 'credential')
  return { kind: kindOf(credential), credential: { ...credential } }
}

const KNOWN = new Set(['provider', 'label', 'priority', 'enabled', 'credential', 'version'])

function checkNames(body: JsonObject): void {
  const strange = Object.keys(body).find(name => !KNOWN.has(name))
  if (strange === undefined) return
  const [nearest] = nearestNames(strange, KNOWN, 1)
  throw invalidField(strange, `is no field of an account${nearest === undefined ? '' : `; did you mean '${nearest}'?`}`)
}

const readLabel = (body: JsonObject): string | undefined => optionalString(body, 'label')?.trim() || undefined

function readPriority(body: JsonObject): number | undefined {
  const priority = optionalNumber(body, 'priority')
  if (priority !== undefined && !Number.isInteger(priority)) throw invalidField('priority', 'must be an integer')
  return priority
}

/** An account as `POST /admin/accounts` and `accounts add` give it. @throws GatewayError naming the field */
export function readNewAccount(body: JsonObject, config: Config): NewAccount {
  checkNames(body)
  const { kind, credential } = readCredential(requiredObject(body, 'credential'))
  const provider = optionalString(body, 'provider') ?? (isJetbrains(kind) ? jetbrainsProviderName(config) : undefined)
  if (provider === undefined) throw invalidField('provider', 'is required', 'missing_required_parameter')
  checkProvider(provider, kind, config)
  return {
    ...{ id: accountIdOf(provider, credential), provider, kind, credential },
    ...{ label: readLabel(body), priority: readPriority(body), enabled: optionalBoolean(body, 'enabled') },
  }
}

/** What `PATCH /admin/accounts/{id}` changes. @throws GatewayError naming the field */
export function readAccountChanges(body: JsonObject, kind: AccountKind): { changes: AccountChanges; version?: number } {
  checkNames(body)
  if (body.provider !== undefined) throw invalidField('provider', 'cannot be changed; add the account to the other provider')
  const posted = body.credential === undefined ? undefined : readCredential(requiredObject(body, 'credential'))
  if (posted && isJetbrains(posted.kind) !== isJetbrains(kind)) {
    throw new GatewayError('invalid-request', `credential.kind: this account's is ${kind}`, { param: 'credential.kind' })
  }
  const changes = {
    label: readLabel(body),
    priority: readPriority(body),
    enabled: optionalBoolean(body, 'enabled'),
    credential: posted?.credential,
  }
  return { changes, version: optionalNumber(body, 'version') }
}
