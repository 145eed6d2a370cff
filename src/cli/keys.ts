import { type Command, InvalidArgumentError } from 'commander'
import { type Clock, systemClock } from '../core/clock.ts'
import { parseDuration } from '../core/units.ts'
import { openDatabase } from '../store/database.ts'
import { type KeyRecord, keyState, keyToJson } from '../store/key-record.ts'
import { createKeys, type Keys } from '../store/keys.ts'
import { MAX_LIMIT } from '../store/page.ts'
import { table, time } from './table.ts'
import { complain, type DataDirOptions, printed, type Terminal, terminalOf, withDataDir, withExits } from './terminal.ts'

/** What the key commands need from outside; all but the database's place have the process's own as default. */
export interface KeysEnvironment extends Partial<Terminal> {
  /** The database file that the options lead to. */
  resolveDatabase(options: DataDirOptions): Promise<string> | string
  clock?: Clock
}

interface JsonOption {
  json?: boolean
}

interface CreateOptions extends JsonOption {
  name: string
  /** Milliseconds. */
  expires?: number
  models?: string[]
}

interface ListOptions extends JsonOption {
  all?: boolean
}

/** Adds `keys create`, `keys list` and `keys revoke`, which work on the database itself, also while a server runs on it. */
export function registerKeys(program: Command, environment: KeysEnvironment): void {
  const clock = environment.clock ?? systemClock
  const terminal = terminalOf(environment)
  const { stdout, stderr, exit } = terminal

  const keys = withExits(program.command('keys').description('make, list and revoke client keys'), terminal)

  subcommand('create', 'make a client key and print it; it cannot be shown again')
    .requiredOption('--name <name>', 'what the key is for')
    .option('--expires <duration>', 'how long it is valid, e.g. 12h or 30d (default: for good)', duration)
    .option('--models <names>', 'the models that it may use, separated by commas (default: all)', modelNames)
    .action((_, command: Command) => run(command, true, create))

  subcommand('list', 'list client keys')
    .option('--all', 'revoked keys too')
    .action((_, command: Command) => run(command, false, list))

  subcommand('revoke', 'revoke a client key at once and for good')
    .argument('<key>', 'its id, its name or the beginning that "keys list" shows')
    .action((key: string, _, command: Command) => run(command, false, (keys, options: JsonOption) => revoke(keys, key, options)))

  function subcommand(name: string, description: string): Command {
    return withDataDir(withExits(keys.command(name).description(description), terminal)).option('--json', 'print JSON')
  }

  async function run<Options>(command: Command, mayCreate: boolean, work: (keys: Keys, options: Options) => Promise<void>): Promise<void> {
    let code: number
    try {
      // The program may have options of the same names, which then get the values, wherever they stand.
      const options = command.optsWithGlobals<DataDirOptions & Options>()
      const path = await environment.resolveDatabase(options)
      const store = await openDatabase({ path, clock, create: mayCreate })
      try {
        await work(createKeys({ store, clock }), options)
      } finally {
        await store.close()
      }
      return
    } catch (error) {
      code = complain(error, terminal)
    }
    exit(code)
  }

  async function create(keys: Keys, { name, expires, models, json }: CreateOptions): Promise<void> {
    const expiresAt = expires === undefined ? undefined : clock.now() + expires
    const { record, key } = await keys.createKey({ name, expiresAt, models: models && { allow: models } })
    stdout(json ? printed({ ...keyToJson(record), key }) : `${key}\n`)
  }

  async function list(keys: Keys, { all = false, json }: ListOptions): Promise<void> {
    const records = await listAll(keys, all)
    if (json) stdout(printed({ data: records.map(keyToJson), next: null }))
    else if (records.length > 0) stdout(keyTable(records, clock.now()))
    else stderr(`no keys ${all ? 'yet' : 'in force (--all shows revoked ones)'}: make one with "dragoman keys create --name NAME"\n`)
  }

  async function revoke(keys: Keys, text: string, { json }: JsonOption): Promise<void> {
    const found = await keys.findKey(text)
    const record = await keys.revokeKey(found.id)
    if (json) stdout(printed(keyToJson(record)))
    else if (found.revokedAt === undefined) stdout(`revoked ${record.id} (${record.name})\n`)
    else stdout(`${record.id} (${record.name}) was revoked before, at ${time(record.revokedAt)}\n`)
  }
}

function duration(text: string): number {
  const ms = parseDuration(text)
  if (!ms) throw new InvalidArgumentError('Write a duration, for example 12h or 30d.')
  return ms
}

function modelNames(text: string): string[] {
  const names = text.split(',').map(name => name.trim())
  if (names.includes('')) throw new InvalidArgumentError('Write names separated by commas, for example gpt-4o,claude-sonnet-4.')
  return [...new Set(names)]
}

async function listAll(keys: Keys, includeRevoked: boolean): Promise<KeyRecord[]> {
  const records: KeyRecord[] = []
  let cursor: string | undefined
  do {
    const page = await keys.listKeys({ includeRevoked, limit: MAX_LIMIT, cursor })
    records.push(...page.data)
    cursor = page.next ?? undefined
  } while (cursor !== undefined)
  return records
}

const keyTable = (records: readonly KeyRecord[], now: number): string =>
  table([
    ['ID', 'NAME', 'PREFIX', 'CREATED', 'EXPIRES', 'LAST USED', 'STATE'],
    ...records.map(record => [
      record.id,
      record.name,
      `${record.prefix}…`,
      time(record.createdAt),
      time(record.expiresAt),
      time(record.lastUsedAt),
      keyState(record, now),
    ]),
  ])
