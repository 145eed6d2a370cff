import { mkdtempSync, writeFileSync } from 'node:fs'
import { get } from 'node:http'
import { join } from 'node:path'
import { freePort, type Started, start, waitForPort } from './process.ts'

export const CLIENT_KEY = 'sk-bench-client-0123456789abcdef0123456789abcdef'
const ADMIN_KEY = 'sk-bench-admin-0123456789abcdef0123456789abcdef'

export interface Gateway extends Started {
  url: string
  /** Streams that are open, by its own count. */
  streamsOpen(): Promise<number>
}

const read = (url: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const asked = get(url, { headers: { authorization: `Bearer ${ADMIN_KEY}` } }, answer => {
      let text = ''
      answer.setEncoding('utf8')
      answer.on('data', piece => {
        text += piece
      })
      answer.on('end', () => resolve(text))
    })
    asked.on('error', reject)
  })

/** The compiled binary as people run it: keys, records and a log line for every request are on. `routes`: model names and the base URLs they lead to. */
export async function startGateway(binary: string, within: string, routes: Record<string, string>): Promise<Gateway> {
  const folder = mkdtempSync(join(within, 'gateway-'))
  const port = await freePort()
  const config = join(folder, 'dragoman.json')
  const providers = Object.entries(routes).map(([name, url]) => ({
    name,
    provider_type: 'openai',
    base_url: url,
    api_key: 'sk-upstream-0123456789abcdef',
    models: [name],
  }))
  const keys = { client_api_keys: [{ name: 'bench', key: CLIENT_KEY }], admin_key: ADMIN_KEY }
  writeFileSync(config, JSON.stringify({ server_port: port, ...keys, providers, log_format: 'json' }))
  const started = start([binary, 'serve', '--config', config, '--data-dir', join(folder, 'data')])
  await waitForPort(port)
  const url = `http://127.0.0.1:${port}`
  return {
    ...started,
    url,
    streamsOpen: async () => (JSON.parse(await read(`${url}/admin/stats`)) as { streams_open: number }).streams_open,
  }
}
