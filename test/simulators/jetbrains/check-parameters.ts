import { type Json, parseOrUndefined } from '../../checkers/json.ts'
import { listAt, objectAt, onlyKnown } from './check-values.ts'
import { type Family, PARAMETER_TYPES } from './families.ts'
import { refuse } from './refuse.ts'

/** Parameters by name, JSON ones parsed, numbers as numbers. */
export type Parameters = ReadonlyMap<string, unknown>

/** Reads `parameters` (jetbrains-ai.md §2.4): pairs of a key entry and a value entry. @throws Refusal where a pair is none, or not `allowed`. */
export function checkParameters(parameters: unknown, allowed: readonly string[]): Parameters {
  const read = new Map<string, unknown>()
  if (parameters === undefined) return read
  const { data, ...rest } = objectAt('$.parameters', parameters)
  onlyKnown('$.parameters', rest, [])
  const entries = listAt('$.parameters.data', data)
  if (entries.length % 2 === 1) refuse('parameters.data: every key needs a value, but the number of entries is odd')
  for (let at = 0; at < entries.length; at += 2) {
    const key = objectAt(`$.parameters.data[${at}]`, entries[at])
    const value = objectAt(`$.parameters.data[${at + 1}]`, entries[at + 1])
    const name = checkKey(at, key, value, allowed)
    if (read.has(name)) refuse(`Parameter ${name} is given twice`)
    read.set(name, readValue(name, value))
  }
  return read
}

function checkKey(at: number, key: Json, value: Json, allowed: readonly string[]): string {
  const path = `$.parameters.data[${at}]`
  const { fqdn, type } = key
  if (typeof fqdn !== 'string') return refuse(`Field 'fqdn' is required for a key at path: ${path}`)
  const types = Object.hasOwn(PARAMETER_TYPES, fqdn) ? PARAMETER_TYPES[fqdn] : undefined
  if (!types) return refuse(`Unknown parameter ${fqdn}`)
  onlyKnown(path, key, ['type', 'fqdn'])
  onlyKnown(`$.parameters.data[${at + 1}]`, value, ['type', 'value', 'modified'])
  if (!types.includes(String(type))) refuse(`Parameter ${fqdn} has type ${type}, expected ${types.join(' or ')}`)
  if (value.type !== type) refuse(`Parameter ${fqdn}: the key has type ${type}, the value ${value.type}`)
  if (!allowed.includes(fqdn)) refuse(`Parameter ${fqdn} is not supported by the profile`)
  if (value.modified !== undefined && typeof value.modified !== 'number') refuse(`Parameter ${fqdn}: modified must be a number`)
  return fqdn
}

/** Numbers may come as text: both are sent by working clients. */
function readValue(name: string, { type, value }: Json): unknown {
  const wrong = (): never => refuse(`Parameter ${name}: ${JSON.stringify(value)} is no value of type ${type}`)
  if (type === 'bool') return typeof value === 'boolean' ? value : wrong()
  if (type === 'double' || type === 'int') {
    const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
    if (typeof number !== 'number' || !Number.isFinite(number) || (type === 'int' && !Number.isInteger(number))) return wrong()
    return number
  }
  if (typeof value !== 'string') return wrong()
  if (type === 'text') return value
  const parsed = parseOrUndefined(value)
  return parsed === undefined ? wrong() : parsed
}

const EFFORTS = ['low', 'medium', 'high']

const parameter = (name: string): string => `llm.parameters.${name}`

/** Values that no vendor takes, and what v7 does not take together. */
export function checkRanges(parameters: Parameters, family: Family, version: 'v7' | 'v8'): void {
  const between = (name: string, low: number, high: number): void => {
    const value = parameters.get(parameter(name))
    if (typeof value === 'number' && (value < low || value > high)) refuse(`${name} must be between ${low} and ${high}, got ${value}`)
  }
  between('temperature', 0, family.temperature)
  between('top-p', 0, 1)
  between('length', 1, Number.MAX_SAFE_INTEGER)
  between('number-of-choices', 1, 8)
  const effort = parameters.get(parameter('reasoning-effort'))
  if (effort !== undefined && !EFFORTS.includes(String(effort))) refuse(`reasoning-effort must be one of ${EFFORTS.join(', ')}`)
  if (version === 'v7' && parameters.has(parameter('temperature')) && parameters.has(parameter('top-p'))) {
    refuse('temperature and top-p cannot be used together')
  }
}

/** Names that v7 knows nothing of, and answers in its own way. */
const UNCONVERTED = ['top-k', 'seed', 'response-format'].map(parameter)

/** The v7 refusals that have words of their own; the rest is a parameter that the profile does not support. */
export function checkV7Names(parameters: unknown, family: Family): void {
  const { data } = parameters === undefined ? { data: [] } : objectAt('$.parameters', parameters)
  for (const [at, entry] of listAt('$.parameters.data', data).entries()) {
    const { fqdn } = objectAt(`$.parameters.data[${at}]`, entry)
    if (UNCONVERTED.includes(String(fqdn))) refuse(`Failed to convert parameter ${fqdn}`)
    const sampling = fqdn === parameter('temperature') || fqdn === parameter('top-p')
    if (sampling && family.vendor === 'openai') refuse(`Parameter ${fqdn} is not supported for chat OpenAI provider`)
  }
}
