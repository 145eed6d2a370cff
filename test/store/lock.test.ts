import { afterEach, describe, expect, test } from 'bun:test'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Subprocess } from 'bun'
import { lockDataDir, PID_FILE } from '../../src/store/lock.ts'
import { isAlive, startToken } from '../../src/store/process-identity.ts'
import { temporaryFolders } from './temporary-folders.ts'

const folder = temporaryFolders()
const children: Subprocess[] = []

afterEach(async () => {
  for (const child of children.splice(0)) {
    child.kill('SIGKILL')
    await child.exited
  }
})

/** Starts a process that wants the lock, and waits for its first line. */
async function contender(dir: string) {
  const child = Bun.spawn([process.execPath, join(import.meta.dir, 'lock-child.ts'), dir], { stdout: 'pipe', stderr: 'inherit' })
  children.push(child)
  const { value } = await child.stdout.getReader().read()
  return { child, said: new TextDecoder().decode(value).trim() }
}

const pidFile = (dir: string) => join(dir, PID_FILE)
const firstLine = (dir: string) => readFileSync(pidFile(dir), 'utf8').split('\n')[0]

describe('lockDataDir', () => {
  test('refuses a second server, with the pid of the first', async () => {
    const dir = folder()
    const { child, said } = await contender(dir)
    expect(said).toBe(`held ${child.pid}`)
    expect(() => lockDataDir(dir)).toThrow(`pid ${child.pid}`)
    expect((await contender(dir)).said).toBe(`locked ${child.pid}`)
    expect(firstLine(dir)).toBe(String(child.pid))
  })

  test('a holder that was killed with -9 leaves it free', async () => {
    const dir = folder()
    const { child } = await contender(dir)
    child.kill('SIGKILL')
    await child.exited
    expect(firstLine(dir)).toBe(String(child.pid))
    const lock = lockDataDir(dir)
    expect(firstLine(dir)).toBe(String(process.pid))
    lock.release()
  })

  test('of many that find a dead one at once, one gets it', async () => {
    const dir = folder()
    const { child } = await contender(dir)
    child.kill('SIGKILL')
    await child.exited
    const said = (await Promise.all([contender(dir), contender(dir), contender(dir)])).map(one => one.said.split(' ')[0])
    expect(said.sort()).toEqual(['held', 'locked', 'locked'])
  })

  test('is let go of once, by its holder only', async () => {
    const dir = folder()
    const lock = lockDataDir(dir)
    expect(() => lockDataDir(dir)).toThrow(`pid ${process.pid}`)
    lock.release()
    expect(existsSync(pidFile(dir))).toBe(false)
    const { child } = await contender(dir)
    lock.release()
    expect(firstLine(dir)).toBe(String(child.pid))
  })

  test('is released while the data dir is new, and its files are private', () => {
    const dir = join(folder(), 'new')
    const lock = lockDataDir(dir)
    expect(statSync(dir).mode & 0o777).toBe(0o700)
    for (const name of [PID_FILE, 'dragoman.lock']) expect(statSync(join(dir, name)).mode & 0o777).toBe(0o600)
    lock.release()
  })
})

describe('a pid file without the lock (a file system that has none)', () => {
  const bystander = async () => {
    const child = Bun.spawn(['sleep', '60'])
    children.push(child)
    return child.pid
  }

  test('of a living process with that start counts', async () => {
    const dir = folder()
    const pid = await bystander()
    writeFileSync(pidFile(dir), `${pid}\n${startToken(pid)}\n`)
    expect(() => lockDataDir(dir)).toThrow(`pid ${pid}`)
  })

  test.each([
    ['another program under its pid', async () => `${await bystander()}\nbefore-12345\n`],
    ['a pid alone', async () => `${await bystander()}\n`],
    ['a process that is gone', async () => '4194301\nbefore-12345\n'],
    ['nonsense', async () => 'what?\n'],
    ['nothing', async () => ''],
  ])('of %s counts for nothing', async (_, text) => {
    const dir = folder()
    writeFileSync(pidFile(dir), await text())
    lockDataDir(dir).release()
  })
})

test('a start token tells processes apart', async () => {
  const child = Bun.spawn(['sleep', '60'])
  children.push(child)
  expect(isAlive(child.pid)).toBe(true)
  expect(startToken(process.pid)).toBe(startToken(process.pid) ?? '')
  expect(startToken(child.pid)).not.toBe(startToken(process.pid))
  expect(startToken(4194301)).toBeUndefined()
  expect(isAlive(4194301)).toBe(false)
})
