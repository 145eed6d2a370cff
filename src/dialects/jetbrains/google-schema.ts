import { isObject, type JsonObject, type JsonValue } from '../../core/json.ts'

/** Definitions that refer to each other twice grow by powers of two; no schema of a real tool comes near this many nodes. */
const MOST_NODES = 20_000

/** Keywords beginning with `$` that say nothing of the values a schema allows. `$defs` is one once what it defines stands where it was referred to. */
const SAYS_NOTHING = new Set(['$schema', '$id', '$comment', '$anchor', '$defs', '$vocabulary'])

export interface PlainSchema {
  schema: JsonObject
  /** Something that the schema said is gone. */
  lossy: boolean
}

/**
 * A schema without any key that begins with `$`, which Gemini answers with a 400 (jetbrains-ai.md §2.4): what is referred to is put in its place, as far as it
 * is in the schema and does not hold itself.
 */
export function withoutReferences(schema: JsonObject): PlainSchema {
  const writer = new ReferenceWriter(schema)
  const plain = writer.node(schema, [])
  // The older name of `$defs`.
  if (isObject(schema.definitions)) delete plain.definitions
  return { schema: plain, lossy: writer.lossy }
}

class ReferenceWriter {
  lossy = false
  #nodes = 0

  constructor(private readonly root: JsonObject) {}

  /** @param within the references whose targets this stands in */
  node(given: JsonObject, within: readonly string[]): JsonObject {
    const { node, references } = this.#resolved(given, within)
    const written: JsonObject = {}
    for (const [key, value] of Object.entries(node)) {
      if (!key.startsWith('$')) written[key] = this.#value(value, references)
      else if (!SAYS_NOTHING.has(key)) this.lossy = true
    }
    return withoutLostNames(written)
  }

  #value(value: JsonValue | undefined, within: readonly string[]): JsonValue | undefined {
    if (Array.isArray(value)) return value.map(item => this.#value(item, within) ?? null)
    return isObject(value) ? this.node(value, within) : value
  }

  /** The schema with what it refers to in place of the reference; its own keywords hold beside it. */
  #resolved(given: JsonObject, within: readonly string[]): { node: JsonObject; references: readonly string[] } {
    let node = given
    let references = within
    while (typeof node.$ref === 'string') {
      const { $ref: reference, ...rest } = node
      const target = references.includes(reference) || ++this.#nodes > MOST_NODES ? undefined : referenced(reference, this.root)
      if (!target) {
        this.lossy = true
        return { node: rest, references }
      }
      node = { ...target, ...rest }
      references = [...references, reference]
    }
    return { node, references }
  }
}

/** A property that lost its place cannot be required. */
function withoutLostNames(schema: JsonObject): JsonObject {
  const { required, properties } = schema
  if (!Array.isArray(required) || !isObject(properties)) return schema
  const kept = required.filter(name => typeof name !== 'string' || !name.startsWith('$') || properties[name] !== undefined)
  return kept.length === required.length ? schema : { ...schema, required: kept }
}

/** What a local reference (`#/$defs/x`) points to; undefined where that is nothing, or elsewhere. */
function referenced(reference: string, root: JsonObject): JsonObject | undefined {
  if (!reference.startsWith('#')) return undefined
  let at: JsonValue | undefined = root
  for (const step of reference.slice(1).split('/').filter(Boolean)) {
    at = isObject(at) ? at[step.replaceAll('~1', '/').replaceAll('~0', '~')] : undefined
  }
  return isObject(at) ? at : undefined
}
