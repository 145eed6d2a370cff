import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { writeChecksums } from '../../scripts/building/checksums.ts'
import { TARGETS } from '../../scripts/building/targets.ts'

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dragoman-build-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function build(args: string[], env: Record<string, string> = {}) {
  const script = resolve(import.meta.dir, '..', '..', 'scripts', 'build.ts')
  const child = Bun.spawn([process.execPath, script, ...args], { env: { ...process.env, ...env }, stdout: 'pipe', stderr: 'pipe' })
  const [stdout, stderr, code] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text(), child.exited])
  return { stdout, stderr, code }
}

describe('a release', () => {
  test('is for Linux with either library, macOS and Windows, each under a name of its own', () => {
    expect(TARGETS.map(({ file }) => file)).toEqual([
      'dragoman-linux-x64',
      'dragoman-linux-x64-musl',
      'dragoman-linux-arm64',
      'dragoman-linux-arm64-musl',
      'dragoman-darwin-arm64',
      'dragoman-darwin-x64',
      'dragoman-windows-x64.exe',
    ])
  })

  test('has checksums of the files that are there, as sha256sum writes them', async () => {
    writeFileSync(join(folder, 'b'), 'abc')
    writeFileSync(join(folder, 'a'), '')
    await writeChecksums(folder, ['missing', 'b', 'a'])
    expect(readFileSync(join(folder, 'SHA256SUMS'), 'utf8')).toBe(
      'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  a\n' +
        'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  b\n',
    )
  })
})

describe('scripts/build', () => {
  test('names the platforms to who asks', async () => {
    const { stdout, code } = await build(['--help'])
    expect(code).toBe(0)
    for (const { name } of TARGETS) expect(stdout).toContain(name)
  })

  test.each([
    [['--target', 'amiga'], 'there is no target "amiga"'],
    [['--everything'], '--everything'],
  ])('refuses %j and says what there is', async (args, words) => {
    const { stderr, code } = await build(args)
    expect(code).toBe(2)
    expect(stderr).toContain(words)
    expect(stderr).toContain('linux-arm64-musl')
  })

  test('names the target whose runtime can not be fetched', async () => {
    const cache = join(folder, 'cache')
    mkdirSync(cache)
    // Nothing listens there, and nothing was fetched before.
    const closed = { NPM_CONFIG_REGISTRY: 'http://127.0.0.1:9/', BUN_CONFIG_HTTP_RETRY_COUNT: '0' }
    const { stderr, code } = await build(['--target', 'darwin-arm64'], { ...closed, XDG_CACHE_HOME: cache, BUN_INSTALL_CACHE_DIR: cache })
    expect(code).toBe(1)
    expect(stderr).toContain("the target darwin-arm64 can't be built: its runtime, @oven/bun-darwin-aarch64@")
  })
})
