import type { Json } from '../../checkers/json.ts'
import type { SimulatedClock } from '../clock.ts'
import { type AccountOptions, SimulatedAccount, type TokenKind } from './account.ts'
import { TokenSigner } from './signed-token.ts'

/** Every account of the service, found by what it gave out. */
export class Accounts {
  readonly #signer = new TokenSigner()
  readonly #byLicense = new Map<string, SimulatedAccount>()
  /** Refresh tokens that were in use once, for the account that an old one belonged to. */
  readonly #refreshTokens = new Map<string, SimulatedAccount>()

  constructor(private readonly clock: SimulatedClock) {}

  add(options: AccountOptions): SimulatedAccount {
    if (this.#byLicense.has(options.licenseId)) throw new Error(`there is an account ${options.licenseId} already`)
    const account = new SimulatedAccount(options, this.clock, this.#signer)
    this.#byLicense.set(options.licenseId, account)
    return account
  }

  get all(): SimulatedAccount[] {
    return [...this.#byLicense.values()]
  }

  /** Whose token it is, whether it still works or not. */
  ownerOf(token: string | undefined): SimulatedAccount | undefined {
    const claims = token === undefined ? undefined : this.#signer.read(token)
    return this.all.find(({ accountId }) => accountId === claims?.accountId)
  }

  /** Whose token it is, where it still works. */
  bearer(kind: TokenKind, token: string | undefined): SimulatedAccount | undefined {
    const claims: Json | undefined = token === undefined ? undefined : this.#signer.read(token)
    const account = this.ownerOf(token)
    return claims && account?.accepts(kind, claims) ? account : undefined
  }

  byRefreshToken(token: string): SimulatedAccount | undefined {
    const current = this.all.find(account => account.ownsRefreshToken(token))
    if (current) this.#refreshTokens.set(token, current)
    return current ?? this.#refreshTokens.get(token)
  }
}
