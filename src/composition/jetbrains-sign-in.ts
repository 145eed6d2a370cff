import type { JetbrainsCredential } from '../accounts/jetbrains/credential.ts'
import { withOAuthTokens } from '../accounts/jetbrains/credential.ts'
import type { SignInCode } from '../accounts/jetbrains/token-chain.ts'
import type { Clock } from '../core/clock.ts'
import { asGatewayError, GatewayError } from '../core/errors.ts'
import type { JsonObject } from '../core/json.ts'
import { accountIdOf } from './account-identity.ts'
import type { AccountTools } from './account-tools.ts'
import { readNewAccount } from './new-account.ts'

export interface SignInWishes {
  licenseId: string
  provider?: string
  label?: string
}

export interface SignedIn {
  /** As the management API shows it, with what a check has found. */
  account: JsonObject
  /** False where an account of this licence was there already, and has new tokens now. */
  isNew: boolean
}

const credentialOf = (licenseId: string, refreshToken: string): JsonObject => ({
  kind: 'jetbrains_oauth',
  licenseId,
  refresh_token: refreshToken,
})

/** Refuses wishes that could not be granted, before anybody signs in. @returns the provider that the account will belong to */
export function checkWishes({ config }: AccountTools, { licenseId, provider, label }: SignInWishes): string {
  return readNewAccount({ provider, label, credential: credentialOf(licenseId, 'not-signed-in-yet') }, config).provider
}

/** Exchanges the code for tokens, proves them with the licence, and keeps them. @throws GatewayError where any of it fails; then nothing is kept */
export async function finishSignIn(tools: AccountTools, wishes: SignInWishes, code: SignInCode, clock: Clock): Promise<SignedIn> {
  const provider = checkWishes(tools, wishes)
  const licenseId = wishes.licenseId.trim()
  const chain = tools.service.jetbrains.chainOf(provider)
  const tokens = await chain.exchangeCode(code)
  if (tokens.refreshToken === undefined) {
    throw new GatewayError('bad-gateway', 'the account server gave no refresh token, without which the account would end within the hour')
  }
  const jwt = await chain.provideAccess(licenseId, tokens.idToken).catch(thrown => {
    const error = asGatewayError(thrown)
    // Whoever has just signed in has no use for the advice to sign in again.
    if (error.kind !== 'authentication') throw error
    throw new GatewayError('authentication', `JetBrains refused the licence ${licenseId} for this account: is it one of its own?`, {
      cause: error,
    })
  })
  const now = clock.now()
  const credential = { ...withOAuthTokens({ licenseId }, tokens, now), jwt, jwt_received_at: now }
  const { id, isNew } = await keep(tools, provider, licenseId, wishes.label, credential)
  await tools.apply()
  return { account: await tools.admin.check(id), isNew }
}

async function keep(
  { service }: AccountTools,
  provider: string,
  licenseId: string,
  label: string | undefined,
  given: JetbrainsCredential,
): Promise<{ id: string; isNew: boolean }> {
  const { accounts, registry } = service
  const kind = 'jetbrains_oauth'
  const credential: JsonObject = { ...given }
  const ownId = accountIdOf(provider, { licenseId })
  // Of this licence, whatever it has proved itself with so far.
  const known = registry.all
    .map(({ id }) => service.stored(id))
    .find(record => record && accountIdOf(record.provider, record.credential) === ownId)
  if (known) {
    // A declared account goes by the label and the kind of its declaration.
    await accounts.update(known.id, { credential, ...(known.origin === 'admin' && { kind, label }) })
    return { id: known.id, isNew: false }
  }
  // It was declared once, and the configuration names it no more.
  const left = await accounts.takeOver(ownId).catch(ifNotFound)
  if (left) await accounts.update(ownId, { credential, kind, label, enabled: true })
  else await accounts.create({ ...{ id: ownId, provider, kind, label, credential } })
  return { id: ownId, isNew: true }
}

function ifNotFound(error: unknown): undefined {
  if (error instanceof GatewayError && error.kind === 'not-found') return undefined
  throw error
}
