import { closeSync, fstatSync, fsyncSync, linkSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { randomText } from '../core/ids.ts'
import { StoreError } from './store-error.ts'

/** The file of a data dir that holds the admin key made on a first start. */
export const ADMIN_KEY_FILE = 'admin.key'

/** The file of a data dir that holds the secret key made where the configuration names none. */
export const SECRET_KEY_FILE = 'secret.key'

export interface KeptSecret {
  value: string
  /** True for the one call that made it. */
  created: boolean
}

/**
 * The secret kept in the file at `path`; where there is none, `make()` gives one, and it is on the disk, whole and with mode 0600,
 * when this returns. Of two processes that make one at once both get the same.
 * @throws {StoreError} `permissions` where others may read the file, `empty` where nothing stands in it
 */
export function readOrCreateSecret(path: string, make: () => string): KeptSecret {
  const kept = readSecret(path)
  if (kept !== undefined) return { value: kept, created: false }
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  const value = make()
  if (create(path, value)) return { value, created: true }
  return { value: readSecret(path) ?? value, created: false }
}

/** The secret in the file at `path`, without the line's end; undefined where there is no file. */
export function readSecret(path: string): string | undefined {
  let file: number
  try {
    file = openSync(path, 'r')
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined
    throw error
  }
  try {
    const mode = fstatSync(file).mode & 0o777
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
      const shown = mode.toString(8).padStart(4, '0')
      throw new StoreError(
        'permissions',
        `other users can read or write ${path} (mode ${shown}): run chmod 600 ${path}, and replace the secret if it may have been seen`,
      )
    }
    const value = readFileSync(file, 'utf8').trim()
    if (value === '') throw new StoreError('empty', `${path} is empty: put the secret back, or delete the file to have a new one made`)
    return value
  } finally {
    closeSync(file)
  }
}

/** False where the file came into being meanwhile. Linking a finished draft is the only way to be both whole and exclusive. */
function create(path: string, value: string): boolean {
  const draft = `${path}.${randomText(8)}`
  const file = openSync(draft, 'wx', 0o600)
  try {
    writeSync(file, `${value}\n`)
    fsyncSync(file)
    linkSync(draft, path)
    return true
  } catch (error) {
    if (isCode(error, 'EEXIST')) return false
    throw error
  } finally {
    closeSync(file)
    rmSync(draft, { force: true })
  }
}

const isCode = (error: unknown, code: string): boolean => error instanceof Error && 'code' in error && error.code === code
