import type { Command } from 'commander'
import { GatewayError } from '../core/errors.ts'
import { StoreError } from '../store/store-error.ts'

/** Where a managing command writes, and how it ends. */
export interface Terminal {
  stdout(text: string): void
  stderr(text: string): void
  /** Ends the process with 0, 1 (failed) or 2 (wrong usage). */
  exit(code: number): never
  /** Resolves when all that was written to stdout is out. */
  drained(): Promise<void>
}

/** Options of every command that works on the database. */
export interface DataDirOptions {
  dataDir?: string
  config?: string
}

/** The process's own terminal, but for what tests bring. */
export const terminalOf = (given: Partial<Terminal> = {}): Terminal => ({
  stdout: given.stdout ?? (text => void process.stdout.write(text)),
  stderr: given.stderr ?? (text => void process.stderr.write(text)),
  exit: given.exit ?? (code => process.exit(code)),
  drained: given.drained ?? (() => new Promise(resolve => process.stdout.write('', () => resolve()))),
})

/** The parser's own complaints are wrong usage, which is 2 here and 1 there. */
export function withExits(command: Command, { stdout, stderr, exit }: Terminal): Command {
  return command
    .helpOption('--help', 'show this help')
    .configureOutput({ writeOut: stdout, writeErr: stderr })
    .exitOverride(({ exitCode, code }) => exit(exitCode !== 0 && code.startsWith('commander.') ? 2 : exitCode))
}

export const withDataDir = (command: Command): Command =>
  command.option('--data-dir <dir>', 'where the database lies').option('--config <file>', 'the config file that may name the data dir')

/** Says what went wrong, and gives the exit code for it. */
export function complain(error: unknown, { stderr }: Terminal): number {
  stderr(`error: ${error instanceof Error ? explain(error) : String(error)}\n`)
  return error instanceof GatewayError && error.kind === 'invalid-request' ? 2 : 1
}

const explain = (error: Error): string =>
  error instanceof StoreError && error.kind === 'missing' ? `${error.message} (--data-dir chooses another place)` : error.message

/** JSON for machines that people may read too. */
export const printed = (value: object): string => `${JSON.stringify(value, null, 2)}\n`
