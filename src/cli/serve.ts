import type { Command } from 'commander'
import { createGateway } from '../composition/gateway.ts'
import { processInputs } from '../config/inputs.ts'
import { type ConfigFlags, type LoadedConfig, loadConfig } from '../config/load.ts'
import { problemText } from '../config/problem.ts'
import { watchConfig } from '../config/watch.ts'
import { systemClock } from '../core/clock.ts'
import { createLogger, type Logger } from '../log/logger.ts'
import { prettyFormat } from '../log/pretty.ts'
import { createLineSink, type LineSink } from '../log/sink.ts'
import { listen } from '../server.ts'
import { lockDataDir } from '../store/lock.ts'
import { version } from '../version.ts'
import { banner } from './banner.ts'
import { generateConfigFiles, printConfig } from './config.ts'
import { unsafeVariables } from './unsafe-variables.ts'

interface ServeOptions extends ConfigFlags {
  demo?: boolean
  printConfig?: boolean
  generateConfig?: boolean
}

/** Adds `serve`, which is also what runs when no command is named. */
export function registerServe(program: Command): void {
  program
    .command('serve', { isDefault: true })
    .description('run the gateway (the default command)')
    .option('--config <file>', 'config file (default: the first that is found)')
    .option('--data-dir <dir>', 'where the database and generated keys lie')
    .option('-h, --host <host>', 'address to listen on')
    .option('-p, --port <port>', 'port to listen on; 0 takes a free one')
    .option('--workers <n>', 'processes that serve together')
    .option('--demo', 'serve an embedded demo model: answers without any account')
    .option('--log-level <level>', 'trace, debug, info, warn, error, fatal or silent')
    .option('-c, --tokens <jwts>', "the older JetBrains proxy's tokens, separated by commas")
    .option('-k, --key <key>', 'one client key')
    .option('-s, --strategy <name>', 'how accounts are chosen')
    .option('--print-config', 'print the effective configuration, secrets masked, and end')
    .option('--generate-config', 'write config/config.json and .env.example, never over existing files, and end')
    .helpOption('--help', 'show this help')
    .action(serve)
}

async function serve({ printConfig: isPrint = false, generateConfig: isGenerate = false, ...options }: ServeOptions): Promise<void> {
  if (isGenerate) process.exit(await generateConfigFiles())
  if (isPrint) process.exit(await printConfig(options))
  const inputs = processInputs()
  const unsafe = unsafeVariables(inputs.env)
  if (unsafe.length > 0 && inputs.env.DRAGOMAN_ALLOW_UNSAFE_ENV !== '1') {
    return fail(
      `refusing to run with ${unsafe.join(', ')} set: they can show keys or switch checks off (DRAGOMAN_ALLOW_UNSAFE_ENV=1 overrides)`,
    )
  }
  const { demo = false, ...flags } = options
  const asService = inputs.env.INVOCATION_ID !== undefined && inputs.env.STATE_DIRECTORY !== undefined
  const load = () => loadConfig({ ...inputs, flags, asService, hasStoredKeys: true })
  const loaded = await load()
  for (const problem of loaded.warnings) process.stderr.write(`warning: ${problemText(problem)}\n`)
  if (loaded.errors.length > 0) {
    const isUsage = loaded.errors.some(({ source }) => source?.startsWith('flag '))
    return fail(loaded.errors.map(problemText).join('\nerror: '), isUsage ? 2 : 1)
  }
  process.umask(0o077)
  const sink = createLineSink(process.stdout)
  try {
    await run(loaded, demo, load, sink)
  } catch (error) {
    await flushed(sink)
    fail(error instanceof Error ? error.message : String(error))
  }
}

async function run(loaded: LoadedConfig, demo: boolean, load: () => Promise<LoadedConfig>, sink: LineSink): Promise<void> {
  const { config } = loaded
  // A reader that goes away must not take the gateway with it.
  process.stdout.on('error', () => {})
  const pretty = config.log_format === 'pretty' || (config.log_format === 'auto' && process.stdout.isTTY === true)
  const log = createLogger(sink, { level: config.log_level, format: pretty ? await prettyFormat() : undefined })
  const lock = lockDataDir(config.data_dir)
  const gateway = await createGateway({ loaded, demo, log, load })
  const server = listen(gateway, systemClock)
  sink.write(banner({ url: server.url, version, made: gateway.startKeys, state: gateway.state() }))

  const reload = () => void gateway.reload().catch(() => {})
  const watch = watchConfig(loaded.watched, reload, systemClock)
  process.on('SIGHUP', reload)
  catchStrays(log)

  const force = new AbortController()
  let stopping = false
  const stop = async (signal: NodeJS.Signals) => {
    if (stopping) return force.abort()
    stopping = true
    log.info({ signal, streams: gateway.streams.count }, 'stopping')
    watch.close()
    await server.stop(gateway.state().config.shutdown_timeout, force.signal)
    await gateway.close()
    lock.release()
    log.info({}, 'stopped')
    await flushed(sink)
    process.exit(0)
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
}

/** The last net: a fault that escaped its request is logged, and the others go on being served. */
function catchStrays(log: Logger): void {
  process.on('unhandledRejection', cause => log.error({ cause }, 'unhandled rejection'))
  process.on('uncaughtException', cause => log.error({ cause }, 'uncaught exception'))
}

/** A stalled reader of the log does not keep the process from ending. */
const flushed = (sink: LineSink): Promise<void> => Promise.race([sink.flush(), systemClock.sleep(500)])

function fail(message: string, code = 1): void {
  process.stderr.write(`error: ${message}\n`)
  process.exit(code)
}
