import { randomUUID } from 'node:crypto'
import type { Stats } from 'node:fs'
import { mkdir, open, realpath, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { pid } from 'node:process'
import type { Clock } from '../../core/clock.ts'
import { isObject, type JsonObject, type JsonValue, tryParseJson } from '../../core/json.ts'
import type { CredentialPort } from '../kept-credential.ts'
import { needsSignIn, renewalFailed } from '../refusals.ts'
import { whileAlone } from '../while-alone.ts'
import { isUsable, type NoCredential, parseCredentialsFile, type QwenCredential, type QwenKept } from './credential.ts'
import { FileLock, isGone, LOCK_WAITS } from './file-lock.ts'

/** Others write the file in place: what is no JSON is read again, so often and after so long. */
const TORN_READS = 3
const TORN_MS = 100

const LONGEST_FILE = 1_000_000
const OWNER_ONLY = 0o600
const FOLDER_OF_OWNER = 0o700

/** The members in the order in which the CLI writes them after a refresh, and after a sign-in (qwen.md §1.7). */
const AFTER_REFRESH = ['access_token', 'token_type', 'refresh_token', 'resource_url', 'expiry_date'] as const
const AFTER_SIGN_IN = ['access_token', 'refresh_token', 'token_type', 'resource_url', 'expiry_date'] as const

/** What of a file tells whether it is still the one that was read. */
type Mark = Pick<Stats, 'ino' | 'mtimeMs' | 'size'>

/** `oauth_creds.json` → `oauth_creds.lock`, as the CLI names it. */
export const lockPathOf = (path: string): string => `${path.replace(/\.json$/i, '')}.lock`

/**
 * A Qwen CLI's `oauth_creds.json`, used in place and shared with whatever else uses it: written in one step under the CLI's own lock, never removed. Where the path is
 * a symbolic link, the file that it points to is replaced and the link stays; the lock lies beside the link, where the CLI makes it.
 */
export class CredentialsFile implements CredentialPort<QwenKept> {
  readonly #lock: FileLock
  #mark: Mark | undefined
  /** The refresh token that the file last held for all we know: one that is not ours may not be written over. */
  #refreshToken: string | undefined

  constructor(
    readonly path: string,
    private readonly clock: Clock,
  ) {
    this.#lock = new FileLock(lockPathOf(path), clock)
  }

  /** For people; never the path, which tells whose home it is. */
  get name(): string {
    return basename(this.path)
  }

  /** The file itself, where the path is a link: two paths of one file are one account. Undefined where there is none. */
  async realPath(): Promise<string | undefined> {
    return orGone(realpath(this.path))
  }

  /** Whether the file is another one than was loaded or written last. @throws the file system's error */
  async isChanged(): Promise<boolean> {
    const now = await orGone(stat(this.path))
    return now === undefined ? this.#mark !== undefined : !isSame(this.#mark, now)
  }

  /** What is in it; a file that is gone or invalid is no credential and says why. @throws the file system's error where it cannot be read */
  async load(): Promise<QwenKept> {
    const found = await this.#read()
    this.#mark = found.mark
    const kept = 'problem' in found ? found : parseCredentialsFile(found.json)
    if (isUsable(kept)) {
      this.#refreshToken = kept.refresh_token
      return kept
    }
    return { problem: `${this.name} ${kept.problem}; sign in with the Qwen CLI or \`dragoman login qwen\`` }
  }

  /** Keeps what a refresh has brought; members that are not ours stay. @throws where the file is gone, or another sign-in's by now */
  async save(credential: QwenKept): Promise<void> {
    if (!isUsable(credential)) throw new Error(`there is no credential to write to ${this.name}`)
    const found = await this.#read()
    if ('problem' in found) throw new Error(`${this.name} ${found.problem}: new tokens are not written to it`)
    const others = isObject(found.json) ? found.json : {}
    if (others.refresh_token !== this.#refreshToken)
      throw new Error(`${this.name} was replaced meanwhile: new tokens are not written over it`)
    await this.#write({ ...ordered(credential, AFTER_REFRESH), ...without(others, AFTER_REFRESH) })
    this.#refreshToken = credential.refresh_token
  }

  /** Keeps what a sign-in has brought, in place of whatever there was; makes the folder where there is none. @throws GatewayError, or the file system's error */
  async replace(credential: QwenCredential): Promise<void> {
    await mkdir(dirname(this.path), { recursive: true, mode: FOLDER_OF_OWNER })
    const isDone = async (): Promise<boolean> => false
    await whileAlone({ port: this, clock: this.clock, waits: LOCK_WAITS, isDone, releaseFailed: leftToAge }, async () => {
      await this.#write(ordered(credential, AFTER_SIGN_IN))
      this.#refreshToken = credential.refresh_token
    })
  }

  /** @throws GatewayError with a verdict where no lock can be made */
  async acquire(): Promise<boolean> {
    try {
      return await this.#lock.acquire()
    } catch (cause) {
      if (isGone(cause))
        throw needsSignIn(`the folder of ${this.name} is gone; sign in with the Qwen CLI or \`dragoman login qwen\``, cause)
      // Without it the CLI may refresh at the same moment, and one of the two would lose the account.
      const code = cause instanceof Error && 'code' in cause ? ` (${cause.code})` : ''
      throw renewalFailed(`the folder of ${this.name} cannot be written${code}`, { cause })
    }
  }

  release(): Promise<void> {
    return this.#lock.release()
  }

  async #read(): Promise<({ json: JsonValue } | NoCredential) & { mark?: Mark }> {
    for (let reads = 1; ; reads++) {
      const read = await orGone(this.#readOnce())
      if (read === undefined || 'problem' in read) return read ?? { problem: 'is gone' }
      const { mark, text } = read
      const json = tryParseJson(text)
      if (json !== undefined) return { json, mark }
      if (reads === TORN_READS) return { problem: 'is no valid JSON', mark }
      await this.clock.sleep(TORN_MS)
    }
  }

  async #readOnce(): Promise<{ text: string; mark: Mark } | (NoCredential & { mark?: Mark })> {
    // A pipe would never be opened.
    if (!(await stat(this.path)).isFile()) return { problem: 'is no file' }
    const file = await open(this.path, 'r')
    try {
      const mark = await file.stat()
      return mark.size > LONGEST_FILE ? { problem: 'is too long', mark } : { text: await file.readFile('utf8'), mark }
    } finally {
      await file.close()
    }
  }

  /** Whoever reads sees the old file or the new one, and a crash leaves one of them. */
  async #write(json: JsonObject): Promise<void> {
    const target = (await this.realPath()) ?? this.path
    const draft = `${target}.tmp.${pid}.${randomUUID()}`
    try {
      const file = await open(draft, 'wx', OWNER_ONLY)
      let mark: Mark
      try {
        await file.writeFile(JSON.stringify(json, null, 2))
        await file.sync()
        mark = await file.stat()
      } finally {
        await file.close()
      }
      await rename(draft, target)
      this.#mark = mark
    } catch (error) {
      await rm(draft, { force: true })
      throw error
    }
  }
}

const isSame = (one: Mark | undefined, other: Mark): boolean =>
  one !== undefined && one.ino === other.ino && one.mtimeMs === other.mtimeMs && one.size === other.size

/** A lock that cannot be removed is taken for stale by others. */
const leftToAge = (): void => {}

/** Undefined where the file is not there. */
async function orGone<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked
  } catch (error) {
    if (isGone(error)) return undefined
    throw error
  }
}

const ordered = (credential: QwenCredential, order: readonly (keyof QwenCredential)[]): JsonObject =>
  Object.fromEntries(order.filter(key => credential[key] !== undefined).map(key => [key, credential[key]]))

const without = (json: JsonObject, keys: readonly string[]): JsonObject =>
  Object.fromEntries(Object.entries(json).filter(([key]) => !keys.includes(key)))
