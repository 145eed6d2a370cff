import { readFileSync, realpathSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parseEnv } from 'node:util'
import { type Environment, ownVariables } from './environment.ts'
import type { Problem } from './problem.ts'

/** What is read of `.env`: our own names only, so that it cannot touch the runtime (proxies, TLS checks, preloads). */
export interface DotEnv {
  file?: string
  env: Environment
  warnings: Problem[]
  /** Line, from 1, on which a variable is set. */
  line(name: string): number
}

interface Owned {
  mode: number
  uid: number
}

const OTHERS_MAY_WRITE = 0o022

/** Why others than `uid` and root could have written what these describe, or undefined where they could not. */
export function writableByOthers(stat: Owned, uid: number | undefined): string | undefined {
  if (uid === undefined) return undefined
  if ((stat.mode & OTHERS_MAY_WRITE) !== 0) return 'can be written by others'
  return stat.uid !== uid && stat.uid !== 0 ? 'belongs to another user' : undefined
}

export const dotEnvPath = (cwd: string): string => join(cwd, '.env')

const NONE: DotEnv = { env: {}, warnings: [], line: () => 1 }

/**
 * Reads `.env` in `cwd`, unless others can write it or its folder: whoever can, could choose our upstreams and keys. `uid` is the
 * process's own, undefined where the system has none.
 */
export function readDotEnv(cwd: string, uid: number | undefined): DotEnv {
  const file = dotEnvPath(cwd)
  try {
    if (!statSync(file).isFile()) return NONE
  } catch {
    return NONE
  }
  const ignored = (reason: string): DotEnv => ({
    ...NONE,
    warnings: [{ file, path: '', message: `ignored: ${reason}`, suggestion: `chmod go-w ${file} ${cwd}` }],
  })
  try {
    const real = realpathSync(file)
    const fault = writableByOthers(statSync(real), uid)
    if (fault) return ignored(`the file ${fault}`)
    for (const folder of new Set([cwd, dirname(real)])) {
      const folderFault = writableByOthers(statSync(folder), uid)
      if (folderFault) return ignored(`its folder ${folderFault}`)
    }
    const text = readFileSync(real, 'utf8')
    const lines = text.split('\n')
    const line = (name: string): number =>
      lines.findLastIndex(
        each =>
          each
            .replace(/^\s*(export\s+)?/, '')
            .split('=')[0]
            ?.trim() === name,
      ) + 1
    return { file, env: ownVariables(parseEnv(text) as Environment), warnings: [], line: name => Math.max(1, line(name)) }
  } catch (error) {
    return {
      ...NONE,
      warnings: [{ file, path: '', message: `cannot be read: ${(error as NodeJS.ErrnoException).code ?? 'malformed'}` }],
    }
  }
}
