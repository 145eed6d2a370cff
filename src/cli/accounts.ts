import { type Command, InvalidArgumentError } from 'commander'
import type { AccountTools } from '../composition/account-tools.ts'
import { GatewayError } from '../core/errors.ts'
import { isObject, type JsonObject } from '../core/json.ts'
import { maskSecret } from '../core/secret.ts'
import { type AccountCommand, type AccountEnvironment, runAccountCommand } from './account-command.ts'
import { accountTable, checkLine, withoutServed } from './account-view.ts'
import { type CredentialOptions, credentialOf } from './given-credential.ts'
import { type Listening, processListening } from './given-secret.ts'
import { printed, terminalOf, withDataDir, withExits } from './terminal.ts'

export interface AccountsEnvironment extends AccountEnvironment {
  listening?: Listening
}

interface JsonOption {
  json?: boolean
}

interface AddOptions extends JsonOption, CredentialOptions {
  provider?: string
  label?: string
  priority?: number
  check?: boolean
}

const ADD_HELP = `
One of these says what the account proves itself with:
  --jwt TOKEN                             a JetBrains AI token, until it expires
  --license ID --authorization TOKEN      a licence, and the token that an IDE uses it with
  --license ID --refresh-token TOKEN      a licence, and a sign-in that is renewed for good (see "dragoman login jetbrains")
  --qwen-file FILE                        a Qwen sign-in in a file of its CLI's form, used where it lies
  --access-token TOKEN --refresh-token TOKEN [--resource-url HOST]
                                          a Qwen sign-in that nobody else uses (see "dragoman login qwen")
  --api-key KEY --provider NAME           a key of any other provider in the configuration

Whoever may list this machine's processes sees their arguments. Give secrets as "-", which reads a line of the standard input,
or as @FILE:
  dragoman accounts add --license ABC123 --refresh-token - < token.txt
  dragoman accounts add --jwt @token.txt
`

const CHECK_HELP = `
Asks what is left of each account's quota, which costs nothing, and renews its token first where that is due. One that was out
and answers well is back, also in a running server.
`

/** How many accounts are checked at the same time. */
const MOST_AT_ONCE = 8

/** Adds `accounts add|list|check|remove`, which work on the database itself, also while a server runs on it. */
export function registerAccounts(program: Command, environment: AccountsEnvironment): void {
  const terminal = terminalOf(environment)
  const { readLine } = environment.listening ?? processListening

  const accounts = withExits(program.command('accounts').description('add, list, check and remove accounts'), terminal)

  const subcommand = (name: string, description: string): Command =>
    withDataDir(withExits(accounts.command(name).description(description), terminal)).option('--json', 'print JSON')

  const run =
    <Options>(work: (run: AccountCommand<Options & JsonOption>, names: string[]) => Promise<number>) =>
    (...args: unknown[]): Promise<void> => {
      const command = args.at(-1) as Command
      return runAccountCommand<Options & JsonOption>(command, environment, each => work(each, command.args))
    }

  subcommand('add', 'add an account')
    .option('--provider <name>', "the provider that it belongs to (default: JetBrains' or Qwen's)")
    .option('--label <label>', 'what it is called, never an e-mail address (default: the provider and a number)')
    .option('--priority <n>', 'lower numbers are used first (default: 1)', integer)
    .option('--jwt <token>', 'a JetBrains AI token')
    .option('--license <id>', 'the id of a JetBrains licence')
    .option('--authorization <token>', 'the token that the licence is used with')
    .option('--refresh-token <token>', "the refresh token of the licence's owner, or of a Qwen sign-in")
    .option('--access-token <token>', 'the access token of a Qwen sign-in')
    .option('--resource-url <host>', 'where the Qwen account is served')
    .option('--qwen-file <file>', 'a file with a Qwen sign-in')
    .option('--api-key <key>', "a provider's key")
    .option('--check', 'check it at once')
    .allowExcessArguments(false)
    .addHelpText('after', ADD_HELP)
    .action(run<AddOptions>(add))

  subcommand('list', 'list the accounts of configuration and database, as they were last seen')
    .allowExcessArguments(false)
    .action(run(list))

  subcommand('check', 'ask the service how accounts are; ends with 1 where one cannot be used')
    .argument('[account...]', 'labels or ids (default: all that are switched on)')
    .addHelpText('after', CHECK_HELP)
    .action(run(check))

  subcommand('remove', 'remove an account; its tokens are deleted from the database')
    .argument('<account>', 'its label or id')
    .allowExcessArguments(false)
    .action(run(remove))

  async function add({ options, open, terminal: { stdout } }: AccountCommand<AddOptions>): Promise<number> {
    const { provider, label, priority, json } = options
    const credential = await credentialOf(options, readLine)
    const tools = await open(true)
    const made = await tools.admin.create({ ...{ provider, label, priority }, credential })
    const checked = options.check && isCheckable(tools, made) ? await checkOf(tools, made) : undefined
    if (json) stdout(printed(checked?.account ?? withoutServed(made)))
    else stdout(`added ${made.label} (${made.id})\n${checked?.line ?? ''}`)
    return checked?.ok === false ? 1 : 0
  }
}

async function list({ options, open, terminal: { stdout, stderr } }: AccountCommand<JsonOption>): Promise<number> {
  const all = await allAccounts(await open(false))
  if (options.json) stdout(printed({ data: all.map(withoutServed), next: null }))
  else if (all.length > 0) stdout(accountTable(all))
  else stderr('no accounts: add one with "dragoman accounts add" or "dragoman login jetbrains"\n')
  return 0
}

async function allAccounts({ admin }: AccountTools): Promise<JsonObject[]> {
  const all: JsonObject[] = []
  let cursor: string | undefined
  do {
    const page = await admin.list(new URLSearchParams({ limit: '1000', ...(cursor !== undefined && { cursor }) }))
    if (Array.isArray(page.data)) all.push(...page.data.filter(isObject))
    cursor = typeof page.next === 'string' ? page.next : undefined
  } while (cursor !== undefined)
  return all
}

async function check({ options, open, terminal }: AccountCommand<JsonOption>, names: string[]): Promise<number> {
  const tools = await open(false)
  const chosen = await Promise.all([...new Set(names)].map(name => named(tools, name)))
  const wanted = names.length > 0 ? chosen : (await allAccounts(tools)).filter(({ state }) => state !== 'disabled')
  const checkable = wanted.filter(account => isCheckable(tools, account))
  const results: Checked[] = []
  const next = checkable.entries()
  const worker = async (): Promise<void> => {
    for (const [index, account] of next) results[index] = await checkOf(tools, account)
  }
  await Promise.all(Array.from({ length: MOST_AT_ONCE }, worker))
  if (options.json) terminal.stdout(printed({ data: results.map(({ account }) => account) }))
  else for (const { line } of results) terminal.stdout(line)
  for (const { label } of wanted.filter(account => !checkable.includes(account))) {
    terminal.stderr(`${label}: cannot be checked for free; the next request will tell\n`)
  }
  if (wanted.length === 0) terminal.stderr('no accounts to check\n')
  return results.every(({ ok }) => ok) ? 0 : 1
}

const isCheckable = ({ service: { registry } }: AccountTools, { id, state }: JsonObject): boolean => {
  const account = registry.find(String(id))
  return account ? account.credential.kind === 'token' : state === 'disabled'
}

interface Checked {
  ok: boolean
  account: JsonObject
  line: string
}

async function checkOf({ admin }: AccountTools, before: JsonObject): Promise<Checked> {
  const { check: found, ...account } = await admin.check(String(before.id)).catch(thrown => refused(before, thrown))
  const fault = isObject(found) && typeof found.message === 'string' ? found.message : undefined
  const ok = fault === undefined && account.state === 'active'
  return { ok, account: { ...withoutServed(account), check: { ok, message: fault ?? null } }, line: checkLine(account, fault) }
}

const LONGEST_SHOWN = 40

/** The account of a name on the command line. One that is too long for a name may be a token that was given by mistake. */
async function named({ admin }: AccountTools, name: string): Promise<JsonObject> {
  try {
    return await admin.get(name)
  } catch (thrown) {
    if (!(thrown instanceof GatewayError) || thrown.kind !== 'not-found') throw thrown
    const shown = name.length > LONGEST_SHOWN ? maskSecret(name) : name
    throw new GatewayError('not-found', `'${shown}': ${thrown.message}`)
  }
}

/** An account that cannot even be asked is as unfit as one that answers badly. */
function refused(account: JsonObject, thrown: unknown): JsonObject {
  if (thrown instanceof GatewayError) return { ...account, check: { ok: false, message: thrown.message } }
  throw thrown
}

async function remove({ options, open, terminal }: AccountCommand<JsonOption>, [name = '']: string[]): Promise<number> {
  const tools = await open(false)
  const account = await named(tools, name)
  if (account.origin !== 'admin') {
    const where =
      account.kind === 'qwen_oauth'
        ? 'is a credentials file that is used in place: take that, or its name in qwen.credentials, away'
        : 'stands in the configuration: take it out there, or switch it off with "enabled": false'
    throw new GatewayError('conflict', `${account.label} ${where}`)
  }
  await tools.admin.remove(String(account.id))
  terminal.stdout(options.json ? printed(withoutServed(account)) : `removed ${account.label} (${account.id})\n`)
  return 0
}

function integer(text: string): number {
  const value = Number(text)
  if (text.trim() === '' || !Number.isSafeInteger(value)) throw new InvalidArgumentError('Write a whole number.')
  return value
}
