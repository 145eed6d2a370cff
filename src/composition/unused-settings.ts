import { isDeepStrictEqual } from 'node:util'
import { defaultConfig } from '../config/default.ts'
import type { LoadedConfig } from '../config/load.ts'
import type { Config } from '../config/schema.ts'

/** Settings that are read and checked, so that a full file is valid, but that nothing acts on yet. */
const UNUSED = ['workers', 'trusted_proxies', 'metrics_key', 'model_list'] as const satisfies readonly (keyof Config)[]

/** What the operator asked for without effect in this version, where it differs from what would be there anyway: better told than found out. */
export function unusedSettings({ config }: Pick<LoadedConfig, 'config'>): string[] {
  const usual = defaultConfig()
  return UNUSED.filter(name => !isDeepStrictEqual(config[name], usual[name])).map(name => `${name} has no effect in this version`)
}
