/** `discontinued`: signing in works, and every call with what it gave is a 401. `broken-idp`: polls get a gateway's HTML page. */
export type QwenMode = 'normal' | 'discontinued' | 'broken-idp'

export const isMode = (name: string): name is QwenMode => ['normal', 'discontinued', 'broken-idp'].includes(name)

/** What differs between times, regions and deployments (qwen.md §6), or is not known for certain (§7). */
export interface QwenRules {
  mode: QwenMode
  clientId: string
  deviceLifetimeS: number
  /** Seconds between polls as the device answer gives them. Left out where undefined, as by the real one. */
  interval?: number
  /** Polls sooner than this get `slow_down`. Default: none do. */
  minPollGapMs?: number
  slowDownStatus: 429 | 400
  expiredCodeStatus: 400 | 401
  accessLifetimeS: number
  refreshLifetimeS: number
  /** Whether a refresh token is dead once used. */
  rotates: boolean
  /** Refreshing gives no `refresh_token`: the old one stays in use. */
  omitRefreshToken: boolean
  /** Refreshing gives no `resource_url`. */
  omitResourceUrl: boolean
  /** Default: the simulator's own origin. */
  resourceUrl?: string
  /** Under which name the answer has it. */
  resourceField: 'resource_url' | 'endpoint'
  /** Calls per user and day over OAuth. */
  callsPerDay: number
  /** At which hour, UTC, a new day of calls begins: 16 is midnight in Beijing. */
  resetHour: number
  /** Calls per user and minute over OAuth. */
  callsPerMinute: number
  searchesPerDay: number
  /** Over OAuth the first message, and no other, must be a system message whose first part is marked for the cache (§2.3). */
  strictSystem: boolean
  /** Over OAuth a request without `x-dashscope-authtype` is throttled. */
  strictHeaders: boolean
  /** `strict: false` in a tool is refused. */
  refuseStrictFalse: boolean
  /** Tokens that a prompt may have, in place of each model's own limit. */
  inputLimit?: number
  /** Prompts of more tokens run into the gateway's time limit. */
  timeoutAboveTokens?: number
  /** Whether `GET /v1/models` exists. Under `/compatible-mode` it always does. */
  modelList: boolean
}

const DAY_S = 86_400

export const DEFAULT_RULES: Readonly<QwenRules> = {
  mode: 'normal',
  clientId: 'f0304373b74a44d2b584a3fb70ca9e56',
  deviceLifetimeS: 900,
  slowDownStatus: 429,
  expiredCodeStatus: 400,
  accessLifetimeS: 21_600,
  refreshLifetimeS: 30 * DAY_S,
  rotates: true,
  omitRefreshToken: false,
  omitResourceUrl: false,
  resourceField: 'resource_url',
  callsPerDay: 1000,
  resetHour: 0,
  callsPerMinute: 60,
  searchesPerDay: 1000,
  strictSystem: true,
  strictHeaders: false,
  refuseStrictFalse: false,
  modelList: false,
}
