import { GatewayError } from '../core/errors.ts'
import type { ModelLimits } from '../routing/model-data.ts'
import type { Target } from '../routing/provider.ts'
import type { Call } from './call.ts'
import { contextTooLong, inputCap, isTooLong, marginsOf, surelyFits, withBothNumbers } from './context-limits.ts'
import { estimateInput, estimateInputTokens, type InputEstimate } from './estimate.ts'
import type { TokenCounter } from './token-counting/token-counter.ts'

/**
 * How long one request is, as far as somebody needs to know. Where none of its targets has limits nothing is looked at; where one has, its texts are given to the
 * counter, and waited for, at most as long as that takes, only where they may not fit.
 */
export class InputSize {
  #estimate: (InputEstimate & { model: string }) | undefined
  #limits: ModelLimits | undefined

  constructor(
    private readonly call: Pick<Call, 'text' | 'body'>,
    private readonly counter: TokenCounter,
  ) {}

  /** Tokens of the prompt by our own count; undefined where nobody had to know. */
  get tokens(): number | undefined {
    return this.#estimate?.tokens
  }

  /**
   * The targets that the request is not surely too long for, in their order. @throws GatewayError `context-too-long` with both numbers where it is for all of
   * them; nothing has been sent then
   */
  fitting(targets: readonly Target[]): readonly Target[] | Promise<readonly Target[]> {
    const limited = targets.find(({ limits }) => limits !== undefined)
    if (!limited) return targets
    this.#limits = limited.limits
    this.#count(limited.model)
    return targets.every(target => this.#surelyFits(target)) ? targets : this.#fitting(targets)
  }

  /** An attempt whose upstream, should it find the request too long, says how long it is and how long it may be; one that breaks over long ones ends the request. */
  explain<T>(attempt: Promise<T>): Promise<T> {
    return attempt.catch(thrown => {
      throw this.explained(thrown)
    })
  }

  /** What an attempt threw, with both numbers where it speaks of the request's length. */
  explained(thrown: unknown): unknown {
    if (!(thrown instanceof GatewayError)) return thrown
    const longest = thrown.upstream?.finalBeyond
    if (longest !== undefined && (this.tokens ?? estimateInputTokens(this.call.body)) > longest) {
      const { kind, message, cause } = thrown
      return new GatewayError(kind, message, { ...thrown, upstream: { ...thrown.upstream, final: true }, cause })
    }
    if (!this.#limits || !this.#estimate) return thrown
    return withBothNumbers(thrown, this.#estimate, this.#limits)
  }

  /** What has not been counted by now need not be. */
  close(): void {
    this.#estimate?.close()
  }

  async #fitting(targets: readonly Target[]): Promise<readonly Target[]> {
    const fitting: Target[] = []
    let longest = 0
    for (const target of targets) {
      if (this.#surelyFits(target) || !(await this.#isTooLong(target))) fitting.push(target)
      else longest = Math.max(longest, inputCap(target.limits ?? {}) ?? 0)
    }
    if (fitting.length > 0) return fitting
    throw contextTooLong(this.tokens ?? 0, longest)
  }

  #surelyFits({ limits }: Target): boolean {
    const cap = limits && inputCap(limits)
    return cap === undefined || surelyFits(this.call.text, cap)
  }

  async #isTooLong({ limits, model }: Target): Promise<boolean> {
    const cap = limits && inputCap(limits)
    if (cap === undefined) return false
    const estimate = this.#count(model)
    const margins = marginsOf(this.call.text)
    const told = isTooLong(estimate, cap, margins)
    if (told !== undefined) return told
    await estimate.settled()
    return isTooLong(estimate, cap, margins) ?? false
  }

  #count(model: string): InputEstimate {
    if (this.#estimate?.model === model) return this.#estimate
    const before = this.#estimate
    const estimate = estimateInput(this.call.body, model, this.counter)
    this.#estimate = Object.assign(estimate, { model })
    before?.close()
    return estimate
  }
}
