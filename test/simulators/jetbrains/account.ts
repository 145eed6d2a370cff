import type { Json } from '../../checkers/json.ts'
import type { SimulatedClock } from '../clock.ts'
import { newId } from '../ids.ts'
import { type QuotaOptions, SimulatedQuota } from './quota.ts'
import type { TokenSigner } from './signed-token.ts'

export interface AccountOptions {
  licenseId: string
  quota?: QuotaOptions
  /** The refresh token it begins with. Made up where absent. */
  refreshToken?: string
  state?: 'active' | 'suspended'
  /** Default 24 hours. */
  jwtLifetimeMs?: number
  /** Default 1 hour. */
  idTokenLifetimeMs?: number
  /** Whether each use of a refresh token gives a new one and ends the old. Default true. */
  rotates?: boolean
  /** Whether it has been registered with the gateway. Default true. */
  registered?: boolean
  /** What `provide-access` gives as `state`, beside a token that works. Default `PAID`. */
  licenseState?: string
}

export interface TokenOptions {
  lifetimeMs?: number
  /** It ran out a minute ago. */
  expired?: boolean
}

export type TokenKind = 'jwt' | 'id'

const MINUTE_MS = 60_000

/** One person's JetBrains account with one licence, as the service knows it, and what a test does to it. */
export class SimulatedAccount {
  readonly licenseId: string
  readonly accountId = crypto.randomUUID()
  readonly email: string
  readonly quota: SimulatedQuota
  jwtLifetimeMs: number
  idTokenLifetimeMs: number
  rotates: boolean
  registered: boolean
  licenseState: string
  #suspended: boolean
  #refreshToken: string | undefined
  /** Tokens of an earlier session or issue are refused. */
  #session = 0
  #jwtIssue = 0
  #refusals = 0

  constructor(
    options: AccountOptions,
    private readonly clock: SimulatedClock,
    private readonly signer: TokenSigner,
  ) {
    this.licenseId = options.licenseId
    this.email = `${options.licenseId.toLowerCase()}@example.com`
    this.quota = new SimulatedQuota(options.licenseId, clock, options.quota)
    this.jwtLifetimeMs = options.jwtLifetimeMs ?? 24 * 60 * MINUTE_MS
    this.idTokenLifetimeMs = options.idTokenLifetimeMs ?? 60 * MINUTE_MS
    this.rotates = options.rotates ?? true
    this.registered = options.registered ?? true
    this.licenseState = options.licenseState ?? 'PAID'
    this.#suspended = options.state === 'suspended'
    this.#refreshToken = options.refreshToken ?? newRefreshToken()
  }

  /** The one that works now. @throws where the sign-in was revoked. */
  get refreshToken(): string {
    if (this.#refreshToken === undefined) throw new Error(`${this.licenseId} is signed out`)
    return this.#refreshToken
  }

  get used(): number {
    return this.quota.used
  }

  get suspended(): boolean {
    return this.#suspended
  }

  /** A JWT for `grazie-authenticate-jwt`. */
  jwt(options: TokenOptions = {}): string {
    return this.#sign('jwt', this.jwtLifetimeMs, options)
  }

  /** An id token: what `jetbrainsai.json` calls `authorization`. */
  authorization(options: TokenOptions = {}): string {
    return this.#sign('id', this.idTokenLifetimeMs, options)
  }

  /** The licence is suspended: 477 to everything that costs, until `reinstate`. */
  suspend(): void {
    this.#suspended = true
  }

  reinstate(): void {
    this.#suspended = false
  }

  exhaust(): void {
    this.quota.exhaust()
  }

  refill(): void {
    this.quota.refill()
  }

  /** Ends the sign-in: no token that was given out works any longer. A new sign-in does. */
  revoke(): void {
    this.#refreshToken = undefined
    this.#session++
  }

  /** JWTs given out so far get 401, whatever their `exp` says; new ones work. */
  invalidateJwts(): void {
    this.#jwtIssue++
  }

  /** The next requests with a JWT of this account get 401, and then the same JWT works again. */
  refuseJwt(times = 1): void {
    this.#refusals += times
  }

  /** Whether a token with these claims, in its right place, still works; uses up a refusal. */
  accepts(kind: TokenKind, claims: Json): boolean {
    if (claims.kind !== kind || claims.session !== this.#session || Number(claims.exp) * 1000 <= this.clock.now()) return false
    if (kind === 'id') return true
    if (claims.issue !== this.#jwtIssue) return false
    if (this.#refusals === 0) return true
    this.#refusals--
    return false
  }

  ownsRefreshToken(token: string): boolean {
    return token === this.#refreshToken
  }

  /** The answer to a sign-in or to a refresh token. `expires_in` is in seconds. */
  grant(signIn: boolean): Json {
    const renewed = signIn || this.rotates
    if (renewed) this.#refreshToken = newRefreshToken()
    const idToken = this.authorization()
    return {
      access_token: idToken,
      id_token: idToken,
      ...(renewed && { refresh_token: this.#refreshToken }),
      expires_in: Math.floor(this.idTokenLifetimeMs / 1000),
      token_type: 'Bearer',
      scope: 'openid offline_access r_ide_auth',
    }
  }

  #sign(kind: TokenKind, lifetimeMs: number, options: TokenOptions): string {
    const lifetime = options.lifetimeMs ?? lifetimeMs
    const issued = options.expired ? this.clock.now() - lifetime - MINUTE_MS : this.clock.now()
    const person = { email: this.email, name: this.licenseId, preferred_username: this.licenseId }
    return this.signer.sign({
      iss: 'https://oauth.jetbrains.com/oauth/okta',
      aud: kind === 'jwt' ? 'ai-authorization-server' : 'ide',
      realm: 'jb',
      accountId: this.accountId,
      ...(kind === 'id' && person),
      kind,
      session: this.#session,
      issue: this.#jwtIssue,
      iat: Math.floor(issued / 1000),
      exp: Math.floor((issued + lifetime) / 1000),
      jti: crypto.randomUUID(),
    })
  }
}

const newRefreshToken = (): string => `${newId('1//refresh-', 8)}-${crypto.randomUUID()}`
