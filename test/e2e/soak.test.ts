import { expect, test } from 'bun:test'
import { rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { command } from './support/gateway.ts'

const root = resolve(import.meta.dir, '..', '..')

// The short form of `./scripts/soak`, with a seed of its own for every day, so that what is sent goes on changing.
test('2,000 fuzzed requests and 300 clients that leave are taken by one process', async () => {
  const seed = Math.floor(Date.now() / 86_400_000)
  const failures = join(tmpdir(), `dragoman-soak-test-${process.pid}.jsonl`)
  const script = join(root, 'scripts', 'soak-run', 'main.ts')
  const options = [
    '--requests',
    '2000',
    '--disconnects',
    '300',
    '--seed',
    `${seed}`,
    '--failures',
    failures,
    '--binary',
    command.at(-1) ?? '',
  ]
  const child = Bun.spawn([process.execPath, script, ...options], { stdout: 'pipe', stderr: 'pipe' })
  const [said, complained, code] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text(), child.exited])
  expect(code, `${said}${complained}`).toBe(0)
  expect(said).toMatch(/\n2000 requests, 300 disconnects, .*: ok\n$/)
  rmSync(failures, { force: true })
}, 60_000)
