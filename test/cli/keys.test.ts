import { describe, expect, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Command } from 'commander'
import { registerKeys } from '../../src/cli/keys.ts'
import type { DataDirOptions } from '../../src/cli/terminal.ts'
import { sha256 } from '../../src/core/secret.ts'
import { DATABASE_FILE, openDatabase } from '../../src/store/database.ts'
import { createKeyCache } from '../../src/store/key-cache.ts'
import { lockDataDir } from '../../src/store/lock.ts'
import { temporaryFolders } from '../store/temporary-folders.ts'
import { FakeClock } from '../support/fake-clock.ts'

const folder = temporaryFolders()

class Exit extends Error {
  constructor(readonly code: number) {
    super(`exit ${code}`)
  }
}

function terminal(dataDir = folder(), prepare = (program: Command) => program) {
  const clock = new FakeClock()
  const asked: DataDirOptions[] = []
  async function dragoman(...args: string[]) {
    const result = { code: 0, out: '', err: '' }
    const program = prepare(new Command('dragoman'))
    registerKeys(program, {
      clock,
      resolveDatabase: options => {
        asked.push({ dataDir: options.dataDir, config: options.config })
        return join(options.dataDir ?? dataDir, DATABASE_FILE)
      },
      stdout: text => {
        result.out += text
      },
      stderr: text => {
        result.err += text
      },
      exit: code => {
        throw new Exit(code)
      },
    })
    try {
      await program.parseAsync(['keys', ...args], { from: 'user' })
    } catch (error) {
      if (!(error instanceof Exit)) throw error
      result.code = error.code
    }
    return result
  }
  return { dragoman, clock, dataDir, asked }
}

describe('keys create', () => {
  test('prints the key and nothing else', async () => {
    const { dragoman } = terminal()
    const { code, out, err } = await dragoman('create', '--name', 'ci')
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toMatch(/^sk-dragoman-[0-9A-Za-z]{43}\n$/)
  })

  test('--json has the object with the key', async () => {
    const { dragoman } = terminal()
    const { out } = await dragoman('create', '--name', 'ci', '--expires', '30d', '--models', 'gpt-4o, claude,gpt-4o', '--json')
    const made = JSON.parse(out)
    expect(made).toMatchObject({
      id: expect.stringMatching(/^key_/),
      name: 'ci',
      created_at: '2026-01-01T00:00:00.000Z',
      expires_at: '2026-01-31T00:00:00.000Z',
      models: { allow: ['gpt-4o', 'claude'], deny: [] },
    })
    expect(made.key.startsWith(made.prefix)).toBe(true)
    expect(made.hash).toBeUndefined()
  })

  test.each([
    [['create'], '--name'],
    [['create', '--name', ''], 'name'],
    [['create', '--name', 'a', '--expires', 'soon'], '--expires'],
    [['create', '--name', 'a', '--expires', '0'], '--expires'],
    [['create', '--name', 'a', '--models', 'a,,b'], '--models'],
    [['create', '--name', 'a', '--colour', 'red'], '--colour'],
    [['revoke'], 'key'],
    [['frobnicate'], 'frobnicate'],
    [[], 'Usage'],
  ])('%p is wrong usage', async (args, named) => {
    const { dragoman } = terminal()
    const { code, out, err } = await dragoman(...args)
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toContain(named)
  })

  test('--help is no mistake', async () => {
    const { dragoman } = terminal()
    const { code, out } = await dragoman('create', '--help')
    expect(code).toBe(0)
    expect(out).toContain('--expires <duration>')
  })
})

describe('keys list', () => {
  test('is an aligned table without the keys', async () => {
    const { dragoman, clock } = terminal()
    const key = (await dragoman('create', '--name', '持ち物', '--expires', '1h')).out.trim()
    clock.advance(1000)
    await dragoman('create', '--name', 'a longer name')
    clock.advance(3_600_000)
    const { out, code } = await dragoman('list')
    expect(code).toBe(0)
    expect(out).not.toContain(key)
    const lines = out.trimEnd().split('\n')
    expect(lines).toHaveLength(3)
    expect(lines[0]).toMatch(/^ID +NAME +PREFIX +CREATED +EXPIRES +LAST USED +STATE$/)
    expect(lines[1]).toMatch(/^key_\w{24} {2}a longer name {2}sk-dragoman-\w{4}… {2}2026-01-01T00:00:01Z {2}- {21}- {10}active$/)
    expect(lines[2]).toMatch(/^key_\w{24} {2}持ち物 {9}sk-dragoman-\w{4}… {2}2026-01-01T00:00:00Z {2}2026-01-01T01:00:00Z {2}- +expired$/)
  })

  test('--all and --json', async () => {
    const { dragoman } = terminal()
    await dragoman('create', '--name', 'old')
    await dragoman('revoke', 'old')
    expect(await dragoman('list')).toMatchObject({ out: '', err: expect.stringContaining('--all shows revoked ones') })
    expect((await dragoman('list', '--all')).out).toContain('revoked')
    expect(JSON.parse((await dragoman('list', '--json')).out)).toEqual({ data: [], next: null })
    const { data } = JSON.parse((await dragoman('list', '--json', '--all')).out)
    expect(data).toMatchObject([{ name: 'old', revoked_at: '2026-01-01T00:00:00.000Z' }])
  })

  test('does not make a data dir by mistake', async () => {
    const dataDir = join(folder(), 'typo')
    const { dragoman } = terminal(dataDir)
    const { code, out, err } = await dragoman('list')
    expect({ code, out }).toEqual({ code: 1, out: '' })
    expect(err).toContain(dataDir)
    expect(existsSync(dataDir)).toBe(false)
  })
})

describe('keys revoke', () => {
  test('by name, and says so again', async () => {
    const { dragoman } = terminal()
    await dragoman('create', '--name', 'ci')
    expect((await dragoman('revoke', 'ci')).out).toMatch(/^revoked key_\w+ \(ci\)\n$/)
    expect(await dragoman('revoke', 'ci')).toMatchObject({ code: 0, out: expect.stringContaining('was revoked before') })
  })

  test('an ambiguous or unknown name fails with 1', async () => {
    const { dragoman } = terminal()
    const ids: string[] = []
    for (let i = 0; i < 2; i++) ids.push(JSON.parse((await dragoman('create', '--name', 'ci', '--json')).out).id)
    const { code, out, err } = await dragoman('revoke', 'ci')
    expect({ code, out }).toEqual({ code: 1, out: '' })
    for (const id of ids) expect(err).toContain(id)
    expect(await dragoman('revoke', 'nobody')).toMatchObject({ code: 1, err: expect.stringContaining('"nobody"') })
    const revoked = await dragoman('revoke', ids[0] ?? '', '--json')
    expect(JSON.parse(revoked.out)).toMatchObject({ id: ids[0], revoked_at: '2026-01-01T00:00:00.000Z' })
  })
})

test('works beside a running server, which sees it', async () => {
  const { dragoman, clock, dataDir } = terminal()
  const lock = lockDataDir(dataDir)
  const store = await openDatabase({ path: join(dataDir, 'dragoman.db'), clock })
  const cache = await createKeyCache({ store, clock })
  const hash = sha256((await dragoman('create', '--name', 'ci')).out.trim())
  expect(await cache.lookup(hash)).toMatchObject({ state: 'active' })
  expect((await dragoman('revoke', 'ci')).code).toBe(0)
  await clock.tick(500)
  expect(cache.find(hash)).toBeUndefined()
  cache.stop()
  await store.close()
  lock.release()
})

test('the data dir is asked for with what the command line said', async () => {
  const dataDir = folder()
  const { dragoman, asked } = terminal()
  await dragoman('create', '--name', 'ci', '--data-dir', dataDir, '--config', 'x.json')
  expect(asked).toEqual([{ dataDir, config: 'x.json' }])
  expect(existsSync(join(dataDir, 'dragoman.db'))).toBe(true)
})

test("the program's own --data-dir is honoured", async () => {
  const dataDir = folder()
  const { dragoman, asked } = terminal(folder(), program => program.option('--data-dir <dir>'))
  await dragoman('create', '--name', 'ci', '--data-dir', dataDir)
  expect(asked[0]?.dataDir).toBe(dataDir)
})
