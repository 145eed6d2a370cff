import type { GatewayError } from '../../core/errors.ts'
import { type JetbrainsCredential, sameCredential, secretsOf } from './credential.ts'

/** Where an account's credential is kept, and who may renew it: shared by all processes that use the account. */
export interface CredentialPort {
  /** What is stored now, maybe by another process; undefined where nothing was stored yet. */
  load(): Promise<JetbrainsCredential | undefined>
  /** Resolves when it is on disk. */
  save(credential: JetbrainsCredential): Promise<void>
  /** The right to renew, across processes; false while another has it. It must outlive a renewal (`LONGEST_RENEWAL_MS`), and lapse when its holder dies. */
  acquire(): Promise<boolean>
  release(): Promise<void>
}

/** What deserves a line in the log. Nothing of it holds a token, unless the store's own error does. */
export interface TokenEvents {
  /** A renewal in the background failed; the old token is still good. */
  renewalFailed(id: string, error: GatewayError): void
  /** The tokens are used all the same, and saved with the next renewal. */
  storeFailed(id: string, step: 'save' | 'release', error: unknown): void
  /** The maker's clock is ahead of ours by so many milliseconds (negative: behind). Told once. */
  skewed(id: string, ms: number): void
}

/** A store that fails time and again is not to fill the memory. */
const MOST_TRIED = 20

/** An account's credential in memory, and what is known of the stored one. */
export class KeptCredential {
  #current: JetbrainsCredential
  /** What the store may hold of ours: the last that was saved, and what was tried since. Anything else was put there by somebody else. */
  #ours: JetbrainsCredential[]
  #isUnsaved = false
  /** Calls that are under way still use them, and may have them quoted back. */
  #secretsBefore: string[] = []

  constructor(
    private readonly id: string,
    credential: JetbrainsCredential,
    private readonly port: CredentialPort,
    private readonly events: Pick<TokenEvents, 'storeFailed'>,
  ) {
    this.#current = credential
    this.#ours = [credential]
  }

  get current(): JetbrainsCredential {
    return this.#current
  }

  get secrets(): string[] {
    return [...new Set([...secretsOf(this.#current), ...this.#secretsBefore])]
  }

  /** Takes over what another process has stored since. @throws whatever the store throws */
  async catchUp(): Promise<void> {
    const stored = await this.port.load()
    if (!stored || this.#ours.some(ours => sameCredential(ours, stored))) return
    this.#replace(stored)
    this.#ours = [stored]
    this.#isUnsaved = false
  }

  /** In memory at once; resolves when it is on disk too, or could not be saved. */
  async keep(credential: JetbrainsCredential): Promise<void> {
    this.#replace(credential)
    this.#isUnsaved = true
    await this.saveUnsaved()
  }

  /** Saves what an earlier attempt could not. */
  async saveUnsaved(): Promise<void> {
    if (!this.#isUnsaved) return
    const credential = this.#current
    this.#ours = [...this.#ours.slice(-MOST_TRIED), credential]
    try {
      await this.port.save(credential)
      this.#ours = [credential]
      this.#isUnsaved = false
    } catch (error) {
      this.events.storeFailed(this.id, 'save', error)
    }
  }

  #replace(credential: JetbrainsCredential): void {
    this.#secretsBefore = secretsOf(this.#current)
    this.#current = credential
  }
}
