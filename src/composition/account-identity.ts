import { realpathSync } from 'node:fs'
import { sha256 } from '../core/secret.ts'

/** Secrets that tell one account of a provider from the next, the lasting ones first. */
export interface Identity {
  licenseId?: string
  api_key?: string
  refresh_token?: string
  jwt?: string
  /** Where the credential lies, where that is not the store. */
  file?: string
}

/** The same for the same account, wherever it was named; tells nothing of what it was made of. */
export const accountIdOf = (provider: string, { licenseId, api_key, refresh_token, jwt, file }: Identity): string =>
  `acct_${sha256(`${provider}\n${licenseId ?? api_key ?? refresh_token ?? jwt ?? realPathOf(file)}`).slice(0, 16)}`

/** Two paths of one file are one account. */
function realPathOf(file = ''): string {
  try {
    return file && realpathSync(file)
  } catch {
    return file
  }
}
