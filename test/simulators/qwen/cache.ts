import { isObject, type Json, objectsOf } from '../../checkers/json.ts'
import type { SimulatedClock } from '../clock.ts'
import { prefixDigests, sumTokens } from '../tokens.ts'

const MIN_TOKENS = 1024
const TTL_MS = 5 * 60_000
const LOOK_BACK = 20

/** A prompt cut up where its cache markers may stand. */
export interface Prompt {
  items: unknown[]
  /** Lengths of the prefixes that end with a marker. */
  marks: number[]
}

export function promptOf({ model, tools, messages }: Json): Prompt {
  const items: unknown[] = [model]
  const marks: number[] = []
  const add = (item: unknown, marked: unknown): void => {
    items.push(item)
    if (marked !== undefined) marks.push(items.length)
  }
  for (const tool of objectsOf(tools)) add(tool, tool.cache_control)
  for (const { content, ...message } of objectsOf(messages)) {
    if (!Array.isArray(content)) add({ ...message, content }, undefined)
    else for (const part of content) add({ ...message, part }, isObject(part) ? part.cache_control : undefined)
  }
  return { items, marks }
}

/** The explicit cache (qwen.md §2.3): prefixes that a marker ends, each owner's apart, for five minutes from their last use. */
export class ExplicitCache {
  /** Until when a prefix is kept, by its digest. */
  readonly #kept = new Map<string, number>()

  constructor(private readonly clock: SimulatedClock) {}

  /** Tokens that were read from the cache and written to it. */
  take(owner: string, { items, marks }: Prompt): { read: number; created: number } {
    const now = this.clock.now()
    const digests = prefixDigests([owner, ...items])
    const long = marks.filter(mark => sumTokens(items.slice(0, mark)) >= MIN_TOKENS)
    const known = Math.max(0, ...long.map(mark => this.#longestKnown(digests, mark, now)))
    for (const length of [known, ...long]) if (length > 0) this.#kept.set(digests[length] ?? '', now + TTL_MS)
    const read = sumTokens(items.slice(0, known))
    return { read, created: Math.max(0, sumTokens(items.slice(0, Math.max(0, ...long))) - read) }
  }

  /** The longest known prefix that ends at a marker or at most 20 items before it. `digests[n]` is that of n items. */
  #longestKnown(digests: readonly string[], mark: number, now: number): number {
    for (let length = mark; length > 0 && length >= mark - LOOK_BACK; length--) {
      if ((this.#kept.get(digests[length] ?? '') ?? 0) > now) return length
    }
    return 0
  }
}
