import type { GatewayError } from '../../core/errors.ts'
import { isObject, type JsonObject } from '../../core/json.ts'
import type { JsonAnswer, JsonCall, JsonRequest } from '../json-call.ts'
import { describedError, needsSignIn, refusedRenewal, renewalFailed, unreached } from '../refusals.ts'
import { isSendable } from '../token-text.ts'
import type { OAuthTokens } from './credential.ts'
import { refusedBy477, verdictOf477 } from './refusals.ts'

/** The client that JetBrains' own tools sign in as (jetbrains-ai.md §4.3). */
export const OAUTH_CLIENT_ID = 'ide'

export interface ChainAddresses {
  /** The gateway: `https://api.jetbrains.ai`. */
  baseUrl: string
  /** The account server: `https://oauth.account.jetbrains.com`. */
  oauthUrl: string
}

/** What a finished sign-in in the browser is exchanged with. */
export interface SignInCode {
  code: string
  verifier: string
  redirectUri: string
}

/**
 * The network's part in making a JWT, one call a step (jetbrains-ai.md §4.1). All throw GatewayErrors with a verdict on the account: `needs_sign_in` where a token
 * was refused, else `cooling_down`; none holds a secret or an address.
 */
export interface TokenChain {
  refreshOAuth(refreshToken: string): Promise<OAuthTokens>
  exchangeCode(signIn: SignInCode): Promise<OAuthTokens>
  /** A new JWT for the licence. Registers its owner first where the gateway does not know them. */
  provideAccess(licenseId: string, idToken: string): Promise<string>
  /** Makes the owner of the id_token known to the gateway; doing so again changes nothing. */
  register(idToken: string): Promise<void>
}

const OAUTH = 'the account server'
const GATEWAY = 'the licence check'

export function createTokenChain(call: JsonCall, { baseUrl, oauthUrl }: ChainAddresses): TokenChain {
  const gateway = withoutSlash(baseUrl)
  const tokenUrl = `${withoutSlash(oauthUrl)}/oauth2/token`

  async function ask(who: string, request: JsonRequest): Promise<JsonAnswer> {
    try {
      return await call(request)
    } catch (error) {
      throw unreached(who, error)
    }
  }

  async function oauth(form: Record<string, string>, secret: string, what: string): Promise<OAuthTokens> {
    const answer = await ask(OAUTH, { url: tokenUrl, form: { ...form, client_id: OAUTH_CLIENT_ID } })
    if (!isOk(answer)) throw refusedByOAuth(answer, secret, what)
    const tokens = tokensOf(answer.json)
    if (!tokens) throw renewalFailed(`${OAUTH} answered ${answer.status} without a token`)
    return tokens
  }

  const post = (path: string, idToken: string, json?: JsonObject): Promise<JsonAnswer> =>
    ask(GATEWAY, { url: `${gateway}${path}`, headers: { authorization: `Bearer ${idToken}` }, json })

  const license = (licenseId: string, idToken: string): Promise<JsonAnswer> =>
    post('/auth/jetbrains-jwt/provide-access/license/v2', idToken, { licenseId })

  async function register(idToken: string): Promise<void> {
    const answer = await post('/auth/jetbrains-jwt/register', idToken)
    if (!isOk(answer)) throw refusedByGateway(answer)
  }

  return {
    register,
    refreshOAuth: refreshToken =>
      oauth({ grant_type: 'refresh_token', refresh_token: refreshToken }, refreshToken, 'the refresh token was refused'),
    exchangeCode: ({ code, verifier, redirectUri }) =>
      oauth(
        { grant_type: 'authorization_code', code, code_verifier: verifier, redirect_uri: redirectUri },
        code,
        'the code of the sign-in was refused',
      ),
    async provideAccess(licenseId, idToken) {
      let answer = await license(licenseId, idToken)
      if (mayBeUnregistered(answer)) {
        await register(idToken)
        answer = await license(licenseId, idToken)
      }
      if (!isOk(answer)) throw refusedByGateway(answer)
      const token = isObject(answer.json) ? answer.json.token : undefined
      // The state beside it (`PAID` and others) is deprecated: a token is what counts (§4.2).
      if (isSendable(token)) return token
      throw renewalFailed(`${GATEWAY} answered ${answer.status} without a token`)
    },
  }
}

const isOk = ({ status }: JsonAnswer): boolean => status >= 200 && status < 300

const withoutSlash = (url: string): string => url.replace(/\/+$/, '')

/** How the gateway says that it does not know a user is nowhere written: anything that speaks of neither the token, a limit nor the quota. */
function mayBeUnregistered({ status, text }: JsonAnswer): boolean {
  if (status === 403) return /regist/i.test(text)
  return status >= 400 && status < 500 && status !== 401 && status !== 429 && !verdictOf477({ status, text })
}

function refusedByOAuth(answer: JsonAnswer, secret: string, what: string): GatewayError {
  const invalid = isObject(answer.json) && answer.json.error === 'invalid_grant'
  if (!invalid && answer.status !== 401 && answer.status !== 403) return refusedRenewal(OAUTH, answer)
  const words = describedError(answer, [secret])
  return needsSignIn(`sign in again: ${what} (${invalid ? 'invalid_grant' : answer.status}${words === undefined ? '' : `: ${words}`})`)
}

function refusedByGateway(answer: JsonAnswer): GatewayError {
  const verdict = verdictOf477(answer)
  if (verdict) return refusedBy477(verdict)
  if (answer.status !== 401 && answer.status !== 403) return refusedRenewal(GATEWAY, answer)
  const what = answer.status === 403 ? 'the licence for this id_token' : 'the id_token'
  return needsSignIn(`sign in again: ${GATEWAY} refused ${what} (${answer.status})`)
}

function tokensOf(json: unknown): OAuthTokens | undefined {
  if (!isObject(json)) return undefined
  const { id_token, access_token, refresh_token, expires_in } = json
  const idToken = [id_token, access_token].find(isSendable)
  if (idToken === undefined) return undefined
  return {
    idToken,
    ...(isSendable(refresh_token) && { refreshToken: refresh_token }),
    ...(typeof expires_in === 'number' && expires_in > 0 && { expiresInMs: expires_in * 1000 }),
  }
}
