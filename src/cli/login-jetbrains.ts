import { type Command, InvalidArgumentError } from 'commander'
import { beginSignIn } from '../accounts/jetbrains/login.ts'
import { checkWishes, finishSignIn, type SignInWishes } from '../composition/jetbrains-sign-in.ts'
import { GatewayError, invalidField } from '../core/errors.ts'
import { isObject } from '../core/json.ts'
import { type AccountCommand, runAccountCommand } from './account-command.ts'
import { checkLine, withoutServed } from './account-view.ts'
import { type Listening, processListening } from './given-secret.ts'
import { interruption, type LoginEnvironment } from './login-environment.ts'
import { openBrowser } from './open-browser.ts'
import { listenForSignIn } from './sign-in-listener.ts'
import { printed, terminalOf, withDataDir, withExits } from './terminal.ts'

interface LoginOptions {
  license?: string
  label?: string
  provider?: string
  browser: boolean
  port: number
  json?: boolean
}

const INTRODUCTION = `This signs Dragoman in to JetBrains AI as yourself: in your own browser, with your own JetBrains Account and licence. What comes
back is kept sealed in this machine's database and goes to nobody but JetBrains. JetBrains' terms may forbid using its AI
outside its own programs, and accounts have been suspended for heavy automated use: the risk is yours.

The licence id stands on the licences page of your JetBrains Account (https://account.jetbrains.com/licenses), beside the
JetBrains AI subscription.

`

/** Adds `login jetbrains`. */
export function registerLoginJetbrains(login: Command, environment: LoginEnvironment): void {
  const terminal = terminalOf(environment)
  withDataDir(withExits(login.command('jetbrains').description('sign in to JetBrains AI in your browser, and keep the account'), terminal))
    .option('--license <id>', "the licence's id (default: asked for)")
    .option('--label <label>', 'what the account is called, never an e-mail address (default: the provider and a number)')
    .option('--provider <name>', "the provider that it belongs to (default: JetBrains')")
    .option('--no-browser', 'print the address only, and open no browser')
    .option('--port <n>', 'port on loopback that the browser comes back to; 0 takes a free one', port, 0)
    .option('--json', 'print JSON')
    .allowExcessArguments(false)
    .addHelpText('after', `\n${INTRODUCTION.trimEnd()}\n`)
    .action((_, command: Command) => runAccountCommand<LoginOptions>(command, environment, run => loginJetbrains(run, environment)))
}

async function loginJetbrains({ options, open, clock, terminal }: AccountCommand<LoginOptions>, environment: LoginEnvironment) {
  const { stdout, stderr } = terminal
  // The result alone goes to stdout.
  stderr(INTRODUCTION)
  const licenseId = await licenseOf(options.license, environment.listening ?? processListening)
  const wishes: SignInWishes = { licenseId, label: options.label, provider: options.provider }
  const tools = await open(true)
  checkWishes(tools, wishes)

  const { signal, ignore } = interruption(environment)
  const listener = listenForSignIn(options.port, clock, signal)
  try {
    const signIn = beginSignIn(tools.config.jetbrains.login_url, listener.redirectUri)
    const { verifier, redirectUri } = signIn
    const answered = listener.finished(
      signIn,
      code => finishSignIn(tools, wishes, { code, verifier, redirectUri }, clock),
      ({ account }) => ({
        status: 200,
        title: 'Signed in',
        text: `Dragoman keeps this licence as the account ${account.label}. You can close this page.`,
      }),
    )
    stderr(`Sign in here${options.browser ? ' (your browser should open by itself)' : ''}; Ctrl-C gives up:\n\n  ${signIn.url}\n\n`)
    if (options.browser) (environment.openBrowser ?? openBrowser)(signIn.url)
    const { account: checked, isNew } = await answered
    const { check, ...account } = checked
    const fault = isObject(check) && typeof check.message === 'string' ? check.message : undefined
    const what = isNew ? 'signed in: new account' : 'signed in again: account'
    stdout(options.json ? printed(withoutServed(account)) : `${what} ${account.label} (${account.id})\n${checkLine(account, fault)}`)
    return 0
  } finally {
    ignore()
    await listener.stop()
  }
}

async function licenseOf(given: string | undefined, { ask }: Listening): Promise<string> {
  const license = (given ?? (await ask('Licence id: ')))?.trim()
  if (license === undefined) {
    throw new GatewayError('invalid-request', 'there is no terminal to ask for the licence on: give it with --license ID')
  }
  if (!/^[\x21-\x7e]+$/.test(license)) throw invalidField('--license', 'must be the id of a licence, such as ABC123DEF4')
  return license
}

function port(text: string): number {
  const value = Number(text)
  if (text.trim() === '' || !Number.isInteger(value) || value < 0 || value > 65_535)
    throw new InvalidArgumentError('Write a port, from 0 to 65535.')
  return value
}
