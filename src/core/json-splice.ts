import { endOfString } from './json.ts'

/** Where the value of a top-level key stands in the text of an object: `text.slice(start, end)`. */
export interface ValueSpan {
  key: string
  start: number
  end: number
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
  let at = skipSpace(text, text.indexOf('{') + 1)
  while (text.charCodeAt(at) === 0x22) {
    const keyEnd = endOfString(text, at) + 1
    const key = JSON.parse(text.slice(at, keyEnd)) as string
    const start = skipSpace(text, text.indexOf(':', keyEnd) + 1)
    const end = endOfValue(text, start)
    spans.push({ key, start, end })
    at = skipSpace(text, end)
    if (text.charCodeAt(at) !== 0x2c) break
    at = skipSpace(text, at + 1)
  }
  return spans
}

/**
 * `text` with the given top-level keys set to new values (JSON text) and everything else untouched to the byte: key order,
 * number formats and unknown fields survive. Every occurrence of a doubled key is replaced, so that no reader can see the
 * old value; a key that was absent is added at the end.
 */
export function spliceTopLevel(text: string, changes: ReadonlyMap<string, string>): string {
  if (changes.size === 0) return text
  const missing = new Map(changes)
  let result = ''
  let copied = 0
  let members = 0
  for (const span of topLevelSpans(text)) {
    members++
    const value = changes.get(span.key)
    if (value === undefined) continue
    result += text.slice(copied, span.start) + value
    copied = span.end
    missing.delete(span.key)
  }
  if (missing.size === 0) return result + text.slice(copied)
  const close = text.lastIndexOf('}')
  const added = [...missing].map(([key, value]) => `${JSON.stringify(key)}:${value}`).join(',')
  return `${result}${text.slice(copied, close)}${members > 0 ? ',' : ''}${added}${text.slice(close)}`
}
