import { Health } from './health.ts'
import type { TokenSource } from './token-source.ts'

/** How an account proves itself to its upstream. */
export type Credential = { kind: 'api_key'; apiKey: string } | { kind: 'none' } | { kind: 'token'; source: TokenSource }

/** One credential set at one provider: who pays for a call. Lives as long as its credential does, across reloads of the config. */
export class Account {
  readonly health = new Health()
  inFlight = 0
  served = 0

  constructor(
    /** Stable across restarts: provider and credential. */
    readonly id: string,
    readonly provider: string,
    /** What people see; never an e-mail address. */
    readonly label: string,
    readonly credential: Credential,
  ) {}
}
