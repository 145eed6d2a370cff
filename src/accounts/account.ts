import type { GatewayError } from '../core/errors.ts'
import { Health, type Unavailable } from './health.ts'
import type { Quota } from './quota.ts'
import type { TokenSource } from './token-source.ts'

/** How an account proves itself to its upstream. */
export type Credential = { kind: 'api_key'; apiKey: string } | { kind: 'none' } | { kind: 'token'; source: TokenSource }

/** What an account is declared or stored as. */
export interface AccountSpec {
  /** Stable across restarts: provider and credential. */
  id: string
  provider: string
  /** What people see; never an e-mail address. */
  label: string
  /** The credential's kind in the management API's words (interface.md): `api_key`, `static_jwt`, … */
  kind: string
  /** Lower numbers are tried first. Default 1. */
  priority?: number
  /** False: out of service until the operator says otherwise. Default true. */
  enabled?: boolean
  /** Tells one credential from the next; where it stays the same, what is known of the account does too. */
  fingerprint: string
  credential: Credential
}

/** What of an account changed for its upstream's or its operator's doing; undefined: it can be used. */
export type StateListener = (account: Account, before: Unavailable | undefined, after: Unavailable | undefined) => void

const SWITCHED_OFF: Unavailable = { state: 'disabled', reason: 'switched off' }

/** How much a new latency counts against those before it. */
const LATENCY_WEIGHT = 0.2

/** One credential set at one provider: who pays for a call. Lives as long as its credential does, across reloads of the config. */
export class Account {
  readonly id: string
  readonly provider: string
  readonly kind: string
  readonly fingerprint: string
  readonly credential: Credential
  readonly health: Health
  label: string
  priority: number
  enabled: boolean
  inFlight = 0
  served = 0
  /** How often it was chosen; one that joins others begins where the least used of them stands. */
  uses = 0
  /** When it was last chosen, counted in choices of its pool. */
  turn = 0
  quota: Quota | undefined
  /** Milliseconds to the first content, as a moving mean; undefined until there was one. */
  latencyMs: number | undefined
  /** When it last answered well, in milliseconds since the epoch. */
  provenAt: number | undefined

  constructor(spec: AccountSpec, onState: StateListener = () => {}) {
    this.id = spec.id
    this.provider = spec.provider
    this.kind = spec.kind
    this.fingerprint = spec.fingerprint
    this.credential = spec.credential
    this.label = spec.label
    this.priority = spec.priority ?? 1
    this.enabled = spec.enabled ?? true
    this.health = new Health((before, after) => onState(this, before, after))
  }

  /** Undefined when the account may be used for `model` now. */
  unavailable(model: string, now: number): Unavailable | undefined {
    return this.enabled ? this.health.unavailable(model, now) : SWITCHED_OFF
  }

  /** Its state as a whole, for people. */
  summary(now: number): Unavailable | undefined {
    return this.enabled ? this.health.summary(now) : SWITCHED_OFF
  }

  /** A request to it failed. */
  failed(model: string, error: GatewayError, now: number): void {
    // A suspended account's quota is there all the same.
    const isUsedUp = error.kind === 'quota-exhausted' && error.upstream?.verdict?.state !== 'suspended'
    if (isUsedUp && this.quota) this.quota = { ...this.quota, available: 0, at: now }
    this.health.failed(model, error, now, this.quota?.resetsAt)
  }

  /** What it says of its own quota. */
  observed(quota: Quota, now: number): void {
    this.quota = quota
    if (quota.available <= 0) this.health.exhausted(now, quota.resetsAt)
  }

  /** It answered well, after so many milliseconds. */
  proved(model: string, latencyMs: number, now: number): void {
    this.served++
    this.provenAt = now
    this.latencyMs = this.latencyMs === undefined ? latencyMs : this.latencyMs + (latencyMs - this.latencyMs) * LATENCY_WEIGHT
    this.health.succeeded(model, now)
  }
}
