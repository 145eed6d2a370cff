import type { Json } from '../../checkers/json.ts'
import type { SimulatedClock } from '../clock.ts'
import { refuse } from './refuse.ts'

export interface QuotaOptions {
  /** What the tariff gives per period, in quota units (100 000 = 1 credit). Default 1 000 000. */
  maximum?: number
  /** Bought on top; it never renews. Default 0. */
  topUp?: number
  /** Default 30 days from the start. */
  periodMs?: number
  /** `breakdown` tells tariff and top-up apart, `plain` has only the sums of old, `none` is 400: no active licence. Default `breakdown`. */
  form?: 'breakdown' | 'plain' | 'none'
  /** Default `string`, as the real service. */
  amounts?: 'string' | 'number'
}

const DAY_MS = 86_400_000

/** What an account may spend and has spent, and how it says so (jetbrains-ai.md §5). Amounts are quota units with two decimals. */
export class SimulatedQuota {
  maximum: number
  topUp: number
  form: 'breakdown' | 'plain' | 'none'
  amounts: 'string' | 'number'
  #tariffUsed = 0
  #topUpUsed = 0
  #since: number
  readonly #periodMs: number

  constructor(
    private readonly license: string,
    private readonly clock: SimulatedClock,
    { maximum = 1_000_000, topUp = 0, periodMs = 30 * DAY_MS, form = 'breakdown', amounts = 'string' }: QuotaOptions = {},
  ) {
    this.maximum = maximum
    this.topUp = topUp
    this.form = form
    this.amounts = amounts
    this.#periodMs = periodMs
    this.#since = clock.now()
  }

  /** Of tariff and top-up, in this period. */
  get used(): number {
    this.#renew()
    return round(this.#tariffUsed + this.#topUpUsed)
  }

  /** When the tariff renews, in epoch milliseconds. */
  get until(): number {
    this.#renew()
    return this.#since + this.#periodMs
  }

  get exhausted(): boolean {
    return this.used >= this.maximum + this.topUp
  }

  /** Takes from the tariff first. The last answer may cost more than there was. */
  spend(amount: number): void {
    this.#renew()
    const tariff = Math.min(amount, Math.max(0, this.maximum - this.#tariffUsed))
    this.#tariffUsed += tariff
    this.#topUpUsed += amount - tariff
  }

  exhaust(): void {
    this.#renew()
    this.#tariffUsed = this.maximum
    this.#topUpUsed = this.topUp
  }

  /** As the start of a period: nothing used. */
  refill(): void {
    this.#since = this.clock.now()
    this.#tariffUsed = 0
    this.#topUpUsed = 0
  }

  /** The `Quota` object of `quota/get` and of `QuotaMetadata.updated`. */
  body(): Json {
    this.#renew()
    const tariff = this.#part(this.#tariffUsed, this.maximum)
    const quota = {
      license: this.license,
      current: tariff.current,
      maximum: tariff.maximum,
      until: this.until,
      quotaID: { quotaId: `q-${this.license}` },
    }
    return this.form === 'breakdown' ? { ...quota, tariffQuota: tariff, topUpQuota: this.#part(this.#topUpUsed, this.topUp) } : quota
  }

  get(): Json {
    if (this.form === 'none') refuse('The user has no active license')
    return { current: this.body() }
  }

  refillBody(): Json {
    const { until } = this
    return {
      current: { last: this.#since, next: until, tariff: { amount: this.amount(this.maximum), period: { millis: this.#periodMs } } },
    }
  }

  amount(value: number): { amount: string | number } {
    const amount = round(value)
    return { amount: this.amounts === 'string' ? String(amount) : amount }
  }

  #part(used: number, maximum: number): Record<'current' | 'maximum' | 'available', Json> {
    const taken = Math.min(used, maximum)
    return { current: this.amount(taken), maximum: this.amount(maximum), available: this.amount(maximum - taken) }
  }

  #renew(): void {
    const periods = Math.floor((this.clock.now() - this.#since) / this.#periodMs)
    if (periods < 1) return
    this.#since += periods * this.#periodMs
    this.#tariffUsed = 0
  }
}

const round = (value: number): number => Math.round(value * 100) / 100
