import { isObject, type JsonValue } from '../../core/json.ts'
import type { Path } from '../problem.ts'
import type { Findings } from './findings.ts'

export interface OlderKey {
  name?: string
  key: string
  /** Where it stands in its file. */
  at: Path
}

/** Keys of the older proxies' example files, which are nobody's. */
const TEMPLATE = /^(sk-)?your[-_].*[-_]here$|…|\.\.\./i

/** Reads `client_api_keys.json`: a list of keys, or an object of keys and what each is for. Undefined where it is neither. */
export function readClientKeys(json: JsonValue, findings: Pick<Findings, 'leftOut'>): OlderKey[] | undefined {
  const entries: [Path, JsonValue, JsonValue | undefined][] = Array.isArray(json)
    ? json.map((key, index) => [[index], key, undefined])
    : isObject(json)
      ? Object.entries(json).map(([key, description]) => [[key], key, description])
      : []
  if (!Array.isArray(json) && !isObject(json)) return undefined
  const seen = new Map<string, string>()
  return entries.flatMap(([at, key, description], index): OlderKey[] => {
    const shown = `[${index}]`
    const fault = keyFault(key, seen)
    if (typeof key !== 'string' || fault !== undefined) {
      findings.leftOut(at, fault ?? 'must be a string', shown)
      return []
    }
    seen.set(key, shown)
    const name = typeof description === 'string' ? description.trim() : ''
    return [{ ...(name !== '' && { name }), key, at }]
  })
}

function keyFault(key: JsonValue, seen: Map<string, string>): string | undefined {
  if (typeof key !== 'string') return 'must be a string'
  if (key.trim() === '') return 'must not be empty'
  if (TEMPLATE.test(key)) return 'is a placeholder'
  const first = seen.get(key)
  return first === undefined ? undefined : `the same key stands at ${first}`
}
