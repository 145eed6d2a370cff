import { chmod, mkdir, readdir, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Logger } from './logger.ts'

/** Bytes of a file. */
export const LONGEST_DEBUG_FILE = 1_000_000

/** Requests that are gathered or wait to be written at the same time: each may hold a megabyte. */
const MOST_OPEN = 32

/** What we wrote, and nothing else in the folder: the time, then the request's id. No character that Windows refuses. */
const NAME = /^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3}Z-\w+\.txt$/

export interface DebugFilesOptions {
  dir: string
  /** How many files to keep; the oldest go first. */
  limit(): number
  log: Pick<Logger, 'warn' | 'error'>
}

/** A place taken for one request's file. */
export interface DebugFile {
  /**
   * Hands it over to be written, once; returns at once. `text` is made later, and cut to what a file may hold.
   * @param at when the request was over, in milliseconds since the epoch: the file's name
   */
  finish(at: number, text: () => string): void
}

/** One file for each request that is looked into, written one after the other behind the requests' backs. They hold what was said: only their owner may read them. */
export class DebugFiles {
  #open = 0
  #refused = 0
  #failing = false
  readonly #queue: { name: string; text: () => string }[] = []
  #writing: Promise<void> | undefined

  constructor(private readonly options: DebugFilesOptions) {}

  /** Undefined where too many are open: the request has no file, which the log tells. */
  open(requestId: string): DebugFile | undefined {
    if (this.#open >= MOST_OPEN) {
      this.#refused++
      return undefined
    }
    this.#open++
    return {
      finish: (at, text) => {
        this.#queue.push({ name: `${new Date(at).toISOString().replaceAll(':', '-')}-${requestId}.txt`, text })
        this.#writing ??= this.#writeAll()
      },
    }
  }

  /** Resolves when everything handed over is written. */
  async flush(): Promise<void> {
    await this.#writing
  }

  async #writeAll(): Promise<void> {
    for (let next = this.#queue.shift(); next; next = this.#queue.shift()) {
      // The request's own answer goes out first.
      await new Promise(resolve => setImmediate(resolve))
      try {
        await this.#write(next.name, cutInTheMiddle(next.text(), LONGEST_DEBUG_FILE))
        this.#failing = false
      } catch (cause) {
        // A full disk stays full: said once.
        if (!this.#failing) this.options.log.error({ dir: this.options.dir, cause }, 'debug files cannot be written')
        this.#failing = true
      }
      this.#open--
      if (this.#refused > 0) this.options.log.warn({ count: this.#refused }, 'requests have no debug file: too many came at once')
      this.#refused = 0
    }
    this.#writing = undefined
  }

  async #write(name: string, text: string): Promise<void> {
    const { dir } = this.options
    const limit = this.options.limit()
    await mkdir(dir, { recursive: true, mode: 0o700 })
    await chmod(dir, 0o700)
    const old = (await readdir(dir)).filter(file => NAME.test(file)).sort()
    for (const file of old.slice(0, Math.max(0, old.length - Math.max(0, limit - 1)))) await unlink(join(dir, file))
    if (limit > 0) await writeFile(join(dir, name), text, { mode: 0o600, flag: 'wx' })
  }
}

/** At most `limit` bytes of a text, with a line that says what is missing. */
export function cutInTheMiddle(text: string, limit: number): string {
  const bytes = Buffer.from(text)
  if (bytes.length <= limit) return text
  // Room for the line, and for halves of characters, which become longer.
  const half = (limit - 200) >> 1
  const cut = bytes.length - 2 * half
  return `${bytes.toString('utf8', 0, half)}\n\n[${cut} bytes are cut here, to keep this file short]\n\n${bytes.toString('utf8', bytes.length - half)}`
}
