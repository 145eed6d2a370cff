import { GatewayError } from '../core/errors.ts'
import { namesAccount, withoutAccountIds } from '../core/upstream-error.ts'

/** Shorter ones are no secrets, and would be found in ordinary words. */
const SHORTEST = 8

const isSecret = (secret: string): boolean => secret.length >= SHORTEST

/**
 * Whether a text quotes one of our secrets, or the organisation that our account belongs to. Vendors quote the key they refuse and whose limit it is; a
 * client must not learn it from them.
 */
export const quotesSecret = (secrets: readonly string[], text: string): boolean =>
  secrets.some(secret => isSecret(secret) && text.includes(secret)) || namesAccount(text)

/** The error without them in its message. */
export function withoutSecrets(secrets: readonly string[], error: GatewayError): GatewayError {
  if (!quotesSecret(secrets, error.message)) return error
  const message = secrets.filter(isSecret).reduce((text, secret) => text.replaceAll(secret, '[redacted]'), error.message)
  return new GatewayError(error.kind, withoutAccountIds(message), { ...error, cause: undefined })
}
