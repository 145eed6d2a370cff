import { UNITS_PER_CREDIT } from '../accounts/jetbrains/quota.ts'
import { isObject, type JsonObject } from '../core/json.ts'
import { table, time } from './table.ts'

/** An account of the management API without what only a running server knows. */
export function withoutServed({ in_flight: _, served: __, ...account }: JsonObject): JsonObject {
  return account
}

/** Kinds whose quota is counted in JetBrains' units. */
const IN_UNITS: ReadonlySet<unknown> = new Set(['static_jwt', 'jetbrains_license', 'jetbrains_oauth'])

const figure = (amount: number): string => amount.toLocaleString('en-US', { maximumFractionDigits: 2 })

/** `1.5/10`: of JetBrains' accounts in AI credits. */
export function quotaText({ kind, quota }: JsonObject): string {
  if (!isObject(quota)) return '-'
  const unit = IN_UNITS.has(kind) ? UNITS_PER_CREDIT : 1
  return `${figure(Number(quota.used) / unit)}/${figure(Number(quota.limit) / unit)}`
}

const text = (value: JsonObject[string]): string => (value === undefined || value === null ? '-' : String(value))
const moment = (value: JsonObject[string]): string => time(typeof value === 'string' ? value : undefined)

/** Accounts as `accounts list` shows them. */
export const accountTable = (accounts: readonly JsonObject[]): string =>
  table([
    ['LABEL', 'PROVIDER', 'KIND', 'ORIGIN', 'PRIORITY', 'STATE', 'UNTIL', 'QUOTA', 'TOKEN EXPIRES', 'REASON'],
    ...accounts.map(account => [
      text(account.label),
      text(account.provider),
      text(account.kind),
      text(account.origin),
      text(account.priority),
      text(account.state),
      moment(account.until),
      quotaText(account),
      moment(account.token_expires_at),
      text(account.reason),
    ]),
  ])

/** What a check has found, as one line. */
export function checkLine(account: JsonObject, fault: string | undefined): string {
  const { label, state, reason, until, quota } = account
  const isOut = state !== 'active'
  const resets = isObject(quota) && quota.resets_at !== null ? `, resets ${moment(quota.resets_at)}` : ''
  const used = isObject(quota) ? ` (${quotaText(account)} ${IN_UNITS.has(account.kind) ? 'credits ' : ''}used${resets})` : ''
  // Nothing but the token can be looked at for free: whether Qwen serves it is another matter.
  const open = account.kind === 'qwen_oauth' ? ' (its token is good; whether requests are served, the next one will tell)' : ''
  if (!isOut && fault === undefined) return `${label}: ok${used}${open}\n`
  const why = isOut ? `${String(state).replaceAll('_', ' ')}: ${text(reason)}` : `failed: ${fault}`
  return `${label}: ${why}${isOut && until ? ` (until ${moment(until)})` : ''}\n`
}
