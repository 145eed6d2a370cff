import { isAbsolute } from 'node:path'
import { kindOf, readJetbrainsCredential } from '../accounts/jetbrains/credential.ts'
import { readQwenCredential } from '../accounts/qwen/credential.ts'
import { isSendable } from '../accounts/token-text.ts'
import { invalidField } from '../core/errors.ts'
import { requiredString } from '../core/fields.ts'
import type { JsonObject } from '../core/json.ts'
import { nearestNames } from '../core/nearest.ts'
import type { AccountKind } from '../store/account-record.ts'

const JETBRAINS_KINDS = ['static_jwt', 'jetbrains_license', 'jetbrains_oauth'] as const
type PostedKind = (typeof JETBRAINS_KINDS)[number] | 'api_key' | 'qwen_oauth'

/** What a kind of credential cannot do without, and what it may have besides (interface.md, "account (create)"). */
const FIELDS: Readonly<Record<PostedKind, { needs: readonly string[]; takes: readonly string[] }>> = {
  static_jwt: { needs: ['jwt'], takes: ['licenseId'] },
  jetbrains_license: { needs: ['licenseId', 'authorization'], takes: ['jwt'] },
  jetbrains_oauth: { needs: ['refresh_token', 'licenseId'], takes: ['id_token', 'jwt'] },
  api_key: { needs: ['api_key'], takes: [] },
  qwen_oauth: { needs: ['access_token', 'refresh_token'], takes: ['token_type', 'resource_url', 'expiry_date'] },
}

/** In place of the rest: the sign-in lies in a file that it is shared in, on the server. */
const IN_FILE = { needs: ['file'], takes: [] }

const KINDS = Object.keys(FIELDS)

/** Kinds of credentials that stand for each other: those that the same provider takes. */
export type CredentialFamily = 'jetbrains' | 'qwen' | 'key'

export const familyOf = (kind: string): CredentialFamily =>
  (JETBRAINS_KINDS as readonly string[]).includes(kind) ? 'jetbrains' : kind === 'qwen_oauth' ? 'qwen' : 'key'

const FAMILIES: Readonly<Record<CredentialFamily, string>> = { jetbrains: JETBRAINS_KINDS.join(', '), qwen: 'qwen_oauth', key: 'api_key' }

/** The kinds of a family, for people. */
export const kindsOfFamily = (family: CredentialFamily): string => FAMILIES[family]

const isKind = (kind: string): kind is PostedKind => KINDS.includes(kind)

/** What stays as it is where a new credential does not say otherwise. */
export interface CredentialBefore {
  kind: AccountKind
  licenseId?: string
}

/** A credential as it was posted. @throws GatewayError naming the field, never its value */
export function readPostedCredential(posted: JsonObject, before?: CredentialBefore): { kind: AccountKind; credential: JsonObject } {
  const kind = posted.kind === undefined && before ? before.kind : requiredString(posted, 'kind', 'credential')
  if (!isKind(kind)) throw invalidField('credential.kind', `must be one of ${KINDS.join(', ')}`, 'invalid_value')
  const isInFile = kind === 'qwen_oauth' && posted.file !== undefined && posted.file !== null
  const { needs, takes } = isInFile ? IN_FILE : FIELDS[kind]
  const known = [...needs, ...takes, ...(kind === 'qwen_oauth' && !isInFile ? IN_FILE.needs : [])]
  const strange = Object.keys(posted).find(name => name !== 'kind' && !known.includes(name))
  if (strange !== undefined) {
    const [nearest] = nearestNames(strange, known, 1)
    const hint = nearest === undefined ? `; it has ${known.join(', ')}` : `; did you mean '${nearest}'?`
    throw invalidField(`credential.${strange}`, `is no field of a ${kind} credential${hint}`)
  }
  const given = { ...(needs.includes('licenseId') && before?.licenseId !== undefined && { licenseId: before.licenseId }), ...posted }
  for (const field of needs) {
    if (requiredString(given, field, 'credential').trim() === '')
      throw invalidField(`credential.${field}`, 'must not be empty', 'invalid_value')
  }
  if (kind === 'api_key') {
    const apiKey = requiredString(given, 'api_key', 'credential').trim()
    if (!isSendable(apiKey)) throw invalidField('credential.api_key', 'holds blanks or characters that no key has', 'invalid_value')
    return { kind, credential: { api_key: apiKey } }
  }
  if (isInFile) {
    const file = requiredString(given, 'file', 'credential')
    if (!isAbsolute(file)) throw invalidField('credential.file', 'must be an absolute path on the server', 'invalid_value')
    return { kind, credential: { file } }
  }
  if (kind === 'qwen_oauth') return { kind, credential: { ...readQwenCredential(given, 'credential') } }
  const credential = readJetbrainsCredential(given, 'credential')
  return { kind: kindOf(credential), credential: { ...credential } }
}
