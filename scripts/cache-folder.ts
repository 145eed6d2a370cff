import { homedir } from 'node:os'
import { join } from 'node:path'

/** Where the scripts keep what they fetched, outside the project: `XDG_CACHE_HOME` or `~/.cache`. */
export const cacheFolder = (...names: string[]): string =>
  join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'dragoman', ...names)
