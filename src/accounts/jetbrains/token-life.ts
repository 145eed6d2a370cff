import { decodeJwt } from 'jose/jwt/decode'
import { LAST_MOMENT_MS } from '../../core/timestamps.ts'

/** What a JWT says of its own life, in milliseconds since the epoch, by the clock of whoever made it. */
export interface JwtTimes {
  issuedAt?: number
  expiresAt?: number
}

/** How long a token lasts, by our clock. */
export interface TokenLife {
  /** Milliseconds since the epoch; undefined where the token does not say. */
  expiresAt?: number
  /** How long before its end a new one is fetched, in milliseconds. */
  aheadMs: number
  /** By how much the maker's clock is ahead of ours, in milliseconds; absent where they agree, or nobody can tell. */
  skewMs?: number
}

const MINUTE_MS = 60_000
/** JWTs of JetBrains are renewed this long ahead of their end (interface.md "Defaults in numbers"). */
const AHEAD_MS = 10 * MINUTE_MS
/** What clocks may differ by before anybody is told. */
const SKEW_MS = MINUTE_MS

/** The shape alone; the signature is for the server to check. */
const SHAPE = /^[\w-]+\.[\w-]+\.[\w-]*$/

/** Undefined where `token` is no JWT. */
export function jwtTimes(token: string): JwtTimes | undefined {
  if (!SHAPE.test(token)) return undefined
  try {
    const { iat, exp } = decodeJwt(token)
    return { issuedAt: moment(iat), expiresAt: moment(exp) }
  } catch {
    return undefined
  }
}

/** Seconds since the epoch as milliseconds; undefined for what is no moment. */
function moment(seconds: unknown): number | undefined {
  const ms = typeof seconds === 'number' ? seconds * 1000 : Number.NaN
  return ms >= 0 && ms <= LAST_MOMENT_MS ? ms : undefined
}

/**
 * A token's life. One that came at a known time lives from then for as long as it was made for, where the two clocks differ. One that lives
 * for less than twenty minutes is renewed at half its life: it would otherwise be replaced by each who asks for it.
 * @param receivedAt milliseconds since the epoch; undefined for a token whose coming nobody saw
 */
export function tokenLife(token: string, receivedAt: number | undefined): TokenLife {
  const { issuedAt, expiresAt } = jwtTimes(token) ?? {}
  if (receivedAt === undefined || expiresAt === undefined) return { expiresAt, aheadMs: AHEAD_MS }
  const skewMs = issuedAt === undefined ? 0 : issuedAt - receivedAt
  const lasts = issuedAt === undefined ? 0 : expiresAt - issuedAt
  const isSkewed = Math.abs(skewMs) > SKEW_MS && lasts > 0
  const end = isSkewed ? receivedAt + lasts : expiresAt
  return { expiresAt: end, aheadMs: Math.min(AHEAD_MS, Math.max(end - receivedAt, 0) / 2), ...(isSkewed && { skewMs }) }
}

/** By how much a token that was just looked at comes from the future, in milliseconds; undefined where it does not. */
export function futureOf(token: string, now: number): number | undefined {
  const { issuedAt } = jwtTimes(token) ?? {}
  return issuedAt !== undefined && issuedAt - now > SKEW_MS ? issuedAt - now : undefined
}
