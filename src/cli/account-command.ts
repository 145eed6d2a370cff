import type { Command } from 'commander'
import { type AccountTools, openAccountTools } from '../composition/account-tools.ts'
import type { LoadedConfig } from '../config/load.ts'
import { problemText } from '../config/problem.ts'
import { type Clock, systemClock } from '../core/clock.ts'
import { commandLog } from './command-log.ts'
import { complain, type DataDirOptions, type Terminal, terminalOf } from './terminal.ts'

/** What the commands about accounts need from outside. */
export interface AccountEnvironment extends Partial<Terminal> {
  /** The configuration that the options lead to. */
  load(options: DataDirOptions): Promise<LoadedConfig>
  clock?: Clock
}

export interface AccountCommand<Options> {
  /** The program may have options of the same names, which then get the values, wherever they stand. */
  options: Options
  loaded: LoadedConfig
  clock: Clock
  terminal: Terminal
  /** Opens the database; it is closed when the command is done. */
  open(create: boolean): Promise<AccountTools>
}

/** Runs a command to its end: `work` gives the exit code. */
export async function runAccountCommand<Options>(
  command: Command,
  environment: AccountEnvironment,
  work: (run: AccountCommand<Options>) => Promise<number>,
): Promise<void> {
  const { clock = systemClock } = environment
  const terminal = terminalOf(environment)
  let tools: AccountTools | undefined
  let code: number
  try {
    const options = command.optsWithGlobals<DataDirOptions & Options>()
    const loaded = await environment.load(options)
    for (const problem of loaded.warnings) if (problem.leftOut) terminal.stderr(`warning: ${problemText(problem)}\n`)
    for (const problem of loaded.errors) terminal.stderr(`error: ${problemText(problem)}\n`)
    const open = async (create: boolean): Promise<AccountTools> => {
      tools = await openAccountTools({ loaded, clock, create, log: commandLog(terminal.stderr) })
      return tools
    }
    code = loaded.errors.length > 0 ? 1 : await work({ options, loaded, clock, terminal, open })
  } catch (error) {
    code = complain(error, terminal)
  }
  try {
    await tools?.close()
  } catch (error) {
    code = Math.max(code, complain(error, terminal))
  }
  // Connections that are kept for another call would keep the process too.
  await terminal.drained()
  terminal.exit(code)
}
