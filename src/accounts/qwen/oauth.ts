import { isObject } from '../../core/json.ts'
import { describedError } from '../refusals.ts'
import { isSendable } from '../token-text.ts'

/** What the CLI signs in as and asks for (qwen.md §1.1); a public client without a secret. */
const CLIENT_ID = 'f0304373b74a44d2b584a3fb70ca9e56'
const SCOPE = 'openid profile email model.completion'

/** The config's `qwen` object, as far as signing in goes. */
export interface QwenOAuthSettings {
  oauth_url: string
  client_id?: string
  scope?: string
  device_code_endpoint?: string
  token_endpoint?: string
}

/** Where and as whom Qwen accounts sign in. */
export interface QwenOAuth {
  clientId: string
  scope: string
  deviceCodeUrl: string
  tokenUrl: string
}

export function qwenOAuth(settings: QwenOAuthSettings): QwenOAuth {
  const base = settings.oauth_url.replace(/\/+$/, '')
  return {
    clientId: settings.client_id ?? CLIENT_ID,
    scope: settings.scope ?? SCOPE,
    deviceCodeUrl: settings.device_code_endpoint ?? `${base}/api/v1/oauth2/device/code`,
    tokenUrl: settings.token_endpoint ?? `${base}/api/v1/oauth2/token`,
  }
}

/** What the token endpoint gives, for a sign-in and for a refresh (§1.5). */
export interface QwenTokens {
  accessToken: string
  /** A new one replaces the one before it. */
  refreshToken?: string
  tokenType?: string
  /** Where the account is served; a refresh may leave it out. */
  resourceUrl?: string
  expiresInMs: number
}

/** Where no lifetime is told: the shortest that was ever seen. */
const DEFAULT_LIFE_MS = 3_600_000

/** Undefined where there is no usable access token, whatever else there is. */
export function tokensOf(json: unknown): QwenTokens | undefined {
  if (!isObject(json) || !isSendable(json.access_token)) return undefined
  const { access_token, refresh_token, token_type, resource_url, endpoint, expires_in } = json
  return {
    accessToken: access_token,
    refreshToken: isSendable(refresh_token) ? refresh_token : undefined,
    tokenType: isSendable(token_type) ? token_type : undefined,
    resourceUrl: [resource_url, endpoint].find(isSendable),
    expiresInMs: typeof expires_in === 'number' && expires_in > 0 ? expires_in * 1000 : DEFAULT_LIFE_MS,
  }
}

/** An OAuth error's code, whatever the status that it came with; undefined where the body holds none. */
export function errorCodeOf(json: unknown): string | undefined {
  if (!isObject(json)) return undefined
  const code = isObject(json.error) ? json.error.code : json.error
  return typeof code === 'string' && /^[\w.-]{1,60}$/.test(code) ? code : undefined
}

/** Codes that speak of the server's state, not of what was sent to it (RFC 6749 §4.1.2.1). */
const PASSING = new Set(['server_error', 'temporarily_unavailable', 'slow_down', 'authorization_pending'])

/** Whether an error of this code is no refusal, only a bad moment. */
export const isPassing = (code: string): boolean => PASSING.has(code)

/** `400 invalid_request: Invalid refresh token or client_id`, without what was sent. */
export function describeRefusal(status: number, json: unknown, sent: readonly string[]): string {
  const code = errorCodeOf(json)
  const words = isObject(json) ? describedError({ json }, sent) : undefined
  return `${status}${code === undefined ? '' : ` ${code}`}${words === undefined ? '' : `: ${words}`}`
}
