import { readFile } from 'node:fs/promises'
import { createInterface } from 'node:readline/promises'
import { GatewayError } from '../core/errors.ts'

/** How a command hears from its operator beyond the arguments. */
export interface Listening {
  /** The next line of the standard input; undefined where there is none. */
  readLine(): Promise<string | undefined>
  /** Asks on the terminal; undefined where there is none to ask on. */
  ask(question: string): Promise<string | undefined>
}

export const processListening: Listening = {
  async readLine() {
    const lines = createInterface({ input: process.stdin, terminal: false })
    for await (const line of lines) return line
    return undefined
  },
  async ask(question) {
    if (!process.stdin.isTTY || !process.stderr.isTTY) return undefined
    const lines = createInterface({ input: process.stdin, output: process.stderr })
    const interrupted = new Promise<never>((_, reject) => {
      lines.once('SIGINT', () => reject(new GatewayError('cancelled', 'cancelled')))
    })
    try {
      return await Promise.race([lines.question(question), interrupted])
    } finally {
      lines.close()
    }
  },
}

/** A secret as it was given: itself, `-` for a line of the standard input, `@FILE` for what stands in a file. @throws GatewayError naming `flag`, never the secret */
export async function givenSecret(flag: string, given: string, readLine: Listening['readLine']): Promise<string> {
  const secret = (given === '-' ? ((await readLine()) ?? '') : given.startsWith('@') ? await contentOf(flag, given.slice(1)) : given).trim()
  const from =
    given === '-' ? 'the standard input holds nothing' : given.startsWith('@') ? `${given.slice(1)} is empty` : 'must not be empty'
  if (secret === '') throw new GatewayError('invalid-request', `${flag}: ${from}`, { param: flag })
  return secret
}

async function contentOf(flag: string, file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    throw new GatewayError('invalid-request', `${flag}: ${file} cannot be read (${code ?? 'unknown reason'})`, { param: flag })
  }
}
