import { invalidField } from '../../core/errors.ts'
import { asObject, at, optionalNumber } from '../../core/fields.ts'
import type { JsonValue } from '../../core/json.ts'
import { maskSecret } from '../../core/secret.ts'
import { optionalToken } from '../token-text.ts'
import { jwtTimes, tokenLife } from './token-life.ts'

/** What a JetBrains account proves itself with, as it is stored (jetbrains-ai.md §4). All of it but the licence and the times is secret. */
export interface JetbrainsCredential {
  licenseId?: string
  /** An id_token that was copied from the IDE, without `Bearer `. */
  authorization?: string
  refresh_token?: string
  id_token?: string
  /** Milliseconds since the epoch, by our clock. */
  id_token_expires_at?: number
  jwt?: string
  /** When the JWT came, in milliseconds since the epoch; absent for one that the operator gave. */
  jwt_received_at?: number
}

export type JetbrainsKind = 'static_jwt' | 'jetbrains_license' | 'jetbrains_oauth'

/** What the account server gives for a sign-in, and for a refresh. */
export interface OAuthTokens {
  /** The id_token, or the access token where there is none (§4.3). */
  idToken: string
  /** A new one that replaces the one before it. */
  refreshToken?: string
  /** How long the id_token lasts, in milliseconds. */
  expiresInMs?: number
}

/** An id_token lasts an hour unless it says otherwise (§4.1). */
const ID_TOKEN_MS = 3_600_000

/** What the account can do about an expired JWT. */
export function kindOf({ refresh_token, licenseId, authorization }: JetbrainsCredential): JetbrainsKind {
  if (licenseId === undefined) return 'static_jwt'
  if (refresh_token !== undefined) return 'jetbrains_oauth'
  return authorization === undefined ? 'static_jwt' : 'jetbrains_license'
}

/**
 * A credential as it was configured, posted or stored; empty fields count as absent.
 * @throws GatewayError `invalid-request` naming the field below `path`, never its value
 */
export function readJetbrainsCredential(value: JsonValue | undefined, path = ''): JetbrainsCredential {
  const from = asObject(value, path)
  const credential: JetbrainsCredential = {
    licenseId: optionalToken(from, 'licenseId', path),
    authorization: optionalToken(from, 'authorization', path),
    refresh_token: optionalToken(from, 'refresh_token', path),
    id_token: optionalToken(from, 'id_token', path),
    id_token_expires_at: optionalNumber(from, 'id_token_expires_at', path, { min: 0 }),
    jwt: optionalToken(from, 'jwt', path),
    jwt_received_at: optionalNumber(from, 'jwt_received_at', path, { min: 0 }),
  }
  const { jwt, licenseId, authorization, refresh_token } = credential
  if (jwt !== undefined && !jwtTimes(jwt)) {
    throw invalidField(at(path, 'jwt'), `${maskSecret(jwt)} is no JWT (three parts in base64url, joined by dots)`, 'invalid_value')
  }
  if (jwt === undefined && licenseId === undefined) {
    const needing = refresh_token === undefined ? (authorization === undefined ? undefined : 'authorization') : 'refresh_token'
    if (needing) throw invalidField(at(path, 'licenseId'), `is required with ${needing}`, 'missing_required_parameter')
  }
  if (jwt === undefined && kindOf(credential) === 'static_jwt') {
    const ways = 'a jwt, or licenseId and authorization, or licenseId and refresh_token'
    throw invalidField(path === '' ? 'credential' : path, `needs ${ways}`, 'missing_required_parameter')
  }
  return withoutAbsent(credential)
}

/** The credential after a sign-in or a refresh: an old refresh token stays where no new one came. */
export function withOAuthTokens(credential: JetbrainsCredential, tokens: OAuthTokens, now: number): JetbrainsCredential {
  const { idToken, refreshToken = credential.refresh_token, expiresInMs } = tokens
  const end = expiresInMs === undefined ? tokenLife(idToken, now).expiresAt : now + expiresInMs
  return withoutAbsent({ ...credential, refresh_token: refreshToken, id_token: idToken, id_token_expires_at: end ?? now + ID_TOKEN_MS })
}

/** When the token that buys JWTs ends, in milliseconds since the epoch; undefined where nobody knows. */
export function idTokenExpiry({ id_token, id_token_expires_at }: JetbrainsCredential): number | undefined {
  return id_token_expires_at ?? (id_token === undefined ? undefined : jwtTimes(id_token)?.expiresAt)
}

/** All of it that nobody may be shown. */
export const secretsOf = ({ authorization, refresh_token, id_token, jwt }: JetbrainsCredential): string[] =>
  [authorization, refresh_token, id_token, jwt].filter(secret => secret !== undefined)

const withoutAbsent = (credential: JetbrainsCredential): JetbrainsCredential =>
  Object.fromEntries(Object.entries(credential).filter(([, value]) => value !== undefined))
