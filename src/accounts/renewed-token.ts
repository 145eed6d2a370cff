import type { Clock } from '../core/clock.ts'
import { asGatewayError } from '../core/errors.ts'
import { SingleFlight } from '../core/single-flight.ts'
import { type CredentialPort, KeptCredential, type TokenEvents } from './kept-credential.ts'
import { needsSignIn } from './refusals.ts'
import type { TokenSource } from './token-source.ts'
import { whileAlone } from './while-alone.ts'

/** A token as it is in a credential. */
export interface HeldToken {
  token: string
  /** Milliseconds since the epoch, by our clock; undefined where nobody knows. */
  expiresAt?: number
  /** How long before its end a new one is made, in milliseconds. */
  aheadMs: number
}

export interface RenewedTokenOptions<C> {
  /** The account's, for the log. */
  id: string
  credential: C
  clock: Clock
  ports: CredentialPort<C>
  events: TokenEvents
}

/** What is the same for all accounts of a vendor. */
export interface RenewalManner<C> {
  /** All of a credential that nobody may be shown. */
  secretsOf(credential: C): string[]
  /** How long to wait before each further try for the right to renew, in milliseconds. */
  waits: readonly number[]
  /** Ahead of a token's end a new one is made `behind` those who are still given the old one, or `before` anybody is given one. */
  ahead: 'behind' | 'before'
}

/** After a renewal ahead of the token's end has failed. */
const RETRY_MS = 60_000

/**
 * A token that is given at once while it is good, and renewed ahead of its end: once for all who ask, in one process at a time, taken from the store where another one
 * has renewed it. What differs by vendor: where in the credential the token is (`held`), and how another is made (`make`).
 */
export abstract class RenewedToken<C extends object> implements TokenSource {
  readonly id: string
  readonly #options: RenewedTokenOptions<C>
  readonly #manner: RenewalManner<C>
  readonly #kept: KeptCredential<C>
  readonly #flight = new SingleFlight<string>()
  /** The upstream has turned it down, whatever it says of its end. */
  #refused: string | undefined
  /** No renewal ahead of the token's end before this moment. */
  #waitUntil = 0

  constructor(options: RenewedTokenOptions<C>, manner: RenewalManner<C>) {
    this.id = options.id
    this.#options = options
    this.#manner = manner
    this.#kept = new KeptCredential({ ...options, secretsOf: manner.secretsOf })
  }

  /** The token of a credential; undefined where it has none. */
  protected abstract held(credential: C): HeldToken | undefined

  /** Makes a new token and keeps it. @param isFresh whether the one at hand would do after all @throws GatewayError with a verdict */
  protected abstract make(kept: KeptCredential<C>, isFresh: () => boolean): Promise<void>

  /** Looks from time to time whether somebody else has changed the stored credential; undefined while it is not due. Never rejects. */
  protected look(_kept: KeptCredential<C>): Promise<void> | undefined {
    return undefined
  }

  protected get credential(): C {
    return this.#kept.current
  }

  /** For looking into the store between renewals. */
  protected get kept(): KeptCredential<C> {
    return this.#kept
  }

  get expiresAt(): number | undefined {
    return this.#heldNow()?.expiresAt
  }

  settled(): Promise<void> {
    return this.#flight.settled()
  }

  secrets(): readonly string[] {
    return this.#kept.secrets
  }

  current(): string | Promise<string> {
    const looking = this.#flight.isRunning ? undefined : this.look(this.#kept)
    return looking === undefined ? this.#given() : looking.then(() => this.#given())
  }

  async replace(refused: string): Promise<string | undefined> {
    const held = this.#heldNow()
    if (held && held.token !== refused && this.#isGood(held)) return held.token
    if (held?.token === refused) this.#refused = refused
    const next = await this.#renew()
    return next === refused ? undefined : next
  }

  #given(): string | Promise<string> {
    const held = this.#heldNow()
    if (!held || !this.#isGood(held)) return this.#renew()
    if (this.#timeLeft(held) > held.aheadMs) return held.token
    const isDue = this.#options.clock.now() >= this.#waitUntil
    if (this.#manner.ahead === 'before') return isDue ? this.#renewFirst(held) : held.token
    if (isDue && !this.#flight.isRunning) this.#renew().catch(error => this.#failedAhead(error))
    return held.token
  }

  async #renewFirst(held: HeldToken): Promise<string> {
    try {
      return await this.#renew()
    } catch (error) {
      this.#failedAhead(error)
      if (this.#heldNow()?.token === held.token && this.#isGood(held)) return held.token
      throw error
    }
  }

  /** Told once for all who waited. */
  #failedAhead(error: unknown): void {
    const { clock, events, id } = this.#options
    if (clock.now() < this.#waitUntil) return
    this.#waitUntil = clock.now() + RETRY_MS
    events.renewalFailed(id, asGatewayError(error))
  }

  #renew(): Promise<string> {
    return this.#flight.run(async () => {
      const { clock, events, id, ports } = this.#options
      const kept = this.#kept
      const isDone = async (): Promise<boolean> => {
        await kept.catchUp()
        return this.#isFresh()
      }
      const releaseFailed = (error: unknown): void => events.storeFailed(id, 'release', error)
      await whileAlone({ port: ports, clock, waits: this.#manner.waits, isDone, releaseFailed }, async () => {
        await kept.saveUnsaved()
        await this.make(kept, () => this.#isFresh())
      })
      const held = this.#heldNow()
      if (!held) throw needsSignIn('the account has no token; sign in again')
      return held.token
    })
  }

  /** Whether the token at hand needs no renewal: another process has seen to it. */
  #isFresh(): boolean {
    const held = this.#heldNow()
    return held !== undefined && held.token !== this.#refused && this.#timeLeft(held) > held.aheadMs
  }

  #isGood(held: HeldToken): boolean {
    return held.token !== this.#refused && this.#timeLeft(held) > 0
  }

  #timeLeft({ expiresAt = Number.POSITIVE_INFINITY }: HeldToken): number {
    return expiresAt - this.#options.clock.now()
  }

  #heldNow(): HeldToken | undefined {
    return this.held(this.#kept.current)
  }
}
