import { readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import type { JetbrainsCredential } from '../accounts/jetbrains/credential.ts'
import type { LoadedConfig } from '../config/load.ts'
import { randomText } from '../core/ids.ts'
import { isObject, tryParseJson } from '../core/json.ts'

/** The files that fresh JWTs are to be written back into: none unless the configuration asks for it. */
export const writtenBack = ({ config, olderFiles }: Pick<LoadedConfig, 'config' | 'olderFiles'>): string[] =>
  config.jetbrains.write_back ? olderFiles.filter(({ kind }) => kind === 'jetbrainsai').map(({ file }) => file) : []

/**
 * Puts a fresh JWT into the entry of its licence in an older proxy's `jetbrainsai.json`, for people who still run that proxy; the file is replaced in one step and
 * keeps its mode. @returns whether there was such an entry
 */
export async function writeBackJwt(file: string, { licenseId, jwt }: JetbrainsCredential, now: number): Promise<boolean> {
  if (licenseId === undefined || jwt === undefined) return false
  const entries = tryParseJson(await readFile(file, 'utf8'))
  if (!Array.isArray(entries)) throw new Error('is no plain JSON list')
  const own = entries.filter(isObject).filter(entry => entry.licenseId === licenseId && entry.jwt !== jwt)
  if (own.length === 0) return false
  // What that proxy writes itself, in its own unit: seconds.
  for (const entry of own) Object.assign(entry, { jwt, last_updated: now / 1000 })
  const draft = `${file}.${randomText(8)}`
  try {
    await writeFile(draft, `${JSON.stringify(entries, null, 2)}\n`, { mode: (await stat(file)).mode & 0o777, flag: 'wx' })
    await rename(draft, file)
  } catch (error) {
    await rm(draft, { force: true })
    throw error
  }
  return true
}
