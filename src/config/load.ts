import { isAbsolute, join } from 'node:path'
import type { TSchema } from '@sinclair/typebox'
import { checkConfig } from './checks.ts'
import { assignFile, assignFoundFile } from './config-file.ts'
import { dotEnvPath, readDotEnv } from './dotenv.ts'
import { CONFIG_FILE_NAMES, type Environment, ownVariables, strangeVariables, valueOfText } from './environment.ts'
import { olderDefaultPort, PYTHON_PORT } from './older/environment.ts'
import type { OlderKind } from './older/file-kind.ts'
import type { Problem } from './problem.ts'
import { type Finding, Reader } from './read.ts'
import { type Config, configSchema } from './schema.ts'
import { expandPath, firstFile, isFile, olderPaths, searchPaths } from './search.ts'
import { Settings } from './sources.ts'
import { assignEnvironment } from './variables.ts'

/** Options of the command line that set something, as commander hands them over. */
export interface ConfigFlags {
  config?: string
  dataDir?: string
  host?: string
  port?: string | number
  workers?: string | number
  logLevel?: string
  /** `-c`: JetBrains tokens, separated by commas. */
  tokens?: string
  /** `-k`: one client key. */
  key?: string
  /** `-s`: how accounts are chosen. */
  strategy?: string
}

/** What a configuration is made of. */
export interface LoadInput {
  flags?: ConfigFlags
  env: Environment
  cwd: string
  homeDir: string
  /** Run by the service manager: no `.env`, data in the system's place. */
  asService?: boolean
  /** The store holds a client key, or one is about to be made. */
  hasStoredKeys?: boolean
  /** The process's user, to judge who else can write `.env`. Default: asked of the system. */
  uid?: number
}

export interface LoadedConfig {
  /** In effect and complete, also where there are errors: what could not be read has its default. */
  config: Config
  /** Where each value comes from, by its path in `config`. */
  origins: Map<string, string>
  /** The config file, where there is one; undefined also where the Python proxy's files stand for it. */
  file: string | undefined
  /** What was read: the config file or those that stand for it, and `.env` where there is one that may be. */
  files: string[]
  /** Those of `files` that are an older proxy's. */
  olderFiles: { file: string; kind: OlderKind }[]
  /** Files whose change changes the configuration: also those that are not there yet, but would be read. */
  watched: string[]
  /** What was ignored or left out (`leftOut`) while the rest can be served. */
  warnings: Problem[]
  /** Any of them keeps a start from happening and a reload from being applied. */
  errors: Problem[]
}

const FLAGS: readonly (readonly [keyof ConfigFlags, string, keyof Config])[] = [
  ['dataDir', '--data-dir', 'data_dir'],
  ['host', '--host', 'server_host'],
  ['port', '--port', 'server_port'],
  ['workers', '--workers', 'workers'],
  ['logLevel', '--log-level', 'log_level'],
  ['tokens', '-c', 'jetbrains_tokens'],
  ['key', '-k', 'bearer_token'],
  ['strategy', '-s', 'load_balance_strategy'],
]

/** Reads everything that configures the gateway: flag, environment, `.env`, config file, default, the first that says something. */
export async function loadConfig(input: LoadInput): Promise<LoadedConfig> {
  const { flags = {}, cwd, homeDir } = input
  const settings = new Settings()
  const warnings: Problem[] = []
  const errors: Problem[] = []
  const env = ownVariables(input.env)
  const dotEnv = input.asService ? undefined : readDotEnv(cwd, input.uid ?? process.getuid?.())
  warnings.push(...(dotEnv?.warnings ?? []))
  for (const { name, suggestion } of strangeVariables(input.env)) {
    warnings.push({ source: `environment ${name}`, path: '', message: 'sets nothing that is known', suggestion })
  }

  assignDefaults(settings, input)
  const named = flags.config ?? CONFIG_FILE_NAMES.map(name => env[name] ?? dotEnv?.env[name]).find(path => path !== undefined)
  const candidates = named === undefined ? searchPaths(cwd, homeDir) : [expandPath(named, cwd, homeDir)]
  const file = named === undefined ? firstFile(candidates) : candidates[0]
  const found = named === undefined && file === undefined ? olderPaths(cwd).filter(isFile) : []
  const olderFiles: LoadedConfig['olderFiles'] = []
  for (const path of file === undefined ? found : [file]) {
    const kind = await (file === undefined ? assignFoundFile : assignFile)(settings, path, { warnings, errors })
    if (kind !== undefined) olderFiles.push({ file: path, kind })
  }
  const isOlder = olderFiles.length > 0
  assignEnvironment(settings, env, dotEnv)
  for (const [member, name, key] of FLAGS) {
    const value = flags[member]
    if (value !== undefined) settings.assign([key], valueOfText(schemaOf(key), String(value)), { text: `flag ${name}` })
  }
  if (olderFiles.some(({ kind }) => PYTHON_FILES.includes(kind))) assignOlderPort(settings, PYTHON_PORT, 'files were', warnings)
  else if (file === undefined) {
    const variables = [...Object.keys(env), ...Object.keys(dotEnv?.env ?? {})]
    const port = variables.some(name => name.startsWith('DRAGOMAN_')) ? undefined : olderDefaultPort(variables)
    assignOlderPort(settings, port, 'environment was', warnings)
  }

  const reader = new Reader(
    finding => sort(finding, settings, isOlder, warnings, errors),
    path => expandPath(path, cwd, homeDir),
  )
  const config = reader.read(configSchema, settings.raw) as Config
  checkConfig(config, {
    places: reader.places,
    isSet: path => settings.has(path),
    hasStoredKeys: input.hasStoredKeys ?? false,
    report(severity, path, message, suggestion) {
      const problem = settings.problem(path, message, { suggestion, leftOut: severity === 'entry' })
      ;(severity === 'error' ? errors : warnings).push(problem)
    },
  })
  const files = [file, ...found, dotEnv?.file].filter(path => path !== undefined)
  const watched = [...candidates, ...(named === undefined ? olderPaths(cwd) : []), ...(input.asService ? [] : [dotEnvPath(cwd)])]
  return { config, origins: settings.origins(config, reader.places), file, files, olderFiles, watched, warnings, errors }
}

const schemaOf = (key: keyof Config): TSchema => configSchema.properties[key]

/** A finding's place in the report: unknown keys of older files and left-out entries do not keep the rest from being served. */
function sort(finding: Finding, settings: Settings, isOlder: boolean, warnings: Problem[], errors: Problem[]): void {
  const { path, message, suggestion, kind, entry } = finding
  const problem = settings.problem(path, message, { suggestion, key: kind === 'unknown-key', leftOut: entry !== undefined })
  const isTolerated = kind === 'unknown-key' && isOlder && settings.sourceOf(path).file !== undefined
  ;(entry !== undefined || isTolerated ? warnings : errors).push(problem)
}

function assignDefaults(settings: Settings, { env, asService }: LoadInput): void {
  const [folder, text] = asService
    ? [env.STATE_DIRECTORY?.split(':')[0] ?? '/var/lib/dragoman', 'default of the service']
    : [env.XDG_DATA_HOME && isAbsolute(env.XDG_DATA_HOME) ? join(env.XDG_DATA_HOME, 'dragoman') : undefined, 'default (XDG_DATA_HOME)']
  if (folder) settings.assign(['data_dir'], folder, { text })
}

/** The Python proxy's files, beside which its own port is the one that clients know. */
const PYTHON_FILES: readonly OlderKind[] = ['jetbrainsai', 'client_api_keys', 'models']

/** Where nothing but an older proxy's files or environment are found, its port is the one that clients know. */
function assignOlderPort(settings: Settings, port: number | undefined, found: string, warnings: Problem[]): void {
  if (port === undefined || settings.has(['server_port'])) return
  const [what] = found.split(' ')
  settings.assign(['server_port'], port, { text: `default of the older proxy's ${what}` })
  warnings.push({
    path: 'server_port',
    message: `${port}, the default of the older proxy whose ${found} found`,
    suggestion: 'set PORT for another',
  })
}
