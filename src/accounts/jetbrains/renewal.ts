import type { Clock } from '../../core/clock.ts'
import { rfc3339 } from '../../core/timestamps.ts'
import { idTokenExpiry, withOAuthTokens } from './credential.ts'
import type { CredentialPort, KeptCredential } from './kept-credential.ts'
import { asksForSignIn, needsSignIn, renewalFailed } from './refusals.ts'
import type { TokenChain } from './token-chain.ts'
import { jwtTimes } from './token-life.ts'

/** An id_token with less time left buys no JWT any more. */
const ID_TOKEN_AHEAD_MS = 120_000

/** How long others wait for the process that renews, and how often they look. */
const LEASE_WAIT_MS = 30_000
const LEASE_POLL_MS = 500

/** Seven calls of 15 s are the most that a renewal makes: a lease that lasts this long is never lost within one. */
export const LONGEST_RENEWAL_MS = 120_000

/**
 * Fetches a new JWT and keeps it. What the account server gives is on disk before it is used: its refresh token may be the only one that is still good. The process
 * may end between any two steps; what is stored then makes the next renewal, or is told apart as refused.
 * @throws GatewayError with a verdict
 */
export async function renewJwt(kept: KeptCredential, chain: TokenChain, clock: Clock): Promise<void> {
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

/** Runs `work` while no other process renews. @param isDone looks at what the others have stored; true ends the wait without `work` @throws GatewayError */
export async function whileAlone(
  port: CredentialPort,
  clock: Clock,
  isDone: () => Promise<boolean>,
  work: () => Promise<void>,
  releaseFailed: (error: unknown) => void,
): Promise<void> {
  const start = clock.elapsed()
  while (!(await port.acquire().catch(unkept))) {
    if (await isDone().catch(unkept)) return
    if (clock.elapsed() - start >= LEASE_WAIT_MS) throw renewalFailed(`another process has been renewing for ${LEASE_WAIT_MS / 1000} s`)
    await clock.sleep(LEASE_POLL_MS)
  }
  try {
    if (!(await isDone().catch(unkept))) await work()
  } finally {
    await port.release().catch(releaseFailed)
  }
}

const unkept = (cause: unknown): never => {
  throw renewalFailed('the stored tokens cannot be reached', { cause })
}
