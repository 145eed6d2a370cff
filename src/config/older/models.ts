import { isObject, type JsonObject, type JsonValue } from '../../core/json.ts'
import type { Path } from '../problem.ts'
import { type Findings, placeText } from './findings.ts'

/** What an older proxy was told of models. */
export interface OlderModels {
  /** Names for clients, and the profile that each means. */
  aliases: Record<string, string>
  /** Profiles to serve. */
  listed: string[]
  /** Names that `/v1/messages` maps to others. */
  mappings: Record<string, string>
}

export const noModels = (): OlderModels => ({ aliases: {}, listed: [], mappings: {} })

/**
 * Reads `models.json` in its three forms (jetbrains-ai.md §7.3): a list of profiles; a list with mappings; an object of public names and
 * their profiles. Undefined where it is none of them.
 */
export function readModels(json: JsonValue, findings: Findings): OlderModels | undefined {
  if (Array.isArray(json)) return { ...noModels(), listed: namesOf(json, [], findings) }
  if (!isObject(json)) return undefined
  const { models, anthropic_model_mappings: mapped, ...rest } = json
  for (const key of Object.keys(rest)) findings.note([key], 'unknown key, ignored')
  const mappings = isObject(mapped) ? pairsOf(mapped, ['anthropic_model_mappings'], findings) : {}
  if (mapped !== undefined && mapped !== null && !isObject(mapped)) findings.leftOut(['anthropic_model_mappings'], 'must be an object')
  if (Array.isArray(models)) return { aliases: {}, listed: namesOf(models, ['models'], findings), mappings }
  if (!isObject(models)) return undefined
  const pairs = pairsOf(models, ['models'], findings)
  // A name that means itself is no other name for anything.
  const aliases = Object.fromEntries(Object.entries(pairs).filter(([name, profile]) => name !== profile))
  return { aliases, listed: [...new Set(Object.values(pairs))], mappings }
}

function namesOf(list: JsonValue[], at: Path, findings: Findings): string[] {
  const seen = new Map<string, string>()
  for (const [index, name] of list.entries()) {
    const path = [...at, index]
    const first = typeof name === 'string' ? seen.get(name) : undefined
    if (typeof name !== 'string' || name.trim() === '') findings.leftOut(path, 'must be the name of a model')
    else if (first !== undefined) findings.leftOut(path, `the same model stands at ${first}`)
    else seen.set(name, placeText(path))
  }
  return [...seen.keys()]
}

function pairsOf(object: JsonObject, at: Path, findings: Findings): Record<string, string> {
  const pairs: [string, string][] = []
  for (const [name, profile] of Object.entries(object)) {
    if (typeof profile === 'string' && profile.trim() !== '' && name.trim() !== '') pairs.push([name, profile])
    else findings.leftOut([...at, name], 'must be the name of a model')
  }
  return Object.fromEntries(pairs)
}
