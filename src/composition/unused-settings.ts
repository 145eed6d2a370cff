import type { LoadedConfig } from '../config/load.ts'

/** Settings that are read and checked, so that a full file is valid, but that nothing acts on yet: by the beginning of their path. */
const UNUSED = [
  'workers',
  'trusted_proxies',
  'metrics_key',
  'secret_key',
  'load_balance_strategy',
  'health_check_interval',
  'model_list',
  'images',
  'responses_store',
  'debug_log',
  'log_file_limit',
  'jetbrains',
  'qwen',
] as const

/** What the operator set without effect in this version: better told than found out. */
export function unusedSettings({ origins }: Pick<LoadedConfig, 'origins'>): string[] {
  const set = [...origins].filter(([, origin]) => !origin.startsWith('default')).map(([path]) => path)
  const names = UNUSED.filter(name => set.some(path => path === name || path.startsWith(`${name}.`) || path.startsWith(`${name}_`)))
  return names.map(name => `${name} has no effect in this version`)
}
