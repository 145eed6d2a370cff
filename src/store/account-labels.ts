import type { Kysely } from 'kysely'
import { GatewayError } from '../core/errors.ts'
import { maskSecret } from '../core/secret.ts'
import type { AccountOrigin } from './account-record.ts'
import type { AccountsTable, Tables } from './tables.ts'

/** The first `<provider>-<n>` that no account of the provider has. */
export async function freeLabel(tx: Kysely<Tables>, provider: string): Promise<string> {
  const rows = await tx.selectFrom('accounts').select('label').where('provider', '=', provider).execute()
  const taken = new Set(rows.map(({ label }) => label))
  let number = 1
  while (taken.has(`${provider}-${number}`)) number++
  return `${provider}-${number}`
}

interface WantedLabel {
  /** The account that is to have it. */
  id: string
  provider: string
  label: string
  /** Only labels of accounts with this origin count; absent: of all. */
  among?: AccountOrigin
}

/** @throws {GatewayError} `conflict` (`label_taken`) where another account of the provider has the label */
export async function checkLabelFree(tx: Kysely<Tables>, { id, provider, label, among }: WantedLabel): Promise<void> {
  let query = tx.selectFrom('accounts').select('id').where('provider', '=', provider).where('label', '=', label).where('id', '!=', id)
  if (among !== undefined) query = query.where('origin', '=', among)
  const other = await query.limit(1).executeTakeFirst()
  if (!other) return
  throw new GatewayError('conflict', `label: "${label}" is another account of ${provider} (${other.id})`, {
    param: 'label',
    code: 'label_taken',
  })
}

/**
 * The one account that an id or a label means.
 * @throws {GatewayError} `not-found`; `conflict` naming the ids where accounts of several providers are meant
 */
export async function findAccountRow(db: Kysely<Tables>, text: string): Promise<AccountsTable> {
  const byId = await db.selectFrom('accounts').selectAll().where('id', '=', text).executeTakeFirst()
  if (byId) return byId
  const [only, ...others] = await db
    .selectFrom('accounts')
    .selectAll()
    .where('label', '=', text)
    .orderBy('provider')
    .orderBy('id')
    .execute()
  if (!only) throw unknownAccount(text)
  if (others.length === 0) return only
  const meant = [only, ...others].map(({ id, provider }) => `${id} (${provider})`)
  throw new GatewayError('conflict', `"${naming(text)}" could mean any of ${meant.join(', ')}: give the id`, { code: 'ambiguous_account' })
}

export const unknownAccount = (text: string): GatewayError =>
  new GatewayError('not-found', `no account has the id or label "${naming(text)}"`)

const LONGEST_SHOWN = 40

/** A token may have been given by mistake: nothing as long as one is repeated. */
const naming = (text: string): string => (text.length > LONGEST_SHOWN ? maskSecret(text) : text)
