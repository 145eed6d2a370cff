import { Command } from 'commander'
import { databasePath } from '../composition/database-path.ts'
import { processInputs } from '../config/inputs.ts'
import { loadConfig } from '../config/load.ts'
import { nearestNames } from '../core/nearest.ts'
import { registerAccounts } from './accounts.ts'
import { registerConfig } from './config.ts'
import { registerImport } from './import.ts'
import { registerKeys } from './keys.ts'
import { registerLogin } from './login.ts'
import { registerModels } from './models.ts'
import { registerServe } from './serve.ts'
import type { DataDirOptions } from './terminal.ts'
import { versionText } from './version.ts'

/** Spellings of the older proxies. */
const OLDER: Record<string, () => number | Promise<number>> = {
  '--version': () => {
    process.stdout.write(versionText(false))
    return 0
  },
}

/** What is no command would else be taken for an argument of `serve`, and complained of as such. */
function refuseUnknownCommand(program: Command): void {
  const [name] = process.argv.slice(2)
  const known = [...program.commands.map(command => command.name()), 'help']
  if (name === undefined || name === '' || name.startsWith('-') || known.includes(name)) return
  const [nearest] = nearestNames(name, known, 1)
  program.error(`error: unknown command '${name}'${nearest === undefined ? '' : `; did you mean '${nearest}'?`}`, { exitCode: 2 })
}

/** Runs the command that the process was started with. */
export async function runProgram(): Promise<void> {
  const older = OLDER[process.argv[2] ?? '']
  if (older) process.exit(await older())
  const program = new Command('dragoman')
    .description('The gateway between LLM clients and LLM accounts.')
    .helpOption('--help', 'show help')
    .enablePositionalOptions()
    .showHelpAfterError('(--help shows what there is)')
    // The parser's own complaints are wrong usage.
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2))

  const load = ({ config, dataDir }: DataDirOptions) => loadConfig({ ...processInputs(), flags: { config, dataDir }, hasStoredKeys: true })
  registerServe(program)
  registerKeys(program, { resolveDatabase: async options => databasePath((await load(options)).config) })
  registerAccounts(program, { load })
  registerLogin(program, { load })
  registerImport(program, { load })
  registerModels(program, { load })
  registerConfig(program)
  program
    .command('version')
    .description('version, commit, and what it runs on')
    .option('--json', 'print JSON')
    .action(({ json }: { json?: boolean }) => void process.stdout.write(versionText(json === true)))
  refuseUnknownCommand(program)
  await program.parseAsync()
}
