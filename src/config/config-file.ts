import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { isObject, type JsonObject, type JsonValue } from '../core/json.ts'
import { type JsoncDocument, parseJsonc } from './jsonc.ts'
import { assignOlderFile } from './older/assign.ts'
import { fromBrokerProvider } from './older/broker.ts'
import { readOlderDocument } from './older/file.ts'
import { type OlderKind, recognise } from './older/file-kind.ts'
import { fromGoProxy } from './older/go-proxy.ts'
import type { Path, Problem } from './problem.ts'
import type { Settings, Source } from './sources.ts'

/** Where what was found wrong is put. */
export interface Report {
  warnings: Problem[]
  errors: Problem[]
}

/** Takes over a config file: ours, or one of an older proxy, whose kind is returned. */
export async function assignFile(settings: Settings, file: string, report: Report): Promise<OlderKind | undefined> {
  const document = await parsedFile(file, report)
  if (document?.value === undefined) return undefined
  const kind = recognise(basename(file), document.value)
  if (kind === 'qwen') {
    const message = 'is the sign-in of a Qwen account, not a configuration'
    report.errors.push({ file, path: '', message, suggestion: 'name it in qwen.credentials' })
    return undefined
  }
  if (kind !== undefined && kind !== 'go_config') return assignOlder(settings, file, document, report)
  assignOwn(settings, file, document, kind === 'go_config', report)
  return kind
}

/** Takes over a file of the Python proxy that was found by its name. */
export async function assignFoundFile(settings: Settings, file: string, report: Report): Promise<OlderKind | undefined> {
  const document = await parsedFile(file, report)
  return document?.value === undefined ? undefined : assignOlder(settings, file, document, report)
}

/** The file's content; undefined, with the reason reported, where it cannot be read. Malformed JSON has no value. */
async function parsedFile(file: string, { errors }: Report): Promise<JsoncDocument | undefined> {
  try {
    const document = parseJsonc(await readFile(file, 'utf8'))
    if (document.value === undefined) errors.push(...faultsOf(file, document))
    return document
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    errors.push({ file, path: '', message: code === 'ENOENT' ? 'does not exist' : `cannot be read: ${code ?? 'unknown reason'}` })
    return undefined
  }
}

const faultsOf = (file: string, { faults }: JsoncDocument): Problem[] =>
  faults.map(({ position, path, message }) => ({ file, ...position, path, message }))

function assignOlder(settings: Settings, file: string, document: JsoncDocument, { warnings, errors }: Report): OlderKind | undefined {
  const older = readOlderDocument(file, document)
  ;(older.isReadable ? warnings : errors).push(...older.problems)
  assignOlderFile(settings, file, older)
  return older.kind
}

function assignOwn(settings: Settings, file: string, document: JsoncDocument, isGoProxy: boolean, { warnings, errors }: Report): void {
  errors.push(...faultsOf(file, document))
  if (!isObject(document.value)) {
    errors.push({ file, ...document.locate([]), path: '', message: 'must be a JSON object' })
    return
  }
  const source: Source = { text: `file ${file}`, file, isPlaced: true, position: document.locate }
  const value = isGoProxy ? fromGoProxy(document.value) : document.value
  const told = (path: Path, message: string) => warnings.push({ file, ...document.locate(path, true), path: path.join('.'), message })
  for (const [key, member] of Object.entries(value)) {
    if (member === undefined) continue
    settings.assign([key], key === 'providers' ? withBrokerProviders(member, told) : member, source)
  }
}

const withBrokerProviders = (providers: JsonValue, told: (path: Path, message: string) => void): JsonValue =>
  Array.isArray(providers)
    ? providers.map(
        (provider, index): JsonValue =>
          isObject(provider)
            ? fromBrokerProvider(provider as JsonObject, (key, message) => told(['providers', index, key], message))
            : provider,
      )
    : providers
