import { Affinity } from '../accounts/affinity.ts'
import type { AccountRegistry } from '../accounts/registry.ts'
import { createApp } from '../app.ts'
import { maskConfig } from '../config/describe.ts'
import { formatDuration } from '../config/format.ts'
import type { LoadedConfig } from '../config/load.ts'
import { type Problem, problemText } from '../config/problem.ts'
import { type Clock, systemClock } from '../core/clock.ts'
import { GatewayError } from '../core/errors.ts'
import { systemIds } from '../core/ids.ts'
import type { JsonObject } from '../core/json.ts'
import { systemRandom } from '../core/random.ts'
import { anthropic, inspectCountTokens } from '../dialects/anthropic/index.ts'
import { openaiChat } from '../dialects/openai-chat/index.ts'
import type { HttpServices } from '../http/services.ts'
import type { Logger } from '../log/logger.ts'
import type { WriteRecord } from '../operations/accounting.ts'
import type { ClientDialect } from '../operations/call.ts'
import { createMakeContext } from '../operations/context.ts'
import { countTokens } from '../operations/count-tokens.ts'
import { embeddings } from '../operations/embeddings.ts'
import { generate } from '../operations/generate.ts'
import { OpenStreams } from '../operations/open-streams.ts'
import { CountingThread } from '../operations/token-counting/counting-thread.ts'
import { openDatabase } from '../store/database.ts'
import { createKeyCache } from '../store/key-cache.ts'
import { createKeys } from '../store/keys.ts'
import { createModelCache } from '../store/model-cache.ts'
import { createModels } from '../store/models.ts'
import { createRequests } from '../store/requests.ts'
import { IN_MEMORY } from '../store/sqlite-file.ts'
import { createUsageThread } from '../store/usage-thread.ts'
import { createUsageWriter } from '../store/usage-writer.ts'
import { createSend } from '../upstream/client.ts'
import { createDemoSend } from '../upstream/demo/send.ts'
import { version } from '../version.ts'
import { createAccountAdmin } from './account-admin.ts'
import { AccountService } from './account-service.ts'
import { createAdmin } from './admin.ts'
import { databasePath } from './database-path.ts'
import { Debugging } from './debugging.ts'
import { meansJetbrains } from './declared-accounts.ts'
import { ensureKeys, type StartKeys } from './first-start.ts'
import { healthReport } from './health.ts'
import { releaseMemoryWhenIdle } from './idle-memory.ts'
import { createKeyRing } from './keys.ts'
import { olderConfigJson } from './older-config.ts'
import { createQwenSignIns } from './qwen-sign-ins.ts'
import { createAnswered, createWriteRecord } from './records.ts'
import { buildState, declaredNames, type State } from './state.ts'
import { unusedSettings } from './unused-settings.ts'
import { writtenBack } from './write-back.ts'

export interface GatewayOptions {
  loaded: LoadedConfig
  demo: boolean
  log: Logger
  /** Reads the configuration again, for a reload. */
  load(): Promise<LoadedConfig>
  clock?: Clock
}

/** Everything that serves, without the socket. */
export interface Gateway {
  handle(request: Request): Response | Promise<Response>
  http: HttpServices
  streams: OpenStreams
  startKeys: StartKeys['made']
  state(): State
  /** @throws GatewayError with the first problem; the old configuration stays in effect. */
  reload(): Promise<JsonObject>
  /** New work is refused from now on. */
  stopTaking(): void
  /** Writes what is waiting and closes the database. */
  close(): Promise<void>
}

/** How long a start waits for JetBrains' list of models. */
const FIRST_LIST_MS = 1500

/** The composition root: whatever has a life of its own is made here and handed to who needs it. */
export async function createGateway({ loaded, demo, log, load, clock = systemClock }: GatewayOptions): Promise<Gateway> {
  const path = databasePath(loaded.config)
  const store = await openDatabase({ path, clock })
  const keys = createKeys({ store, clock })
  const startKeys = await ensureKeys(loaded.config, keys)
  const cache = await createKeyCache({ store, clock, onError: error => log.error({ cause: error }, 'client keys cannot be read') })
  const usage = {
    clock,
    log,
    takeUsed: () => cache.takeUsed(),
    onDropped: (count: number) => log.error({ count }, 'request records were lost: the database was too slow or away'),
  }
  // A database in memory belongs to the connection that made it.
  const writer = path === IN_MEMORY ? createUsageWriter({ store, ...usage }) : createUsageThread({ path, ...usage })
  const requests = createRequests({ store })
  const sends = { network: createSend(clock), demo: createDemoSend(clock, systemIds) }
  const warn = (message: string) => log.warn({}, message)
  let applied = loaded
  // Nothing is made anew before it has been made.
  let rebuild = () => {}
  const accounts = await AccountService.open({
    ...{ store, clock, log, random: systemRandom, send: sends.network },
    config: () => applied.config,
    writeBack: () => writtenBack(applied),
    rebuild: () => rebuild(),
  })
  const models = await createModelCache({
    ...{ store, clock, models: createModels({ store, clock }) },
    onChange: () => rebuild(),
    onError: cause => log.error({ cause }, 'stored models cannot be read'),
  })
  const { registry } = accounts
  const build = (): State => {
    const providers = { ...accounts.sources(), sends, meansJetbrains: meansJetbrains(applied) }
    const built = buildState({
      config: applied.config,
      models: models.records,
      demo,
      keptAdminKey: startKeys.keptAdminKey,
      providers,
      warn,
    })
    accounts.built()
    return built
  }
  await accounts.adopt(loaded.config)
  let state = build()
  rebuild = () => {
    state = build()
  }
  for (const warning of unusedSettings(loaded)) warn(warning)
  const stopping = new AbortController()
  const startedAt = clock.now()
  const streams = new OpenStreams()
  let served = 0
  const record = createWriteRecord(writer, log)
  const write: WriteRecord = line => {
    served++
    record(line)
  }
  const stopReleasing = releaseMemoryWhenIdle({
    clock,
    served: () => served,
    isIdle: () => streams.count === 0,
    collect: () => Bun.gc(true),
  })
  const counter = new CountingThread({ clock, log })
  const debugging = new Debugging({ config: () => applied.config, dataDir: loaded.config.data_dir, clock, log })
  const routing = () => state.routing
  const generateServices = {
    clock,
    random: systemRandom,
    makeContext: createMakeContext(clock, systemIds),
    routing,
    write,
    streams,
    affinity: new Affinity(),
    counter,
  }
  const { makeContext } = generateServices
  const countServices = { clock, random: systemRandom, makeContext, routing, inspect: inspectCountTokens }

  let reloading: Promise<unknown> = Promise.resolve()
  /** One after the other: of two that overlap the one that has read the older file could be the last to be applied. */
  function reload(): Promise<JsonObject> {
    const turn = reloading.then(reloadNow, reloadNow)
    reloading = turn
    return turn
  }

  async function reloadNow(): Promise<JsonObject> {
    const next = await load()
    const errors = [...next.errors, ...vanishedFile(applied, next)]
    const [first] = errors
    if (first) {
      for (const problem of errors) log.error({}, `configuration not applied: ${problemText(problem)}`)
      throw new GatewayError('invalid-request', `the configuration was not applied: ${problemText(first)}`, {
        param: first.path,
        code: 'invalid_config',
      })
    }
    const warnings = [...next.warnings.map(problemText), ...unusedSettings(next), ...fixedChanges(state, next)]
    for (const warning of warnings) log.warn({}, warning)
    await accounts.adopt(next.config)
    applied = next
    state = build()
    log.setLevel(next.config.log_level)
    log.info({ files: next.files }, 'configuration reloaded')
    return { message: 'Configuration reloaded successfully', reloaded: true, warnings }
  }

  const accountAdmin = createAccountAdmin({ service: accounts, clock, config: () => applied.config, apply: () => accounts.catchUp() })
  const http: HttpServices = {
    clock,
    ids: systemIds,
    settings: () => state.http,
    keys: createKeyRing(() => state, cache),
    hold: request => ({ request, place: 0 }),
    resume() {},
    stopping: () => stopping.signal.aborted,
    trace: debugging.trace,
    answered: createAnswered(write, log, clock),
    unforeseen(error, requestId) {
      log.error({ request_id: requestId || undefined, cause: error.cause ?? error }, 'internal error')
    },
    dialects: { openai: openaiChat as ClientDialect, anthropic: anthropic as ClientDialect },
    generate: call => generate(call, generateServices),
    embeddings: call => embeddings(call, generateServices),
    async countTokens(call) {
      const since = clock.elapsed()
      const answer = await countTokens(call, countServices)
      const { requestId: id, route, caller } = call
      http.answered({ id, route, status: answer.status, latencyMs: clock.elapsed() - since, caller })
      return answer
    },
    catalog: () => state.routing.catalog,
    startedAt,
    version,
    health: () => healthReport(state, registry.all, clock.now(), { uptimeMs: clock.now() - startedAt, version }),
    admin: createAdmin({
      requests,
      flush: () => writer.flush(),
      keyNames: async () => new Map([...declaredNames(state), ...(await keys.names())]),
      config: () => maskConfig(state.config),
      olderConfig: () => olderConfigJson({ loaded: applied, accounts: registry.all, stored: id => accounts.stored(id) }),
      stats: () => statsOf(state, registry, clock, startedAt, streams),
      reload,
      accounts: accountAdmin,
      qwenSignIn: createQwenSignIns({ qwen: accounts.qwen, accounts: accountAdmin, clock, stopping: stopping.signal }),
    }),
  }

  // The first requests should find the models that there are; a service that does not answer must not keep the gateway from starting.
  await Promise.race([accounts.start(), clock.sleep(FIRST_LIST_MS)])

  return {
    handle: createApp(http).handle,
    http,
    streams,
    startKeys: startKeys.made,
    state: () => state,
    reload,
    stopTaking() {
      stopping.abort()
    },
    async close() {
      stopReleasing()
      cache.stop()
      models.stop()
      counter.stop()
      await accounts.stop()
      await debugging.flush()
      await writer.stop()
      await store.close()
    },
  }
}

/** A file that is gone says nothing of what is wanted: a server that dropped all its providers for it would surprise its operator. */
const vanishedFile = (applied: LoadedConfig, next: LoadedConfig): Problem[] =>
  applied.file !== undefined && next.file === undefined
    ? [{ file: applied.file, path: '', message: 'is gone; a restart would do without it' }]
    : []

/** What a running process cannot take over: it says so, rather than seeming to have done it. */
function fixedChanges({ config }: State, next: LoadedConfig): string[] {
  const fixed = ['server_host', 'server_port', 'data_dir', 'workers'] as const
  return fixed.filter(name => config[name] !== next.config[name]).map(name => `${name} has changed: it takes effect at the next start`)
}

function statsOf(state: State, registry: AccountRegistry, clock: Clock, startedAt: number, streams: OpenStreams): JsonObject {
  const { config } = state
  const { healthy_tokens, total_tokens, strategy } = healthReport(state, registry.all, clock.now(), { uptimeMs: 0, version })
  return {
    balancer: { healthy_tokens, total_tokens, strategy },
    config: {
      health_check_interval: formatDuration(config.health_check_interval),
      server_host: config.server_host,
      server_port: config.server_port,
    },
    instances: [],
    uptime_s: Math.floor((clock.now() - startedAt) / 1000),
    streams_open: streams.count,
  }
}
