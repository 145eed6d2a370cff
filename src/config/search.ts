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

/** The Python proxy's files in its working directory, which are the configuration where there is no other. */
export const olderPaths = (cwd: string): string[] =>
  ['jetbrainsai.json', 'client_api_keys.json', 'models.json'].map(name => join(cwd, name))

export const isFile = (path: string): boolean => {
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
