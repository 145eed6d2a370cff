import type { JsonObject } from '../core/json.ts'
import type { ClientDialect } from '../operations/call.ts'
import type { Catalog } from '../routing/catalog.ts'
import type { ClientRouteServices, Operation } from './client-route.ts'

/** What the routes are given by the composition root. */
export interface HttpServices extends ClientRouteServices {
  dialects: { openai: ClientDialect; anthropic: ClientDialect }
  generate: Operation
  countTokens: Operation
  embeddings: Operation
  catalog(): Catalog
  /** When the process started, in milliseconds since the epoch. */
  startedAt: number
  version: string
  health(): HealthReport
  admin: AdminServices
}

/** `GET /health` (interface.md): what monitors read. No secrets, no names. */
export interface HealthReport {
  status: 'ok' | 'degraded' | 'down'
  healthy_tokens: number
  total_tokens: number
  strategy: string
  /** Where it was told to listen, as the older JetBrains proxy says it. */
  server_info: { host: string; port: number }
  [more: string]: string | number | boolean | { host: string; port: number }
}

/** Management, already authenticated. Every method gives the JSON to answer with. @throws GatewayError for bad parameters. */
export interface AdminServices {
  /** CSV text where the query's `format` or `csv` (the caller's `Accept`) says so. */
  usage(query: URLSearchParams, csv: boolean): Promise<JsonObject | string>
  requests(query: URLSearchParams): Promise<JsonObject>
  stats(): JsonObject
  config(): JsonObject
  /** The configuration in the older JetBrains proxy's shape. */
  olderConfig(): JsonObject
  /** @throws GatewayError with the code `invalid_config` where the files are not to be applied */
  reload(): Promise<JsonObject>
  accounts: AccountAdmin
  qwenSignIn: QwenSignInAdmin
}

/** Signing Qwen accounts in from afar (interface.md "Qwen sign-in over HTTP"). Every method gives the JSON to answer with. @throws GatewayError */
export interface QwenSignInAdmin {
  initiate(): Promise<JsonObject>
  /** `status` is `pending` or `approved`; a sign-in that was declined, or has expired, is an `invalid-request`. @param signal whoever waits has left */
  poll(body: JsonObject, signal: AbortSignal): Promise<JsonObject>
}

/** Managing accounts. Every method gives the JSON to answer with, never a credential. @throws GatewayError */
export interface AccountAdmin {
  list(query: URLSearchParams): Promise<JsonObject>
  /** @param idOrLabel of one account; a label that several have is refused */
  get(idOrLabel: string): Promise<JsonObject>
  create(body: JsonObject): Promise<JsonObject>
  /** @param version only where this is still the account's; one in the body says the same */
  update(idOrLabel: string, body: JsonObject, version?: number): Promise<JsonObject>
  remove(idOrLabel: string, version?: number): Promise<void>
  /** Asks the upstream, which costs nothing; one that was out is back where that went well. */
  check(idOrLabel: string): Promise<JsonObject>
}
