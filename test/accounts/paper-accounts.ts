import { Account, type AccountSpec, type StateListener } from '../../src/accounts/account.ts'
import type { Quota } from '../../src/accounts/quota.ts'
import type { TokenSource } from '../../src/accounts/token-source.ts'

/** An account that exists on paper only. */
export const paperAccount = (id: string, spec: Partial<AccountSpec> = {}, onState?: StateListener): Account =>
  new Account(
    { id, provider: 'p', label: id, kind: 'api_key', fingerprint: id, credential: { kind: 'api_key', apiKey: `sk-${id}` }, ...spec },
    onState,
  )

/** So many of a hundred units are left. */
export const quotaOf = (available: number, more: Partial<Quota> = {}): Quota => ({
  used: 100 - available,
  limit: 100,
  available,
  at: 0,
  ...more,
})

/** A token source that does as it is told. */
export class PaperTokens implements TokenSource {
  readonly expiresAt = undefined
  readonly refused: string[] = []
  /** What `replace` gives; undefined: there is no other. */
  next: string | undefined | Error
  asked = 0

  constructor(public give: () => string | Promise<string> = () => 'token-1') {}

  current(): string | Promise<string> {
    this.asked++
    return this.give()
  }

  async replace(refused: string): Promise<string | undefined> {
    this.refused.push(refused)
    if (this.next instanceof Error) throw this.next
    return this.next
  }

  async settled(): Promise<void> {}

  secrets(): readonly string[] {
    return ['token-1']
  }
}

/** An account that shows a token. */
export const tokenAccount = (id: string, source: TokenSource, spec: Partial<AccountSpec> = {}, onState?: StateListener): Account =>
  paperAccount(id, { kind: 'static_jwt', credential: { kind: 'token', source }, ...spec }, onState)
