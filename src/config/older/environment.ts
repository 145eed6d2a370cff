import type { JsonObject } from '../../core/json.ts'
import type { Environment } from '../environment.ts'
import type { CredentialName } from '../jetbrains-accounts.ts'

/** Variables of the Python proxy's forks whose comma-separated lists describe the same accounts, place by place (jetbrains-ai.md §7.3). */
const PAIRED: readonly Readonly<Record<string, CredentialName>>[] = [
  { JWT_TOKEN: 'jwt', LICENSE_IDS: 'licenseId', AUTHORIZATION_TOKENS: 'authorization' },
  { JETBRAINS_LICENSE_IDS: 'licenseId', JETBRAINS_AUTHORIZATIONS: 'authorization' },
  { JETBRAINS_JWTS: 'jwt' },
]

/** Variables of one account each, with a number behind them. */
const NUMBERED: Readonly<Record<string, CredentialName>> = {
  JWT_TOKEN: 'jwt',
  LICENSE_ID: 'licenseId',
  AUTHORIZATION_TOKEN: 'authorization',
}

const NUMBERS = Array.from({ length: 10 }, (_, index) => index + 1)

const numbered = (number: number): Record<string, CredentialName> =>
  Object.fromEntries(Object.entries(NUMBERED).map(([name, member]) => [`${name}_${number}`, member]))

/** Every variable that describes accounts, but for `JWT_TOKEN`, which the Go proxy has too. */
export const ACCOUNT_VARIABLES: readonly string[] = [...PAIRED, ...NUMBERS.map(numbered)]
  .flatMap(group => Object.keys(group))
  .filter(name => name !== 'JWT_TOKEN')

/** Whether `JWT_TOKEN` is a list of the Python proxy's, whose licences stand beside it, and not the Go proxy's tokens. */
export const isPaired = (env: Environment): boolean => env.LICENSE_IDS !== undefined || env.AUTHORIZATION_TOKENS !== undefined

/** An account that variables describe. */
export interface VariableAccount {
  account: JsonObject
  names: string[]
  /** Its place in their lists, from 1; undefined where the variables are its own. */
  entry?: number
}

/** The accounts in `env`, which holds no empty variables. A gap in a list leaves the other places as they are. */
export function accountsOfVariables(env: Environment): VariableAccount[] {
  const paired = PAIRED.filter(group => !('JWT_TOKEN' in group) || isPaired(env)).flatMap(group => {
    const lists = listsOf(group, env)
    const length = Math.max(0, ...lists.map(({ items }) => items.length))
    return Array.from({ length }, (_, index) => ({ ...accountAt(lists, index), entry: index + 1 }))
  })
  return [...paired, ...NUMBERS.map(number => accountAt(wholes(numbered(number), env), 0))].filter(({ names }) => names.length > 0)
}

interface Variable {
  name: string
  member: CredentialName
  items: string[]
}

const variablesOf = (group: Readonly<Record<string, CredentialName>>, env: Environment, split: (text: string) => string[]): Variable[] =>
  Object.entries(group).flatMap(([name, member]) => {
    const text = env[name]
    return text === undefined ? [] : [{ name, member, items: split(text).map(item => item.trim()) }]
  })

const listsOf = (group: Readonly<Record<string, CredentialName>>, env: Environment) => variablesOf(group, env, text => text.split(','))

const wholes = (group: Readonly<Record<string, CredentialName>>, env: Environment) => variablesOf(group, env, text => [text])

function accountAt(variables: Variable[], index: number): VariableAccount {
  const present = variables.filter(({ items }) => (items[index] ?? '') !== '')
  return {
    account: Object.fromEntries(present.map(({ member, items }) => [member, items[index]])),
    names: present.map(({ name }) => name),
  }
}

/** The Python proxy's default port. */
export const PYTHON_PORT = 8000

/** Ports on which older proxies listened unless told otherwise, by the variables that only their users set. */
export function olderDefaultPort(variables: readonly string[]): number | undefined {
  if (variables.includes('MODEL_LIST_URL')) return 8000
  // The Go proxy's port is ours.
  if (variables.includes('JWT_TOKENS') || variables.includes('BEARER_TOKEN')) return undefined
  const isPython =
    variables.some(name => ACCOUNT_VARIABLES.includes(name)) || (variables.includes('JWT_TOKEN') && variables.includes('CLIENT_API_KEYS'))
  return isPython ? PYTHON_PORT : undefined
}
