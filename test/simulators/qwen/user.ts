import type { Json } from '../../checkers/json.ts'
import type { SimulatedClock } from '../clock.ts'
import { newId } from '../ids.ts'
import { Allowance } from './allowance.ts'
import type { QwenRules } from './rules.ts'

/** What a sign-in or a refresh gave out. Times in milliseconds since the epoch. */
export interface Grant {
  accessToken: string
  refreshToken: string
  expires: number
  scope: string
}

const SCOPE = 'openid profile email model.completion'

/** Somebody with an account at Qwen, as the service knows them, and what a test does to them. */
export class SimulatedUser {
  readonly calls: Allowance
  readonly searches: Allowance
  /** Expiry by token. */
  readonly #access = new Map<string, number>()
  readonly #refresh = new Map<string, number>()
  /** Every token that was ever given out. */
  readonly #known = new Set<string>()
  #latest: Grant | undefined
  #refusals = 0

  constructor(
    readonly name: string,
    private readonly clock: SimulatedClock,
    private readonly rules: QwenRules,
  ) {
    this.calls = new Allowance(clock, rules, () => rules.callsPerDay)
    this.searches = new Allowance(clock, rules, () => rules.searchesPerDay)
  }

  /** What was given out last. @throws where nobody has signed in. */
  get latest(): Grant {
    if (!this.#latest) throw new Error(`${this.name} has not signed in`)
    return this.#latest
  }

  /** A sign-in of its own: tokens of others stay as they are. */
  signIn(lifetimeMs = this.rules.accessLifetimeS * 1000, scope = SCOPE): Grant {
    return this.#give(this.#token('rt-', this.#refresh, this.rules.refreshLifetimeS * 1000), lifetimeMs, scope)
  }

  /** What a refresh token gets. The access token from before lives on. @throws where `ownsRefreshToken` says no. */
  refresh(token: string): Grant {
    if (!this.ownsRefreshToken(token)) throw new Error('that refresh token is dead')
    const renewed = this.rules.rotates && !this.rules.omitRefreshToken
    if (renewed) this.#refresh.delete(token)
    const next = renewed ? this.#token('rt-', this.#refresh, this.rules.refreshLifetimeS * 1000) : token
    return this.#give(next, this.rules.accessLifetimeS * 1000, this.#latest?.scope ?? SCOPE)
  }

  ownsRefreshToken(token: string): boolean {
    return (this.#refresh.get(token) ?? 0) > this.clock.now()
  }

  /** Whose token it is, whether it works or not. */
  knows(token: string): boolean {
    return this.#known.has(token)
  }

  /** Whether an access token works now; uses up a refusal. */
  accepts(token: string): boolean {
    if ((this.#access.get(token) ?? 0) <= this.clock.now()) return false
    if (this.#refusals === 0) return true
    this.#refusals--
    return false
  }

  /** Access tokens given out so far get 401; refresh tokens work. */
  expireTokens(): void {
    this.#access.clear()
  }

  /** The next calls get 401, and then the same token works again. */
  refuse(times = 1): void {
    this.#refusals += times
  }

  /** No token that was given out so far works. A new sign-in does. */
  revoke(): void {
    this.#access.clear()
    this.#refresh.clear()
  }

  /** The credentials file of the official CLI for a grant, in the order in which a login writes it (qwen.md §1.7). */
  static credentials({ accessToken, refreshToken, expires }: Grant, resourceUrl: string): Json {
    return {
      access_token: accessToken,
      refresh_token: refreshToken,
      token_type: 'Bearer',
      resource_url: resourceUrl,
      expiry_date: expires,
    }
  }

  #give(refreshToken: string, lifetimeMs: number, scope: string): Grant {
    const accessToken = this.#token('at-', this.#access, lifetimeMs)
    this.#latest = { accessToken, refreshToken, expires: this.clock.now() + lifetimeMs, scope }
    return this.#latest
  }

  #token(prefix: string, kept: Map<string, number>, lifetimeMs: number): string {
    const token = `${newId(prefix, 6)}-${crypto.randomUUID()}`
    kept.set(token, this.clock.now() + lifetimeMs)
    this.#known.add(token)
    return token
  }
}

/** Everybody who has an account. */
export class Users {
  readonly #byName = new Map<string, SimulatedUser>()

  constructor(
    private readonly clock: SimulatedClock,
    private readonly rules: QwenRules,
  ) {}

  /** The user of that name, who is made where there is none. */
  named(name: string): SimulatedUser {
    const known = this.#byName.get(name) ?? new SimulatedUser(name, this.clock, this.rules)
    this.#byName.set(name, known)
    return known
  }

  get all(): SimulatedUser[] {
    return [...this.#byName.values()]
  }

  /** Whose token it is, alive or dead. */
  ownerOf(token: string | undefined): SimulatedUser | undefined {
    return token === undefined ? undefined : this.all.find(user => user.knows(token))
  }
}
