import { expect } from 'bun:test'
import { type ErrorDetails, type ErrorKind, GatewayError } from '../../src/core/errors.ts'
import { attemptTargets, type Lease } from '../../src/routing/attempt.ts'
import type { Provider, Target } from '../../src/routing/provider.ts'
import type { Trail } from '../../src/routing/trail.ts'
import { FakeClock } from '../support/fake-clock.ts'

type Step = 'ok' | GatewayError | Error

/** A failure as an upstream of this status causes it. */
export const fault = (kind: ErrorKind, status?: number, details: ErrorDetails = {}) =>
  new GatewayError(kind, `${kind} happened`, { ...details, upstream: { status, ...details.upstream } })

/** Requests to scripted accounts: each account answers with the next step of its script, the last one for ever. */
export class Script {
  readonly clock = new FakeClock()
  readonly trail: Trail = { attempts: [], skipped: [] }
  readonly called: string[] = []
  readonly controller = new AbortController()
  readonly targets: Target[]

  constructor(
    readonly providers: readonly Provider[],
    readonly steps: Record<string, Step[]>,
  ) {
    this.targets = providers.map(provider => ({ provider, model: 'm' }))
  }

  attempt(): Promise<{ value: string; lease: Lease }> {
    const services = { clock: this.clock, random: { float: () => 0.5 } }
    return attemptTargets(this.targets, this.trail, services, this.controller, async ({ account }) => {
      this.called.push(account.label)
      expect(account.inFlight).toBeGreaterThan(0)
      const steps = this.steps[account.label] ?? []
      const step = steps.length > 1 ? steps.shift() : steps[0]
      if (step instanceof Error) throw step
      return `from ${account.label}`
    })
  }

  /** The attempt's error, the clock moved on as it waits. */
  async failure(): Promise<GatewayError> {
    let caught: unknown
    let over = false
    const end = this.attempt().then(
      () => {
        over = true
      },
      error => {
        caught = error
        over = true
      },
    )
    await this.clock.tick(0)
    while (!over) await this.clock.tick(10)
    await end
    if (caught instanceof GatewayError) return caught
    throw new Error('did not fail as expected', { cause: caught })
  }

  get accounts() {
    return this.providers.flatMap(({ pool }) => [...pool.accounts])
  }

  inFlight(): number[] {
    return this.accounts.map(({ inFlight }) => inFlight)
  }

  outcomes(): string[] {
    return this.trail.attempts.map(({ account, outcome, status }) => `${account} ${outcome}${status === undefined ? '' : ` ${status}`}`)
  }
}
