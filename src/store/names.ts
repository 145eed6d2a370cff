import { invalidField } from '../core/errors.ts'

export const LONGEST_NAME = 200

/** @throws {GatewayError} naming `field` where `name` is empty, too long, or would garble the tables and logs that names are printed in */
export function checkName(field: string, name: string): void {
  if (name.trim() === '') throw invalidField(field, 'must not be empty', 'invalid_value')
  if (name.length > LONGEST_NAME) throw invalidField(field, `must have at most ${LONGEST_NAME} characters`, 'invalid_value')
  if (/[\p{Cc}\p{Zl}\p{Zp}]/u.test(name)) throw invalidField(field, 'must not hold control characters', 'invalid_value')
}
