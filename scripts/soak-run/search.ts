import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { LEAKED } from './faults.ts'
import { TRACES } from './judge.ts'
import { SAID, SECRETS } from './secrets.ts'

/** Text of the start, for people: everything else is one JSON object a line. */
const BANNER = /^(Dragoman| {2}|$)/
const MOST = 20

/** May be told to the caller, but is to be kept nowhere. */
const UNKEPT = Object.entries({ ...SECRETS, 'what a prompt said': SAID, "what an upstream's error said": LEAKED })

/** What the log must not hold: lines that are no JSON, faults of our own, secrets, what was said. The first few of them. */
export async function searchLog(path: string): Promise<{ lines: number; found: string[] }> {
  const found: string[] = []
  let lines = 0
  const look = (line: string): void => {
    lines++
    if (found.length >= MOST) return
    const short = line.slice(0, 600)
    if (!BANNER.test(line) && !isObjectLine(line)) found.push(`a line of the log is no JSON: ${short}`)
    if (TRACES.test(line)) found.push(`the log tells of a fault of our own: ${short}`)
    for (const [name, secret] of UNKEPT) if (line.includes(secret)) found.push(`the log holds ${name}: ${short}`)
  }
  const decoder = new TextDecoder()
  let rest = ''
  for await (const piece of Bun.file(path).stream()) {
    const parts = (rest + decoder.decode(piece, { stream: true })).split('\n')
    rest = parts.pop() ?? ''
    for (const line of parts) look(line)
  }
  if (rest !== '') look(rest)
  return { lines, found }
}

function isObjectLine(line: string): boolean {
  try {
    return typeof JSON.parse(line) === 'object'
  } catch {
    return false
  }
}

/** Secrets, and what was said, in the files of a folder (the admin key has a file of its own). */
export async function searchFiles(folder: string): Promise<string[]> {
  const found: string[] = []
  const longest = Math.max(...UNKEPT.map(([, secret]) => secret.length))
  for (const name of readdirSync(folder)) {
    const path = join(folder, name)
    if (!statSync(path).isFile()) continue
    let before = ''
    for await (const piece of Bun.file(path).stream()) {
      const text = before + Buffer.from(piece).toString('latin1')
      for (const [secret, value] of UNKEPT) if (text.includes(value)) found.push(`${name} holds ${secret}`)
      before = text.slice(-longest)
    }
  }
  return [...new Set(found)]
}
