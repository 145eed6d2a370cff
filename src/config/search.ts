import { statSync } from 'node:fs'
import { isAbsolute, join, resolve } from 'node:path'

/** Where a config file is looked for, first match wins. */
export const searchPaths = (cwd: string, homeDir: string): string[] => [
  ...[
    'dragoman.json',
    'config.json',
    'config/config.json',
    'configs/config.json',
    '.config/dragoman.json',
    '.config/jetbrains-ai-proxy.json',
  ].map(path => join(cwd, path)),
  join(homeDir, '.config/dragoman/config.json'),
  join(homeDir, '.config/jetbrains-ai-proxy/config.json'),
  '/etc/dragoman/config.json',
]

const isFile = (path: string): boolean => {
  try {
    return statSync(path).isFile()
  } catch {
    return false
  }
}

/** The first of `paths` that is a file. */
export const firstFile = (paths: readonly string[]): string | undefined => paths.find(isFile)

/** `~` and `~/…` in the home folder, everything else from `cwd`. */
export function expandPath(path: string, cwd: string, homeDir: string): string {
  if (path === '~') return homeDir
  if (path.startsWith('~/')) return join(homeDir, path.slice(2))
  return isAbsolute(path) ? path : resolve(cwd, path)
}
