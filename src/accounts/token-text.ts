import { invalidField } from '../core/errors.ts'
import { at, optionalString } from '../core/fields.ts'
import type { JsonObject } from '../core/json.ts'

/** A text without blanks that a header can carry. */
export const isSendable = (token: unknown): token is string => typeof token === 'string' && /^[\x21-\x7e]+$/.test(token)

/**
 * A token as people give it: without the blanks around it, and without the word that precedes it in a header. Empty counts as absent.
 * @throws GatewayError `invalid-request` naming the field below `path`, never its value
 */
export function optionalToken(from: JsonObject, key: string, path: string): string | undefined {
  const text = optionalString(from, key, path)
    ?.trim()
    .replace(/^bearer\s+/i, '')
  if (text === undefined || text === '') return undefined
  if (!isSendable(text)) throw invalidField(at(path, key), 'holds blanks or characters that no token has', 'invalid_value')
  return text
}
