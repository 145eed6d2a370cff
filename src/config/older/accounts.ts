import { isObject, type JsonObject, type JsonValue } from '../../core/json.ts'
import { AccountJudge } from '../jetbrains-accounts.ts'
import type { Path } from '../problem.ts'
import type { JetbrainsAccount } from '../schema.ts'
import { type Findings, placeText } from './findings.ts'

/** An account of an older file, in the form of `jetbrains_accounts`. */
export interface OlderAccount extends JetbrainsAccount {
  /** What the older proxy knew of it, where that outlives a move; such an account is not `enabled`. */
  state?: 'suspended'
  /** Where it stands in its file. */
  at: Path
}

type TextMember = 'name' | 'description' | 'licenseId' | 'authorization' | 'jwt' | 'refresh_token' | 'id_token'

/** Members of all the account files, and what they are here (jetbrains-ai.md §7.3). */
const TEXTS: Record<string, TextMember> = {
  name: 'name',
  label: 'name',
  description: 'description',
  licenseId: 'licenseId',
  license_id: 'licenseId',
  authorization: 'authorization',
  jwt: 'jwt',
  token: 'jwt',
  refresh_token: 'refresh_token',
  id_token: 'id_token',
}

/** What the older proxies wrote for themselves: times and counts that are read from the tokens and the service here, and who owns them. */
const OWN_NOTES =
  /^(id|email|user_email|user_name|metadata|has_quota|added_at|expiry_time|last_(updated|quota_check|used_at|error_\w+|refresh\w*)|\w+_expires_at|\w+_at)$/

/** Members that one fork had, and what there is here. */
const ELSEWHERE: Record<string, string> = {
  grazieAgent: 'jetbrains.headers can hold a "grazie-agent"',
  jwtRefreshUrl: 'jetbrains.base_url says where JWTs are had',
  extraRefreshHeaders: 'jetbrains.headers are sent with every request',
  extraRefreshBody: '',
}

/** Reads a list of accounts, of any of the older forms; `at` is the list's place. Entries at fault are left out. */
export function readAccounts(list: JsonValue[], at: Path, findings: Findings): OlderAccount[] {
  const judge = new AccountJudge()
  return list.flatMap((entry, index): OlderAccount[] => {
    const path = [...at, index]
    if (!isObject(entry)) {
      findings.leftOut(path, 'must be an object')
      return []
    }
    const account = accountOf(entry, path, findings)
    if (!account) return []
    const { fault, notes } = judge.judge(account, placeText(path))
    for (const { member, message } of notes) findings.note([...path, ...keysOf(entry, member)], `${message}, and is not taken over`)
    if (!fault) return [account]
    findings.leftOut([...path, ...keysOf(entry, fault.member)], fault.message)
    return []
  })
}

/** The key that `member` has in this entry. */
const keysOf = (entry: JsonObject, member: string | undefined): string[] =>
  Object.keys(entry)
    .filter(key => member !== undefined && TEXTS[key] === member)
    .slice(0, 1)

function accountOf(entry: JsonObject, path: Path, findings: Findings): OlderAccount | undefined {
  const account: OlderAccount = { priority: 1, enabled: true, at: path }
  for (const [key, value] of Object.entries(entry)) {
    if (value === undefined || value === null || value === '') continue
    const at = [...path, key]
    const member = Object.hasOwn(TEXTS, key) ? TEXTS[key] : undefined
    if (member) {
      if (typeof value !== 'string') {
        findings.leftOut(at, 'must be a string')
        return undefined
      }
      // A label is shown in answers and records, where nobody's address belongs.
      if (member === 'name' && value.includes('@')) findings.note(at, 'looks like an e-mail address, and is not taken for a label')
      else if (value.trim() !== '') account[member] = value
    } else if (key === 'enabled') {
      if (typeof value === 'boolean') account.enabled &&= value
      else findings.note(at, 'must be true or false; taken for true')
    } else if (key === 'priority') {
      if (typeof value === 'number' && Number.isInteger(value)) account.priority = value
      else findings.note(at, 'must be a whole number; taken for 1')
    } else if (key === 'status') setStatus(account, value, at, findings)
    else if (Object.hasOwn(ELSEWHERE, key)) findings.note(at, 'has no equivalent for one account', ELSEWHERE[key] || undefined)
    else if (!OWN_NOTES.test(key)) findings.note(at, 'unknown key, ignored')
  }
  return account
}

/** Statuses of the Node proxy. What passes by itself, or is found out at the first use, is not taken over. */
function setStatus(account: OlderAccount, status: JsonValue, at: Path, findings: Findings): void {
  if (status === 'disabled') account.enabled = false
  else if (status === 'suspended') {
    account.enabled = false
    account.state = 'suspended'
    findings.note(at, 'is suspended: taken over, but out of service')
  } else if (!['active', 'error', 'quota_exhausted'].includes(String(status))) findings.note(at, 'unknown status, ignored')
}
