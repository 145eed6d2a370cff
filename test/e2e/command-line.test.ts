import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { newFolder, type RunningGateway, run, startGateway } from './support/gateway.ts'

describe('a server that cannot start', () => {
  const folder = newFolder()
  let running: RunningGateway

  beforeAll(async () => {
    running = await startGateway()
  })
  afterAll(async () => {
    await running.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  test('says that its port is taken, and ends with 1', async () => {
    const { port } = new URL(running.url)
    const { code, stderr, stdout } = await run(['serve', '--port', port, '--data-dir', join(folder, 'other')], { cwd: folder })
    expect(stderr).toContain(`port ${port} on 127.0.0.1 is taken`)
    expect(stderr).not.toMatch(/\bat .*:\d+/)
    expect(stdout).not.toContain('listens')
    expect(code).toBe(1)
  })

  test('names the server that holds its data dir', async () => {
    const { code, stderr } = await run(['serve', '--port', '0', '--data-dir', running.dataDir], { cwd: folder })
    expect(stderr).toMatch(new RegExp(`\\b${running.pid}\\b`))
    expect(code).toBe(1)
    expect((await fetch(`${running.url}/health`)).status).toBe(200)
  })

  test.each([
    ['BUN_OPTIONS', '--smol'],
    ['BUN_CONFIG_VERBOSE_FETCH', 'curl'],
    ['NODE_TLS_REJECT_UNAUTHORIZED', '0'],
    ['BUN_INSPECT_PRELOAD', './empty.js'],
  ])('refuses to run with %s', async (name, value) => {
    await Bun.write(join(folder, 'empty.js'), '')
    const { code, stderr } = await run(['serve', '--port', '0', '--data-dir', join(folder, 'unsafe')], {
      cwd: folder,
      env: { [name]: value },
    })
    expect(stderr).toContain(`refusing to run with ${name} set`)
    expect(code).toBe(1)
  })

  test('refuses a config file with an unknown key, and suggests the right one', async () => {
    await Bun.write(join(folder, 'wrong.json'), JSON.stringify({ sever_port: 1 }))
    const { code, stderr } = await run(['serve', '--config', 'wrong.json', '--data-dir', join(folder, 'wrong')], { cwd: folder })
    expect(stderr).toContain('sever_port')
    expect(stderr).toContain('server_port')
    expect(code).toBe(1)
  })
})

describe('the command line', () => {
  test.each([
    [['serve', '--nonsense']],
    [['nonsense']],
    [['keys']],
    [['keys', 'create']],
    [['serve', '--port']],
    [['config', 'print', 'more']],
  ])('ends with 2 for %j', async args => {
    const { code, stderr } = await run(args)
    expect(code).toBe(2)
    expect(stderr).not.toBe('')
  })

  test('refuses a port that is none', async () => {
    const { code, stderr } = await run(['serve', '--port', 'many'])
    expect(stderr).toMatch(/port/)
    expect(code).toBe(2)
  })

  test.each([
    ['doctor', /unknown command 'doctor'/],
    ['confg', /unknown command 'confg'; did you mean 'config'\?/],
  ])('says that "%s" is no command', async (name, words) => {
    const { code, stderr } = await run([name, 'more'])
    expect(stderr).toMatch(words)
    expect(code).toBe(2)
  })

  test.each([[['--help']], [['serve', '--help']], [['keys', '--help']], [['keys', 'create', '--help']], [['config', '--help']]])(
    'helps with %j',
    async args => {
      const { code, stdout } = await run(args)
      expect(code).toBe(0)
      expect(stdout).toContain('Usage:')
    },
  )

  test('tells its version, for machines too', async () => {
    const { code, stdout } = await run(['version', '--json'])
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toEqual({
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
      commit: expect.any(String),
      bun: Bun.version,
      sqlite: expect.stringMatching(/^3\./),
      platform: `${process.platform}-${process.arch}`,
    })
    expect((await run(['--version'])).stdout).toStartWith('dragoman ')
  })

  test("the older proxy's spellings: what is in effect, masked, and example files that are never overwritten", async () => {
    const folder = newFolder()
    await Bun.write(join(folder, 'jetbrainsai.json'), JSON.stringify([{ licenseId: 'LIC1', authorization: 'canary-authorization' }]))
    const flags = ['-k', 'canary-client-key', '-s', 'random', '-p', '7001', '-h', '127.0.0.3']
    const shown = await run([...flags, '--print-config'], { cwd: folder })
    expect(shown.code).toBe(0)
    for (const line of ['"server_port": 7001, // flag --port', '"server_host": "127.0.0.3",', '"load_balance_strategy": "random",']) {
      expect(shown.stdout).toContain(line)
    }
    expect(shown.stdout).toContain('"licenseId": "LIC1", // file ')
    expect(shown.stdout + shown.stderr).not.toContain('canary')
    const made = await run(['--generate-config'], { cwd: folder })
    expect([made.code, (await run(['config', 'check'], { cwd: folder })).code]).toEqual([0, 0])
    const again = await run(['--generate-config'], { cwd: folder })
    expect([again.code, again.stderr]).toEqual([1, expect.stringContaining('exists already')])
    rmSync(folder, { recursive: true, force: true })
  })
})
