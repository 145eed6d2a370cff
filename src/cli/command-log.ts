import type { Logger } from '../log/logger.ts'

/**
 * What is worth a warning while a command runs, as lines for its operator. Changes of an account's state are left out: the command itself says what it has found.
 */
export function commandLog(stderr: (text: string) => void): Logger {
  const said = new Set<string>()
  const say = (word: string) => (fields: object, message: string) => {
    if ('state' in fields) return
    const { account, error, cause } = fields as { account?: string; error?: string; cause?: unknown }
    const why = error ?? (cause instanceof Error ? cause.message : undefined)
    const line = `${word}: ${account === undefined ? '' : `${account}: `}${message}${why === undefined ? '' : ` (${why})`}\n`
    // Accounts are read again with every step of a command.
    if (said.has(line)) return
    said.add(line)
    stderr(line)
  }
  return { debug() {}, info() {}, warn: say('warning'), error: say('error'), line() {}, says: () => false, setLevel() {} }
}
