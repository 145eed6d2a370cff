import { GatewayError } from '../../core/errors.ts'
import { randomText } from '../../core/ids.ts'
import { safeMessage } from '../../core/upstream-error.ts'
import { challengeOf, newVerifier } from '../pkce.ts'
import { OAUTH_CLIENT_ID } from './token-chain.ts'

/** What JetBrains' own tools ask for; `offline_access` is what a refresh token comes for (jetbrains-ai.md §4.3). */
export const LOGIN_SCOPE = 'openid offline_access r_ide_auth'

/** A sign-in in the operator's browser that has begun (authorization code with PKCE, RFC 7636). */
export interface SignIn {
  /** What the browser opens. */
  url: string
  /** Comes back with the answer, and shows that it belongs to this sign-in. */
  state: string
  /** Secret until the code is exchanged. */
  verifier: string
  redirectUri: string
}

export interface AuthorizeUrl {
  login_url: string
  client_id: string
  scope: string
  redirect_uri: string
  state: string
  challenge: string
}

const VERIFIER_LENGTH = 64
const STATE_LENGTH = 32

/** @param redirectUri where our own listener waits: `http://localhost:<port>`. @throws GatewayError where `loginUrl` is no URL */
export function beginSignIn(loginUrl: string, redirectUri: string): SignIn {
  const verifier = newVerifier(VERIFIER_LENGTH)
  const state = randomText(STATE_LENGTH)
  const url = makeAuthorizeUrl({
    login_url: loginUrl,
    client_id: OAUTH_CLIENT_ID,
    scope: LOGIN_SCOPE,
    redirect_uri: redirectUri,
    state,
    challenge: challengeOf(verifier),
  })
  return { url, state, verifier, redirectUri }
}

export function makeAuthorizeUrl({ login_url, challenge, ...query }: AuthorizeUrl): string {
  const url = URL.parse(login_url)
  if (!url) throw new GatewayError('invalid-request', 'login_url: is no URL', { param: 'login_url' })
  const wanted = { ...query, response_type: 'code', code_challenge: challenge, code_challenge_method: 'S256' }
  for (const [name, value] of Object.entries(wanted)) url.searchParams.set(name, value)
  return url.href
}

/**
 * The code that the browser brought back. @param target path and query of the request that it made
 * @throws GatewayError for one that belongs to another sign-in, was declined, or holds no code
 */
export function readCallback(target: string, state: string): string {
  const query = URL.parse(target, 'http://localhost')?.searchParams
  if (query?.get('state') !== state) {
    throw new GatewayError('authentication', 'the answer from the browser belongs to another sign-in (its state differs); begin anew')
  }
  const error = query.get('error')
  if (error === 'access_denied') throw new GatewayError('authentication', 'the sign-in was declined in the browser')
  if (error !== null) {
    const words = safeMessage(query.get('error_description') ?? error)
    throw new GatewayError('authentication', `the sign-in failed${words === undefined ? '' : `: ${words}`}`)
  }
  const code = query.get('code')
  if (!code) throw new GatewayError('authentication', 'the answer from the browser holds no code; begin anew')
  return code
}
