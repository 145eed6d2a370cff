import type { Credential } from '../accounts/account.ts'
import { type JetbrainsCredential, readJetbrainsCredential } from '../accounts/jetbrains/credential.ts'
import { JetbrainsToken } from '../accounts/jetbrains/jetbrains-token.ts'
import type { TokenChain } from '../accounts/jetbrains/token-chain.ts'
import type { TokenEvents } from '../accounts/kept-credential.ts'
import { type QwenKept, readQwenCredential } from '../accounts/qwen/credential.ts'
import { CredentialsFile } from '../accounts/qwen/credentials-file.ts'
import type { Clock } from '../core/clock.ts'
import { asGatewayError } from '../core/errors.ts'
import type { AccountKind, AccountRecord } from '../store/account-record.ts'
import type { Accounts } from '../store/accounts.ts'
import { credentialPort } from './credential-port.ts'
import type { QwenService } from './qwen-service.ts'

export type CredentialMaker = () => Credential

export interface CredentialMakersOptions {
  accounts: Accounts
  clock: Clock
  events: TokenEvents
  /** How the tokens of a JetBrains provider's accounts are made, by its name. */
  chainOf(provider: string): TokenChain
  qwen: QwenService
  warn(message: string): void
  /** Told of every JetBrains credential that was renewed and stored. */
  renewed(id: string, credential: JetbrainsCredential): void
}

/** What makes the credential of a stored account, by its kind. A credential that cannot be read is told, and its account left out. */
export function createCredentialMakers(options: CredentialMakersOptions): (record: AccountRecord) => CredentialMaker | undefined {
  const makers: Record<AccountKind, (record: AccountRecord) => CredentialMaker> = {
    api_key: ({ credential }) => {
      const apiKey = String(credential.api_key)
      return () => ({ kind: 'api_key', apiKey })
    },
    static_jwt: record => jetbrains(record, options),
    jetbrains_license: record => jetbrains(record, options),
    jetbrains_oauth: record => jetbrains(record, options),
    qwen_oauth: record => qwen(record, options),
  }
  return record => {
    try {
      return makers[record.kind](record)
    } catch (thrown) {
      const { label, provider } = record
      options.warn(`account '${label}' of ${provider} is left out: its credential cannot be used: ${asGatewayError(thrown).message}`)
      return undefined
    }
  }
}

function jetbrains({ id, provider, credential }: AccountRecord, options: CredentialMakersOptions): CredentialMaker {
  const read = readJetbrainsCredential(credential)
  const { clock, events, chainOf } = options
  const ports = credentialPort(options, id, readJetbrainsCredential, renewed => options.renewed(id, renewed))
  return () => ({
    kind: 'token',
    source: new JetbrainsToken({ id, credential: read, chain: presentChain(() => chainOf(provider)), clock, ports, events }),
  })
}

/** The chain of the settings in effect when a step is made: a reload may have changed them, and the account outlives it. */
const presentChain = (chain: () => TokenChain): TokenChain => ({
  refreshOAuth: refreshToken => chain().refreshOAuth(refreshToken),
  exchangeCode: signIn => chain().exchangeCode(signIn),
  provideAccess: (licenseId, idToken) => chain().provideAccess(licenseId, idToken),
  register: idToken => chain().register(idToken),
})

/** The account's own tokens, or a file that it shares with the Qwen CLI. */
function qwen({ id, credential }: AccountRecord, options: CredentialMakersOptions): CredentialMaker {
  if (typeof credential.file === 'string') {
    const file = new CredentialsFile(credential.file, options.clock)
    // Read when it is first needed.
    return () => ({ kind: 'token', source: options.qwen.token(id, NOT_READ, file) })
  }
  const read = readQwenCredential(credential)
  return () => ({ kind: 'token', source: options.qwen.token(id, read, credentialPort<QwenKept>(options, id, readQwenCredential)) })
}

const NOT_READ: QwenKept = { problem: 'the credentials file has not been read yet' }
