import { describe, expect, test } from 'bun:test'
import { existsSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { FileLock, LOCK_WAITS } from '../../../src/accounts/qwen/file-lock.ts'
import { temporaryFolders } from '../../store/temporary-folders.ts'
import { FakeClock } from '../../support/fake-clock.ts'

const folder = temporaryFolders()

const UUID = /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/

/** A lock file's place, and several who want it. */
class Scene {
  readonly folder = folder()
  readonly path = join(this.folder, 'oauth_creds.lock')
  readonly clock = new FakeClock(Date.now())

  lock(): FileLock {
    return new FileLock(this.path, this.clock)
  }

  /** A lock that somebody left, so long ago. */
  left(agoMs: number): void {
    writeFileSync(this.path, 'of the dead')
    const seconds = (this.clock.now() - agoMs) / 1000
    utimesSync(this.path, seconds, seconds)
  }
}

test('the waits are those of the CLI', () => {
  expect(LOCK_WAITS.slice(0, 4)).toEqual([100, 150, 225, 337.5])
  expect([LOCK_WAITS.length, Math.max(...LOCK_WAITS)]).toEqual([19, 2000])
})

describe('a lock', () => {
  test('is for one at a time', async () => {
    const scene = new Scene()
    const [one, other] = [scene.lock(), scene.lock()]
    expect([await one.acquire(), await other.acquire(), await one.acquire()]).toEqual([true, false, false])
    expect(readFileSync(scene.path, 'utf8')).toMatch(UUID)
    expect(statSync(scene.path).mode & 0o777).toBe(0o600)
    await one.release()
    expect([existsSync(scene.path), await other.acquire()]).toEqual([false, true])
  })

  test('goes to exactly one of many', async () => {
    const scene = new Scene()
    const got = await Promise.all(Array.from({ length: 40 }, () => scene.lock().acquire()))
    expect(got.filter(Boolean)).toHaveLength(1)
  })

  test('that was left by the dead is taken after 35 s, not before', async () => {
    const scene = new Scene()
    scene.left(34_900)
    const lock = scene.lock()
    expect(await lock.acquire()).toBe(false)
    scene.left(35_100)
    expect(await lock.acquire()).toBe(true)
    expect(readFileSync(scene.path, 'utf8')).toMatch(UUID)
    expect(readdirSync(scene.folder)).toEqual(['oauth_creds.lock'])
  })

  test('that was left goes to no more than one of many', async () => {
    for (let round = 0; round < 20; round++) {
      const scene = new Scene()
      scene.left(60_000)
      const got = await Promise.all(Array.from({ length: 10 }, () => scene.lock().acquire()))
      expect(got.filter(Boolean)).toHaveLength(1)
      expect(readdirSync(scene.folder)).toEqual(['oauth_creds.lock'])
    }
  })

  test('that was left by one who died while taking another is taken, too', async () => {
    const scene = new Scene()
    scene.left(60_000)
    const guard = `${scene.path}.takeover`
    writeFileSync(guard, '')
    expect(await scene.lock().acquire()).toBe(false)
    utimesSync(guard, 1, 1)
    expect([await scene.lock().acquire(), await scene.lock().acquire()]).toEqual([false, true])
    expect(readdirSync(scene.folder)).toEqual(['oauth_creds.lock'])
  })

  test('is touched while it is held, so that nobody takes it for stale', async () => {
    const scene = new Scene()
    const lock = scene.lock()
    await lock.acquire()
    const isTouched = (): boolean => Math.abs(statSync(scene.path).mtimeMs - scene.clock.now()) < 2000
    for (let touches = 0; touches < 10; touches++) {
      await scene.clock.tick(4000)
      while (!isTouched()) await scene.clock.tick(0)
    }
    expect(await scene.lock().acquire()).toBe(false)
    await lock.release()
    expect(scene.clock.waiting).toBe(0)
  })

  test('of somebody else is not released', async () => {
    const scene = new Scene()
    const lock = scene.lock()
    await lock.acquire()
    writeFileSync(scene.path, 'of another')
    await lock.release()
    expect(readFileSync(scene.path, 'utf8')).toBe('of another')
    await scene.lock().release()
    expect(existsSync(scene.path)).toBe(true)
  })

  test('that is gone is released all the same', async () => {
    const scene = new Scene()
    const lock = scene.lock()
    await lock.acquire()
    rmSync(scene.path)
    await lock.release()
    expect(await lock.acquire()).toBe(true)
  })

  test('cannot be made without a folder', async () => {
    const lock = new FileLock(join(folder(), 'none', 'oauth_creds.lock'), new FakeClock())
    await expect(lock.acquire()).rejects.toMatchObject({ code: 'ENOENT' })
  })
})
