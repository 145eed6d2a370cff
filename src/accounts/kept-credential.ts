import type { GatewayError } from '../core/errors.ts'

/** Where an account's credential is kept, and who may renew it: shared by all processes that use the account. */
export interface CredentialPort<C> {
  /** What is stored now, maybe by another process; undefined where nothing was stored yet. */
  load(): Promise<C | undefined>
  /** Resolves when it is on disk. */
  save(credential: C): Promise<void>
  /** The right to renew, across processes; false while another has it. It must outlive a renewal, and lapse when its holder dies. */
  acquire(): Promise<boolean>
  release(): Promise<void>
}

/** What deserves a line in the log. Nothing of it holds a token, unless the store's own error does. */
export interface TokenEvents {
  /** A renewal ahead of the token's end failed; the old one is still good. */
  renewalFailed(id: string, error: GatewayError): void
  /** The tokens are used all the same, and saved with the next renewal. */
  storeFailed(id: string, step: 'save' | 'release', error: unknown): void
  /** The maker's clock is ahead of ours by so many milliseconds (negative: behind). Told once. */
  skewed(id: string, ms: number): void
}

/** A store that fails time and again is not to fill the memory. */
const MOST_TRIED = 20

/** Whether two are the same, field by field. */
export function sameCredential<C extends object>(one: C, other: C): boolean {
  const keys = new Set([...Object.keys(one), ...Object.keys(other)]) as Set<keyof C>
  return [...keys].every(key => one[key] === other[key])
}

export interface KeptCredentialOptions<C> {
  /** The account's, for the log. */
  id: string
  credential: C
  ports: CredentialPort<C>
  events: Pick<TokenEvents, 'storeFailed'>
  /** All of one that nobody may be shown. */
  secretsOf(credential: C): string[]
}

/** An account's credential in memory, and what is known of the stored one. */
export class KeptCredential<C extends object> {
  readonly #options: KeptCredentialOptions<C>
  #current: C
  /** What the store may hold of ours: the last that was saved, and what was tried since. Anything else was put there by somebody else. */
  #ours: C[]
  #isUnsaved = false
  /** Counts every change of what is known: a reading that was begun before one may be out of date. */
  #changes = 0
  /** Calls that are under way still use them, and may have them quoted back. */
  #secretsBefore: string[] = []

  constructor(options: KeptCredentialOptions<C>) {
    this.#options = options
    this.#current = options.credential
    this.#ours = [options.credential]
  }

  get current(): C {
    return this.#current
  }

  get secrets(): string[] {
    return [...new Set([...this.#options.secretsOf(this.#current), ...this.#secretsBefore])]
  }

  /** Takes over what another process has stored since. @throws whatever the store throws */
  async catchUp(): Promise<void> {
    let stored: C | undefined
    let before: number
    do {
      before = this.#changes
      stored = await this.#options.ports.load()
    } while (before !== this.#changes)
    if (!stored || this.#isOurs(stored)) return
    this.#replace(stored)
    this.#ours = [stored]
    this.#isUnsaved = false
  }

  /** In memory at once; resolves when it is on disk too, or could not be saved. */
  async keep(credential: C): Promise<void> {
    this.#replace(credential)
    this.#isUnsaved = true
    await this.saveUnsaved()
  }

  /** Saves what an earlier attempt could not. */
  async saveUnsaved(): Promise<void> {
    if (!this.#isUnsaved) return
    const credential = this.#current
    const { id, ports, events } = this.#options
    this.#ours = [...this.#ours.slice(-MOST_TRIED), credential]
    try {
      await ports.save(credential)
      this.#ours = [credential]
      this.#isUnsaved = false
      this.#changes++
    } catch (error) {
      events.storeFailed(id, 'save', error)
    }
  }

  #isOurs(stored: C): boolean {
    return this.#ours.some(ours => sameCredential(ours, stored))
  }

  #replace(credential: C): void {
    this.#secretsBefore = this.#options.secretsOf(this.#current)
    this.#current = credential
    this.#changes++
  }
}
