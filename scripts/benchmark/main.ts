import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Figures, Measure, Scene } from './figures.ts'
import { EVENT_COUNTS, PER_EVENT, PER_MESSAGE } from './measures/cost.ts'
import { FIRST_TOKEN, LATENCY } from './measures/latency.ts'
import { ABORTED_STREAMS, OPEN_STREAMS } from './measures/memory.ts'
import { EVENTS, PORTKEY, STREAMED, WHOLE } from './measures/throughput.ts'
import { startFileUpstream, startProxy } from './nginx.ts'
import { type Options, readOptions } from './options.ts'
import { table, writeInto } from './report.ts'

const MEASURES: readonly Measure[] = [WHOLE, STREAMED, PORTKEY, LATENCY, FIRST_TOKEN, OPEN_STREAMS, ABORTED_STREAMS, PER_EVENT, PER_MESSAGE]
const root = resolve(import.meta.dir, '..', '..')

// stdout is for the figures alone.
const say = (text: string): void => void process.stderr.write(`${text}\n`)

async function build(): Promise<string> {
  const child = Bun.spawn([process.execPath, join(root, 'scripts', 'build.ts')], { stdio: ['ignore', 2, 'inherit'] })
  if ((await child.exited) !== 0) throw new Error('the build failed')
  return join(root, 'dist', 'dragoman')
}

/** The upstream that sends tokens one by one. */
async function startTokens(): Promise<{ url: string; stop(): Promise<void> }> {
  const child = Bun.spawn([process.execPath, join(import.meta.dir, 'token-upstream.ts')], { stdout: 'pipe', stderr: 'inherit' })
  const first = await child.stdout.getReader().read()
  const port = Number(new TextDecoder().decode(first.value))
  return {
    url: `http://127.0.0.1:${port}`,
    async stop() {
      child.kill()
      await child.exited
    },
  }
}

async function measureAll({ rounds, seconds, measures }: Options, binary: string): Promise<Figures> {
  const folder = mkdtempSync(join(tmpdir(), 'dragoman-bench-'))
  const started: { stop(): Promise<void> }[] = []
  const keep = <T extends { stop(): Promise<void> }>(one: T): T => {
    started.push(one)
    return one
  }
  try {
    const files = keep(await startFileUpstream(folder, [EVENTS, ...EVENT_COUNTS]))
    const proxy = keep(await startProxy(folder, files.url))
    const tokens = keep(await startTokens())
    const scene: Scene = { folder, binary, rounds, seconds, files: files.url, proxy, tokens: tokens.url, say: text => say(`  ${text}`) }
    const all: Required<Figures> = { rates: [], figures: [], remarks: [] }
    for (const { name, about, run } of measures) {
      say(`${name}: ${about}`)
      const { rates = [], figures = [], remarks = [] } = await run(scene)
      all.rates.push(...rates)
      all.figures.push(...figures)
      all.remarks.push(...remarks)
    }
    return all
  } finally {
    for (const one of started.reverse()) await one.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2), MEASURES)
  if (options === undefined) return
  for (const tool of ['nginx', 'wrk']) {
    if (!Bun.which(tool)) throw new Error(`${tool} is not installed (Debian: apt-get install nginx-light wrk)`)
  }
  const binary = options.binary === undefined ? await build() : resolve(options.binary)
  if (!existsSync(binary)) throw new Error(`there is no ${binary}`)
  const figures = await measureAll(options, binary)
  const text = table(figures, options.rounds, options.seconds, options.command)
  process.stdout.write(
    options.json ? `${JSON.stringify({ rounds: options.rounds, seconds: options.seconds, ...figures }, null, 2)}\n` : `\n${text}\n`,
  )
  if (options.write !== undefined) writeInto(options.write, text)
}

try {
  await main()
} catch (error) {
  say(`bench: ${error instanceof Error ? error.message : error}`)
  process.exitCode = 1
}
