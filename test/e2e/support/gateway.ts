import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'

const root = resolve(import.meta.dir, '..', '..', '..')

/** The compiled binary where one is named, else the source: every test here must hold for both. */
export const command: string[] = process.env.DRAGOMAN_BINARY
  ? [resolve(root, process.env.DRAGOMAN_BINARY)]
  : [process.execPath, join(root, 'src', 'main.ts')]

export const CLIENT_KEY = 'sk-e2e-client-5f0c1f6c2b7d4e8a9d3b'
export const ADMIN_KEY = 'sk-e2e-admin-8e1d7a4c9b2f4d6e8a1c'

export const isCompiled: boolean = process.env.DRAGOMAN_BINARY !== undefined && process.env.DRAGOMAN_BINARY !== ''

export interface GatewayOptions {
  /** Written to `dragoman.json` in the working folder; the keys above are added unless it names its own. `null`: no config file. */
  config?: Record<string, unknown> | null
  args?: string[]
  env?: Record<string, string | undefined>
  /** A folder of the test's own: not made, and not removed by `stop`. */
  folder?: string
  /** More files to lie in the working folder, by name. */
  files?: Record<string, string>
}

/** An empty working folder, for gateways that are to find what an earlier one left. The test removes it. */
export const newFolder = (): string => mkdtempSync(join(tmpdir(), 'dragoman-e2e-'))

export interface RunningGateway {
  url: string
  pid: number
  /** Milliseconds from the start of the process to the line that says it listens. */
  startMs: number
  /** The empty folder it was started in; the data dir is `data` below it. */
  folder: string
  dataDir: string
  /** Everything it wrote so far, stdout and stderr. */
  output(): string
  /** Log lines as objects (the log is JSON, because stdout is no terminal). */
  log(): Record<string, unknown>[]
  /** Resolves with the first piece of output that matches. */
  until(pattern: RegExp): Promise<RegExpExecArray>
  writeConfig(config: Record<string, unknown>): void
  signal(signal: NodeJS.Signals): void
  exited: Promise<number>
  stop(): Promise<void>
}

const withKeys = (config: Record<string, unknown>): Record<string, unknown> => ({
  client_api_keys: [{ name: 'e2e', key: CLIENT_KEY }],
  admin_key: ADMIN_KEY,
  ...config,
})

/** A real process with a data dir of its own, listening on a free port. Stop it in `afterAll` or `finally`. */
export async function startGateway(options: GatewayOptions = {}): Promise<RunningGateway> {
  const { config = {}, args = [], env = {}, files = {} } = options
  const folder = options.folder ?? newFolder()
  const dataDir = join(folder, 'data')
  const writeConfig = (value: Record<string, unknown>) =>
    writeFileSync(join(folder, 'dragoman.json'), JSON.stringify(withKeys(value), null, 2))
  if (config !== null) writeConfig(config)
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  const started = performance.now()
  const child = Bun.spawn([...command, 'serve', '--port', '0', '--data-dir', dataDir, ...args], {
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: folder, ...env },
    stdout: 'pipe',
    stderr: 'pipe',
  })
  let text = ''
  let waiting: (() => void)[] = []
  const read = async (stream: ReadableStream<Uint8Array>) => {
    const decoder = new TextDecoder()
    for await (const chunk of stream) {
      text += decoder.decode(chunk, { stream: true })
      const woken = waiting
      waiting = []
      for (const wake of woken) wake()
    }
  }
  const outputEnded = Promise.all([read(child.stdout), read(child.stderr)])

  const until = async (pattern: RegExp): Promise<RegExpExecArray> => {
    for (;;) {
      const match = pattern.exec(text)
      if (match) return match
      const woken = await Promise.race([
        new Promise<'output'>(resolve => waiting.push(() => resolve('output'))),
        outputEnded.then(() => 'its output ended' as const),
        Bun.sleep(15_000).then(() => 'timeout' as const),
      ])
      if (woken === 'output') continue
      const last = pattern.exec(text)
      if (last) return last
      throw new Error(`the gateway gave no output like ${pattern} (${woken}):\n${text}`)
    }
  }
  const stop = async () => {
    if (child.exitCode === null) child.kill('SIGTERM')
    const forced = setTimeout(() => child.kill('SIGKILL'), 10_000)
    await child.exited
    clearTimeout(forced)
    if (options.folder === undefined) rmSync(folder, { recursive: true, force: true })
  }
  let url = ''
  let startMs = 0
  try {
    url = (await until(/listens on (http:\/\/\S+)/))[1] ?? ''
    startMs = performance.now() - started
  } catch (error) {
    await stop()
    throw error
  }
  return {
    url,
    startMs,
    pid: child.pid,
    folder,
    dataDir,
    output: () => text,
    log: () =>
      text.split('\n').flatMap(line => {
        if (!line.startsWith('{')) return []
        return [JSON.parse(line) as Record<string, unknown>]
      }),
    until,
    writeConfig,
    signal: signal => void child.kill(signal),
    // Its last words are in `output()` by then.
    exited: child.exited.then(code => outputEnded.then(() => code)),
    stop,
  }
}

/** Runs a managing command to its end. */
export async function run(args: string[], options: { cwd?: string; env?: Record<string, string | undefined> } = {}) {
  const child = Bun.spawn([...command, ...args], {
    cwd: options.cwd ?? tmpdir(),
    env: { PATH: process.env.PATH, HOME: options.cwd ?? tmpdir(), ...options.env },
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const [stdout, stderr, code] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text(), child.exited])
  return { stdout, stderr, code }
}
