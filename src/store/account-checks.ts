import { GatewayError, invalidField } from '../core/errors.ts'
import type { JsonObject } from '../core/json.ts'
import { ACCOUNT_KINDS, type AccountKind } from './account-record.ts'
import { checkName } from './names.ts'

export interface AccountFields {
  provider?: string
  label?: string
  kind?: AccountKind
  priority?: number
  credential?: JsonObject
}

/** What PostgreSQL's `integer` holds. */
const LARGEST_INTEGER = 2 ** 31 - 1

/** @throws {GatewayError} naming the first field at fault; nothing of a credential is repeated */
export function checkAccountFields({ provider, label, kind, priority, credential }: AccountFields): void {
  if (provider !== undefined) checkName('provider', provider)
  if (label !== undefined) checkName('label', label)
  if (kind !== undefined && !ACCOUNT_KINDS.includes(kind)) {
    throw invalidField('credential.kind', `must be one of ${ACCOUNT_KINDS.join(', ')}`, 'invalid_value')
  }
  if (priority !== undefined && !(Number.isInteger(priority) && Math.abs(priority) <= LARGEST_INTEGER)) {
    throw invalidField('priority', 'must be an integer', 'invalid_value')
  }
  if (credential !== undefined && Object.keys(credential).length === 0)
    throw invalidField('credential', 'must not be empty', 'invalid_value')
}

/** @throws {GatewayError} `conflict` (`version_conflict`) where the account is another than the one that was read */
export function checkVersion(id: string, stands: number, expected: number | undefined): void {
  if (expected === undefined || stands === expected) return
  throw versionConflict(id, `it has version ${stands} by now, not ${expected}`)
}

export const versionConflict = (id: string, how: string): GatewayError =>
  new GatewayError('conflict', `account ${id} was changed meanwhile: ${how}. Read it again`, { param: 'version', code: 'version_conflict' })
