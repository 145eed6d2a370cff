import { describe, test } from 'bun:test'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'

/** Recorded answers of real providers. They lie beside the project, never in it; its README says what each folder holds. */
const folder = resolve(import.meta.dir, '../../../shared/recordings')

export const recordingsPresent: boolean = existsSync(folder)

/** Folders whose files are OpenAI-style chat; files that begin with `responses-` are the Responses API and never count. */
export const OPENAI_CHAT_PROVIDERS: readonly string[] = [
  'alibaba',
  'deepseek',
  'groq',
  'mistral',
  'moonshotai',
  'openai',
  'openai-compatible',
  'perplexity',
  'togetherai',
  'xai',
]

export const ANTHROPIC_PROVIDERS: readonly string[] = ['anthropic']

export type RecordingFormat = 'openai-chat' | 'anthropic' | 'other'
export type RecordingSuffix = '.chunks.txt' | '.json'

export interface Recording {
  provider: string
  /** The file's name without its suffix. */
  name: string
  path: string
  format: RecordingFormat
}

/** The wire format of a recording, by the rules of the recordings' README. */
export function formatOf(provider: string, name: string): RecordingFormat {
  if (ANTHROPIC_PROVIDERS.includes(provider)) return 'anthropic'
  if (!OPENAI_CHAT_PROVIDERS.includes(provider) || name.startsWith('responses-')) return 'other'
  return provider !== 'openai' || name.startsWith('chat-') ? 'openai-chat' : 'other'
}

/** Recordings in a stable order; none where the folder is absent. `.json` holds bodies (errors among them), `.chunks.txt` streams. */
export function listRecordings(filter: { suffix: RecordingSuffix; providers?: readonly string[]; format?: RecordingFormat }): Recording[] {
  if (!recordingsPresent) return []
  const found: Recording[] = []
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (!entry.isDirectory() || (filter.providers && !filter.providers.includes(entry.name))) continue
    for (const file of readdirSync(resolve(folder, entry.name))) {
      if (!file.endsWith(filter.suffix)) continue
      const name = file.slice(0, -filter.suffix.length)
      const format = formatOf(entry.name, name)
      if (filter.format && format !== filter.format) continue
      found.push({ provider: entry.name, name, path: resolve(folder, entry.name, file), format })
    }
  }
  return found.sort((a, b) => (a.path < b.path ? -1 : 1))
}

/** The frames of a `.chunks.txt`, one JSON text each. */
export function readChunks(path: string): string[] {
  return readFileSync(path, 'utf8')
    .split(/\r?\n/)
    .filter(line => line.trim() !== '')
}

/** The parsed body of a `.json` recording. */
export function readBody(path: string): unknown {
  return JSON.parse(readFileSync(path, 'utf8'))
}

/** A recorded stream as it was on the wire. */
export function asSse(lines: readonly string[], format: 'openai-chat' | 'anthropic'): string {
  if (format === 'openai-chat') return `${lines.map(line => `data: ${line}\n\n`).join('')}data: [DONE]\n\n`
  return lines.map(line => `event: ${eventName(line)}\ndata: ${line}\n\n`).join('')
}

function eventName(line: string): string {
  const data: unknown = JSON.parse(line)
  if (typeof data === 'object' && data !== null && 'type' in data && typeof data.type === 'string') return data.type
  throw new Error(`a recorded Anthropic frame has no type: ${line.slice(0, 80)}`)
}

/** `describe` for tests that need the recordings; without them the suite is skipped and says so. */
export function describeRecordings(name: string, body: () => void): void {
  if (recordingsPresent) {
    describe(name, body)
    return
  }
  console.warn(`SKIPPED "${name}": the recorded provider answers (../shared/recordings) are not here`)
  describe.skip(name, () => {
    test('needs ../shared/recordings', () => {})
  })
}
