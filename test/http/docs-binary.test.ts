import { expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const FLAGS = [
  '--compile',
  '--minify-whitespace',
  '--minify-syntax',
  '--sourcemap',
  '--bytecode',
  '--format=esm',
  '--production',
  '--no-compile-autoload-dotenv',
  '--no-compile-autoload-bunfig',
]

const routes = join(import.meta.dir, '../../src/http/docs/routes.ts')

const ENTRY = `
import { docsRoutes } from ${JSON.stringify(routes)}
const app = docsRoutes('9.8.7').get('/v1/models/*', () => '', { detail: { operationId: 'one', summary: 'One' } })
app.listen({ hostname: '127.0.0.1', port: 0 }, server => console.log(server.port))
`

async function firstLine(stream: ReadableStream<Uint8Array>): Promise<string> {
  let text = ''
  for await (const piece of stream) {
    text += new TextDecoder().decode(piece)
    if (text.includes('\n')) break
  }
  return text.trim()
}

test('a compiled binary serves the whole page from an empty folder', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'dragoman-docs-'))
  try {
    writeFileSync(join(folder, 'entry.ts'), ENTRY)
    const binary = join(folder, 'docs')
    const built = Bun.spawnSync([process.execPath, 'build', ...FLAGS, join(folder, 'entry.ts'), '--outfile', binary], { stderr: 'pipe' })
    expect(built.stderr.toString()).not.toContain('error')
    const empty = join(folder, 'empty')
    mkdirSync(empty)
    const server = Bun.spawn([binary], { cwd: empty, env: {}, stdout: 'pipe', stderr: 'inherit' })
    try {
      const url = `http://127.0.0.1:${await firstLine(server.stdout)}`
      const html = await (await fetch(`${url}/docs`)).text()
      const paths = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(match => match[1] ?? '')
      expect(paths).toContain('/swagger/swagger-ui-bundle.js')
      for (const path of paths) {
        const answer = await fetch(url + path)
        const name = path.replace('/swagger/', '')
        expect(answer.status, path).toBe(200)
        const bytes = await answer.bytes()
        if (name.startsWith('swagger-ui'))
          expect(bytes, path).toEqual(await Bun.file(Bun.resolveSync(`swagger-ui-dist/${name}`, import.meta.dir)).bytes())
      }
      const document = (await (await fetch(`${url}/swagger/json`)).json()) as { info: unknown; paths: unknown }
      expect(document.info).toMatchObject({ version: '9.8.7' })
      expect(document.paths).toMatchObject({ '/v1/models/{model}': { get: { operationId: 'one' } } })
    } finally {
      server.kill()
      await server.exited
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}, 20_000)
