import { type CheckContext, sieve } from './check-context.ts'
import { type AccountCredentials, AccountJudge } from './jetbrains-accounts.ts'
import { type Path, pathText } from './problem.ts'
import { headerFaults } from './providers.ts'
import type { Config } from './schema.ts'

/** JetBrains AI accounts of both lists: each can sign in, and stands once. Tokens get their effective form. */
export function checkJetbrains(config: Config, context: CheckContext): void {
  const judge = new AccountJudge()
  const faultsOf = (account: AccountCredentials, at: Path, memberPath: (member: string) => Path): [Path, string][] => {
    const { fault, notes } = judge.judge(account, pathText(at))
    for (const { member, message } of notes) context.report('warning', [...at, ...(member ? [member] : [])], `${message}, and is not used`)
    return fault ? [[fault.member ? memberPath(fault.member) : at, fault.message]] : []
  }
  // First those that may know more than a token: of two that are the same, they can be refreshed.
  config.jetbrains_accounts = sieve(config.jetbrains_accounts, 'jetbrains_accounts', context, (entry, at) =>
    faultsOf(entry, at, member => [...at, member]),
  )
  config.jetbrains_tokens = sieve(config.jetbrains_tokens, 'jetbrains_tokens', context, (entry, at) => {
    const account: AccountCredentials = { jwt: entry.token }
    const faults = faultsOf(account, at, () => [...at, 'token'])
    entry.token = account.jwt ?? entry.token
    return faults
  })
  for (const { path, message } of headerFaults(config.jetbrains.headers)) context.report('error', ['jetbrains', ...path], message)
}
