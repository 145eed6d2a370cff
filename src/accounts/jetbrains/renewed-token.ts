import type { Clock } from '../../core/clock.ts'
import { asGatewayError } from '../../core/errors.ts'
import { SingleFlight } from '../../core/single-flight.ts'
import { rfc3339 } from '../../core/timestamps.ts'
import type { TokenSource } from '../token-source.ts'
import { type JetbrainsCredential, type JetbrainsKind, kindOf } from './credential.ts'
import { type CredentialPort, KeptCredential, type TokenEvents } from './kept-credential.ts'
import { needsSignIn } from './refusals.ts'
import { renewJwt, whileAlone } from './renewal.ts'
import type { TokenChain } from './token-chain.ts'
import { futureOf, type TokenLife, tokenLife } from './token-life.ts'

export interface RenewedTokenOptions {
  /** The account's, for the log. */
  id: string
  credential: JetbrainsCredential
  chain: TokenChain
  clock: Clock
  ports: CredentialPort
  events: TokenEvents
}

/** After a renewal in the background has failed. */
const RETRY_MS = 60_000

/**
 * A JetBrains account's JWT: given at once while it is good, renewed in the background ahead of its end, and past it once for all who wait. One that the operator
 * gave without the means to renew it serves until it ends.
 */
export class RenewedToken implements TokenSource {
  readonly id: string
  readonly #kept: KeptCredential
  readonly #options: RenewedTokenOptions
  readonly #flight = new SingleFlight<string>()
  #life: { jwt: string; life: TokenLife } | undefined
  /** The upstream has turned it down, whatever its claims say. */
  #refused: string | undefined
  /** No renewal in the background before this moment. */
  #waitUntil = 0
  #toldSkew = false

  constructor(options: RenewedTokenOptions) {
    this.id = options.id
    this.#options = options
    this.#kept = new KeptCredential(options.id, options.credential, options.ports, options.events)
  }

  get kind(): JetbrainsKind {
    return kindOf(this.#kept.current)
  }

  get expiresAt(): number | undefined {
    const { jwt } = this.#kept.current
    return jwt === undefined ? undefined : this.#lifeOf(jwt).expiresAt
  }

  secrets(): readonly string[] {
    return this.#kept.secrets
  }

  current(): string | Promise<string> {
    const { jwt } = this.#kept.current
    if (jwt !== undefined && this.kind === 'static_jwt') return this.#given(jwt)
    if (jwt === undefined || jwt === this.#refused) return this.#renew()
    const left = this.#timeLeft(jwt)
    if (left <= 0) return this.#renew()
    if (left <= this.#lifeOf(jwt).aheadMs) this.#renewAhead()
    return jwt
  }

  async replace(refused: string): Promise<string | undefined> {
    const { jwt } = this.#kept.current
    if (jwt !== undefined && jwt !== refused && jwt !== this.#refused && this.#timeLeft(jwt) > 0) return jwt
    if (this.kind === 'static_jwt') return undefined
    if (jwt === refused) this.#refused = refused
    const next = await this.#renew()
    return next === refused ? undefined : next
  }

  /** A token that nothing can renew. */
  #given(jwt: string): string | Promise<string> {
    const now = this.#options.clock.now()
    const { expiresAt } = this.#lifeOf(jwt)
    if (expiresAt !== undefined && expiresAt <= now) {
      return Promise.reject(needsSignIn(`the token expired at ${rfc3339(expiresAt)}; add a new one`))
    }
    return jwt
  }

  #renewAhead(): void {
    const { clock, events, id } = this.#options
    if (this.#flight.isRunning || clock.now() < this.#waitUntil) return
    this.#renew().catch(error => {
      this.#waitUntil = clock.now() + RETRY_MS
      events.renewalFailed(id, asGatewayError(error))
    })
  }

  #renew(): Promise<string> {
    return this.#flight.run(async () => {
      const { chain, clock, events, id, ports } = this.#options
      const kept = this.#kept
      const isDone = async (): Promise<boolean> => {
        await kept.catchUp()
        return this.#isFresh()
      }
      const work = async (): Promise<void> => {
        await kept.saveUnsaved()
        await renewJwt(kept, chain, clock)
      }
      await whileAlone(ports, clock, isDone, work, error => events.storeFailed(id, 'release', error))
      const { jwt } = kept.current
      if (jwt === undefined) throw needsSignIn('the account has no token; sign in again')
      this.#lifeOf(jwt)
      return jwt
    })
  }

  /** Whether the token at hand needs no renewal: another process has seen to it. */
  #isFresh(): boolean {
    const { jwt } = this.#kept.current
    return jwt !== undefined && jwt !== this.#refused && this.#timeLeft(jwt) > this.#lifeOf(jwt).aheadMs
  }

  #timeLeft(jwt: string): number {
    return (this.#lifeOf(jwt).expiresAt ?? Number.POSITIVE_INFINITY) - this.#options.clock.now()
  }

  #lifeOf(jwt: string): TokenLife {
    if (this.#life?.jwt === jwt) return this.#life.life
    const receivedAt = this.#kept.current.jwt_received_at
    const life = tokenLife(jwt, receivedAt)
    this.#life = { jwt, life }
    const skew = life.skewMs ?? futureOf(jwt, this.#options.clock.now())
    if (skew !== undefined && !this.#toldSkew) {
      this.#toldSkew = true
      this.#options.events.skewed(this.id, skew)
    }
    return life
  }
}
