import type { GatewayError } from '../../core/errors.ts'
import type { CredentialPort, KeptCredential } from '../kept-credential.ts'
import { asksForSignIn, needsSignIn } from '../refusals.ts'
import { type HeldToken, RenewedToken, type RenewedTokenOptions } from '../renewed-token.ts'
import { isUsable, type QwenCredential, type QwenKept, renewedBy, secretsOf } from './credential.ts'
import { LOCK_WAITS } from './file-lock.ts'
import type { QwenTokens } from './oauth.ts'
import type { QwenRefresh } from './refresh.ts'

export interface QwenTokenOptions extends RenewedTokenOptions<QwenKept> {
  refresh: QwenRefresh
  /** A credentials file tells of its changes; other stores are only read for a renewal. */
  ports: CredentialPort<QwenKept> & { isChanged?(): Promise<boolean> }
}

/** The CLI's rule, too: a token is good until 30 s before its end (qwen.md §1.8). */
const AHEAD_MS = 30_000

/** How often it is looked at most whether another process has changed the file. */
const LOOK_MS = 5000

/** So long after it was made a token is not taken for the reason of a 403. */
const FRESH_MS = 60_000

/** A refresh token that was refused stays so; it is shown again after this time only, or when the operator gives another one. */
const REFUSED_MS = 300_000

/** A Qwen account's access token, kept in a file that the CLI uses too or in the store. Renewed before anybody is given one in its last 30 s, as the CLI does. */
export class QwenToken extends RenewedToken<QwenKept> {
  readonly #options: QwenTokenOptions
  #lookedAt: number
  /** Of a token that was made here it is known how long it lives: a very short one is renewed at half its life, not by each who asks. */
  #made: { token: string; lifeMs: number; at: number } | undefined
  #refusal: { refreshToken: string; error: GatewayError; at: number } | undefined

  constructor(options: QwenTokenOptions) {
    super(options, { secretsOf, waits: LOCK_WAITS, ahead: 'before' })
    this.#options = options
    this.#lookedAt = options.clock.elapsed()
  }

  /** A signed-in account may be turned down by either; a 403 for a token that has just been made means something else. */
  get refusals(): readonly number[] {
    return this.#made && this.#options.clock.elapsed() - this.#made.at < FRESH_MS ? [401] : [401, 403]
  }

  isFound(token: string): boolean {
    return this.#made?.token !== token
  }

  /** Where the account is served (`apiBaseOf`); may change whenever the token does. */
  get resourceUrl(): string | undefined {
    return isUsable(this.credential) ? this.credential.resource_url : undefined
  }

  /** Whether somebody else has put another sign-in into the file, which is ours from now on. Never rejects. */
  async catchUp(): Promise<boolean> {
    const before = refreshTokenOf(this.credential)
    const isChanged = await this.#options.ports.isChanged?.().catch(() => false)
    if (isChanged) await this.kept.catchUp().catch(() => {})
    const after = refreshTokenOf(this.credential)
    return after !== undefined && after !== before
  }

  protected override held(kept: QwenKept): HeldToken | undefined {
    if (!isUsable(kept)) return undefined
    const { access_token: token, expiry_date: expiresAt } = kept
    const aheadMs = this.#made?.token === token ? Math.min(AHEAD_MS, this.#made.lifeMs / 2) : AHEAD_MS
    return { token, expiresAt, aheadMs }
  }

  protected override look(kept: KeptCredential<QwenKept>): Promise<void> | undefined {
    const { ports, clock } = this.#options
    if (!ports.isChanged) return undefined
    // Where there is no token there is nothing to lose by looking: the lock is for renewals, and may not be had where good tokens can be read.
    if (isUsable(this.credential) && clock.elapsed() - this.#lookedAt < LOOK_MS) return undefined
    this.#lookedAt = clock.elapsed()
    // One that cannot be read for now is no reason to drop a token that is good.
    return ports
      .isChanged()
      .then(isChanged => (isChanged ? kept.catchUp() : undefined))
      .catch(() => {})
  }

  protected override async make(kept: KeptCredential<QwenKept>, isFresh: () => boolean): Promise<void> {
    let credential = usable(kept.current)
    let tokens: QwenTokens
    try {
      tokens = await this.#refreshed(credential)
    } catch (error) {
      if (!asksForSignIn(error)) throw error
      // Somebody who does not know of the lock may have used the refresh token first.
      await kept.catchUp()
      const next = usable(kept.current)
      if (next.refresh_token === credential.refresh_token) throw error
      if (isFresh()) return
      credential = next
      tokens = await this.#refreshed(credential)
    }
    // Somebody has signed in meanwhile: that counts.
    if (kept.current !== credential) return
    this.#made = { token: tokens.accessToken, lifeMs: tokens.expiresInMs, at: this.#options.clock.elapsed() }
    await kept.keep(renewedBy(credential, tokens, this.#options.clock.now()))
  }

  async #refreshed({ refresh_token: refreshToken }: QwenCredential): Promise<QwenTokens> {
    const { clock, refresh } = this.#options
    const refusal = this.#refusal
    if (refusal?.refreshToken === refreshToken && clock.now() - refusal.at < REFUSED_MS) throw refusal.error
    try {
      return await refresh(refreshToken)
    } catch (error) {
      if (asksForSignIn(error)) this.#refusal = { refreshToken, error, at: clock.now() }
      throw error
    }
  }
}

const refreshTokenOf = (kept: QwenKept): string | undefined => (isUsable(kept) ? kept.refresh_token : undefined)

function usable(kept: QwenKept): QwenCredential {
  if (isUsable(kept)) return kept
  throw needsSignIn(kept.problem)
}
