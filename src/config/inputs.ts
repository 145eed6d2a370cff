import { homedir } from 'node:os'
import type { LoadInput } from './load.ts'

/** The process's own environment: nothing else reads it. */
export const processInputs = (): Pick<LoadInput, 'env' | 'cwd' | 'homeDir'> => ({
  env: process.env,
  cwd: process.cwd(),
  homeDir: homedir(),
})
