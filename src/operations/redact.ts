import { GatewayError } from '../core/errors.ts'

/** Shorter ones are no secrets, and would be found in ordinary words. */
const SHORTEST = 8

const isSecret = (secret: string): boolean => secret.length >= SHORTEST

/** Whether a text quotes one of our secrets. Vendors quote the key they refuse; a client must not learn it from them. */
export const quotesSecret = (secrets: readonly string[], text: string): boolean =>
  secrets.some(secret => isSecret(secret) && text.includes(secret))

/** The error without our secrets in its message. */
export function withoutSecrets(secrets: readonly string[], error: GatewayError): GatewayError {
  if (!quotesSecret(secrets, error.message)) return error
  const message = secrets.filter(isSecret).reduce((text, secret) => text.replaceAll(secret, '[redacted]'), error.message)
  return new GatewayError(error.kind, message, { ...error, cause: undefined })
}
