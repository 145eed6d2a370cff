import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import type { Command } from 'commander'
import { describeConfig, renderConfig } from '../config/describe.ts'
import { exampleConfig, exampleEnv } from '../config/example.ts'
import { processInputs } from '../config/inputs.ts'
import { configJsonSchema } from '../config/json-schema.ts'
import { type ConfigFlags, type LoadInput, loadConfig } from '../config/load.ts'
import { type Problem, problemText } from '../config/problem.ts'

/** Where a command reads and writes; tests bring their own. */
export interface ConfigIo extends Pick<LoadInput, 'env' | 'cwd' | 'homeDir'> {
  out(text: string): void
  err(text: string): void
  /** The process's exit code, once it ends. */
  exit(code: number): void
}

export const processIo = (): ConfigIo => ({
  ...processInputs(),
  out: text => void process.stdout.write(text),
  err: text => void process.stderr.write(text),
  exit: code => {
    process.exitCode = code
  },
})

type PathOptions = Pick<ConfigFlags, 'config' | 'dataDir'>

/** Adds `config generate|print|check|schema` to the program. Each ends with 0, or 1 with the problems on stderr. */
export function registerConfig(program: Command, io: ConfigIo = processIo()): void {
  const config = program.command('config').description('example, effective values, validation and schema of the configuration')
  const command = (name: string, description: string) =>
    config
      .command(name)
      .description(description)
      .allowExcessArguments(false)
      .option('--config <file>', 'config file to read')
      .option('--data-dir <folder>', 'folder of the database, keys and debug files')

  command('generate', 'print an example config file, or write it')
    .option('--output <file>', 'write it there, never over an existing file')
    .action(async (options: { output?: string }) => {
      if (options.output === undefined) return io.out(exampleConfig())
      const file = resolve(io.cwd, options.output)
      const isWritten = await writeNew(file, exampleConfig(), io)
      io.exit(isWritten ? 0 : 1)
    })
  command('print', 'print the effective configuration, secrets masked, with the origin of each value')
    .option('--json', 'print JSON')
    .action(async (options: PathOptions & { json?: boolean }) => io.exit(await printConfig(options, io)))
  command('check', 'check the configuration')
    .option('--json', 'print JSON')
    .action(async (options: PathOptions & { json?: boolean }) => io.exit(await checkConfiguration(options, io)))
  command('schema', 'print the JSON Schema of the config file')
    .option('--json', 'print JSON (it always is)')
    .action(() => io.out(`${JSON.stringify(configJsonSchema(), null, 2)}\n`))
}

/** The managing commands do not know what the store holds; a server that needs a key and has none says so when it starts. */
const load = (flags: ConfigFlags, io: ConfigIo) => loadConfig({ flags, env: io.env, cwd: io.cwd, homeDir: io.homeDir, hasStoredKeys: true })

const complain = (label: string, problems: Problem[], io: ConfigIo): void => {
  for (const problem of problems) io.err(`${label}: ${problemText(problem)}\n`)
}

/** `config print`, and the older proxies' `--print-config`: the effective configuration. Returns the exit code. */
export async function printConfig(options: ConfigFlags & { json?: boolean } = {}, io: ConfigIo = processIo()): Promise<number> {
  const loaded = await load(options, io)
  const described = describeConfig(loaded)
  io.out(options.json ? `${JSON.stringify({ ...described, files: loaded.files }, null, 2)}\n` : renderConfig(described))
  complain('warning', loaded.warnings, io)
  complain('error', loaded.errors, io)
  return loaded.errors.length > 0 ? 1 : 0
}

/** `config check`: 0 only where nothing is refused and nothing left out. */
async function checkConfiguration(options: PathOptions & { json?: boolean }, io: ConfigIo): Promise<number> {
  const { files, warnings, errors } = await load(options, io)
  const isOk = errors.length === 0 && !warnings.some(warning => warning.leftOut)
  if (options.json) io.out(`${JSON.stringify({ ok: isOk, files, errors, warnings }, null, 2)}\n`)
  else if (isOk) io.out(`configuration ok${files.length > 0 ? `: ${files.join(', ')}` : ' (no config file)'}\n`)
  complain('warning', warnings, io)
  complain('error', errors, io)
  return isOk ? 0 : 1
}

/**
 * The older proxies' `--generate-config`: writes `config/config.json` and `.env.example`. Returns the exit code: 1 where one was there
 * already.
 */
export async function generateConfigFiles(io: ConfigIo = processIo()): Promise<number> {
  const isWritten = [
    await writeNew(join(io.cwd, 'config', 'config.json'), exampleConfig(), io),
    await writeNew(join(io.cwd, '.env.example'), exampleEnv(), io),
  ]
  return isWritten.every(Boolean) ? 0 : 1
}

/** Writes a file that only its owner can read, for it will hold keys; false where there is one already or it cannot be written. */
async function writeNew(file: string, text: string, io: ConfigIo): Promise<boolean> {
  try {
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, text, { flag: 'wx', mode: 0o600 })
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    io.err(`error: ${file}: ${code === 'EEXIST' ? 'exists already, left as it is' : `cannot be written: ${code ?? 'unknown reason'}`}\n`)
    return false
  }
  io.out(`wrote ${file}\n`)
  return true
}
