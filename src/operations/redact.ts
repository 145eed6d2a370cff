import type { Account } from '../accounts/account.ts'
import { GatewayError } from '../core/errors.ts'

/** Shorter ones are no secrets, and would be found in ordinary words. */
const SHORTEST = 8

/** Whether a text quotes what proves the account. Vendors quote the key they refuse; a client must not learn it from them. */
export function quotesCredential(account: Account | undefined, text: string): boolean {
  const credential = account?.credential
  return credential?.kind === 'api_key' && credential.apiKey.length >= SHORTEST && text.includes(credential.apiKey)
}

/** The error without the account's credential in its message. */
export function withoutCredential(account: Account | undefined, error: GatewayError): GatewayError {
  const credential = account?.credential
  if (credential?.kind !== 'api_key' || !quotesCredential(account, error.message)) return error
  return new GatewayError(error.kind, error.message.replaceAll(credential.apiKey, '[redacted]'), { ...error, cause: undefined })
}
