import type { Clock } from '../../core/clock.ts'
import { rfc3339 } from '../../core/timestamps.ts'
import type { KeptCredential } from '../kept-credential.ts'
import { asksForSignIn, needsSignIn } from '../refusals.ts'
import { idTokenExpiry, type JetbrainsCredential, withOAuthTokens } from './credential.ts'
import type { TokenChain } from './token-chain.ts'
import { jwtTimes } from './token-life.ts'

/** An id_token with less time left buys no JWT any more. */
const ID_TOKEN_AHEAD_MS = 120_000

/** Seven calls of 15 s are the most that a renewal makes: a lease that lasts this long is never lost within one. */
export const LONGEST_RENEWAL_MS = 120_000

/**
 * Fetches a new JWT and keeps it. What the account server gives is on disk before it is used: its refresh token may be the only one that is still good. The process
 * may end between any two steps; what is stored then makes the next renewal, or is told apart as refused.
 * @throws GatewayError with a verdict
 */
export async function renewJwt(kept: KeptCredential<JetbrainsCredential>, chain: TokenChain, clock: Clock): Promise<void> {
  const { licenseId } = kept.current
  if (licenseId === undefined) throw needsSignIn('the account has no licence to renew its token with; add a new token')

  async function freshIdToken(refreshToken: string): Promise<string> {
    const tokens = await chain.refreshOAuth(refreshToken)
    await kept.keep(withOAuthTokens(kept.current, tokens, clock.now()))
    return tokens.idToken
  }

  async function jwtFor(licence: string): Promise<string> {
    const { refresh_token, id_token, authorization } = kept.current
    if (refresh_token === undefined) {
      if (authorization === undefined) throw needsSignIn('the account has no authorization to renew its token with; sign in again')
      return chain.provideAccess(licence, authorization).catch(error => {
        throw asksForSignIn(error) ? needsSignIn(afresh(authorization, clock.now(), error.message), error) : error
      })
    }
    const end = idTokenExpiry(kept.current)
    if (id_token === undefined || (end !== undefined && end - clock.now() <= ID_TOKEN_AHEAD_MS)) {
      return chain.provideAccess(licence, await freshIdToken(refresh_token))
    }
    try {
      return await chain.provideAccess(licence, id_token)
    } catch (error) {
      // It was taken back, or the clocks differ: one that has just been made decides.
      if (!asksForSignIn(error)) throw error
      return chain.provideAccess(licence, await freshIdToken(refresh_token))
    }
  }

  const jwt = await jwtFor(licenseId)
  await kept.keep({ ...kept.current, jwt, jwt_received_at: clock.now() })
}

/** What to do about an authorization that was turned down, which nothing here can renew. */
function afresh(authorization: string, now: number, refusal: string): string {
  const end = jwtTimes(authorization)?.expiresAt
  const why = end !== undefined && end <= now ? `the authorization of the licence expired at ${rfc3339(end)}` : refusal
  return `${why}; copy a new authorization from the IDE, or sign in with \`dragoman login jetbrains\``
}
