import type { Config } from '../config/schema.ts'
import type { Clock } from '../core/clock.ts'
import { GatewayError } from '../core/errors.ts'
import type { JsonObject } from '../core/json.ts'
import { nearestNames } from '../core/nearest.ts'
import type { AccountAdmin } from '../http/services.ts'
import type { AccountSummary } from '../store/account-record.ts'
import type { Accounts, NewAccount } from '../store/accounts.ts'
import { MAX_LIMIT } from '../store/page.ts'
import { accountIdOf } from './account-identity.ts'
import { accountJson, accountPage, type ManagedAccount } from './account-listing.ts'
import type { AccountService } from './account-service.ts'
import { readAccountChanges, readNewAccount } from './new-account.ts'
import { checkSignInFile } from './qwen-files.ts'

export interface AccountAdminOptions {
  service: AccountService
  clock: Clock
  config(): Config
  /** Puts what the store holds by now into effect. */
  apply(): Promise<void>
}

/** Managing accounts, for HTTP and the command line. */
export function createAccountAdmin({ service, clock, config, apply }: AccountAdminOptions): AccountAdmin {
  const { registry, accounts } = service
  const json = (managed: ManagedAccount): JsonObject => accountJson(managed, clock.now())

  /** Every account there is: those in use, and those made here for which there is no use. */
  async function all(): Promise<ManagedAccount[]> {
    await apply()
    const summaries = await summariesOf(accounts)
    const stored = new Map(summaries.map(summary => [summary.id, summary]))
    const unused = summaries.filter(({ id, origin }) => origin === 'admin' && !registry.find(id))
    return [
      ...registry.all.map(account => ({ account, stored: stored.get(account.id) })),
      ...unused.map(summary => ({ stored: summary, reason: whyUnused(summary) })),
    ]
  }

  function whyUnused({ id, provider, kind, enabled }: AccountSummary): string {
    if (!enabled) return 'switched off'
    if (service.stored(id)) {
      const known = config().providers.find(({ name }) => name === provider)
      if (!known) return `there is no provider named '${provider}'`
      return known.is_active
        ? `provider '${provider}' has no use for a credential of kind ${kind}`
        : `provider '${provider}' is switched off`
    }
    return 'its credential cannot be opened: it was sealed with another secret_key. Give it its credential again, or remove it'
  }

  async function find(idOrLabel: string): Promise<ManagedAccount> {
    const managed = await all()
    const byId = managed.find(one => idOf(one) === idOrLabel)
    if (byId) return byId
    const [one, ...others] = managed.filter(({ account, stored }) => (account ?? stored).label === idOrLabel)
    if (!one) throw unknown(idOrLabel, managed)
    if (others.length === 0) return one
    const meant = [one, ...others].map(({ account, stored }) => `${(account ?? stored).id} (${(account ?? stored).provider})`)
    throw new GatewayError('conflict', `'${idOrLabel}' could mean any of ${meant.join(', ')}: give the id`, { code: 'ambiguous_account' })
  }

  /** Only what was made by the management commands can be changed by them. */
  async function made(idOrLabel: string): Promise<{ managed: ManagedAccount; stored: AccountSummary }> {
    const managed = await find(idOrLabel)
    const { account, stored } = managed
    if (stored?.origin === 'admin') return { managed, stored }
    const { label, kind } = account ?? stored
    const place = !stored && kind === 'qwen_oauth' ? 'is a credentials file that is used in place' : 'stands in the configuration'
    throw new GatewayError('conflict', `the account ${label} ${place}: change it there`, { code: 'declared_in_config' })
  }

  /** What its present credential would give for an id; its own stays the same when it is given another one. */
  function identityOf(managed: ManagedAccount): string {
    const record = service.stored(idOf(managed))
    return record ? accountIdOf(record.provider, record.credential) : idOf(managed)
  }

  /** Two accounts with one credential would be asked, counted and cooled down twice. */
  function checkCredentialNew(others: readonly ManagedAccount[], identity: string): void {
    const same = others.find(other => identityOf(other) === identity)
    if (!same) return
    const { label, id } = same.account ?? same.stored
    throw new GatewayError('conflict', `credential: the account is there already: ${label} (${id})`, {
      param: 'credential',
      code: 'account_exists',
    })
  }

  /** The store knows nothing of the accounts of providers' own keys. */
  function checkLabelNew(others: readonly ManagedAccount[], provider: string, label: string | undefined): void {
    const own = others.find(({ account, stored }) => !stored && account?.provider === provider && account.label === label)
    if (!own) return
    throw new GatewayError('conflict', `label: "${label}" is the account of the key in the configuration of ${provider}`, {
      param: 'label',
      code: 'label_taken',
    })
  }

  /** What the store is to be given: an id that is free, and a label where the store could choose one that is taken. */
  async function prepared(given: NewAccount & { id: string }): Promise<NewAccount> {
    const others = await all()
    const { provider, id, label } = given
    checkCredentialNew(others, id)
    checkLabelNew(others, provider, label)
    const hasId = others.some(other => idOf(other) === id)
    const left = hasId ? undefined : (await summariesOf(accounts)).find(summary => summary.id === id)
    // It was declared once, and the configuration names it no more.
    if (left) await accounts.remove(left.id)
    const ownLabels = new Set(
      others.flatMap(({ account, stored }) => (account && !stored && account.provider === provider ? [account.label] : [])),
    )
    return { ...given, id: hasId ? undefined : id, label: label ?? (ownLabels.size > 0 ? freeLabel(others, provider) : undefined) }
  }

  return {
    list: async query => accountPage((await all()).map(json), query),
    get: async idOrLabel => json(await find(idOrLabel)),
    async create(body) {
      const given = readNewAccount(body, config())
      await checkSignInFile(given.credential, clock)
      const { id } = await accounts.create(await prepared(given))
      return json(await find(id))
    },
    async update(idOrLabel, body, matched) {
      const { managed, stored } = await made(idOrLabel)
      const { id, provider } = stored
      const licenseId = service.stored(id)?.credential.licenseId
      const before = { ...stored, licenseId: typeof licenseId === 'string' ? licenseId : undefined }
      const { changes, version } = readAccountChanges(body, before)
      if (changes.credential) await checkSignInFile(changes.credential, clock)
      const others = (await all()).filter(other => idOf(other) !== idOf(managed))
      if (changes.credential) checkCredentialNew(others, accountIdOf(provider, changes.credential))
      checkLabelNew(others, provider, changes.label)
      await accounts.update(id, changes, version ?? matched)
      const updated = await find(id)
      // The credential that it had, given once more: the account in use is still the one before.
      if (changes.credential && updated.account && updated.account === managed.account) updated.account.health.clear()
      return json(updated)
    },
    async remove(idOrLabel, version) {
      await accounts.remove((await made(idOrLabel)).stored.id, version)
      await apply()
    },
    async check(idOrLabel) {
      const managed = await find(idOrLabel)
      const { account } = managed
      if (!account)
        throw new GatewayError('conflict', `the account ${managed.stored.label} is out of use: ${managed.reason}`, {
          code: 'account_unused',
        })
      if (account.credential.kind !== 'token') {
        throw new GatewayError('conflict', `the account ${account.label} cannot be asked for free: the next request will tell`, {
          code: 'not_checkable',
        })
      }
      const fault = await service.check(account)
      return { ...json(await find(account.id)), check: { ok: fault === undefined, message: fault?.message ?? null } }
    },
  }
}

const idOf = ({ account, stored }: ManagedAccount): string => (account ?? stored).id

/** What was asked for is not repeated: it may be a secret that was pasted into the wrong place. */
function unknown(idOrLabel: string, managed: readonly ManagedAccount[]): GatewayError {
  const labels = managed.map(({ account, stored }) => (account ?? stored).label)
  const [nearest] = nearestNames(idOrLabel, labels, 1)
  return new GatewayError('not-found', `no account has this id or label${nearest === undefined ? '' : `; did you mean '${nearest}'?`}`)
}

async function summariesOf(accounts: Accounts): Promise<AccountSummary[]> {
  const found: AccountSummary[] = []
  let cursor: string | undefined
  do {
    const { data, next } = await accounts.list({ limit: MAX_LIMIT, cursor })
    found.push(...data)
    cursor = next ?? undefined
  } while (cursor !== undefined)
  return found
}

function freeLabel(taken: readonly ManagedAccount[], provider: string): string {
  const labels = new Set(taken.map(({ account, stored }) => (account ?? stored).label))
  let number = 1
  while (labels.has(`${provider}-${number}`)) number++
  return `${provider}-${number}`
}
