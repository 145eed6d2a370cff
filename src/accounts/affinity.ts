/** As long as vendors keep a prompt cache warm, about. */
const WARM_MS = 600_000
const MOST = 20_000

/** Which account holds a conversation's prompt cache. Bounded, and forgets what has gone cold. */
export class Affinity {
  readonly #accounts = new Map<string, { account: string; at: number }>()

  /** The account that served the conversation last, while its cache is warm. */
  find(conversation: string, now: number): string | undefined {
    const known = this.#accounts.get(conversation)
    return known && now - known.at < WARM_MS ? known.account : undefined
  }

  remember(conversation: string, account: string, now: number): void {
    this.#accounts.delete(conversation)
    this.#accounts.set(conversation, { account, at: now })
    if (this.#accounts.size > MOST) this.#accounts.delete(this.#accounts.keys().next().value as string)
  }
}
