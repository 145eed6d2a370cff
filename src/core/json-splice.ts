import { endOfString } from './json.ts'

/** Where the value of a top-level key stands in the text of an object: `text.slice(start, end)`. */
export interface ValueSpan {
  key: string
  start: number
  end: number
  /** Where the key begins. */
  opening: number
  /** The end of the member before it, or of the opening brace. */
  before: number
  /** Where the next member's key begins, or the closing brace stands. */
  after: number
}

const isSpace = (code: number): boolean => code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09

function skipSpace(text: string, from: number): number {
  let at = from
  while (isSpace(text.charCodeAt(at))) at++
  return at
}

/** End of the value that starts at `start`; the text is known to be valid JSON. */
function endOfValue(text: string, start: number): number {
  const first = text.charCodeAt(start)
  if (first === 0x22) return endOfString(text, start) + 1
  if (first !== 0x7b && first !== 0x5b) {
    let at = start
    while (at < text.length && !',}] \n\r\t'.includes(text[at] as string)) at++
    return at
  }
  let depth = 0
  for (let at = start; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === 0x22) at = endOfString(text, at)
    else if (code === 0x7b || code === 0x5b) depth++
    else if ((code === 0x7d || code === 0x5d) && --depth === 0) return at + 1
  }
  return text.length
}

/** The top-level values of `text`, which must be a valid JSON object; a key that stands twice is listed twice. */
export function topLevelSpans(text: string): ValueSpan[] {
  const spans: ValueSpan[] = []
  let before = text.indexOf('{') + 1
  let at = skipSpace(text, before)
  while (text.charCodeAt(at) === 0x22) {
    const opening = at
    const keyEnd = endOfString(text, at) + 1
    const key = JSON.parse(text.slice(at, keyEnd)) as string
    const start = skipSpace(text, text.indexOf(':', keyEnd) + 1)
    const end = endOfValue(text, start)
    at = skipSpace(text, end)
    const goesOn = text.charCodeAt(at) === 0x2c
    if (goesOn) at = skipSpace(text, at + 1)
    spans.push({ key, start, end, opening, before, after: at })
    if (!goesOn) break
    before = end
  }
  return spans
}

/**
 * `text` with the given top-level keys set to new values (JSON text; `null` takes the member out) and everything else untouched to the byte: key
 * order, number formats and unknown fields survive. Every occurrence of a doubled key is replaced, so that no reader can see the
 * old value; a key that was absent is added at the end.
 */
export function spliceTopLevel(text: string, changes: ReadonlyMap<string, string | null>): string {
  if (changes.size === 0) return text
  const missing = new Map(changes)
  let result = ''
  let copied = 0
  let members = 0
  for (const span of topLevelSpans(text)) {
    const value = changes.get(span.key)
    if (value === null) {
      // With the comma before it, or, where it came first, the one behind it.
      result += text.slice(copied, members > 0 ? span.before : span.opening)
      copied = members > 0 ? span.end : span.after
      continue
    }
    members++
    if (value === undefined) continue
    result += text.slice(copied, span.start) + value
    copied = span.end
    missing.delete(span.key)
  }
  for (const [key, value] of missing) if (value === null) missing.delete(key)
  if (missing.size === 0) return result + text.slice(copied)
  const close = text.lastIndexOf('}')
  const added = [...missing].map(([key, value]) => `${JSON.stringify(key)}:${value}`).join(',')
  return `${result}${text.slice(copied, close)}${members > 0 ? ',' : ''}${added}${text.slice(close)}`
}
