import { invalidField } from '../../core/errors.ts'
import { asObject, at, optionalNumber, optionalString, required } from '../../core/fields.ts'
import { isObject, type JsonValue } from '../../core/json.ts'
import { LAST_MOMENT_MS, parseRfc3339 } from '../../core/timestamps.ts'
import { isSendable, optionalToken } from '../token-text.ts'
import { apiBaseOf } from './api-base.ts'
import type { QwenTokens } from './oauth.ts'

/** What a signed-in Qwen account proves itself with, as the CLI keeps it (qwen.md §1.7). Both tokens are secret and opaque. */
export interface QwenCredential {
  access_token: string
  refresh_token: string
  token_type: string
  /** Where the account is served (`apiBaseOf`). */
  resource_url?: string
  /** Milliseconds since the epoch; 0 where nobody knows: the token is renewed before it is used. */
  expiry_date: number
}

/** Why there is no credential where one should be. */
export interface NoCredential {
  /** For people; holds no path and no secret. */
  problem: string
}

/** What is found where an account's credential is kept: a file may be gone or broken, and come back. */
export type QwenKept = QwenCredential | NoCredential

export const isUsable = (kept: QwenKept): kept is QwenCredential => !('problem' in kept)

/** What the tokens come with unless they say so. */
const TOKEN_TYPE = 'Bearer'

/**
 * A credential as it was posted, stored or imported: the CLI's own form, CLIProxyAPI's (`expired` is a date), and a raw token response (`expires_in`
 * counts from a moment nobody knows). What tells no end counts as expired; unknown fields, an e-mail address among them, are left behind.
 * @throws GatewayError `invalid-request` naming the field below `path`, never its value
 */
export function readQwenCredential(value: JsonValue | undefined, path = ''): QwenCredential {
  const from = asObject(value, path)
  const resourceUrl = optionalString(from, 'resource_url', path)?.trim() || optionalString(from, 'endpoint', path)?.trim()
  if (resourceUrl && apiBaseOf(resourceUrl) === undefined)
    throw invalidField(at(path, 'resource_url'), 'is no host and no URL', 'invalid_value')
  return {
    access_token: optionalToken(from, 'access_token', path) ?? required(at(path, 'access_token')),
    refresh_token: optionalToken(from, 'refresh_token', path) ?? required(at(path, 'refresh_token')),
    token_type: optionalString(from, 'token_type', path)?.trim() || TOKEN_TYPE,
    ...(resourceUrl && { resource_url: resourceUrl }),
    expiry_date:
      optionalNumber(from, 'expiry_date', path, { min: 0, max: LAST_MOMENT_MS }) ??
      parseRfc3339(optionalString(from, 'expired', path) ?? '') ??
      0,
  }
}

/** A credentials file's content, by the CLI's own rules (§1.7): what it takes for absent is none here either. */
export function parseCredentialsFile(json: JsonValue | undefined): QwenKept {
  if (!isObject(json)) return { problem: 'is no JSON object' }
  const { access_token, refresh_token, token_type, resource_url, expiry_date } = json
  const field = Object.entries({ access_token, refresh_token, token_type }).find(([, text]) => typeof text !== 'string' || text === '')?.[0]
  if (field !== undefined) return { problem: `has no ${field}` }
  if (!isSendable(access_token) || !isSendable(refresh_token))
    return { problem: 'holds a token with blanks or characters that no token has' }
  if (typeof expiry_date !== 'number' || expiry_date === 0) return { problem: 'has no expiry_date' }
  return {
    access_token,
    refresh_token,
    token_type: token_type as string,
    ...(typeof resource_url === 'string' && resource_url !== '' && { resource_url }),
    expiry_date,
  }
}

/** What a refresh leaves out stays as it was: a lost `resource_url` would send the token to a host that refuses it (§1.6). */
export const renewedBy = (before: QwenCredential, tokens: QwenTokens, now: number): QwenCredential => ({
  access_token: tokens.accessToken,
  token_type: tokens.tokenType ?? before.token_type,
  refresh_token: tokens.refreshToken ?? before.refresh_token,
  ...withResource(tokens.resourceUrl ?? before.resource_url),
  expiry_date: now + tokens.expiresInMs,
})

/** The credential of a sign-in; undefined where it gave nothing to renew the token with. */
export const signedInBy = (tokens: QwenTokens, now: number): QwenCredential | undefined =>
  tokens.refreshToken === undefined
    ? undefined
    : {
        access_token: tokens.accessToken,
        refresh_token: tokens.refreshToken,
        token_type: tokens.tokenType ?? TOKEN_TYPE,
        ...withResource(tokens.resourceUrl),
        expiry_date: now + tokens.expiresInMs,
      }

const withResource = (url: string | undefined): { resource_url?: string } => (url === undefined ? {} : { resource_url: url })

/** All of it that nobody may be shown. */
export const secretsOf = (kept: QwenKept): string[] => (isUsable(kept) ? [kept.access_token, kept.refresh_token] : [])
