import type { Account, Credential } from '../accounts/account.ts'
import type { Provider } from '../routing/provider.ts'

export const lowerCased = (headers: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))

/** A provider's headers: one object for each account and token, so that it is put into header lines once. */
export function standingHeaders(make: (credential: Credential, token: string) => Record<string, string>): Provider['headers'] {
  const made = new WeakMap<Account, { token: string; headers: Record<string, string> }>()
  return (account, token = '') => {
    const known = made.get(account)
    if (known?.token === token) return known.headers
    const headers = make(account.credential, token)
    made.set(account, { token, headers })
    return headers
  }
}
