import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { MODELS } from './requests.ts'
import { ADMIN_KEY, CLIENT_KEY, PROVIDER_HEADER, UPSTREAM_KEY } from './secrets.ts'

/** What a process holds; NaN where the system does not tell (only Linux does). */
export interface Vitals {
  residentMb: number
  descriptors: number
  /** Of the process, as the system counts it: another one with the same pid would differ. */
  started: string
}

export interface SoakedGateway {
  url: string
  pid: number
  dataDir: string
  /** Everything it wrote. */
  logFile: string
  vitals(): Vitals
  /** By its own count. @throws where it does not answer. */
  stats(): Promise<{ streams_open: number; uptime_s: number }>
  exitCode(): number | null
  /** Ends it as a service manager would. Resolves with its exit code. */
  stop(): Promise<number>
}

const linux = process.platform === 'linux'

const vitalsOf = (pid: number): Vitals =>
  linux && existsSync(`/proc/${pid}/status`)
    ? {
        residentMb: Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024,
        descriptors: readdirSync(`/proc/${pid}/fd`).length,
        started: readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ')[19] ?? '',
      }
    : { residentMb: Number.NaN, descriptors: Number.NaN, started: '' }

/** Starts the program in an empty folder, with a provider for each upstream and its log in a file. */
export async function startGateway(command: readonly string[], folder: string, upstreams: Record<string, string>): Promise<SoakedGateway> {
  const provider = (name: keyof typeof MODELS, url: string | undefined) => ({
    name,
    provider_type: name.startsWith('anthropic') ? 'anthropic' : 'openai',
    base_url: url,
    api_key: UPSTREAM_KEY,
    models: MODELS[name],
    headers: { 'x-own': PROVIDER_HEADER },
  })
  const config = {
    client_api_keys: [{ name: 'soak', key: CLIENT_KEY }],
    admin_key: ADMIN_KEY,
    // So that upstreams that say nothing are given up soon; everything else as it comes.
    timeouts: { first_byte: '1s', idle: '1s', heartbeat: '300ms' },
    providers: (Object.keys(MODELS) as (keyof typeof MODELS)[]).map(name => provider(name, upstreams[name] ?? upstreams.openai)),
  }
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'dragoman.json'), JSON.stringify(config, null, 2))
  const [dataDir, logFile] = [join(folder, 'data'), join(folder, 'gateway.log')]
  const log = openSync(logFile, 'w')
  const child = Bun.spawn([...command, 'serve', '--port', '0', '--data-dir', dataDir], {
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: folder },
    stdio: ['ignore', log, log],
  })
  closeSync(log)
  let url: string | undefined
  for (let tries = 0; url === undefined; tries++) {
    url = /listens on (http:\/\/\S+)/.exec(readFileSync(logFile, 'utf8'))?.[1]
    if (tries > 600 || child.exitCode !== null) throw new Error(`the gateway did not start:\n${readFileSync(logFile, 'utf8')}`)
    await Bun.sleep(25)
  }
  const address = url
  return {
    url,
    pid: child.pid,
    dataDir,
    logFile,
    vitals: () => vitalsOf(child.pid),
    async stats() {
      const answer = await fetch(`${address}/admin/stats`, { headers: { authorization: `Bearer ${ADMIN_KEY}` } })
      return (await answer.json()) as { streams_open: number; uptime_s: number }
    },
    exitCode: () => child.exitCode,
    async stop() {
      if (child.exitCode === null) child.kill('SIGTERM')
      const forced = setTimeout(() => child.kill('SIGKILL'), 40_000)
      const code = await child.exited
      clearTimeout(forced)
      return code
    },
  }
}
