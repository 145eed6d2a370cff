import type { Account } from '../accounts/account.ts'
import type { Unavailable } from '../accounts/health.ts'
import type { Config } from '../config/schema.ts'
import type { Clock } from '../core/clock.ts'
import { GatewayError, invalidField } from '../core/errors.ts'
import { isObject, type JsonObject, type JsonValue } from '../core/json.ts'
import { rfc3339 } from '../core/timestamps.ts'
import type { AccountSummary } from '../store/account-record.ts'
import type { AccountService } from './account-service.ts'
import { readAccountChanges, readNewAccount } from './new-account.ts'

export interface AccountAdminOptions {
  service: AccountService
  clock: Clock
  config(): Config
  /** Puts what the store holds by now into effect. */
  apply(): Promise<void>
}

/** Managing accounts, for HTTP and the command line. Every method gives the JSON to answer with. @throws GatewayError */
export interface AccountAdmin {
  list(query: URLSearchParams): JsonObject
  /** @param idOrLabel of one account; a label that several have is refused */
  get(idOrLabel: string): JsonObject
  create(body: JsonValue | undefined): Promise<JsonObject>
  update(idOrLabel: string, body: JsonValue | undefined, version?: number): Promise<JsonObject>
  remove(idOrLabel: string): Promise<void>
  /** Asks the upstream, which costs nothing; one that was suspended or needed a sign-in is back where that went well. */
  check(idOrLabel: string): Promise<JsonObject>
}

const time = (at: number | undefined): string | null => (at === undefined ? null : rfc3339(at))

/** The management API's `account` object (interface.md); never the credential. */
export function accountJson(account: Account, stored: AccountSummary | undefined, now: number): JsonObject {
  const state: Unavailable | undefined = account.summary(now)
  const { quota, credential } = account
  return {
    id: account.id,
    provider: account.provider,
    label: account.label,
    kind: account.kind,
    state: state?.state ?? 'active',
    reason: state?.reason ?? null,
    until: time(state?.until),
    priority: account.priority,
    enabled: account.enabled,
    quota: quota ? { used: quota.used, limit: quota.limit, available: quota.available, resets_at: time(quota.resetsAt) } : null,
    token_expires_at: credential.kind === 'token' ? time(credential.source.expiresAt) : null,
    in_flight: account.inFlight,
    served: account.served,
    origin: stored?.origin ?? 'config',
    version: stored?.version ?? 0,
  }
}

const FILTERS = ['provider', 'state', 'kind'] as const
const PAGE = { usual: 50, most: 1000 }

export function createAccountAdmin({ service, clock, config, apply }: AccountAdminOptions): AccountAdmin {
  const { registry, accounts } = service
  const json = (account: Account): JsonObject => accountJson(account, service.stored(account.id), clock.now())

  function find(idOrLabel: string): Account {
    const byId = registry.find(idOrLabel)
    if (byId) return byId
    const named = registry.all.filter(({ label }) => label === idOrLabel)
    const [one] = named
    if (!one) throw new GatewayError('not-found', `there is no account with the id or label '${idOrLabel}'`)
    if (named.length > 1) {
      const ids = named.map(({ id, provider }) => `${id} (${provider})`).join(', ')
      throw new GatewayError('conflict', `several accounts are labelled '${idOrLabel}': use an id: ${ids}`, { code: 'ambiguous' })
    }
    return one
  }

  /** Only what was made by the management commands can be changed by them. */
  function managed(idOrLabel: string): Account {
    const account = find(idOrLabel)
    if (service.stored(account.id)?.origin === 'admin') return account
    throw new GatewayError('conflict', `the account ${account.label} stands in the configuration: change it there`, {
      code: 'declared_in_config',
    })
  }

  return {
    list(query) {
      for (const name of query.keys()) {
        if (![...FILTERS, 'limit', 'cursor'].includes(name))
          throw invalidField(name, `is no parameter here; known: ${FILTERS.join(', ')}, limit, cursor`)
      }
      const wanted = FILTERS.flatMap(name => (query.has(name) ? [[name, query.get(name)] as const] : []))
      const all = registry.all.map(json).filter(account => wanted.every(([name, value]) => account[name] === value))
      const limit = pageLimit(query.get('limit'))
      const cursor = query.get('cursor')
      const start = cursor === null ? 0 : all.findIndex(({ id }) => id === cursor) + 1
      const data = all.slice(start, start + limit)
      return { data, next: start + limit < all.length ? (data.at(-1)?.id ?? null) : null }
    },
    get: idOrLabel => json(find(idOrLabel)),
    async create(body) {
      const { id } = await accounts.create(readNewAccount(asBody(body), config()))
      await apply()
      return json(find(id))
    },
    async update(idOrLabel, body, matched) {
      const account = managed(idOrLabel)
      const { changes, version } = readAccountChanges(asBody(body), service.stored(account.id)?.kind ?? 'static_jwt')
      await accounts.update(account.id, changes, version ?? matched)
      await apply()
      return json(find(account.id))
    },
    async remove(idOrLabel) {
      await accounts.remove(managed(idOrLabel).id)
      await apply()
    },
    async check(idOrLabel) {
      const account = find(idOrLabel)
      await service.check(account)
      return json(account)
    },
  }
}

function asBody(body: JsonValue | undefined): JsonObject {
  if (!isObject(body)) throw new GatewayError('invalid-request', 'the body must be a JSON object')
  return body
}

function pageLimit(text: string | null): number {
  if (text === null) return PAGE.usual
  const limit = Number(text)
  if (Number.isInteger(limit) && limit >= 1 && limit <= PAGE.most) return limit
  throw invalidField('limit', `must be an integer from 1 to ${PAGE.most}`)
}
