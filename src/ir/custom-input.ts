import { isObject, tryParseJson } from '../core/json.ts'
import type { Tool } from './tools.ts'

/**
 * The free-text tools among `tools`. Upstreams without such a thing are given a function of one string, `input`, in their place; who asked for free text
 * gets the string out of the arguments again (dialects.md §2.4.1).
 */
export const customToolNames = (tools: readonly Tool[] | undefined): ReadonlySet<string> =>
  new Set(tools?.flatMap(tool => (tool.type === 'custom' ? [tool.name] : [])))

/** The free text that whole arguments hold; anything but `{"input": "…"}` is the text itself. */
export function customInput(text: string): string {
  const value = tryParseJson(text)
  return isObject(value) && typeof value.input === 'string' ? value.input : text
}

const OPENING = /^\s*\{\s*"input"\s*:\s*"/

/** Characters that JSON text cannot hold as they are, which models write all the same. */
const BARE_CONTROL = /[\u0000-\u001f]/g

const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`

/** The same while the arguments are still coming: free text goes out as far as it is certain, never half an escape or half a surrogate pair. */
export class CustomInputReader {
  /** What has come and not been used: all of it until the string begins, then the part that is not certain yet. */
  #rest = ''
  #state: 'before' | 'inside' | 'after' = 'before'

  push(piece: string): string {
    if (this.#state === 'after') return ''
    this.#rest += piece
    if (this.#state === 'before') {
      const opening = OPENING.exec(this.#rest)
      if (!opening) return ''
      this.#rest = this.#rest.slice(opening[0].length)
      this.#state = 'inside'
    }
    const { end, closed } = certainLength(this.#rest)
    const certain = this.#rest.slice(0, end).replace(BARE_CONTROL, escaped)
    this.#rest = this.#rest.slice(end)
    if (closed) this.#state = 'after'
    const value = tryParseJson(`"${certain}"`)
    return typeof value === 'string' ? value : certain
  }

  /** What is left when the arguments have ended: all of them, where they never took the form of an `input` first. */
  end(): string {
    return this.#state === 'before' ? customInput(this.#rest) : ''
  }
}

/** How much of the inside of a JSON string can be read already, and whether its closing quote stands behind that. */
function certainLength(text: string): { end: number; closed: boolean } {
  let at = 0
  while (at < text.length) {
    const code = text.charCodeAt(at)
    if (code === 0x22) return { end: at, closed: true }
    const length = code === 0x5c ? escapeLength(text, at) : 1
    if (length === 0) break
    at += length
  }
  return { end: at, closed: false }
}

/** Length of the escape at `at`, of both where two make one character; 0 where it is not whole. */
function escapeLength(text: string, at: number): number {
  if (text.length < at + 2) return 0
  if (text.charCodeAt(at + 1) !== 0x75) return 2
  if (text.length < at + 6) return 0
  if (!/^d[89ab]/i.test(text.slice(at + 2, at + 6))) return 6
  const next = text.slice(at + 6, at + 12)
  if (next.length === 6 || !'\\u'.startsWith(next.slice(0, 2))) return next.startsWith('\\u') ? 12 : 6
  return 0
}
