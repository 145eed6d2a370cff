import { readdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { QwenKept } from '../accounts/qwen/credential.ts'
import { CredentialsFile } from '../accounts/qwen/credentials-file.ts'
import type { Config } from '../config/schema.ts'
import type { Clock } from '../core/clock.ts'
import { invalidField } from '../core/errors.ts'
import type { JsonObject } from '../core/json.ts'

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

/** What the account of a file is called: as the file's name says, else by its number among them all. */
export const labelOfFile = ({ label }: Pick<QwenFile, 'label'>, provider: string, number: number): string =>
  label ?? `${provider}-${number}`

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
      const credential = await keptIn(file)
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

/** Refuses a posted credential that lies in a file where there is no sign-in. @throws GatewayError naming the field */
export async function checkSignInFile({ file: path }: JsonObject, clock: Clock): Promise<void> {
  if (typeof path !== 'string') return
  const kept = await keptIn(new CredentialsFile(path, clock))
  if ('problem' in kept) throw invalidField('credential.file', kept.problem, 'invalid_value')
}

/** What is in a file; one that cannot be read is no credential and says why. */
export const keptIn = (file: CredentialsFile): Promise<QwenKept> =>
  file.load().catch((error): QwenKept => ({ problem: `${file.name} cannot be read (${codeOf(error)})` }))

const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason')
