/** Bun's fetch runs 256 requests at once, a stream counting until it ends, unless this is set when the process starts. */
const LIMIT = 'BUN_CONFIG_MAX_HTTP_REQUESTS'
const MOST_REQUESTS = '65535'

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

/** Whether the arguments run the server, which is what happens when no command is named. */
export function isServing([first = 'serve', ...rest]: readonly string[]): boolean {
  const plain = ['--help', '--version', '--generate-config', '--print-config']
  return first === 'serve' || (first.startsWith('-') && !plain.includes(first)) ? !rest.includes('--help') : false
}

/**
 * Replaces this process with itself, the limit lifted; the pid stays. Returns where nothing needs to be done, or where the system cannot do it.
 */
export function liftRequestLimit(env: Record<string, string | undefined>): void {
  if (env[LIMIT] !== undefined || typeof process.execve !== 'function' || process.platform === 'win32') return
  const compiled = process.argv[1]?.startsWith('/$bunfs/') ?? false
  const args = compiled ? [process.execPath, ...process.argv.slice(2)] : [process.execPath, ...process.argv.slice(1)]
  // Libraries that ask at run time whether this is a development machine get the same answer as the build.
  process.execve(process.execPath, args, { ...definedOnly(env), NODE_ENV: 'production', [LIMIT]: MOST_REQUESTS })
}

const definedOnly = (env: Record<string, string | undefined>): Record<string, string> =>
  Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined))
