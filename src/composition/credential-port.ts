import { LONGEST_RENEWAL_MS } from '../accounts/jetbrains/renewal.ts'
import type { CredentialPort } from '../accounts/kept-credential.ts'
import type { Clock } from '../core/clock.ts'
import { GatewayError } from '../core/errors.ts'
import { randomText } from '../core/ids.ts'
import type { JsonObject } from '../core/json.ts'
import type { Accounts } from '../store/accounts.ts'
import { processMark } from '../store/process-identity.ts'

/** Whoever renews a token says so under this name: one per process. */
const OWNER = `${processMark()} ${randomText(12)}`

/** An account's credential in the store, and the right to renew it among all processes on the same database. */
export function credentialPort<C extends object>(
  { accounts, clock }: { accounts: Accounts; clock: Clock },
  id: string,
  read: (stored: JsonObject) => C,
  onSaved: (credential: C) => void = () => {},
): CredentialPort<C> {
  /** What a new credential is made from: one that an operator has given meanwhile must not be overwritten by it. */
  let madeFrom: JsonObject | undefined
  return {
    async load() {
      try {
        madeFrom = (await accounts.get(id)).credential
        return read(madeFrom)
      } catch (error) {
        // Removed meanwhile: what is in memory serves until the account is gone from there too.
        if (error instanceof GatewayError && error.kind === 'not-found') return undefined
        throw error
      }
    },
    async save(credential) {
      await accounts.saveCredential(id, { ...credential } as JsonObject, { madeFrom })
      madeFrom = { ...credential } as JsonObject
      onSaved(credential)
    },
    acquire: () => accounts.acquireRenewal(id, OWNER, clock.now() + LONGEST_RENEWAL_MS),
    release: () => accounts.releaseRenewal(id, OWNER),
  }
}
