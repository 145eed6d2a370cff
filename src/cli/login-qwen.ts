import type { Command } from 'commander'
import type { DeviceFlow, DeviceSignIn, PollOutcome } from '../accounts/qwen/device-flow.ts'
import { DevicePolling } from '../accounts/qwen/device-polling.ts'
import { QwenSignIn } from '../composition/qwen-sign-in.ts'
import type { Clock } from '../core/clock.ts'
import { GatewayError } from '../core/errors.ts'
import type { JsonObject } from '../core/json.ts'
import { type AccountCommand, runAccountCommand } from './account-command.ts'
import { interruption, type LoginEnvironment } from './login-environment.ts'
import { openBrowser } from './open-browser.ts'
import { qrCode } from './qr-code.ts'
import { qwenIntroduction } from './qwen-introduction.ts'
import { time } from './table.ts'
import { printed, terminalOf, withDataDir, withExits } from './terminal.ts'

interface LoginOptions {
  account?: string
  browser: boolean
  force?: boolean
  json?: boolean
}

const WHERE = `The tokens are kept in oauth_creds.json in the Qwen CLI's folder (~/.qwen, or QWEN_HOME), which it shares with Dragoman; with
--account NAME in oauth_creds_NAME.json beside it. A running server finds either within seconds.
`

/** Adds `login qwen`. */
export function registerLoginQwen(login: Command, environment: LoginEnvironment): void {
  const terminal = terminalOf(environment)
  withDataDir(withExits(login.command('qwen').description('sign in to Qwen on any device, and share the sign-in with its CLI'), terminal))
    .option('--account <name>', 'which of several accounts (default: the one that the Qwen CLI uses)')
    .option('--no-browser', 'print the address only, and open no browser')
    .option('--force', 'sign in although a sign-in is there that works')
    .option('--json', 'print JSON')
    .allowExcessArguments(false)
    .addHelpText('after', `\n${qwenIntroduction()}\n${WHERE}`)
    .action((_, command: Command) => runAccountCommand<LoginOptions>(command, environment, run => loginQwen(run, environment)))
}

async function loginQwen({ options, loaded, clock, terminal }: AccountCommand<LoginOptions>, environment: LoginEnvironment) {
  const { stdout, stderr } = terminal
  const signIn = new QwenSignIn({ config: loaded.config, clock, name: options.account })
  // The result alone goes to stdout.
  stderr(`${qwenIntroduction()}\n`)
  const done = (account: JsonObject, isNew: boolean): number => {
    const word = isNew ? 'signed in' : 'already signed in'
    const called = account.label === null ? '' : `: account ${account.label}`
    const text = `${word}${called} (${account.file}), token until ${time(String(account.token_expires_at))}\n`
    stdout(options.json ? printed({ ...account, is_new: isNew }) : text)
    if (!isNew) stderr('--force signs in anew\n')
    if (account.label === null) stderr(`warning: qwen.credentials of the configuration does not name ${account.file}: add it there\n`)
    return 0
  }
  const standing = options.force ? undefined : await signIn.standing()
  if (standing && 'account' in standing) return done(standing.account, false)
  if (standing) stderr(`The sign-in that is there cannot be used: ${standing.fault}\n\n`)
  await signIn.prepare()

  const { signal, ignore } = interruption(environment)
  try {
    const begun = await orLeave(signIn.flow.begin(), signal)
    stderr(invitation(begun, options.browser, clock))
    if (options.browser) (environment.openBrowser ?? openBrowser)(begun.verificationUriComplete)
    const polling = new DevicePolling(tellingTrouble(signIn.flow, stderr), clock, begun)
    const outcome = await orLeave(polling.wait({ signal }), signal)
    if (outcome.state !== 'approved') throw new GatewayError('authentication', reasonOf(outcome))
    return done(await signIn.keep(outcome.credential), true)
  } finally {
    ignore()
  }
}

const reasonOf = (outcome: Exclude<PollOutcome, { state: 'approved' }>): string =>
  outcome.state === 'ended' ? outcome.reason : 'nobody has approved the sign-in'

/** Whoever gives up does not wait for an answer that is still on its way. */
function orLeave<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const left = new Promise<never>((_, reject) => {
    if (signal.aborted) reject(signal.reason)
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
  return Promise.race([work, left])
}

function invitation({ verificationUriComplete: page, userCode, expiresAt }: DeviceSignIn, opens: boolean, clock: Clock): string {
  const minutes = Math.max(1, Math.round((expiresAt - clock.now()) / 60_000))
  // What a server says goes to a terminal, which takes some characters for orders.
  const shown = userCode.replace(/[^\x21-\x7e]/g, '')
  const code = shown === '' ? '' : `, and compare the code:  ${shown}`
  return (
    `Sign in here${opens ? ' (your browser should open by itself)' : ''}, or on a phone by the picture${code}\n\n` +
    `  ${page}\n\n${qrCode(page)}\n\nWaiting up to ${minutes} min for you to approve it; Ctrl-C gives up.\n`
  )
}

/** The flow, of which each sort of trouble is told once: it is asked on, and may come right. */
function tellingTrouble(flow: DeviceFlow, stderr: (text: string) => void): Pick<DeviceFlow, 'pollOnce'> {
  const told = new Set<string>()
  return {
    async pollOnce(signIn) {
      const outcome = await flow.pollOnce(signIn)
      const trouble = outcome.state === 'pending' ? outcome.trouble : undefined
      if (trouble !== undefined && !told.has(trouble)) {
        told.add(trouble)
        stderr(`warning: ${trouble}; asking on\n`)
      }
      return outcome
    },
  }
}
