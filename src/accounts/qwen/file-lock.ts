import { randomUUID } from 'node:crypto'
import { link, open, readFile, rename, rm, stat, utimes } from 'node:fs/promises'
import type { Cancel, Clock } from '../../core/clock.ts'

/** A lock that nobody has touched for so long was left by a process that died (qwen.md §1.8: 35 s since CLI 0.24, 10 s before). */
const STALE_MS = 35_000

const OWNER_ONLY = 0o600

/** How often its holder touches it: older CLIs would take it away after 10 s. */
const TOUCH_MS = 4000

/** Waits between twenty tries, as the CLI makes them: 100 ms, each half as long again, 2 s at most. */
export const LOCK_WAITS: readonly number[] = Array.from({ length: 19 }, (_, index) => Math.min(100 * 1.5 ** index, 2000))

const isCode = (error: unknown, code: string): boolean => error instanceof Error && 'code' in error && error.code === code

export const isGone = (error: unknown): boolean => isCode(error, 'ENOENT')

/** A lock file as the Qwen CLI makes it: whoever creates it has the lock. Shared with the CLI, so its conventions are not ours to change. */
export class FileLock {
  /** Tells our lock from that of somebody who took it for stale. The CLI writes such an id, too, and never reads it. */
  #content: string | undefined
  #stopTouching: Cancel = () => {}

  constructor(
    readonly path: string,
    private readonly clock: Clock,
  ) {}

  /** @returns false while another has it @throws the file system's error where no lock can be made at all */
  async acquire(): Promise<boolean> {
    return (await this.#create()) || ((await this.#removeStale()) && (await this.#create()))
  }

  /** Leaves a lock alone that is no longer ours. */
  async release(): Promise<void> {
    this.#stopTouching()
    const content = this.#content
    this.#content = undefined
    if (content !== undefined && (await this.#read()) === content) await rm(this.path, { force: true })
  }

  async #create(): Promise<boolean> {
    const content = randomUUID()
    try {
      const file = await open(this.path, 'wx', OWNER_ONLY)
      this.#content = content
      await file.writeFile(content).finally(() => file.close())
    } catch (error) {
      if (isCode(error, 'EEXIST')) return false
      // It could be made, but not written: nobody is to wait for it.
      if (this.#content === content) await rm(this.path, { force: true })
      this.#content = undefined
      throw error
    }
    this.#stopTouching = this.clock.every(TOUCH_MS, () => void this.#touch(content).catch(() => {}))
    return true
  }

  async #touch(content: string): Promise<void> {
    const seconds = this.clock.now() / 1000
    if ((await this.#read()) === content) await utimes(this.path, seconds, seconds)
  }

  /** One at a time of those who follow this rule: the second would remove the new lock of the first. @returns whether the way is free */
  async #removeStale(): Promise<boolean> {
    if (!(await this.#isStale(this.path))) return false
    const guard = `${this.path}.takeover`
    try {
      await (await open(guard, 'wx', OWNER_ONLY)).close()
    } catch (error) {
      if (!isCode(error, 'EEXIST')) throw error
      // Whoever made it died within a moment.
      if (await this.#isStale(guard)) await rm(guard, { force: true })
      return false
    }
    try {
      return (await this.#isStale(this.path)) && (await this.#setAside())
    } finally {
      await rm(guard, { force: true })
    }
  }

  /** The CLI follows no such rule: what was moved may be a lock that it has just made. */
  async #setAside(): Promise<boolean> {
    const aside = `${this.path}.stale.${randomUUID()}`
    try {
      await rename(this.path, aside)
    } catch (error) {
      if (isGone(error)) return true
      throw error
    }
    const wasStale = await this.#isStale(aside)
    if (!wasStale) await link(aside, this.path).catch(() => {})
    await rm(aside, { force: true })
    return wasStale
  }

  /** One that is gone is in nobody's way either. */
  async #isStale(path: string): Promise<boolean> {
    try {
      return this.clock.now() - (await stat(path)).mtimeMs >= STALE_MS
    } catch (error) {
      if (isGone(error)) return true
      throw error
    }
  }

  async #read(): Promise<string | undefined> {
    try {
      return await readFile(this.path, 'utf8')
    } catch (error) {
      if (isGone(error)) return undefined
      throw error
    }
  }
}
