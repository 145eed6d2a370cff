import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { cacheFolder } from '../cache-folder.ts'
import { freePort, type Started, start, waitForPort } from './process.ts'

const NAME = '@portkey-ai/gateway'
const VERSION = '1.15.2'

export interface Portkey extends Started {
  /** With its version. */
  name: string
  url: string
  /** What it needs to be told where the upstream is. */
  headers: Record<string, string>
}

/** The other gateway, run by Node as its makers do. Its package is fetched once, into the user's cache folder. @throws saying why it can't be had. */
export async function startPortkey(baseUrl: string): Promise<Portkey> {
  for (const tool of ['node', 'npm']) if (!Bun.which(tool)) throw new Error(`${tool} is not installed`)
  const folder = cacheFolder(`portkey-${VERSION}`)
  const server = join(folder, 'node_modules', NAME, 'build', 'start-server.js')
  if (!existsSync(server)) {
    mkdirSync(folder, { recursive: true })
    const options = ['--prefix', folder, '--no-save', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error']
    const npm = Bun.spawn(['npm', 'install', ...options, `${NAME}@${VERSION}`], { stdout: 'ignore', stderr: 'inherit', cwd: folder })
    if ((await npm.exited) !== 0 || !existsSync(server)) throw new Error(`npm could not install ${NAME}@${VERSION}`)
  }
  const port = await freePort()
  const started = start(['node', server, `--port=${port}`, '--headless'], { NODE_ENV: 'production' })
  await waitForPort(port)
  return {
    ...started,
    name: `${NAME} ${VERSION}`,
    url: `http://127.0.0.1:${port}`,
    headers: { 'x-portkey-provider': 'openai', 'x-portkey-custom-host': baseUrl },
  }
}
