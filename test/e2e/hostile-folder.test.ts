import { describe, expect, test } from 'bun:test'
import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { CHAT, expectAnswer, post } from './support/client-routes.ts'
import { isCompiled, newFolder, run, startGateway } from './support/gateway.ts'
import { OPENAI } from './support/upstreams.ts'

/** Writes a file beside itself: whoever runs it leaves a trace. */
const TRACE = `require('node:fs').writeFileSync(require('node:path').join(__dirname, 'was-run'), '')`

// From source it is Bun itself that reads these files, before any code of ours.
describe.skipIf(!isCompiled)('the binary in a folder that is against it', () => {
  test('runs nothing of it, and takes neither its proxy nor its environment', async () => {
    const upstream = OPENAI.start()
    const proxied: string[] = []
    const proxy = Bun.serve({
      port: 0,
      hostname: '127.0.0.1',
      fetch(request) {
        proxied.push(request.url)
        return new Response('caught', { status: 502 })
      },
    })
    const proxyUrl = `http://127.0.0.1:${proxy.port}`
    const env = ['HTTP_PROXY', 'http_proxy', 'HTTPS_PROXY', 'ALL_PROXY'].map(name => `${name}=${proxyUrl}`)
    const gateway = await startGateway({
      config: { providers: [OPENAI.provider(upstream)] },
      files: {
        'bunfig.toml': 'preload = ["./trace.cjs"]\n[test]\npreload = ["./trace.cjs"]\n',
        'trace.cjs': TRACE,
        '.env': ['NODE_TLS_REJECT_UNAUTHORIZED=0', 'BUN_CONFIG_VERBOSE_FETCH=curl', 'BUN_OPTIONS=--smol', ...env].join('\n'),
        'package.json': JSON.stringify({ type: 'commonjs', main: './trace.cjs', imports: { '#x': './trace.cjs' } }),
        'tsconfig.json': JSON.stringify({ compilerOptions: { paths: { '*': ['./trace.cjs'] }, jsx: 'react' } }),
        'node_modules/elysia/index.js': TRACE,
        'node_modules/elysia/package.json': JSON.stringify({ name: 'elysia', main: './index.js' }),
      },
    })
    try {
      await expectAnswer(await post(gateway.url, CHAT, CHAT.body('gpt-4o')), CHAT)
      expect(upstream.requests).toHaveLength(1)
      expect(proxied).toEqual([])
      expect(existsSync(join(gateway.folder, 'was-run'))).toBe(false)
      expect(existsSync(join(gateway.folder, 'node_modules/elysia/was-run'))).toBe(false)
      expect(gateway.output()).not.toContain(upstream.key)
    } finally {
      await gateway.stop()
      await upstream.close()
      await proxy.stop(true)
    }
  })
})

describe('a proxy in the environment', () => {
  test('gets nothing', async () => {
    const upstream = OPENAI.start()
    const gateway = await startGateway({
      config: { providers: [OPENAI.provider(upstream)] },
      env: { HTTP_PROXY: 'http://127.0.0.1:9', http_proxy: 'http://127.0.0.1:9', ALL_PROXY: 'http://127.0.0.1:9' },
    })
    try {
      await expectAnswer(await post(gateway.url, CHAT, CHAT.body('gpt-4o')), CHAT)
    } finally {
      await gateway.stop()
      await upstream.close()
    }
  })
})

describe('a managing command', () => {
  test('leaves nothing behind where there is no data dir', async () => {
    const folder = newFolder()
    const { code, stderr } = await run(['keys', 'list', '--data-dir', join(folder, 'none')], { cwd: folder })
    expect(code).toBe(1)
    expect(stderr).toContain('--data-dir')
    expect(existsSync(join(folder, 'none'))).toBe(false)
    rmSync(folder, { recursive: true, force: true })
  })
})
