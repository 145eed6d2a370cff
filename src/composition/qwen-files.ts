import { readdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { QwenKept } from '../accounts/qwen/credential.ts'
import { CredentialsFile } from '../accounts/qwen/credentials-file.ts'
import type { Config } from '../config/schema.ts'
import type { Clock } from '../core/clock.ts'

/** The Qwen CLI's own file, and those of further accounts beside it (`oauth_creds_<NAME>.json`). */
const OWN_FILE = 'oauth_creds.json'
const FILE = /^oauth_creds(?:_(.+))?\.json$/

/** A file of a signed-in account, with what was found in it. */
export interface QwenFile {
  file: CredentialsFile
  /** The file itself, where its path is a link: two paths of one file are one account. */
  id: string
  /** What its name says of the account. */
  label: string | undefined
  credential: QwenKept
}

/** `oauth_creds_<NAME>.json` in the Qwen CLI's folder, or its own file. */
export const qwenFileOf = (home: string, name?: string): string => join(home, name === undefined ? OWN_FILE : `oauth_creds_${name}.json`)

/** The files that hold accounts: the configured ones, else those that lie in the CLI's folder. */
async function pathsOf({ home, credentials }: Config['qwen']): Promise<string[]> {
  if (credentials) return credentials
  const names = await readdir(home).catch(() => [] as string[])
  return names
    .filter(name => FILE.test(name))
    .sort()
    .map(name => join(home, name))
}

/** Reads the files of accounts, each once, in place: the Qwen CLI may use and change them at the same time. */
export class QwenFiles {
  #known = new Map<string, CredentialsFile>()

  constructor(private readonly clock: Clock) {}

  async read(settings: Config['qwen']): Promise<QwenFile[]> {
    const found = new Map<string, QwenFile>()
    const known = new Map<string, CredentialsFile>()
    for (const path of await pathsOf(settings)) {
      const file = this.#known.get(path) ?? new CredentialsFile(path, this.clock)
      const id = (await file.realPath()) ?? path
      known.set(path, file)
      if (found.has(id)) continue
      const credential = await file.load().catch((error): QwenKept => ({ problem: `${file.name} cannot be read (${codeOf(error)})` }))
      found.set(id, { file, id, label: FILE.exec(basename(path))?.[1], credential })
    }
    this.#known = known
    return [...found.values()]
  }

  /** Which files there are, told cheaply. */
  async names(settings: Config['qwen']): Promise<string> {
    return (await pathsOf(settings)).join('\n')
  }
}

const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason')
