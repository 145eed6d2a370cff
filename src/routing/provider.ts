import type { Account } from '../accounts/account.ts'
import type { Pool } from '../accounts/pool.ts'
import type { GatewayError } from '../core/errors.ts'
import type { JsonValue } from '../core/json.ts'
import type { Dialect, UpstreamTraits } from '../dialects/dialect.ts'
import type { Send, UpstreamLimits } from '../upstream/client.ts'
import type { ModelLimits } from './model-data.ts'

/** The model an upstream serves for each size of Claude model. */
export interface Tiers {
  big?: string
  medium?: string
  small?: string
}

/** A configured upstream, ready to be called. */
export interface Provider {
  readonly name: string
  readonly type: string
  readonly dialect: Dialect
  readonly baseUrl: string
  /** Where an account of its is served, where that is not the same for all. */
  baseUrlOf?(account: Account): string
  readonly priority: number
  /** Names and patterns (`gpt-*`); empty: any name is passed on. */
  readonly models: readonly string[]
  /** Further names that clients may use, and which model each means. */
  readonly aliases?: ReadonlyMap<string, string>
  readonly tiers: Tiers
  readonly traits: UpstreamTraits
  readonly limits: UpstreamLimits
  /** False: frames that break the dialect are passed on unmended. */
  readonly repair: boolean
  readonly maxConcurrent?: number
  readonly pool: Pool
  readonly send: Send
  /** Where its models are not all reached alike: how this one is. */
  wire?(model: string): Wire
  /** Where a request for a model of its goes, where that is more than the base URL and the dialect's path. */
  url?(path: string, model: string): string
  /** Headers of every call: the configured ones, and what proves the account (`token`, where it has one that changes). */
  headers(account: Account, token?: string): Record<string, string>
  /** What of that nobody may be shown. */
  secrets(account: Account): readonly string[]
  /** What an answer said of the account rather than of itself. @returns what the vendor charged, in its own unit */
  observe?(account: Account, metadata: JsonValue, now: number): JsonValue | undefined
}

/** How a model of a provider is reached. */
export interface Wire {
  readonly dialect: Dialect
  /** The model's name on this wire. */
  readonly model: string
  readonly traits: UpstreamTraits
  /** The path below the base URL, where the dialect's own is not it. */
  readonly path?: string
  /** Whether an error says that this wire does not serve the model after all; if so, the provider knows another wire from then on. */
  refused?(error: GatewayError): boolean
}

/** One way to serve a request: a provider, and the model's name there. */
export interface Target {
  provider: Provider
  model: string
  /** What its requests are held to before they are sent; absent where the upstream is the only judge. */
  limits?: ModelLimits
}

export const wireOf = ({ provider, model }: Target): Wire =>
  provider.wire?.(model) ?? { dialect: provider.dialect, model, traits: provider.traits }

/** Whether `name` fits `pattern`, where `*` stands for anything. */
export function fits(name: string, pattern: string): boolean {
  const [start = '', ...rest] = pattern.split('*')
  const end = rest.pop()
  if (end === undefined) return name === pattern
  if (!name.startsWith(start) || !name.endsWith(end)) return false
  // Each piece at its first place: linear, where a regular expression would try every combination on a stranger's name.
  let at = start.length
  for (const piece of rest) {
    const found = name.indexOf(piece, at)
    if (found === -1) return false
    at = found + piece.length
  }
  return at + end.length <= name.length
}
