import { sha256 } from '../core/secret.ts'
import type { ContentPart, Message } from './message.ts'

export interface IdLimits {
  /** What an id of a tool call must match. */
  id: RegExp
  /** How the vendor's own ids begin. */
  idPrefix: string
}

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const HASH_LENGTH = 24

/** The first digits of a text's SHA-256 in base 62. */
function hashed(text: string): string {
  let value = BigInt(`0x${sha256(text)}`)
  let digits = ''
  while (digits.length < HASH_LENGTH) {
    digits += BASE62[Number(value % 62n)]
    value /= 62n
  }
  return digits
}

/**
 * `id` where it is legal, else one made of it: equal ids give equal ids, so that a call and its result keep matching on every turn without the
 * gateway remembering anything (dialects.md §2.4.4).
 */
export const legalId = (id: string, limits: IdLimits): string => (limits.id.test(id) ? id : limits.idPrefix + hashed(id))

/**
 * The messages with ids that the upstream takes and that are unique in the conversation (some servers number their calls anew in every turn); the
 * same list where they all are. A result belongs to the calls of the last step before it.
 */
export function fitToolIds(messages: readonly Message[], limits: IdLimits): readonly Message[] {
  if (!needsFitting(messages, limits)) return messages
  const fitter = new IdFitter(limits)
  return messages.map((message, index) => fitter.fit(message, messages[index - 1]?.role === 'assistant'))
}

function needsFitting(messages: readonly Message[], limits: IdLimits): boolean {
  const seen = new Set<string>()
  for (const { content } of messages) {
    for (const part of content) {
      if (part.type === 'tool-call') {
        if (seen.has(part.id) || !limits.id.test(part.id)) return true
        seen.add(part.id)
      } else if (part.type === 'tool-result' && !limits.id.test(part.callId)) return true
    }
  }
  return false
}

class IdFitter {
  readonly #taken = new Set<string>()
  /** New ids of the step's calls by the given one, in order; results use them up but for the last. */
  readonly #calls = new Map<string, string[]>()

  constructor(private readonly limits: IdLimits) {}

  fit(message: Message, goesOn: boolean): Message {
    if (message.role === 'assistant' && !goesOn) this.#calls.clear()
    if (!message.content.some(part => part.type === 'tool-call' || part.type === 'tool-result')) return message
    return { ...message, content: message.content.map(part => this.#part(part)) }
  }

  #part(part: ContentPart): ContentPart {
    if (part.type === 'tool-call') return { ...part, id: this.#call(part.id) }
    return part.type === 'tool-result' ? { ...part, callId: this.#result(part.callId) } : part
  }

  #call(given: string): string {
    let id = legalId(given, this.limits)
    for (let copy = 2; this.#taken.has(id); copy++) id = legalId(`${given}_${copy}`, this.limits)
    this.#taken.add(id)
    const calls = this.#calls.get(given)
    if (calls) calls.push(id)
    else this.#calls.set(given, [id])
    return id
  }

  #result(given: string): string {
    const calls = this.#calls.get(given)
    return (calls && calls.length > 1 ? calls.shift() : calls?.[0]) ?? legalId(given, this.limits)
  }
}
