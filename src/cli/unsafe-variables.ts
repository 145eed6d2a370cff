/** Variables that change what our own code does or print its secrets. What runs before us only a service manager can stop. */
const UNSAFE: readonly (readonly [string, (value: string) => boolean])[] = [
  ['BUN_OPTIONS', () => true],
  ['BUN_INSPECT', () => true],
  ['BUN_INSPECT_CONNECT_TO', () => true],
  ['BUN_INSPECT_PRELOAD', () => true],
  ['BUN_CONFIG_VERBOSE_FETCH', value => value !== '' && value !== '0' && value !== 'false'],
  ['NODE_TLS_REJECT_UNAUTHORIZED', value => value === '0'],
]

/** The names of variables under which a gateway must not run. */
export const unsafeVariables = (env: Record<string, string | undefined>): string[] =>
  UNSAFE.filter(([name, matters]) => env[name] !== undefined && matters(env[name])).map(([name]) => name)
