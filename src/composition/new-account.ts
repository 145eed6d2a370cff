import type { Config } from '../config/schema.ts'
import { invalidField } from '../core/errors.ts'
import { optionalBoolean, optionalNumber, optionalObject, optionalString, requiredObject } from '../core/fields.ts'
import type { JsonObject } from '../core/json.ts'
import { nearestNames } from '../core/nearest.ts'
import type { AccountChanges, NewAccount } from '../store/accounts.ts'
import { accountIdOf } from './account-identity.ts'
import { JETBRAINS_PROVIDER, jetbrainsProviderName } from './declared-accounts.ts'
import { type CredentialBefore, type CredentialFamily, familyOf, kindsOfFamily, readPostedCredential } from './posted-credential.ts'
import { qwenProviderName, signsIn } from './qwen-provider.ts'

type Providers = Pick<Config, 'providers'>

/** Where accounts of a family go that name no provider; a key tells nothing of whose it is. */
function usualProvider(family: CredentialFamily, config: Providers): string | undefined {
  if (family === 'jetbrains') return jetbrainsProviderName(config)
  return family === 'qwen' ? qwenProviderName(config) : undefined
}

/** What the accounts of a provider prove themselves with; undefined where there is no provider of that name. */
function familyFor(provider: string, config: Providers): CredentialFamily | undefined {
  const known = config.providers.find(({ name }) => name === provider)
  if (known) return known.provider_type === 'jetbrains' ? 'jetbrains' : signsIn(known) ? 'qwen' : 'key'
  // Those are made where accounts want them.
  if (provider === JETBRAINS_PROVIDER) return 'jetbrains'
  return provider === qwenProviderName(config) ? 'qwen' : undefined
}

function checkProvider(provider: string, kind: string, config: Providers): void {
  const family = familyFor(provider, config)
  const known = config.providers.find(({ name }) => name === provider)
  if (!family || (!known && family !== familyOf(kind))) {
    const names = [...config.providers.map(({ name }) => name), usualProvider(familyOf(kind), config) ?? JETBRAINS_PROVIDER]
    const [nearest] = nearestNames(provider, names, 1)
    throw invalidField('provider', `there is no provider of this name${nearest === undefined ? '' : `; did you mean '${nearest}'?`}`)
  }
  if (family === familyOf(kind)) return
  const which =
    known?.provider_type === 'qwen' ? `provider '${provider}', which ${family === 'qwen' ? 'has no key' : 'is paid by key'},` : ''
  throw invalidField(
    'credential.kind',
    `${which || `a provider of type ${known?.provider_type}`} takes ${kindsOfFamily(family)}`,
    'invalid_value',
  )
}

const SETTABLE = ['label', 'priority', 'enabled', 'credential'] as const

/** What follows from an account's use, and what says which account it is: shown, not set. */
const DERIVED = ['state', 'reason', 'until', 'quota', 'token_expires_at', 'in_flight', 'served', 'check'] as const
const FIXED = ['id', 'provider', 'kind', 'origin'] as const

function checkNames(body: JsonObject, known: readonly string[]): void {
  const strange = Object.keys(body).find(name => !known.includes(name))
  if (strange === undefined) return
  const [nearest] = nearestNames(strange, known, 1)
  throw invalidField(
    strange,
    `is no field to set${nearest === undefined ? `; there are ${known.join(', ')}` : `; did you mean '${nearest}'?`}`,
  )
}

const readLabel = (body: JsonObject): string | undefined => optionalString(body, 'label')?.trim()
const readPriority = (body: JsonObject): number | undefined => optionalNumber(body, 'priority', '', { integer: true })

/** An account as `POST /admin/accounts` and `accounts add` give it. @throws GatewayError naming the field */
export function readNewAccount(body: JsonObject, config: Config): NewAccount & { id: string } {
  checkNames(body, ['provider', ...SETTABLE])
  const { kind, credential } = readPostedCredential(requiredObject(body, 'credential'))
  const provider = optionalString(body, 'provider') ?? usualProvider(familyOf(kind), config)
  if (provider === undefined) throw invalidField('provider', 'is required', 'missing_required_parameter')
  checkProvider(provider, kind, config)
  return {
    ...{ id: accountIdOf(provider, credential), provider, kind, credential },
    ...{ label: readLabel(body), priority: readPriority(body), enabled: optionalBoolean(body, 'enabled') },
  }
}

/** The account that is to be changed, as far as that matters to what is posted. */
export interface AccountBefore extends CredentialBefore {
  id: string
  provider: string
  origin: string
}

/**
 * What `PATCH` and `PUT /admin/accounts/{id}` change. A whole object that was read before may be sent back: what cannot be set in it is passed over,
 * while alone it is refused.
 * @throws GatewayError naming the field
 */
export function readAccountChanges(body: JsonObject, before: AccountBefore): { changes: AccountChanges; version?: number } {
  checkNames(body, [...SETTABLE, 'version', ...FIXED, ...DERIVED])
  for (const name of FIXED) {
    if (body[name] !== undefined && body[name] !== before[name])
      throw invalidField(name, 'cannot be changed; add another account', 'invalid_value')
  }
  const derived = body.id === undefined ? DERIVED.find(name => body[name] !== undefined) : undefined
  if (derived !== undefined) {
    throw invalidField(derived, `is not set but follows from the account's use; enabled switches it off and on, a check asks for its state`)
  }
  const given = optionalObject(body, 'credential')
  const posted = given && readPostedCredential(given, before)
  if (posted && familyOf(posted.kind) !== familyOf(before.kind)) {
    throw invalidField('credential.kind', `the provider's accounts take ${kindsOfFamily(familyOf(before.kind))}`, 'invalid_value')
  }
  const changes = {
    label: readLabel(body),
    priority: readPriority(body),
    enabled: optionalBoolean(body, 'enabled'),
    ...(posted && { credential: posted.credential, kind: posted.kind }),
  }
  return { changes, version: optionalNumber(body, 'version', '', { integer: true }) }
}
