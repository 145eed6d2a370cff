import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { dryRunTarget, importTarget, type TargetOf } from '../composition/import-target.ts'
import { type Imported, importOlder, type Tally } from '../composition/older-import.ts'
import { parseJsonc } from '../config/jsonc.ts'
import { type OlderFile, readOlderDocument } from '../config/older/file.ts'
import type { OlderKind } from '../config/older/file-kind.ts'
import { type Problem, problemText } from '../config/problem.ts'
import { type AccountCommand, type AccountEnvironment, runAccountCommand } from './account-command.ts'
import { printed, terminalOf, withDataDir, withExits } from './terminal.ts'

interface ImportOptions {
  dryRun?: boolean
  json?: boolean
}

/** What each form of file is, for people. */
const FORMS: Readonly<Record<OlderKind, string>> = {
  jetbrainsai: 'accounts of jetbrainsai2api',
  client_api_keys: 'client keys of jetbrainsai2api',
  models: 'models of jetbrainsai2api',
  go_config: 'config of jetbrains-ai-proxy',
  node_credentials: 'accounts of jb-ai-proxy',
  node_config: 'config of jb-ai-proxy',
  grazie_credentials: 'accounts of grazie2api',
  qwen: 'a Qwen sign-in',
}

const KNOWN =
  'known are jetbrainsai.json, client_api_keys.json and models.json (jetbrainsai2api and its forks), config.json (jetbrains-ai-proxy), ' +
  'credentials.json and config.json (jb-ai-proxy), credentials.json (grazie2api), and oauth_creds.json (Qwen)'

const HELP = `
Known files: jetbrainsai.json, client_api_keys.json and models.json of jetbrainsai2api and its forks; config.json of
jetbrains-ai-proxy; credentials.json and config.json of jb-ai-proxy; credentials.json of grazie2api; Qwen sign-ins, as
oauth_creds.json of the Qwen CLI, qwen-*.json of CLIProxyAPI and oauth_creds.json of AIClient-2-API. Which is which is told
by name and content.

Accounts, client keys (kept as hashes) and names of models go into the database, where a running server finds them at once. What
is there already stays as it is. Settings, such as a port, are shown for you to put into the config file. The files are only read;
but the Qwen CLI's own is used where it lies, shared with the CLI, because a copy of its refresh token would soon be dead.
`

/** Adds `import`. */
export function registerImport(program: Command, environment: AccountEnvironment): void {
  withDataDir(withExits(program.command('import').description('take over the files of an older proxy'), terminalOf(environment)))
    .argument('<file...>', 'files of an older proxy')
    .option('--dry-run', 'say what would be done, and do nothing')
    .option('--json', 'print JSON')
    .addHelpText('after', HELP)
    .action((_files: string[], _options: unknown, command: Command) =>
      runAccountCommand<ImportOptions>(command, environment, run => importFiles(run, command.args)),
    )
}

/** A file, and what came of it. */
interface Outcome {
  /** As it was named. */
  file: string
  older?: OlderFile
  imported?: Imported
  problems: Problem[]
  /** 1 where something of it was left out, 2 where it is no such file. */
  code: 0 | 1 | 2
}

async function readOlder(file: string): Promise<Outcome> {
  const refused = (message: string, code: 1 | 2): Outcome => ({ file, problems: [{ file, path: '', message }], code })
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    return refused(code === 'ENOENT' ? 'does not exist' : `cannot be read (${code ?? 'unknown reason'})`, 1)
  }
  const document = parseJsonc(text)
  const older = readOlderDocument(file, document)
  if (older.isReadable) return { file, older, problems: [], code: 0 }
  if (older.kind !== undefined || document.value === undefined) return { file, problems: older.problems, code: 1 }
  return refused(`is no file of an older proxy that is known here; ${KNOWN}`, 2)
}

async function importFiles(run: AccountCommand<ImportOptions>, names: readonly string[]): Promise<number> {
  const { options, terminal } = run
  const { dryRun = false, json = false } = options
  const outcomes = await Promise.all([...new Set(names)].map(readOlder))
  if (outcomes.some(({ older }) => older)) await importAll(outcomes, run, dryRun)
  if (json) terminal.stdout(printed({ dry_run: dryRun, files: outcomes.map(jsonOf) }))
  else for (const outcome of outcomes) terminal.stdout(summary(outcome, dryRun))
  for (const { problems, imported } of outcomes) {
    for (const problem of problems) terminal.stderr(`${problem.leftOut || !imported ? 'error' : 'warning'}: ${problemText(problem)}\n`)
  }
  return Math.max(...outcomes.map(({ code }) => code))
}

async function importAll(outcomes: Outcome[], { loaded, clock, open }: AccountCommand<ImportOptions>, dryRun: boolean): Promise<void> {
  const importInto = async (targetOf: TargetOf): Promise<void> => {
    for (const outcome of outcomes) {
      const { file, older } = outcome
      if (!older) continue
      const imported = await importOlder(file, older, targetOf(resolve(file)))
      const { problems } = imported
      Object.assign(outcome, { imported, problems, code: problems.some(({ leftOut }) => leftOut) ? 1 : 0 })
    }
  }
  if (!dryRun) return importInto(importTarget(await open(true), loaded, clock))
  const { targetOf, close } = await dryRunTarget(loaded, clock)
  await importInto(targetOf).finally(close)
}

const jsonOf = ({ file, older, imported, problems }: Outcome): object => {
  const { accounts = null, keys = null, models = null, settings = null } = imported ?? {}
  return { file, kind: older?.kind ?? null, accounts, keys, models, settings, problems }
}

function summary({ file, older, imported }: Outcome, dryRun: boolean): string {
  if (!imported) return ''
  const { accounts, keys, models, settings, inPlace } = imported
  const lines = [
    ...tallyLine('accounts', accounts, dryRun),
    ...(inPlace ? ['the file is used where it lies: leave it there'] : []),
    ...tallyLine('client keys', keys, dryRun),
    ...tallyLine('names of models', models, dryRun),
    ...(Object.keys(settings).length > 0 ? [`for the config file, if you want them: ${JSON.stringify(settings)}`] : []),
  ]
  const head = `${file}: ${older?.kind === undefined ? '' : FORMS[older.kind]}`
  return `${[head, ...(lines.length > 0 ? lines : ['nothing to take over']).map(line => `  ${line}`)].join('\n')}\n`
}

function tallyLine(what: string, { added, existing }: Tally, dryRun: boolean): string[] {
  const parts = [
    ...(added.length > 0 ? [`${added.length} ${dryRun ? 'would be ' : ''}added (${added.join(', ')})`] : []),
    ...(existing.length > 0
      ? [`${existing.length} already there, left as ${existing.length > 1 ? 'they are' : 'it is'} (${existing.join(', ')})`]
      : []),
  ]
  return parts.length > 0 ? [`${what}: ${parts.join('; ')}`] : []
}
