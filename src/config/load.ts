import { readFile } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'
import { Kind, type TSchema } from '@sinclair/typebox'
import { isObject, type JsonObject, type JsonValue } from '../core/json.ts'
import { checkConfig } from './checks.ts'
import { dotEnvPath, readDotEnv } from './dotenv.ts'
import { CONFIG_FILE_NAMES, type Environment, envNames, ownVariables, strangeVariables, valueOfText } from './environment.ts'
import { parseJsonc } from './jsonc.ts'
import { fromBrokerProvider, fromGoProxy, isGoProxyFile, olderDefaultPort } from './legacy.ts'
import type { Path, Problem } from './problem.ts'
import { type Finding, Reader } from './read.ts'
import { type Config, configSchema } from './schema.ts'
import { expandPath, firstFile, searchPaths } from './search.ts'
import { Settings, type Source } from './sources.ts'

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
  /** The config file, where there is one. */
  file: string | undefined
  /** What was read: the config file, and `.env` where there is one that may be. */
  files: string[]
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
  let isOlder = false
  if (file !== undefined) isOlder = await assignFile(settings, file, warnings, errors)
  if (dotEnv) {
    const { file: path, line } = dotEnv
    assignVariables(settings, dotEnv.env, name => ({ text: `.env ${name}`, file: path, position: () => ({ line: line(name), column: 1 }) }))
  }
  assignVariables(settings, env, name => ({ text: `environment ${name}` }))
  if (file === undefined) assignOlderPort(settings, [...Object.keys(env), ...Object.keys(dotEnv?.env ?? {})], warnings)
  for (const [member, name, key] of FLAGS) {
    const value = flags[member]
    if (value !== undefined) settings.assign([key], valueOfText(schemaOf(key), String(value)), { text: `flag ${name}` })
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
  const files = [file, dotEnv?.file].filter(path => path !== undefined)
  const watched = input.asService ? candidates : [...candidates, dotEnvPath(cwd)]
  return { config, origins: settings.origins(config, reader.places), file, files, watched, warnings, errors }
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

function assignVariables(settings: Settings, env: Environment, sourceOf: (name: string) => Source): void {
  for (const { name, path, schema } of envNames) {
    const text = env[name]
    if (text !== undefined) settings.assign(path, valueOfText(schema, text), sourceOf(name), schema[Kind] === 'Object')
  }
}

/** Where nothing but an older proxy's environment is found, its port is the one that clients know. */
function assignOlderPort(settings: Settings, variables: string[], warnings: Problem[]): void {
  const port = olderDefaultPort(variables)
  if (port === undefined || settings.has(['server_port']) || variables.some(name => name.startsWith('DRAGOMAN_'))) return
  settings.assign(['server_port'], port, { text: "default of the older proxy's environment" })
  warnings.push({
    path: 'server_port',
    message: `${port}, the default of the older proxy whose environment was found`,
    suggestion: 'set PORT for another',
  })
}

/** Takes over a config file; true where it is an older proxy's. */
async function assignFile(settings: Settings, file: string, warnings: Problem[], errors: Problem[]): Promise<boolean> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    errors.push({ file, path: '', message: code === 'ENOENT' ? 'does not exist' : `cannot be read: ${code ?? 'unknown reason'}` })
    return false
  }
  const document = parseJsonc(text)
  errors.push(...document.faults.map(({ position, path, message }) => ({ file, ...position, path, message })))
  if (!document.value) return false
  const isOlder = isGoProxyFile(document.value)
  const source: Source = { text: `file ${file}`, file, isPlaced: true, position: document.locate }
  const value = isOlder ? fromGoProxy(document.value) : document.value
  const told = (path: Path, message: string) => warnings.push({ file, ...document.locate(path, true), path: path.join('.'), message })
  for (const [key, member] of Object.entries(value)) {
    if (member === undefined) continue
    settings.assign([key], key === 'providers' ? withBrokerProviders(member, told) : member, source)
  }
  return isOlder
}

const withBrokerProviders = (providers: JsonValue, told: (path: Path, message: string) => void): JsonValue =>
  Array.isArray(providers)
    ? providers.map(
        (provider, index): JsonValue =>
          isObject(provider)
            ? fromBrokerProvider(provider as JsonObject, (key, message) => told(['providers', index, key], message))
            : provider,
      )
    : providers
