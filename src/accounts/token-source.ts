/**
 * What an account shows its upstream where that changes with time: a token that is made fresh ahead of its end, once for all who ask. Errors are GatewayErrors
 * whose `upstream.verdict` says what becomes of the account.
 */
export interface TokenSource {
  /** A token to call with: at once where one is good, and then a newer one may be on its way; else the promise of one. @throws GatewayError */
  current(): string | Promise<string>
  /** Statuses by which an upstream refuses a token; 401 unless told. */
  readonly refusals?: readonly number[]
  /** The upstream refused this token: another one, made once for all who ask; undefined where there can be none. @throws GatewayError where making it failed */
  replace(refused: string): Promise<string | undefined>
  /** Whether a token was made by another process, and only found here: it may be as old as the one that it took the place of. */
  isFound?(token: string): boolean
  /** When the token at hand ends, in milliseconds since the epoch; undefined where that is not known. */
  readonly expiresAt: number | undefined
  /** Resolves when no new token is being made (any more), whatever came of it. */
  settled(): Promise<void>
  /** All that nobody may be shown. */
  secrets(): readonly string[]
}
