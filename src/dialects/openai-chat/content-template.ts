import { isObject, type JsonObject, tryParseJson } from '../../core/json.ts'

const QUOTE = 0x22
const BACKSLASH = 0x5c
const OBFUSCATION = /"obfuscation":\s*"/
const KEY_OF_MEMBER = { content: /"content":\s*"/g, reasoning_content: /"reasoning_content":\s*"/g } as const

type Member = keyof typeof KEY_OF_MEMBER

/**
 * The text of a chunk that was found to be legal and to carry nothing but a piece of content, without that piece. Of a long stream nearly every chunk
 * differs from the one before it in that piece only (and in OpenAI's padding, `obfuscation`), so comparing the rest as text says all that parsing would.
 */
export class ContentTemplate {
  private constructor(
    /** What the piece is a piece of. */
    readonly member: Member,
    private readonly head: string,
    /** From the quote that closes the content. */
    private readonly rest: string,
    /** From the quote that closes the padding, where there is any; `rest` then ends before it. */
    private readonly tail: string | undefined,
  ) {}

  /** The template of `data`, whose value is `chunk`; undefined where it carries anything else. */
  static of(data: string, chunk: JsonObject): ContentTemplate | undefined {
    const member = plainMember(chunk)
    if (!member) return undefined
    const delta = data.indexOf('"delta"')
    const key = KEY_OF_MEMBER[member]
    key.lastIndex = delta
    if (delta === -1 || !key.test(data)) return undefined
    const start = key.lastIndex
    const end = endOfText(data, start)
    if (end === -1) return undefined
    const head = data.slice(0, start)
    const rest = data.slice(end)
    if (!isPlace(`${head}?${rest}`, member)) return undefined
    const padding = OBFUSCATION.exec(rest)
    if (!padding) return new ContentTemplate(member, head, rest, undefined)
    const from = padding.index + padding[0].length
    const to = endOfText(rest, from)
    return to === -1 ? undefined : new ContentTemplate(member, head, rest.slice(0, from), rest.slice(to))
  }

  /** Length of the content (as JSON) of a chunk that follows the template; −1 where it does not. */
  match(data: string): number {
    const start = this.head.length
    if (!data.startsWith(this.head)) return -1
    const end = endOfText(data, start)
    if (end === -1 || !data.startsWith(this.rest, end)) return -1
    const after = end + this.rest.length
    if (this.tail === undefined) return after === data.length ? end - start : -1
    const padding = endOfText(data, after)
    return padding !== -1 && data.startsWith(this.tail, padding) && padding + this.tail.length === data.length ? end - start : -1
  }

  /** The content of a chunk that matched, `length` characters long as JSON. */
  text(data: string, length: number): string {
    const inside = data.substr(this.head.length, length)
    return inside.includes('\\') ? (JSON.parse(`"${inside}"`) as string) : inside
  }
}

/** The one member of the only delta that says something, where it is a piece of content and the chunk says nothing else. */
function plainMember(chunk: JsonObject): Member | undefined {
  const { choices } = chunk
  if (!Array.isArray(choices) || choices.length !== 1 || chunk.x_groq !== undefined) return undefined
  const choice = choices[0]
  if (!isObject(choice) || !isObject(choice.delta) || choice.usage !== undefined) return undefined
  if (filled(choice.finish_reason) || filled(chunk.usage) || filled(chunk.error)) return undefined
  const said = Object.entries(choice.delta).filter(([key, value]) => key !== 'role' && filled(value))
  const [name, value] = said[0] ?? []
  return said.length === 1 && (name === 'content' || name === 'reasoning_content') && typeof value === 'string' ? name : undefined
}

export const filled = (value: unknown): boolean => value !== undefined && value !== null

/** Whether the text put in place of the content is what a reader finds there: keys may stand twice. */
function isPlace(probe: string, member: Member): boolean {
  const chunk = tryParseJson(probe)
  const choice = isObject(chunk) && Array.isArray(chunk.choices) ? chunk.choices[0] : undefined
  return isObject(choice) && isObject(choice.delta) && choice.delta[member] === '?'
}

/** Index of the quote that ends the string whose text begins at `start`; −1 where the text is no JSON string. */
function endOfText(text: string, start: number): number {
  let at = start
  for (;;) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) return at
    if (code === BACKSLASH) {
      const length = escapeLength(text, at)
      if (length === 0) return -1
      at += length
    } else if (code >= 0x20) at++
    else return -1
  }
}

function escapeLength(text: string, at: number): number {
  const letter = text.charAt(at + 1)
  if (letter === 'u') return /^[0-9a-fA-F]{4}$/.test(text.slice(at + 2, at + 6)) ? 6 : 0
  return letter !== '' && '"\\/bfnrt'.includes(letter) ? 2 : 0
}
