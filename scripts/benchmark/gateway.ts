import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort, type Started, start, waitForPort } from './process.ts'

export const CLIENT_KEY = 'sk-bench-0123456789abcdef0123456789abcdef'

/** The compiled binary as people run it: keys, records and a log line for every request are on. */
export async function startGateway(binary: string, folder: string, upstream: string): Promise<Started & { url: string }> {
  const port = await freePort()
  const config = join(folder, 'dragoman.json')
  const provider = (name: string, path: string) => ({
    name,
    provider_type: 'openai',
    base_url: `${upstream}/${path}/v1`,
    api_key: 'sk-upstream-0123456789abcdef',
    models: [name],
  })
  writeFileSync(
    config,
    JSON.stringify({
      server_port: port,
      client_api_keys: [{ name: 'bench', key: CLIENT_KEY }],
      providers: [provider('whole', 'json'), provider('streamed', 'sse')],
      log_format: 'json',
    }),
  )
  const started = start([binary, 'serve', '--config', config, '--data-dir', join(folder, 'data')])
  await waitForPort(port)
  return { ...started, url: `http://127.0.0.1:${port}` }
}
