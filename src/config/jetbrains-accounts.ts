import { isObject, tryParseJson } from '../core/json.ts'
import { isPlaceholder } from './placeholder-keys.ts'
import type { JetbrainsAccount } from './schema.ts'

/** What a JetBrains AI account signs in with. */
export type AccountCredentials = Pick<JetbrainsAccount, 'licenseId' | 'authorization' | 'jwt' | 'refresh_token' | 'id_token'>

export type CredentialName = keyof AccountCredentials

export const CREDENTIAL_NAMES = ['licenseId', 'authorization', 'jwt', 'refresh_token', 'id_token'] as const satisfies CredentialName[]

/** The members that, with a licence, are exchanged for a JWT (jetbrains-ai.md §4). */
const EXCHANGED = ['authorization', 'refresh_token', 'id_token'] as const satisfies CredentialName[]

/** What is wrong with an account, and at which member. No message holds a value. */
export interface AccountFault {
  member?: CredentialName
  message: string
}

export interface Judgement {
  /** Why the account cannot be used; undefined where it can. */
  fault?: AccountFault
  /** What was left out of an account that can be used without it. */
  notes: AccountFault[]
}

/** A token as the service wants it: without the scheme that some files have in front of it. */
export const bareToken = (text: string): string => text.trim().replace(/^Bearer(\s+|$)/i, '')

/** Whether `text` has the form of a JWT: three base64url parts, of which the second is a JSON object. Nothing is verified. */
export function isJwt(text: string): boolean {
  const parts = text.split('.')
  if (parts.length !== 3 || !parts.every(part => /^[\w-]+$/.test(part))) return false
  return isObject(tryParseJson(Buffer.from(parts[1] ?? '', 'base64url').toString('utf8')))
}

/** Templates of the older proxies' example files, beyond those that everybody has. */
const TEMPLATES = /^o?x{3,}$|^eyj[a-z0-9]*x{3,}$/i

const isTemplate = (text: string): boolean => isPlaceholder(text) || TEMPLATES.test(text)

/** Judges accounts one after the other, and remembers them, so that none is used twice. */
export class AccountJudge {
  readonly #first = new Map<string, string>()

  /** Judges `account`, which stands at `place`, and puts its tokens into their effective form: bare, and without placeholders. */
  judge(account: AccountCredentials, place: string): Judgement {
    const placeholders: AccountFault[] = []
    for (const member of CREDENTIAL_NAMES) {
      const value = account[member]
      if (value === undefined) continue
      const bare = bareToken(value)
      if (bare !== '' && !isTemplate(bare)) account[member] = bare
      else {
        delete account[member]
        placeholders.push({ member, message: bare === '' ? 'is empty' : 'is a placeholder' })
      }
    }
    if (account.jwt !== undefined && !isJwt(account.jwt)) {
      return { fault: { member: 'jwt', message: 'is no JWT: three parts in base64url, the second of which is a JSON object' }, notes: [] }
    }
    const missing = missingOf(account)
    if (missing !== undefined) return { fault: placeholders[0] ?? { message: missing }, notes: [] }
    const double = this.#doubleOf(account, place)
    return double ? { fault: double, notes: [] } : { notes: placeholders }
  }

  #doubleOf({ jwt, licenseId }: AccountCredentials, place: string): AccountFault | undefined {
    const marks = [
      ['jwt', jwt, 'token'],
      ['licenseId', licenseId, 'licence'],
    ] as const
    for (const [member, value, word] of marks) {
      const first = value === undefined ? undefined : this.#first.get(`${member} ${value}`)
      if (first !== undefined) return { member, message: `the same ${word} stands at ${first}` }
    }
    for (const [member, value] of marks) if (value !== undefined) this.#first.set(`${member} ${value}`, place)
    return undefined
  }
}

/** What an account lacks to sign in with, or undefined where it has enough. */
function missingOf(account: AccountCredentials): string | undefined {
  if (account.jwt !== undefined) return undefined
  const given = EXCHANGED.find(member => account[member] !== undefined)
  if (account.licenseId === undefined) {
    return given ? `"licenseId" is missing, without which "${given}" gives no JWT` : 'has nothing to sign in with: no "jwt", no "licenseId"'
  }
  return given ? undefined : 'has a licence, but nothing to use it with: "authorization", "refresh_token" or "jwt" is missing'
}
