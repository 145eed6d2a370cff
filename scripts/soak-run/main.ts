import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { startGateway } from './gateway.ts'
import { type Options, readOptions } from './options.ts'
import { replay } from './replay.ts'
import { searchFiles, searchLog } from './search.ts'
import { Soak } from './soak.ts'

const root = resolve(import.meta.dir, '..', '..')

async function build(): Promise<string> {
  const child = Bun.spawn([process.execPath, join(root, 'scripts', 'build.ts')], { stdio: ['ignore', 2, 'inherit'] })
  if ((await child.exited) !== 0) throw new Error('the build failed')
  return join(root, 'dist', 'dragoman')
}

async function startUpstreams() {
  const child = Bun.spawn([process.execPath, join(import.meta.dir, 'upstream.ts')], { stdin: 'pipe', stdout: 'pipe', stderr: 'inherit' })
  const first = await child.stdout.getReader().read()
  return {
    urls: JSON.parse(new TextDecoder().decode(first.value)) as Record<string, string>,
    async stop() {
      child.kill()
      await child.exited
    },
  }
}

/** @returns whether everything held. */
async function soak(options: Options): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'dragoman-soak-'))
  const command = options.binary?.endsWith('.ts')
    ? [process.execPath, resolve(options.binary)]
    : [options.binary ? resolve(options.binary) : await build()]
  const upstreams = await startUpstreams()
  const gateway = await startGateway(command, folder, upstreams.urls)
  try {
    if (options.replay !== undefined) return await replay(options.replay, gateway)
    const run = new Soak(gateway, options)
    await run.all()
    const code = await gateway.stop()
    if (code !== 0) run.violate(`it ended with exit code ${code}`)
    const { lines, found } = await searchLog(gateway.logFile)
    for (const problem of [...found, ...(await searchFiles(gateway.dataDir))]) run.violate(problem)
    return run.report(lines)
  } catch (error) {
    console.log(`the end of its log:\n${readFileSync(gateway.logFile, 'utf8').slice(-4000)}`)
    throw error
  } finally {
    await gateway.stop()
    await upstreams.stop()
    if (options.keep) console.log(`left for you: ${folder}`)
    else rmSync(folder, { recursive: true, force: true })
  }
}

try {
  const options = readOptions(process.argv.slice(2))
  if (options) process.exitCode = (await soak(options)) ? 0 : 1
} catch (error) {
  console.error(`soak: ${error instanceof Error ? error.message : error}`)
  process.exitCode = 2
}
