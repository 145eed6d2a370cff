import { endOfString, isObject, tryParseJson } from '../../core/json.ts'

/** What may be missing where a JSON text was cut: within a string or its escape, a literal, a number, or between two tokens. */
const TAILS = [
  ...['', '"', '":null', ':null', 'null', '"":null', '\\"', '\\":null'],
  ...['0"', '00"', '000"', '0000"', '0":null', '00":null', '000":null', '0000":null'],
  ...['rue', 'ue', 'e', 'alse', 'lse', 'se', 'ull', 'll', 'l', '0'],
]

/**
 * What to append to a tool's half-written input so that it is JSON and nothing can act on it: every member is overwritten with null, and the half
 * is kept under a name that no tool has. '' where the input is whole, empty or beyond that. For calls that an upstream gave up to start over
 * when a client has already read their first half.
 */
export function voidInput(partial: string): string {
  const closers = openBrackets(partial)
  if (closers === '') return ''
  for (const tail of TAILS) {
    const whole = tryParseJson(partial + tail + closers)
    if (!isObject(whole)) continue
    const members = Object.keys(whole).map(key => `${JSON.stringify(key)}:null`)
    members.push(`"_invalid_json":${JSON.stringify(partial)}`)
    const comma = members.length > 1 ? ',' : ''
    return `${tail}${closers.slice(0, -1)}${comma}${members.join(',')}}`
  }
  return ''
}

/** The brackets that close what is open, innermost first. */
function openBrackets(text: string): string {
  const closers: string[] = []
  for (let at = 0; at < text.length; at++) {
    const char = text[at]
    if (char === '"') at = endOfString(text, at)
    else if (char === '{') closers.push('}')
    else if (char === '[') closers.push(']')
    else if (char === '}' || char === ']') closers.pop()
  }
  return closers.reverse().join('')
}
