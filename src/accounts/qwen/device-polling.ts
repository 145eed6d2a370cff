import type { Clock } from '../../core/clock.ts'
import { SingleFlight } from '../../core/single-flight.ts'
import { type DeviceFlow, EXPIRED, type PolledSignIn, type PollOutcome } from './device-flow.ts'

/** RFC 8628 §3.5: asked to slow down, all further polls come later. The CLI's factor, and the longest wait of its server. */
const SLOWER = 1.5
const LONGEST_INTERVAL_MS = 60_000

export interface WaitOptions {
  /** How long at most, in milliseconds; till the sign-in's own end unless told. */
  forMs?: number
  /** Whoever waits has left. */
  signal?: AbortSignal
}

/** One sign-in's way to its end: asks politely, once at a time for all who wait, and remembers what came of it. */
export class DevicePolling {
  readonly #flight = new SingleFlight<PollOutcome>()
  #intervalMs: number
  #nextAt: number
  /** We were asked to slow down: nobody asks before. */
  #notBefore = 0
  #decided: PollOutcome | undefined

  constructor(
    private readonly flow: Pick<DeviceFlow, 'pollOnce'>,
    private readonly clock: Clock,
    readonly signIn: PolledSignIn,
  ) {
    this.#intervalMs = signIn.intervalMs
    this.#nextAt = clock.now() + signIn.intervalMs
  }

  /** Undefined while the sign-in is pending. */
  get decided(): PollOutcome | undefined {
    return this.#decided
  }

  /** Asks now, for one who does not wait. */
  async ask(): Promise<PollOutcome> {
    if (this.#decided) return this.#decided
    const now = this.clock.now()
    if (now > this.signIn.expiresAt) return this.#decide(EXPIRED)
    if (now < this.#notBefore) return { state: 'pending' }
    return this.#flight.run(() => this.#poll())
  }

  /** Asks every interval, for the first time after one, until the sign-in is decided or `forMs` are over. @throws the signal's reason */
  async wait({ forMs = Number.POSITIVE_INFINITY, signal }: WaitOptions = {}): Promise<PollOutcome> {
    const { clock, signIn } = this
    const patience = clock.now() + forMs
    for (;;) {
      if (this.#decided) return this.#decided
      const until = Math.min(this.#nextAt, signIn.expiresAt, patience)
      if (until > clock.now()) await clock.sleep(until - clock.now(), signal)
      if (clock.now() >= patience && clock.now() < Math.min(this.#nextAt, signIn.expiresAt)) return this.#decided ?? { state: 'pending' }
      if (clock.now() < Math.min(this.#nextAt, signIn.expiresAt)) continue
      const outcome = await this.ask()
      if (outcome.state !== 'pending') return outcome
      if (clock.now() >= signIn.expiresAt) return this.#decide(EXPIRED)
    }
  }

  async #poll(): Promise<PollOutcome> {
    const outcome = await this.flow.pollOnce(this.signIn)
    if (outcome.state !== 'pending') return this.#decide(outcome)
    if (outcome.slowDown) this.#intervalMs = Math.min(this.#intervalMs * SLOWER, Math.max(LONGEST_INTERVAL_MS, this.#intervalMs))
    this.#nextAt = this.clock.now() + this.#intervalMs
    if (outcome.slowDown) this.#notBefore = this.#nextAt
    return outcome
  }

  #decide(outcome: PollOutcome): PollOutcome {
    this.#decided ??= outcome
    return this.#decided
  }
}
