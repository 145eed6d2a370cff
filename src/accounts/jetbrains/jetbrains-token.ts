import { rfc3339 } from '../../core/timestamps.ts'
import type { KeptCredential } from '../kept-credential.ts'
import { needsSignIn } from '../refusals.ts'
import { type HeldToken, RenewedToken, type RenewedTokenOptions } from '../renewed-token.ts'
import { type JetbrainsCredential, type JetbrainsKind, kindOf, secretsOf } from './credential.ts'
import { renewJwt } from './renewal.ts'
import type { TokenChain } from './token-chain.ts'
import { futureOf, type TokenLife, tokenLife } from './token-life.ts'

export interface JetbrainsTokenOptions extends RenewedTokenOptions<JetbrainsCredential> {
  chain: TokenChain
}

/** Others wait for half a minute for the process that renews, and look twice a second. */
const WAITS = Array<number>(60).fill(500)

/** A JetBrains account's JWT. One that the operator gave without the means to renew it serves until it ends. */
export class JetbrainsToken extends RenewedToken<JetbrainsCredential> {
  readonly #options: JetbrainsTokenOptions
  #life: { jwt: string; life: TokenLife } | undefined
  #toldSkew = false

  constructor(options: JetbrainsTokenOptions) {
    super(options, { secretsOf, waits: WAITS, ahead: 'behind' })
    this.#options = options
  }

  get kind(): JetbrainsKind {
    return kindOf(this.credential)
  }

  override current(): string | Promise<string> {
    const { jwt } = this.credential
    return jwt !== undefined && this.kind === 'static_jwt' ? this.#unrenewable(jwt) : super.current()
  }

  override async replace(refused: string): Promise<string | undefined> {
    return this.kind === 'static_jwt' ? undefined : super.replace(refused)
  }

  protected override held({ jwt, jwt_received_at: receivedAt }: JetbrainsCredential): HeldToken | undefined {
    return jwt === undefined ? undefined : { token: jwt, ...this.#lifeOf(jwt, receivedAt) }
  }

  protected override make(kept: KeptCredential<JetbrainsCredential>): Promise<void> {
    return renewJwt(kept, this.#options.chain, this.#options.clock)
  }

  #unrenewable(jwt: string): string | Promise<string> {
    const { expiresAt } = this
    if (expiresAt === undefined || expiresAt > this.#options.clock.now()) return jwt
    return Promise.reject(needsSignIn(`the token expired at ${rfc3339(expiresAt)}; add a new one`))
  }

  #lifeOf(jwt: string, receivedAt: number | undefined): TokenLife {
    if (this.#life?.jwt === jwt) return this.#life.life
    const { clock, events } = this.#options
    const life = tokenLife(jwt, receivedAt)
    this.#life = { jwt, life }
    const skew = life.skewMs ?? futureOf(jwt, clock.now())
    if (skew !== undefined && !this.#toldSkew) {
      this.#toldSkew = true
      events.skewed(this.id, skew)
    }
    return life
  }
}
