import type { JsonObject, JsonValue } from '../../core/json.ts'
import type { UpstreamTraits } from '../dialect.ts'
import type { ProfileFamily } from './profile-family.ts'
import type { Version } from './wire.ts'

const PREFIX = 'llm.parameters.'

/** The parameters we know, with the wire's own types (jetbrains-ai.md §2.4). */
const TYPES = {
  tools: 'json',
  functions: 'json',
  'tool-choice-auto': 'bool',
  'tool-choice-none': 'bool',
  'tool-choice-required': 'bool',
  'tool-choice-named': 'text',
  'parallel-tool-calls': 'bool',
  length: 'int',
  temperature: 'double',
  'top-p': 'double',
  'top-k': 'int',
  'stop-token': 'text',
  seed: 'int',
  'number-of-choices': 'int',
  'response-format': 'json',
  'reasoning-effort': 'text',
  'thinking-budget': 'int',
  verbosity: 'text',
} as const

export type ParameterKey = keyof typeof TYPES

/** `parameters.data`: each parameter is two entries, its name and its value. */
export class ParameterList {
  readonly data: JsonObject[] = []
  readonly #allowed: ReadonlySet<string>

  constructor(allowed: Iterable<string>) {
    this.#allowed = new Set(allowed)
  }

  allows(key: ParameterKey): boolean {
    return this.#allowed.has(PREFIX + key)
  }

  add(key: ParameterKey, value: JsonValue): void {
    const type = TYPES[key]
    this.data.push({ type, fqdn: PREFIX + key }, { type, value: type === 'json' ? JSON.stringify(value) : value })
  }
}

/**
 * What may be sent. The live list of the profile is the truth for v8, where there is one, else the family's; whether codex profiles take tools on their
 * endpoint only that list tells (jetbrains-ai.md §16 i). It says nothing of v7, where the family's own list holds.
 */
export function allowedParameters(version: Version, family: ProfileFamily, { parameters: live }: UpstreamTraits): ParameterList {
  if (version.name === 'v7') return new ParameterList(family.olderParameters.map(key => PREFIX + key))
  if (family.name === 'codex') return new ParameterList(live?.includes(`${PREFIX}tools`) ? live : [])
  return new ParameterList(live ?? family.parameters.map(key => PREFIX + key))
}
